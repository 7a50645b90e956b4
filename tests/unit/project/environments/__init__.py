"""Tests of mlrun.project.environments."""

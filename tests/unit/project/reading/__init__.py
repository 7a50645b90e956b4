"""Tests of mlrun.project.reading."""

"""Tests of mlrun.project.parameters.binding."""

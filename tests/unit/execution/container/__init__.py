"""Tests of mlrun.execution.container."""

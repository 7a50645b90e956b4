"""Tests of `mlrun.scaffold`."""

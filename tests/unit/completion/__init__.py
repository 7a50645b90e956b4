"""Tests of `mlrun.completion`."""

"""Tests of `mlrun.sources.archive`."""

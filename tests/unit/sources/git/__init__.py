"""Tests of `mlrun.sources.git`."""

"""Tests of `mlrun.sources.cache`."""

"""Tests of `mlrun.sources.addresses`."""

"""Tests of `mlrun.sources.git.server`."""

"""Tests of `mlrun.sources.git.lfs`."""

"""Tests of `mlrun.sources.git.local`."""

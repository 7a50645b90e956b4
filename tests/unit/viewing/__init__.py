"""Tests of `mlrun.viewing`."""

"""Tests of mlrun.tracking."""

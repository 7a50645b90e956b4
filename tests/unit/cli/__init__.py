"""Tests of mlrun.cli."""

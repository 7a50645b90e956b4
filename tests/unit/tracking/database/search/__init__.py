"""Tests of mlrun.tracking.database.search."""

"""Tests of `mlrun lint`'s parts."""

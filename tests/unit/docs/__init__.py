"""Tests of what the documentation takes from the code."""

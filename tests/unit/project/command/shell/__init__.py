"""Tests of how values are written for bash."""

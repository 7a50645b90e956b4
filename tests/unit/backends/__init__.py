"""Tests of the places where commands run."""

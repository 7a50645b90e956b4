"""Tests of the project file, its values and its commands."""

"""Tests of the package that makes environments."""

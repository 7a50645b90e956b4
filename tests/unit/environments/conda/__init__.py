"""Tests of the package that makes conda environments."""

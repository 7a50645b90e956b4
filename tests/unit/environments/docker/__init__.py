"""Tests of containers that projects ask for."""

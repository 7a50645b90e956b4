"""Tests of starting and supervising a command."""

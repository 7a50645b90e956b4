"""Tests of what addresses of artifacts mean."""

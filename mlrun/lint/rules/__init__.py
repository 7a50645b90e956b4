"""The rules of `mlrun lint`, a module for each part of a project that they are about."""

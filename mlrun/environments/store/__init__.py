"""The cache of environments: each built once, complete or absent."""

"""The user's own repositories, which are only read."""

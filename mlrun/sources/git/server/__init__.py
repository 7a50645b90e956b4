"""Speaks with the servers of repositories: which refs they have, and fetching."""

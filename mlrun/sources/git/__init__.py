"""A project in a Git repository: looked up, fetched into a mirror, checked out for one run."""

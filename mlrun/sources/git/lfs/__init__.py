"""Git LFS: contents that a repository keeps elsewhere, and has pointers to."""

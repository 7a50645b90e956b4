"""Where a project comes from: a folder, a Git URL, an archive."""

"""One module of the package a file, no process but small ones."""

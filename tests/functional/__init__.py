"""The command line and the Python API, with real processes."""

"""The command line: words into a request, an outcome into words and an exit code."""

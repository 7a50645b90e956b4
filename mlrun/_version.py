"""The version, read by the build and by `mlrun --version`."""

__version__ = "0.1.0"

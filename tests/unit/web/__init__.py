"""The transport of downloads."""

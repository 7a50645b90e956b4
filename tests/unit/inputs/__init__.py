"""Data from elsewhere."""

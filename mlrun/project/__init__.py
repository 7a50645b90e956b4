"""The project file: what it says, and what a request makes of it."""

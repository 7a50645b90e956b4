"""Where a command runs. Built-in ones and plugins use the same interface."""

"""The command's template: where values go, and how the shell gets exactly their text."""

"""What a project asks for, made ready to be put before its command."""

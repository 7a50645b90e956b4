"""Environments from lists of requirements, and the interpreters that they are made with."""

"""Exactly what an environment is made of: recorded, kept with a project, made again."""

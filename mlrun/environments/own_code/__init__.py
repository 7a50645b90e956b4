"""The code of a run's own folders, made importable on top of an environment that is shared."""

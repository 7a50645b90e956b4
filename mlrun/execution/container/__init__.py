"""Containers: the engine's API, and the process that stands for a container on this machine."""

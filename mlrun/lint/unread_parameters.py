"""Entry points whose parameters nobody could read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import yaml

from mlrun.lint.raw_mappings import pairs
from mlrun.project.model import Project
from mlrun.project.reading.nodes import is_null


def without_unread_parameters(project: Project, root: yaml.Node | None) -> Project:
    """Leave out the entry points whose `parameters` is no mapping, which is an error by itself.

    No placeholder of their commands can be said to be unknown.

    Args:
        project: What was read.
        root: The top node of its file.
    """
    unread = set(_names(root))
    entry_points = project.entry_points.items()
    return replace(project, entry_points={n: each for n, each in entry_points if n not in unread})


def _names(root: yaml.Node | None) -> Iterator[str]:
    for _, entry_points in pairs(root):
        for name, body in pairs(entry_points):
            for key, value in pairs(body):
                is_read = isinstance(value, yaml.MappingNode) or is_null(value)
                if key.startswith("param") and not is_read:
                    yield name

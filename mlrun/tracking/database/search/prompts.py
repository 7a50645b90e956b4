"""Keeps prompts out of searches for models: MLflow stores both in the same tables.

A prompt is a registered model with the tag `mlflow.prompt.is_prompt`. A search finds prompts
only when its filter asks for that tag.
"""

# ruff: noqa: S608 - tables and columns come from this package alone, values are bound

from __future__ import annotations

from collections.abc import Iterable

from mlrun.tracking.database.search.conditions import Condition
from mlrun.tracking.database.search.filters import Comparison
from mlrun.tracking.database.search.vocabulary import TAG

PROMPT_TAG = "mlflow.prompt.is_prompt"


def asks_for_prompts(comparisons: Iterable[Comparison]) -> bool:
    """Return whether a filter asks for prompts; what it says first counts."""
    for comparison in comparisons:
        if is_about_prompts(comparison):
            wanted = {"=": "true", "!=": "false"}.get(comparison.operator)
            return str(comparison.value).lower() == wanted
    return False


def is_about_prompts(comparison: Comparison) -> bool:
    """Return whether a comparison is about the tag that marks prompts."""
    return comparison.entity == TAG and comparison.key == PROMPT_TAG


def no_prompts(table: str, tags: str, same_owner: str) -> Condition:
    """Return the condition that something does not belong to a prompt.

    Args:
        table: Of what is searched.
        tags: Table of its tags.
        same_owner: SQL that says that both are of the same workspace, empty if there are none.
    """
    return Condition(
        f"NOT EXISTS (SELECT 1 FROM {tags} WHERE {tags}.name = {table}.name{same_owner} "
        f"AND {tags}.key = ? AND {tags}.value = 'true')",
        (PROMPT_TAG,),
    )

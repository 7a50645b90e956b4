"""The tags that a run begins with: MLflow's names and meanings.

Source: mlflow.utils.mlflow_tags and mlflow.projects.utils of MLflow 1.30 to 3.17.
"""

from __future__ import annotations

from pathlib import Path

from mlrun.plan import Plan
from mlrun.sources.base import Checkout, Provenance

PARENT_RUN_ID = "mlflow.parentRunId"
PROJECT_ENVIRONMENT = "mlflow.project.env"
RUN_NAME = "mlflow.runName"
WARNINGS = "mlrun.warnings"
PYTHON_VERSION = "mlrun.python"
FAILURE = "mlrun.failure"
AS_OF = "mlrun.environment.as_of"
WORK_DIGEST = "mlrun.work.digest"


def run_tags(
    plan: Plan, checkout: Checkout, provenance: Provenance | None, user: str
) -> dict[str, str]:
    """Return the tags of a run that begins.

    Args:
        plan: What is run, and how.
        checkout: Where the project is.
        provenance: What git says about it.
        user: Who runs it.
    """
    tags = {
        "mlflow.user": user,
        "mlflow.source.name": source_name(checkout, provenance),
        "mlflow.source.type": "PROJECT",
        "mlflow.project.entryPoint": plan.work.entry_point,
        "mlflow.project.backend": plan.delivery.backend,
    }
    if plan.work.environment.manager != "local":
        tags[PROJECT_ENVIRONMENT] = plan.work.environment.manager
    if plan.delivery.run_name is not None:
        tags[RUN_NAME] = plan.delivery.run_name
    if plan.delivery.parent_run_id is not None:
        tags[PARENT_RUN_ID] = plan.delivery.parent_run_id
    return {**tags, **_git_tags(checkout, provenance), **plan.delivery.tags}


def source_name(checkout: Checkout, provenance: Provenance | None) -> str:
    """Return the project's place as MLflow writes it.

    That is the URI of what was fetched, `file://REPOSITORY#SUBFOLDER` for a folder in git.
    """
    if not checkout.is_in_place:
        return checkout.uri
    if provenance is None:
        return str(checkout.path)
    try:
        inside = checkout.path.relative_to(provenance.root)
    except ValueError:
        return str(checkout.path)
    root = f"file://{provenance.root}"
    return root if inside == Path() else f"{root}#{inside.as_posix()}"


def _git_tags(checkout: Checkout, provenance: Provenance | None) -> dict[str, str]:
    if provenance is None:
        return {}
    tags: dict[str, str] = {}
    if provenance.commit is not None:
        tags["mlflow.source.git.commit"] = provenance.commit
    if provenance.repo_url is not None:
        tags["mlflow.source.git.repoURL"] = provenance.repo_url
        tags["mlflow.gitRepoURL"] = provenance.repo_url
    if provenance.branch is not None and not checkout.is_in_place:
        tags["mlflow.source.git.branch"] = provenance.branch
        tags["mlflow.gitBranch"] = provenance.branch
    if provenance.dirty is not None:
        tags["mlflow.source.git.dirty"] = str(provenance.dirty).lower()
    return tags

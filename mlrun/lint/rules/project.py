"""Rules about the project file as a whole: YAML itself, keys, entry points, commands."""

from __future__ import annotations

from mlrun.lint.rules.rule import Rule, Severity, Subject

_GOOD = """\
name: churn
entry_points:
  main:
    command: python train.py
"""

_WITH_TYPE = """\
name: churn
entry_points:
  main:
    parameters:
      alpha:
        type: float
    command: python train.py --alpha {alpha}
"""

RULES: tuple[Rule, ...] = (
    Rule(
        name="empty-file",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="The file is empty",
        reason="There is nothing to run in it.",
        bad="# To be written\n",
        good=_GOOD,
        in_schema=True,
    ),
    Rule(
        name="wrong-shape",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="A list, a mapping or a text stands where something else is expected",
        reason="What the key is for cannot be read from it. `mlflow run` ends with a traceback in"
        " most of these places.",
        bad="name: churn\nentry_points:\n  main:\n    - command: python train.py\n",
        good=_GOOD,
        in_schema=True,
    ),
    Rule(
        name="unknown-key",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A key is none of a project file's",
        reason="mlrun and MLflow ignore it. That is as it should be where another tool reads it:"
        " a comment silences the rule then.",
        bad=_GOOD + "rubric: experiments\n",
        good=_GOOD,
        in_schema=True,
    ),
    Rule(
        name="misspelt-key",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="A key is nearly one of a project file's",
        reason="MLflow ignores it and all that stands below it. mlrun does too, or refuses the"
        " file where nothing could run without it; it reads `defulat` as `default`.",
        bad=_GOOD.replace("command", "comand"),
        good=_GOOD,
        is_mended=True,
        in_schema=True,
    ),
    Rule(
        name="no-command",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="An entry point has no command",
        reason="It cannot run. The other entry points of the file can.",
        bad=_GOOD + "  evaluate:\n    parameters:\n      data: path\n",
        good=_GOOD
        + "  evaluate:\n    parameters:\n      data: path\n    command: python eval.py {data}\n",
        in_schema=True,
    ),
    Rule(
        name="misplaced-command",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="`command` stands beside an entry point, not below it",
        reason="Indented like the name above it, it is taken for another entry point, and the one"
        " that was meant is empty.",
        bad=_GOOD.replace("    command", "  command"),
        good=_GOOD,
        is_mended=True,
        in_schema=True,
    ),
    Rule(
        name="misplaced-key",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="`type` or `default` stands beside a parameter, not below it",
        reason="Indented like the name above it, it is taken for another parameter, and the one"
        " that was meant has neither.",
        bad=_WITH_TYPE.replace("        type", "      type"),
        good=_WITH_TYPE,
        is_mended=True,
    ),
    Rule(
        name="command-alone",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="An entry point is a command alone, without the key `command`",
        reason="mlrun runs it. `mlflow run` ends with a traceback.",
        bad="name: churn\nentry_points:\n  main: python train.py\n",
        good=_GOOD,
        is_mended=True,
        in_schema=True,
    ),
    Rule(
        name="databricks-job",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="The file also describes a job for Databricks",
        reason="mlrun does not run jobs there, and ignores the key.",
        bad=_GOOD + "databricks_spark_job:\n  python_file: train.py\n",
        good=_GOOD,
    ),
    Rule(
        name="databricks-only",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="The file describes a job for Databricks, and nothing else",
        reason="mlrun does not run jobs there, so there is nothing that it could run.",
        bad="name: churn\ndatabricks_spark_job:\n  python_file: train.py\n",
        good=_GOOD,
    ),
    Rule(
        name="unseen-project-file",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="The file has a name under which MLflow does not see it",
        reason="mlrun also reads `MLproject.yaml` and `MLproject.yml`. MLflow takes a folder with"
        " such a file for one without a project file.",
        bad=_GOOD,
        good=_GOOD,
        bad_name="MLproject.yaml",
    ),
    Rule(
        name="several-project-files",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="The folder has more than one project file",
        reason="Only one of them counts: `MLproject` in exactly these letters, then other letter"
        " cases, then `MLproject.yaml` and `.yml`.",
        bad=_GOOD,
        good=_GOOD,
        bad_name="MLproject.yml",
        beside=(("MLproject", _GOOD),),
    ),
)

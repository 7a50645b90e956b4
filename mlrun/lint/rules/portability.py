"""Rules about what mlrun takes, and MLflow does not."""

from __future__ import annotations

from mlrun.lint.rules.rule import Rule, Severity, Subject


def _file(parameter: str, command: str = "python train.py") -> str:
    return (
        "name: churn\nentry_points:\n  main:\n    parameters:\n"
        f"      {parameter}\n    command: {command}\n"
    )


RULES: tuple[Rule, ...] = (
    Rule(
        name="mlflow-empty",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A key that MLflow needs filled is empty",
        reason="mlrun takes `parameters:` without anything below it for none, and `alpha:` for a"
        " string. `mlflow run` ends with a traceback, whichever entry point it is to run.",
        bad="name: churn\nentry_points:\n  main:\n    parameters:\n    command: python train.py\n",
        good="name: churn\nentry_points:\n  main:\n    parameters: {}\n"
        "    command: python train.py\n",
        is_mended=True,
    ),
    Rule(
        name="mlflow-optional",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A parameter may stay without a value, and MLflow asks for one",
        reason="Where an optional parameter has no value, mlrun leaves its argument out. `mlflow"
        " run` starts nothing unless each parameter without a default is given one.",
        bad=_file("limit: {type: int, optional: true}", "python train.py --limit {limit}"),
        good=_file("limit: {type: int, default: 100}", "python train.py --limit {limit}"),
    ),
    Rule(
        name="mlflow-flag",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A flag stands in the command, where MLflow puts the text of its value",
        reason="mlrun makes `--shuffle`, or nothing, of `{shuffle}`. `mlflow run` puts True or"
        " False there, which the script takes for an argument that it does not know.",
        bad=_file("shuffle: {type: bool, default: true, flag: true}", "python train.py {shuffle}"),
        good=_file("shuffle: {type: bool, default: true}", "python train.py --shuffle {shuffle}"),
    ),
    Rule(
        name="mlflow-secret",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="The command needs a secret, and MLflow sets no variable for it",
        reason="mlrun reads the file or the variable that is named, and the command finds the"
        " value as a variable. For `mlflow run` the name is the value, and it logs that.",
        bad=_file("api_token: {secret: true, default: '@token.txt'}"),
        good=_file("user: {default: anonymous}", "python train.py --user {user}"),
    ),
    Rule(
        name="mlflow-output",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A path need not be there, and MLflow takes no other",
        reason="`exists: false` is for what the command will write. `mlflow run` starts nothing"
        " where a local `path` is not there.",
        bad=_file(
            "model: {type: path, exists: false, default: model.pkl}",
            "python train.py --model {model}",
        ),
        good=_file("model: {default: model.pkl}", "python train.py --model {model}"),
    ),
    Rule(
        name="mlflow-home",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A default begins with `~`, which MLflow does not know",
        reason="To mlrun `~` is the home of the user. `mlflow run` looks for a folder of that"
        " name, and starts nothing. A `string` is left to the script, there and here.",
        bad=_file("model: {type: path, default: '~'}", "python train.py --model {model}"),
        good=_file("model: {default: model.pkl}", "python train.py --model {model}"),
    ),
    Rule(
        name="mlflow-placeholder",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A parameter has a name that MLflow does not find in the command",
        reason="MLflow fills the command by Python's `str.format`, to which `{net.rate}` is an"
        " attribute of `net`, and `{1}` the second of unnamed values: it ends with a traceback.",
        bad=_file("net.limit: {default: 5}", "python train.py --limit {net.limit}"),
        good=_file("net_limit: {default: 5}", "python train.py --limit {net_limit}"),
    ),
    Rule(
        name="mlflow-text",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="YAML reads something else where MLflow needs a text",
        reason="mlrun takes `on:`, `1:` and `default: 2020` as they are written. MLflow has a truth"
        " value or a number there: it does not find an entry point or a parameter of that name,"
        " and ends with a traceback at a command, or at the default of a `path` or `uri`.",
        bad=_file("on: {default: me}", "python train.py --user {on}"),
        good=_file("'on': {default: me}", "python train.py --user {on}"),
        is_mended=True,
    ),
)

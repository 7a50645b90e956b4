"""Rules about declared parameters."""

from __future__ import annotations

from mlrun.lint.rules.rule import Rule, Severity, Subject


def _file(declaration: str, command: str = "python train.py --rate {rate}") -> str:
    return (
        "name: churn\nentry_points:\n  main:\n    parameters:\n"
        f"      {declaration}\n    command: {command}\n"
    )


_FAST = "python train.py --fast {fast}"
_SECRETLY = "python train.py"

_IN_FORM = (
    Rule(
        name="missing-space",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A space is missing after a colon",
        reason="`{default:0.1}` has a key that is called `default:0.1`, without a value. mlrun"
        " reads what was meant. To MLflow there is no default: it asks for a value.",
        bad=_file("rate: {type: float, default:0.1}  # per step"),
        good=_file("rate: {type: float, default: 0.1}  # per step"),
        is_mended=True,
        in_schema=True,
    ),
    Rule(
        name="bare-default",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A default stands where the type or a mapping does",
        reason="mlrun reads it as the default of a string. `mlflow run` ends with a traceback.",
        bad=_file("rate: 0.1"),
        good=_file("rate: {default: 0.1}"),
        is_mended=True,
        in_schema=True,
    ),
    Rule(
        name="unknown-type",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A type is none that is known",
        reason="Any text is accepted then, by mlrun as by MLflow, so that a wrong value is found"
        " by the script at last.",
        bad=_file("rate: {type: flaot, default: 0.1}"),
        good=_file("rate: {type: float, default: 0.1}"),
        in_schema=True,
    ),
    Rule(
        name="empty-default",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A `default` is left empty",
        reason="It gives no default: a value must be given. Write '' for the empty text; or null,"
        " where the argument is to be left out, which MLflow does not do.",
        bad=_file("rate: {type: string, default: }"),
        good=_file("rate: {type: string, default: ''}"),
    ),
    Rule(
        name="unfit-default",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A default does not fit its type",
        reason="MLflow checks no default but that of a `uri`, so mlrun passes it on with a warning;"
        " the same value would be refused if it were given.",
        bad=_file("rate: {type: float, default: fast}"),
        good=_file("rate: {type: float, default: 0.5}"),
        in_schema=True,
    ),
    Rule(
        name="missing-output",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A path that looks like an output must be there before the command starts",
        reason="Neither mlrun nor MLflow starts the command while a `path` is not there, and what"
        " the command makes is not. `exists: false` says so to mlrun, and `string` to both.",
        bad=_file("output: {type: path, default: model.pkl}", "python train.py --out {output}"),
        good=_file("output: {type: string, default: model.pkl}", "python train.py --out {output}"),
    ),
    Rule(
        name="missing-path",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="The default of a path is not there, and a file of nearly its name is",
        reason="A run that gives no other value is refused. Nothing is said of a default that is"
        " like no other file: it may be data that is yet to be fetched.",
        bad=_file("data: {type: path, default: point.csv}", "python train.py {data}"),
        good=_file("data: {type: path, default: points.csv}", "python train.py {data}"),
        beside=(("points.csv", "1,2\n"),),
    ),
    Rule(
        name="open-password",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A password or key has a default that stands in the file",
        reason="Whoever sees the project sees it; it is recorded with every run, and stands in the"
        " list of processes. `secret: true` keeps a value out of all three.",
        bad=_file(
            "db_password: {default: correct-horse}", "python train.py --password {db_password}"
        ),
        good=_file("db_user: {default: reader}", "python train.py --user {db_user}"),
    ),
)

_CONSTRAINTS = (
    Rule(
        name="bad-choices",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="`choices` is not a list of values of the type",
        reason="mlrun refuses the file. MLflow ignores the key.",
        bad=_file("rate: {choices: slow, default: slow}"),
        good=_file("rate: {choices: [slow, fast], default: slow}"),
        in_schema=True,
    ),
    Rule(
        name="unquoted-choice",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A choice is a word that YAML takes for true or false",
        reason="`[on, off]` is `[True, False]` to YAML, so `-P rate=on` is none of them.",
        bad=_file("rate: {choices: [on, auto], default: auto}"),
        good=_file('rate: {choices: ["on", auto], default: auto}'),
        is_mended=True,
    ),
    Rule(
        name="bad-limit",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="`min` or `max` is no number, or no value lies between them",
        reason="mlrun refuses the file. MLflow ignores the keys.",
        bad=_file("rate: {type: float, default: 0.1, min: zero}"),
        good=_file("rate: {type: float, default: 0.1, min: 0}"),
        in_schema=True,
    ),
    Rule(
        name="bad-pattern",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="`pattern` is not a regular expression of Python's",
        reason="mlrun refuses the file. MLflow ignores the key.",
        bad=_file("rate: {default: slow, pattern: '[a-z'}"),
        good=_file("rate: {default: slow, pattern: '[a-z]+'}"),
    ),
    Rule(
        name="bad-switch",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="`optional`, `secret` or `exists` is neither true nor false",
        reason="mlrun refuses the file. MLflow ignores the keys.",
        bad=_file("rate: {default: slow, optional: 'false'}"),
        good=_file("rate: {default: slow, optional: false}"),
        is_mended=True,
        in_schema=True,
    ),
    Rule(
        name="bad-flag",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="`flag` is neither true nor an option",
        reason="mlrun refuses the file: it does not know what to put into the command.",
        bad=_file("fast: {type: bool, default: 'true', flag: fast}", _FAST),
        good=_file("fast: {type: bool, default: 'true'}", _FAST),
        in_schema=True,
    ),
    Rule(
        name="meaningless-constraint",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A constraint has no meaning for the type",
        reason="mlrun ignores it: a string has no smallest number, and a float is no flag.",
        bad=_file("rate: {type: string, default: slow, min: 0}"),
        good=_file("rate: {type: float, default: 0.1, min: 0}"),
        in_schema=True,
    ),
    Rule(
        name="broken-default",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="A default is not among the values that its parameter allows",
        reason="A run that gives no other value is refused.",
        bad=_file("rate: {type: float, default: 2, max: 1}"),
        good=_file("rate: {type: float, default: 1, max: 1}"),
    ),
)

_SECRETS = (
    Rule(
        name="literal-secret",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="The default of a secret is the secret itself",
        reason="Whoever sees the project sees it. A default names where it is: a file, or a"
        " variable. mlrun refuses the file.",
        bad=_file("api_key: {secret: true, default: 4f2a}", _SECRETLY),
        good=_file(
            "api_key: {secret: true, default: env:KEY}  # mlrun: ignore[mlflow-secret]", _SECRETLY
        ),
        in_schema=True,
    ),
    Rule(
        name="secret-name",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="A secret has a name that no variable of its own can have",
        reason="The command finds it as the variable of its name in upper case: `hf-token` is"
        " HF_TOKEN. PATH, LD_PRELOAD, PYTHONPATH, MLFLOW_RUN_ID and their like are taken.",
        bad=_file("path: {secret: true, default: env:KEY}", "python train.py --path {path}"),
        good=_file(
            "api_key: {secret: true, default: env:KEY}  # mlrun: ignore[mlflow-secret]", _SECRETLY
        ),
    ),
    Rule(
        name="secret-path",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="A path is declared secret",
        reason="A path is no secret: other programs see it. What the file holds may be one, and"
        " `-P api_key=@FILE` names the file.",
        bad=_file(
            "api_key: {type: path, secret: true, default: '@key'}", "python train.py {api_key}"
        ),
        good=_file(
            "api_key: {secret: true, default: '@key'}  # mlrun: ignore[mlflow-secret]", _SECRETLY
        ),
        in_schema=True,
    ),
)

RULES: tuple[Rule, ...] = (*_IN_FORM, *_CONSTRAINTS, *_SECRETS)

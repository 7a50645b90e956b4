"""Rules about the commands of entry points, and the placeholders in them."""

from __future__ import annotations

from mlrun.lint.rules.rule import Rule, Severity, Subject


def _file(command: str, parameters: str = "alpha: float") -> str:
    return (
        "name: churn\nentry_points:\n  main:\n    parameters:\n"
        f"      {parameters}\n    command: {command}\n"
    )


_GOOD = _file("python train.py --alpha {alpha}")

_ERRORS = (
    Rule(
        name="unknown-placeholder",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="A placeholder names no parameter of the entry point",
        reason="The command runs only with a value given by `-P`. `mlflow run` ends with a"
        " KeyError otherwise.",
        bad=_file("python train.py --alpha {alpha} --depth {depth}"),
        good=_GOOD,
    ),
    Rule(
        name="unreadable-command",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="A quote, a parenthesis or a brace in a command is never closed",
        reason="Bash refuses the command too, but only when it has run the lines before. Where"
        " it has placeholders, mlrun must know what they stand in, and starts nothing.",
        bad=_file("python train.py --name 'run {alpha}"),
        good=_file("python train.py --name run-{alpha}"),
    ),
    Rule(
        name="formatted-placeholder",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="A placeholder asks for its value in another form",
        reason="A value is passed as it is given. MLflow's values are texts, of which most forms"
        " are an error.",
        bad=_file("python train.py --alpha {alpha:.3f}"),
        good=_GOOD,
    ),
    Rule(
        name="unsafe-place",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="A placeholder stands where no value can be quoted",
        reason="In a here-document, say, the shell would read a value as its own code, and so"
        " would anything that the value came from. MLflow puts it there.",
        bad=_file("|\n      python train.py <<END\n      {alpha}\n      END"),
        good=_file("echo {alpha} | python train.py"),
    ),
    Rule(
        name="kept-argument",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="An argument that may have no value cannot be left out of the command",
        reason="Where an optional parameter has no value, or a flag is off, the word that its"
        " placeholder stands in goes. A program's name or a redirection's file cannot, nor can a"
        " flag that is glued to other text.",
        bad=_file("python train.py > {log}", "log: {default: train.log, optional: true}"),
        good=_file("python train.py --log {log}", "log: {default: train.log, optional: true}"),
    ),
    Rule(
        name="visible-secret",
        severity=Severity.ERROR,
        subject=Subject.PROJECT,
        summary="A secret would stand in an argument of a program",
        reason="Every user of the machine can read arguments in the process list. The command"
        " finds a secret in a variable; the placeholder may stand in an assignment only.",
        bad=_file(
            "python train.py --token {api_token}",
            "api_token: {secret: true, default: env:API_TOKEN}  # mlrun: ignore[mlflow-secret]",
        ),
        good=_file(
            "API_KEY={api_token} python train.py",
            "api_token: {secret: true, default: env:API_TOKEN}  # mlrun: ignore[mlflow-secret]",
        ),
    ),
)

_WARNINGS = (
    Rule(
        name="unused-parameter",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A parameter is declared, and the command has no placeholder for it",
        reason="Whoever gives it a value sees no effect: MLflow and mlrun only record it. Only a"
        " secret needs no placeholder, since the command finds it in a variable.",
        bad=_file("python train.py"),
        good=_GOOD,
    ),
    Rule(
        name="shell-variable",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A dollar stands before a placeholder",
        reason="`${alpha}` is the shell's variable for mlrun. MLflow puts the value there, and"
        " leaves the dollar in front of it.",
        bad=_file("python train.py --alpha {alpha} --name run-${alpha}"),
        good=_file("python train.py --alpha {alpha} --name run-{alpha}"),
    ),
    Rule(
        name="glued-option",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="An option follows a placeholder without a space",
        reason="It becomes a part of the value, which the program refuses or, worse, takes.",
        bad=_file("python train.py --alpha {alpha}--data {data}", "{alpha: float, data: path}"),
        good=_file("python train.py --alpha {alpha} --data {data}", "{alpha: float, data: path}"),
        is_mended=True,
    ),
    Rule(
        name="restricted-place",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A placeholder stands in code of another program, which takes only plain values",
        reason="In `python -c` or `ssh` the shell's quotes don't protect a value: what looks like"
        " code would be run. mlrun takes plain letters and digits there and refuses the rest;"
        " MLflow takes everything.",
        bad=_file("python -c 'import train; train.on({data})'", "data: string"),
        good=_file("python -m train --on {data}", "data: string"),
    ),
    Rule(
        name="unmarked-placeholder",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A parameter's name stands in the command in another form than `{name}`",
        reason="`$alpha`, `<alpha>` and `{{alpha}}` are placeholders elsewhere. To mlrun and"
        " MLflow only `{alpha}` is one, and the command gets no value here.",
        bad=_file("python train.py --alpha $alpha"),
        good=_GOOD,
    ),
    Rule(
        name="curly-quote",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A word of a command begins with a quote as text processors write it",
        reason="The shell knows ' and \" alone. Others become a part of the word, and blanks"
        " between them divide it.",
        bad=_file("python train.py --alpha {alpha} --name \u201cfirst try\u201d"),
        good=_file("python train.py --alpha {alpha} --name 'first try'"),
    ),
    Rule(
        name="doubled-flag",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="The option that a flag becomes stands before its placeholder already",
        reason="With `flag: true`, `{fast}` becomes `--fast`, or nothing. An option before it comes"
        " twice where the flag is on, and stays where it is off.",
        bad=_file(
            "python train.py --fast {fast}", "fast: {type: bool, default: true, flag: true}"
        ).replace("fast: {", "# mlrun: ignore[mlflow-flag]\n      fast: {"),
        good=_file(
            "python train.py {fast}", "fast: {type: bool, default: true, flag: true}"
        ).replace("fast: {", "# mlrun: ignore[mlflow-flag]\n      fast: {"),
    ),
    Rule(
        name="lost-backslash",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="A path has backslashes, which the shell takes away",
        reason="Commands run with bash. It reads a backslash outside of quotes as a sign that the"
        " next character is only that character: `src\\train.py` becomes `srctrain.py`.",
        bad=_file("python src\\train.py --alpha {alpha}"),
        good=_file("python src/train.py --alpha {alpha}"),
    ),
    Rule(
        name="several-commands",
        severity=Severity.WARNING,
        subject=Subject.PROJECT,
        summary="Blank lines divide a folded command into several",
        reason="YAML's `>` joins lines, but keeps blank ones: each part is a command of its own,"
        " and the last one alone decides whether the run has failed.",
        bad=_file(">\n      python prepare.py\n\n      python train.py --alpha {alpha}"),
        good=_file(">\n      python prepare.py &&\n      python train.py --alpha {alpha}"),
    ),
)

_NOTES = (
    Rule(
        name="continued-line",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A line that begins with an option goes on with the command before",
        reason="YAML keeps the ends of lines in `|`, and in `>` those of lines that are indented"
        " further. mlrun joins what can be no command; MLflow runs each line alone, so that the"
        " program gets none of these options.",
        bad=_file("|\n      python train.py\n        --alpha {alpha}"),
        good=_file("|\n      python train.py \\\n        --alpha {alpha}"),
        is_mended=True,
    ),
    Rule(
        name="literal-braces",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="Braces that are no placeholder are not doubled",
        reason="mlrun passes them as they are. MLflow's `str.format` takes every single brace for"
        " a placeholder's, and refuses the command; doubled ones mean the same to both.",
        bad=_file("python train.py --alpha {alpha} | awk '{print $1}'"),
        good=_file("python train.py --alpha {alpha} | awk '{{print $1}}'"),
        is_mended=True,
    ),
    Rule(
        name="quoted-placeholder",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A placeholder stands in quotes",
        reason="MLflow quotes a value with a blank in it whatever stands around: within further"
        " quotes these become a part of the value, or end the quotes. mlrun writes the value so"
        " that it arrives as it is.",
        bad=_file('python train.py --data "{data}"', "data: string"),
        good=_file("python train.py --data {data}", "data: string"),
        is_mended=True,
    ),
    Rule(
        name="split-value",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A value is divided at its blanks by `$(echo ...)`",
        reason="That is a way to give several arguments at once, and mlrun and MLflow keep it so."
        " A blank in a value cannot be given then, and a star stands for files.",
        bad=_file("python train.py $(echo {options})", "options: string"),
        good=_file("python train.py --options {options}", "options: string"),
    ),
    Rule(
        name="trailing-backslash",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A command ends in a backslash, and nothing follows",
        reason="It is left from a line that is gone. mlrun leaves it out; MLflow hands it to the"
        " program as an argument.",
        bad=_file("python train.py --alpha {alpha} \\"),
        good=_file("python train.py --alpha {alpha}"),
        is_mended=True,
    ),
    Rule(
        name="nested-run",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="The command calls `mlflow run` or `mlrun run`",
        reason="That works: the run that it starts is nested in this one. MLflow nests it too, but"
        " says so only if both write to the same place.",
        bad=_file("mlflow run . -e train -P alpha={alpha}"),
        good=_GOOD,
    ),
    Rule(
        name="own-container",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="The command calls `docker run`",
        reason="What runs in that container has neither the run's variables nor its tracking"
        " server, unless the command hands them on. With `docker_env:` mlrun does that.",
        bad=_file("docker run churn python train.py --alpha {alpha}"),
        good=_file("python train.py --alpha {alpha}") + "docker_env: {image: churn}\n",
    ),
    Rule(
        name="shell-in-container",
        severity=Severity.NOTE,
        subject=Subject.PROJECT,
        summary="A command with `&&`, variables or redirections runs in a container",
        reason="mlrun runs all of it in the container. MLflow appends it to `docker run IMAGE`:"
        " what the shell does, and what follows `&&`, is done outside.",
        bad=_file("python train.py --alpha {alpha} && ls") + "docker_env: {image: churn}\n",
        good=_GOOD + "docker_env: {image: churn}\n",
    ),
)

RULES: tuple[Rule, ...] = (*_ERRORS, *_WARNINGS, *_NOTES)

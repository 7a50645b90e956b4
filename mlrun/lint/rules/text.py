"""Rules about a project file as a text: whether it can be read, and is YAML."""

from __future__ import annotations

from functools import partial

from mlrun.lint.rules.rule import Rule, Severity, Subject

_rule = partial(Rule, severity=Severity.ERROR, subject=Subject.PROJECT)

_GOOD = """\
name: churn
entry_points:
  main:
    command: python train.py
"""

RULES: tuple[Rule, ...] = (
    _rule(
        name="unreadable",
        summary="The file cannot be read as UTF-8 text",
        reason="It is missing or locked, in another encoding, or has control characters, which"
        " YAML does not allow: in the example a backspace follows the name. Neither mlrun nor"
        " MLflow loads it.",
        bad=_GOOD.replace("churn", "churn\x08"),
        good=_GOOD,
    ),
    _rule(
        name="too-large",
        summary="The file is larger, deeper or more repetitive than any project file",
        reason="mlrun reads no more than 1 MiB, 40 levels and 50,000 values, counting what aliases"
        " repeat, so that a file from elsewhere cannot use up time and memory.",
        bad=_GOOD + f"rubric: {'[' * 41}{']' * 41}\n",
        good=_GOOD,
    ),
    _rule(
        name="template",
        summary="The file is a template, from which a project file is yet to be made",
        reason="Its places for values (`{{ cookiecutter... }}`, `{% ... %}`) mean nothing to YAML,"
        " or something else.",
        bad=_GOOD.replace("churn", "{{ cookiecutter.name }}"),
        good=_GOOD,
    ),
    _rule(
        name="unsafe-tag",
        summary="A tag asks for something other than plain data",
        reason="A tag such as `!!python/object` makes a program build things as it reads the file."
        " Neither mlrun nor MLflow does, and both refuse the file.",
        bad=_GOOD.replace("churn", "!!python/name:os.system churn"),
        good=_GOOD,
    ),
    _rule(
        name="yaml-tab",
        summary="A tab stands where YAML takes spaces only",
        reason="Editors show a tab as any number of spaces, so YAML does not take it for"
        " indentation. It is replaced by spaces where its width makes no difference.",
        bad="name: churn\nentry_points:\n\tmain:\n\t\tcommand: python train.py\n",
        good=_GOOD,
        is_mended=True,
    ),
    _rule(
        name="yaml-indentation",
        summary="The indentation of a line does not fit the lines above it",
        reason="To YAML the indentation tells what belongs to what, so the file has no meaning.",
        bad=_GOOD.replace("entry_points", "  entry_points"),
        good=_GOOD,
    ),
    _rule(
        name="yaml-missing-space",
        summary="A key has no space after its colon, so it is no key",
        reason="`key:value` is plain text to YAML, and what stands around it has no meaning then.",
        bad=_GOOD.replace("name: churn", "name:churn"),
        good=_GOOD,
        is_mended=True,
    ),
    _rule(
        name="yaml-quoting",
        summary="A text needs quotes, or has them in the wrong places",
        reason="A quote that is not closed, or a character that means something to YAML, ends the"
        " reading of the file there.",
        bad=_GOOD.replace("python train.py", "@train"),
        good=_GOOD.replace("python train.py", "'@train'"),
    ),
    _rule(
        name="yaml-syntax",
        summary="The file is not YAML",
        reason="Neither mlrun nor MLflow loads it.",
        bad=_GOOD.replace("entry_points", "---\nentry_points"),
        good=_GOOD,
    ),
    _rule(
        name="duplicate-key",
        summary="A key, such as the name of an entry point, is given twice",
        reason="MLflow takes the last one without a word, and the others are lost; mlrun refuses"
        " the file.",
        bad=_GOOD + "  main:\n    command: python evaluate.py\n",
        good=_GOOD + "  evaluate:\n    command: python evaluate.py\n",
    ),
)

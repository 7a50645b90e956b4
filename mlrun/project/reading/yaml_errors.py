"""What is wrong with a text that is not YAML, in words that say what to change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from mlrun.errors import Edit, Location, ProjectError
from mlrun.project.reading.nodes import location_at, shown
from mlrun.project.reading.yaml_mending import space_after, spaces_for_tabs

_TEMPLATE = re.compile(r"\{%|\{\{ *cookiecutter\b")
_GLUED = re.compile(r"^\s*(?:- +)?(?P<words>[A-Za-z_][\w-]*:[^\s:/][^:]*)$")
_BRACKETED = re.compile(r"[\w.]+(?:\[[^\[\]{}\"']*\]|\{[^\[\]{}\"']*\})")
_LINES_BACK = 3


@dataclass(frozen=True, slots=True)
class _Failure:
    """What the parser says.

    Attributes:
        text: The whole text.
        file: Where it is from.
        problem: The parser's words.
        context: What it was doing, empty where it does not say.
        at: Index of the character where it gave up.
        opened: Index of the character where what it was doing began; `at` where it does not say.
    """

    text: str
    file: Path
    problem: str
    context: str
    at: int
    opened: int

    def error(
        self,
        message: str,
        index: int | None = None,
        hint: str | None = None,
        *,
        rule: str = "yaml-syntax",
        edits: tuple[Edit, ...] = (),
    ) -> ProjectError:
        place = location_at(self.file, self.text, self.at if index is None else index)
        return ProjectError(message, location=place, hint=hint, rule=rule, edits=edits)

    def word_around(self, index: int) -> tuple[int, int]:
        """Return where the word with a character begins, and where its line ends."""
        start = index
        while start and (self.text[start - 1].isalnum() or self.text[start - 1] in "_."):
            start -= 1
        return start, self.line_start(index) + len(self.line(index))

    def line_start(self, index: int) -> int:
        return max(self.text.rfind(mark, 0, index) for mark in "\n\r") + 1

    def line(self, index: int) -> str:
        lines = self.text[self.line_start(index) :].splitlines()
        return lines[0] if lines else ""

    def number(self, index: int) -> int:
        return location_at(self.file, self.text, index).line or 1


def explain(error: yaml.YAMLError, text: str, file: Path) -> ProjectError:
    """Return what a parser's error means for whoever wrote the file.

    Args:
        error: From PyYAML's own parser (libyaml words its errors otherwise).
        text: What was parsed.
        file: Where it is from.
    """
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        message = f"this is not YAML: {error}"
        return ProjectError(message, location=Location(file), rule="yaml-syntax")
    opened = error.context_mark or error.problem_mark
    failure = _Failure(
        text,
        file,
        problem=error.problem or "",
        context=error.context or "",
        at=min(error.problem_mark.index, len(text)),
        opened=min(opened.index, len(text)),
    )
    for rule in _RULES:
        explained = rule(failure)
        if explained is not None:
            return explained
    return failure.error(f"this is not YAML: {failure.problem}")


def template_error(text: str, file: Path) -> ProjectError | None:
    """Return the error for a file that is a template of Jinja's, None where it is none."""
    mark = _TEMPLATE.search(text)
    if mark is None:
        return None
    return ProjectError(
        f"the file is a template ({mark.group()} ...), from which a project is yet to be made",
        location=location_at(file, text, mark.start()),
        hint="make the project with cookiecutter (or what the template is for), and run that",
        rule="template",
    )


def _template(failure: _Failure) -> ProjectError | None:
    return template_error(failure.text, failure.file)


def _tab(failure: _Failure) -> ProjectError | None:
    line = failure.line(failure.at)
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" not in indentation and "'\\t'" not in failure.problem:
        return None
    start = failure.line_start(failure.at)
    is_indentation = "\t" in indentation
    return failure.error(
        "a tab stands where YAML takes spaces only",
        start + indentation.find("\t") if is_indentation else None,
        "indent with spaces",
        rule="yaml-tab",
        edits=spaces_for_tabs(failure.text, start) if is_indentation else (),
    )


def _second_document(failure: _Failure) -> ProjectError | None:
    if "another document" not in failure.problem:
        return None
    return failure.error(
        "a second document begins here", hint="remove the line '---': a project file is one"
    )


def _open_quote(failure: _Failure) -> ProjectError | None:
    if "quoted scalar" not in failure.context or "end of stream" not in failure.problem:
        return None
    return failure.error(
        f"the quote that opens here is never closed ({failure.text[failure.opened]})",
        failure.opened,
        "close it at the end of the text that it quotes",
        rule="yaml-quoting",
    )


def _escape(failure: _Failure) -> ProjectError | None:
    if "escape" not in failure.problem:
        return None
    return failure.error(
        "a backslash in double quotes begins an escape, and this is none that YAML knows",
        hint="use single quotes, or write the backslash twice; paths may use /",
        rule="yaml-quoting",
    )


def _glued_colon(failure: _Failure) -> ProjectError | None:
    """`key:value` is text, so what follows it has no key to belong to."""
    if "mapping values" not in failure.problem and "expected ':'" not in failure.problem:
        return None
    index = failure.line_start(failure.at)
    for _ in range(_LINES_BACK):
        glued = _GLUED.match(failure.line(index))
        if glued:
            words = glued["words"].rstrip()
            return failure.error(
                f"{shown(words)} has no space after its colon, so it is no key",
                index + glued.start("words"),
                "put a space after the colon, or remove what follows it",
                rule="yaml-missing-space",
                edits=space_after(failure.text, failure.text.index(":", index)),
            )
        if index == 0:
            break
        index = failure.line_start(index - 1)
    return None


def _colon(failure: _Failure) -> ProjectError | None:
    if "mapping values" not in failure.problem:
        return None
    before = failure.text[failure.line_start(failure.at) : failure.at]
    if ": " in before:
        hint = "put the whole value in quotes if the colon is part of it"
        message = "a second ': ' in one line makes no sense to YAML"
        return failure.error(message, hint=hint, rule="yaml-quoting")
    return failure.error(
        "a key is not expected here: what stands above has a value already, or is no key",
        failure.line_start(failure.at) + len(before) - len(before.lstrip()),
        "check the indentation, and that the line above ends with its colon",
        rule="yaml-indentation",
    )


def _no_colon(failure: _Failure) -> ProjectError | None:
    if "expected ':'" not in failure.problem:
        return None
    return failure.error(
        f"{shown(failure.line(failure.opened).strip())} is no `key: value`",
        failure.opened,
        "add the colon, or indent the line if it continues the one above",
    )


def _after_quote(failure: _Failure) -> ProjectError | None:
    """A quote in the wrong place often shows only where the next one stands."""
    if "<block end>" not in failure.problem and "',' or" not in failure.problem:
        return None
    quoted = _last_quoted(failure.text, failure.at)
    if quoted is None or "\n" in failure.text[quoted[1] : failure.at]:
        return None
    if failure.text[quoted[1] : failure.at].strip():
        return None
    return failure.error(
        f"text follows the closing quote; it was opened on line {failure.number(quoted[0])},"
        f" column {location_at(failure.file, failure.text, quoted[0]).column}",
        hint="end the quote where its text ends (inside '...' a quote is written twice); perhaps"
        " a comma is missing",
        rule="yaml-quoting",
    )


def _last_quoted(text: str, end: int) -> tuple[int, int] | None:
    found = None
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if token.end_mark.index > end:
                break
            if isinstance(token, yaml.ScalarToken) and not token.plain:
                found = (token.start_mark.index, token.end_mark.index)
    except yaml.YAMLError:
        pass
    return found


def _open_bracket(failure: _Failure) -> ProjectError | None:
    if "while parsing a flow" not in failure.context or "',' or" not in failure.problem:
        return None
    bracket = failure.text[failure.opened]
    if bracket not in "{[":
        return None
    word = _BRACKETED.match(failure.text, *failure.word_around(failure.at))
    if word is not None:
        return failure.error(
            f"{shown(word.group())} needs quotes here: within {bracket} the sign"
            f" {failure.text[failure.at]} begins a value of its own",
            word.start(),
            hint=f'write "{word.group()}"',
            rule="yaml-quoting",
            edits=(
                Edit(word.start(), word.start(), '"'),
                Edit(word.end(), word.end(), '"'),
            ),
        )
    closing = "}" if bracket == "{" else "]"
    return failure.error(
        f"the bracket {bracket} that opens here is not closed, or a comma is missing"
        f" (on line {failure.number(failure.at)})",
        failure.opened,
        f"separate what it holds by commas, and close it with {closing}; put it in quotes if"
        " it is part of the text",
    )


def _indentation(failure: _Failure) -> ProjectError | None:
    if "<block end>" not in failure.problem:
        return None
    before = failure.text[failure.line_start(failure.at) : failure.at]
    if before.strip():
        hint = "put the value in quotes"
        return failure.error("this text is not expected here", hint=hint, rule="yaml-quoting")
    return failure.error(
        "the indentation of this line fits none of the lines above",
        hint="indent what belongs together by the same number of spaces",
        rule="yaml-indentation",
    )


def _outside(failure: _Failure) -> ProjectError | None:
    if "<document start>" not in failure.problem:
        return None
    return failure.error(
        "this belongs to nothing above it",
        hint="check the indentation: all keys at the top begin in the same column",
        rule="yaml-indentation",
    )


def _after_block_sign(failure: _Failure) -> ProjectError | None:
    if "while scanning a block scalar" not in failure.context:
        return None
    return failure.error(
        "text follows the | or > that announces a block of text",
        hint="write the text on the lines below, indented, or put the value in quotes",
    )


def _dash(failure: _Failure) -> ProjectError | None:
    if "are not allowed here" not in failure.problem:
        return None
    return failure.error(
        f"{shown(failure.text[failure.at : failure.at + 1])} begins an item or a key here, where"
        " none can be",
        hint="put it on a line of its own, or the value in quotes",
    )


_NO_BEGINNING = re.compile(
    r"cannot start any token|expected the node content|while scanning an? (?:alias|anchor|tag)"
)


def _first_character(failure: _Failure) -> ProjectError | None:
    if not _NO_BEGINNING.search(f"{failure.context}\n{failure.problem}"):
        return None
    index = failure.opened if "an a" in failure.context else failure.at
    first = failure.text[index : index + 1]
    if not first:
        return failure.error(
            "the file ends where a value has to follow", index, "close the brackets that are open"
        )
    message = f"a value cannot begin with {shown(first)}"
    return failure.error(message, index, "put the value in quotes", rule="yaml-quoting")


def _alias(failure: _Failure) -> ProjectError | None:
    if "undefined alias" not in failure.problem:
        return None
    return failure.error(
        "the * makes this an alias of something that the file does not define",
        hint="put the value in quotes if the * is part of the text",
        rule="yaml-quoting",
    )


_RULES = (
    _template, _tab, _second_document, _open_quote, _escape, _glued_colon, _colon, _no_colon,
    _after_quote, _open_bracket, _indentation, _outside, _after_block_sign, _dash,
    _first_character, _alias,
)  # fmt: skip

"""The text of a project file, laid out as a person would write it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mlrun.project.model import Parameter
from mlrun.project.parameters.types import ParameterType
from mlrun.scaffold.entry_points import Proposal
from mlrun.scaffold.environment import ProposedEnvironment
from mlrun.scaffold.value_types import one_line
from mlrun.scaffold.yaml_text import folded, quoted, yaml_text, yaml_value

_WIDTH = 100


def project_text(
    name: str, environment: ProposedEnvironment, entry_points: Sequence[Proposal]
) -> str:
    """Return a whole project file.

    Args:
        name: Of the project.
        environment: What it runs in.
        entry_points: At least one.
    """
    blocks = [[f"name: {yaml_text(name)}"], [*_environment(environment)]]
    blocks.append(["entry_points:", *_entry_point(entry_points[0])])
    blocks += [list(_entry_point(entry_point)) for entry_point in entry_points[1:]]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _environment(environment: ProposedEnvironment) -> Iterator[str]:
    if environment.comment is not None:
        yield f"# {environment.comment}"
    if environment.key is not None:
        key, file = environment.key
        yield f"{key}: {yaml_text(file)}"


def _entry_point(proposal: Proposal) -> Iterator[str]:
    yield f"  {yaml_text(proposal.name)}:"
    if proposal.description is not None:
        yield from _text("description", proposal.description, 4)
    for problem in proposal.left_out:
        yield f"    # {problem.message}."
    if proposal.parameters:
        yield "    parameters:"
        for parameter in proposal.parameters:
            yield from _parameter(parameter)
    yield from _command(proposal.words)


def _text(key: str, text: str, indent: int) -> Iterator[str]:
    margin = " " * indent
    line = f"{margin}{key}: {yaml_text(text)}"
    if len(line) <= _WIDTH or one_line(text) != text:
        yield line
    else:
        yield f"{margin}{key}: >-"
        yield from folded(text, f"{margin}  ", _WIDTH)


def _command(words: tuple[str, ...]) -> Iterator[str]:
    command = " ".join(words)
    line = f"    command: {quoted(command)}"
    if len(line) <= _WIDTH or not all(one_line(word) == word for word in words):
        yield line
    else:
        yield "    command: >-"
        yield from (f"      {word}" for word in words)


def _parameter(parameter: Parameter) -> Iterator[str]:
    keys = dict(_keys(parameter))
    head = f"      {yaml_text(parameter.name)}:"
    kind = parameter.type.value
    short = f"{head} {{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}"
    if set(keys) == {"type"}:
        yield f"{head} {kind}"
    elif len(short) <= _WIDTH:
        yield short
    else:
        yield head
        for key, value in keys.items():
            if key == "description":
                yield from _text(key, parameter.description or "", 8)
            else:
                yield f"        {key}: {value}"


def _keys(parameter: Parameter) -> Iterator[tuple[str, str]]:
    """Yield a parameter's keys with their values, as YAML for one line."""
    kind = parameter.type
    yield "type", kind.value
    if parameter.default is not None:
        yield "default", yaml_value(parameter.default, kind)
    if parameter.optional:
        yield "optional", "true"
    if parameter.flag is not None:
        on, off = parameter.flag
        is_plain = off is None and on == f"--{parameter.name}"
        yield "flag", "true" if is_plain else quoted(f"{on}/{off}" if off else on)
    if not parameter.exists:
        yield "exists", "false"
    if parameter.choices:
        yield "choices", _list(yaml_value(choice, kind) for choice in parameter.choices)
    for key, number in (("min", parameter.minimum), ("max", parameter.maximum)):
        if number is not None:
            yield key, yaml_value(number, ParameterType.FLOAT)
    if parameter.description is not None:
        yield "description", yaml_text(parameter.description)


def _list(items: Iterable[str]) -> str:
    return f"[{', '.join(items)}]"

"""From scripts to entry points: names, parameters and commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mlrun.errors import Location, Problem
from mlrun.project.model import Parameter
from mlrun.project.parameters.types import ParameterType
from mlrun.project.parameters.values import is_remote
from mlrun.scaffold.found import Argument, Script, ScriptCommand
from mlrun.scaffold.value_types import is_within

_LIKELY = ("train", "main", "run", "training", "train_model", "model", "pipeline", "start",
           "__main__", "cli", "app", "experiment", "fit")  # fmt: skip
_READ = re.compile(
    r"(?:^|_)(?:data|dataset|datadir|in|inputs?|infile|src|source|csv|json|config|cfg|model|weights"
    r"|images?|train|test|val|valid|corpus|vocab|labels?|features)(?:_|$)"
)
_WRITTEN = re.compile(
    r"(?:^|_)(?:out|outputs?|outdir|outfile|saved?|dest|destination|target|results?|logs?|logdir"
    r"|checkpoints?|ckpt|cache|export|write|report|work|workdir|tmp)(?:_|$)"
)
"""Names of paths, the second the stronger: to ask for a path that is yet to be written would
refuse what runs, not to ask only loses a check."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One entry point as it is to be written.

    Attributes:
        name: Of the entry point.
        parameters: In order; each is located where the script says it.
        words: The command, in pieces that a space may part.
        description: One line, or None.
        script: What it runs.
        left_out: What the script takes and the entry point does not, in a few words each.
    """

    name: str
    parameters: tuple[Parameter, ...]
    words: tuple[str, ...]
    description: str | None
    script: Script
    left_out: tuple[Problem, ...] = ()

    @property
    def command(self) -> str:
        """The whole template."""
        return " ".join(self.words)


def propose(folder: Path, scripts: Iterable[Script]) -> tuple[Proposal, ...]:
    """Return an entry point for each thing that the scripts do; the likeliest is `main`.

    A script with subcommands gives one of each subcommand's name, and no `main`.

    Args:
        folder: Absolute path.
        scripts: Of the folder.
    """
    proposals: list[Proposal] = []
    taken: set[str] = set()
    ordered = sorted(scripts, key=_likelihood)
    for script in ordered:
        for command in _commands(script):
            is_first = script is ordered[0] and command.name is None
            name = "main" if is_first else _entry_name(script, command)
            if name in taken and command.name is not None:
                name = f"{_plain(script.path.stem, '-')}-{name}"
            name = _unlike(name, taken, script.path.parent.parts)
            # The script's own name would not mean it, where another had it.
            taken |= {name, _entry_name(script, command)}
            proposals.append(_proposal(folder, script, command, name))
    return tuple(proposals)


def _commands(script: Script) -> tuple[ScriptCommand, ...]:
    return script.reading.commands if script.reading else (ScriptCommand(None, ()),)


def _likelihood(script: Script) -> tuple[int, bool, bool, int, str]:
    stem = script.path.stem.lower()
    rank = _LIKELY.index(stem) if stem in _LIKELY else len(_LIKELY)
    is_python = script.path.suffix == ".py"
    return rank, not is_python, script.reading is None, len(script.path.parts), str(script.path)


def _entry_name(script: Script, command: ScriptCommand) -> str:
    if command.name is not None:
        return _plain(command.name, "-")
    stem = script.path.stem
    if stem == "__main__" and len(script.path.parts) > 1:
        stem = script.path.parent.name
    return _plain(stem, "-")


def _plain(name: str, joint: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", joint, name).strip("-") or "script"


def _unlike(name: str, taken: set[str], folders: tuple[str, ...] = ()) -> str:
    """Return a name that is not taken: with its folders before it, or a number behind."""
    in_folder = [f"{_plain('-'.join(folders), '-')}-{name}"] if folders else []
    numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
    candidates = (name, *in_folder, *numbered)
    return next(candidate for candidate in candidates if candidate not in taken)


def _proposal(folder: Path, script: Script, command: ScriptCommand, name: str) -> Proposal:
    place = folder / script.path
    arguments, left_out = _writable(command, place)
    words = [_literal(" ".join(shlex.quote(word) for word in script.start))]
    parameters: list[Parameter] = []
    names: set[str] = set()
    for word in arguments:
        if isinstance(word, str):
            words.append(_literal(shlex.quote(word)))
            continue
        called = _unlike(_parameter_name(word.name), names)
        names.add(called)
        parameters.append(_parameter(folder, word, called, place))
        words.append(_in_command(word, called))
    return Proposal(name, tuple(parameters), tuple(words), command.description, script,
                    tuple(left_out))  # fmt: skip


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _writable(command: ScriptCommand, file: Path) -> tuple[list[str | Argument], list[Problem]]:
    """Return the words of a command, in an order that the script parts rightly."""
    words: list[str | Argument] = []
    left_out = []
    for segment, word in _segments(command):
        for argument in segment:
            reason = _unwritable(argument, is_followed=word is not None)
            if reason is not None:
                left_out.append(Problem(reason, Location(file, argument.line)))
        kept = [a for a in segment if _unwritable(a, is_followed=word is not None) is None]
        # An option that takes several words would take those of a place, too.
        words += _settled([argument for argument in kept if argument.option is None])
        words += [argument for argument in kept if argument.option is not None]
        words += [word] if word is not None else []
    return words, left_out


def _segments(command: ScriptCommand) -> Iterator[tuple[list[Argument], str | None]]:
    segment: list[Argument] = []
    for word in command.words:
        if isinstance(word, Argument):
            segment.append(word)
        else:
            yield segment, word
            segment = []
    yield segment, None


def _unwritable(argument: Argument, *, is_followed: bool) -> str | None:
    if argument.is_several and is_followed and argument.option is not None:
        return f"{argument.option} takes several values in front of a subcommand, and is left out"
    return None


def _settled(places: list[Argument]) -> list[Argument]:
    """Let only the last places be without a value: leaving out one would move the next."""
    settled: list[Argument] = []
    has_later = False
    for argument in reversed(places):
        is_optional = argument.default is None and not argument.is_required
        settled.append(_present(argument) if is_optional and has_later else argument)
        has_later = has_later or not is_optional
    return settled[::-1]


def _present(argument: Argument) -> Argument:
    empty = "" if argument.is_empty_absent else None
    return replace(argument, default=empty, is_required=empty is None)


def _parameter_name(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name).strip("_") or "arg"
    return f"arg_{plain}" if plain[0].isdigit() else plain


def _parameter(folder: Path, argument: Argument, name: str, file: Path) -> Parameter:
    is_path = argument.kind is ParameterType.PATH
    default = argument.default
    if default is not None and not is_within(default, argument.minimum, argument.maximum):
        default = None
    description = argument.description
    if argument.is_several:
        description = f"{description or 'Words'} (separated by spaces)"
    return Parameter(
        name=name,
        type=argument.kind,
        default=default,
        location=Location(file, argument.line),
        description=description,
        optional=default is None and not argument.is_required,
        flag=argument.flag,
        exists=_exists(folder, argument) if is_path else True,
        choices=argument.choices,
        minimum=argument.minimum,
        maximum=argument.maximum,
    )


def _exists(folder: Path, argument: Argument) -> bool:
    """Return whether a path must be there before the command runs."""
    if argument.exists is not None:
        return argument.exists
    default = argument.default
    if default is not None:
        return is_remote(default) or (folder / default).exists()
    name = _parameter_name(argument.name).lower()
    return _READ.search(name) is not None and _WRITTEN.search(name) is None


def _in_command(argument: Argument, name: str) -> str:
    place = f"{{{name}}}"
    if argument.flag is not None:
        return place
    option = _literal(shlex.quote(argument.option)) if argument.option is not None else ""
    if argument.is_several:
        # A substitution that is not quoted is the shell's way to part a text into words. The
        # option stands within it, since it goes where there is no value.
        return f"$(printf '%s ' {option}{' ' * bool(option)}{place})"
    # Behind an equals sign, a value such as -1e-3 is not taken for an option.
    joint = "=" if option.startswith("--") else " " * bool(option)
    return f"{option}{joint}{place}"

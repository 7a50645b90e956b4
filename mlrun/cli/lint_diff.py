"""What `mlrun lint --fix` would change, as a diff that `patch` takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mlrun.cli.narration import inert, printable, say
from mlrun.cli.streams import print_document
from mlrun.cli.wording import counted
from mlrun.lint.finding import Mended

_NO_NEWLINE = "\n\\ No newline at end of file\n"


def print_diff(outcomes: Sequence[Mended]) -> None:
    """Print the difference for each file, and say how much it is."""
    changed = [outcome for outcome in outcomes if outcome.mended]
    for outcome in changed:
        print_document(inert("".join(_diff(outcome))))
    mended = sum(len(outcome.mended) for outcome in changed)
    if changed:
        say(f"--fix would mend {counted(mended, 'finding')} in {counted(len(changed), 'file')}")
    else:
        say("--fix would change nothing")


def _diff(outcome: Mended) -> Iterator[str]:
    from difflib import unified_diff

    file = outcome.before.file
    before, after = _lines(outcome.before.text), _lines(outcome.after.text)
    names = (_name("a", file), _name("b", file))
    for line in unified_diff(before, after, *names):
        yield line if line.endswith("\n") else line + _NO_NEWLINE


def _name(side: str, file: Path) -> str:
    name = str(file) if file.is_absolute() else f"{side}/{file}"
    return printable(name).replace("\n", "\\n")


def _lines(text: str | None) -> list[str]:
    """Return the lines as `patch` counts them: a line feed alone ends one."""
    parts = (text or "").split("\n")
    last = [parts[-1]] if parts[-1] else []
    return [f"{part}\n" for part in parts[:-1]] + last

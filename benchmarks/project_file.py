"""Measure what mlrun makes of a project file without running it, and print a table of medians.

    python benchmarks/project_file.py [--repeats 9] [--only NAME]... [--json FILE]

Needs what `run.py` needs, but no MLflow, which has nothing of the kind. `corpus` needs the folder
`shared/corpus` beside the repository, and is left out where that is not there.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # started as a script

from benchmarks import arguments, report, tools
from benchmarks.cases import in_turn, milliseconds, taker
from benchmarks.measure import Command, wall
from benchmarks.projects import noop_file

CORPUS = tools.REPOSITORY.parent / "shared" / "corpus"
GOAL = 1500
"""Milliseconds for the whole corpus."""
COMPLETION_GOAL = 80
"""Milliseconds after which a person at a prompt begins to wait."""

_PROJECT_FILES = ("mlproject", "mlproject.yaml", "mlproject.yml")

# Findings are what is expected, and no failure.
_FOUND_SOMETHING = ("bash", "-c", '"$@"; test $? -le 1', "bash")

Measured = Callable[[tools.Tool, Path, int], list[report.Row]]


def corpus(tool: tools.Tool, folder: Path, repeats: int) -> list[report.Row]:
    """Check all real files: for a person, for a program, and to mend them."""
    if not CORPUS.is_dir():
        print(f"left out: there is no folder {CORPUS}", file=sys.stderr)
        return []
    found = [path for path in CORPUS.rglob("*") if path.name.lower() in _PROJECT_FILES]
    files = sum(path.is_file() for path in found)
    text, document, diff = ("lint", str(CORPUS)), ("--output", "json"), ("--diff",)
    lines = {
        f"`lint` of {files} real project files": (text, GOAL),
        "`lint --output json` of the same": ((*text, *document), GOAL),
        "`lint --diff` of the same": ((*text, *diff), None),
    }
    return _rows(tool, folder, repeats, lines)


def project(tool: tools.Tool, folder: Path, repeats: int) -> list[report.Row]:
    """Check one small project, beside describing it and doing nothing at all."""
    (folder / "MLproject").write_text(noop_file("noop"))
    lines = {
        "`lint` of one project": (("lint", str(folder)), None),
        "`describe` of the same": (("describe", str(folder)), None),
        "`--version`": (("--version",), None),
    }
    return _rows(tool, folder, repeats, lines)


def completion(tool: tools.Tool, folder: Path, repeats: int) -> list[report.Row]:
    """Complete a line in bash, beside a Python that does nothing."""
    (folder / "MLproject").write_text(_many_entry_points(5, 10))
    large = folder / "large"
    large.mkdir()
    (large / "MLproject").write_text(_many_entry_points(50, 20))
    lines = {
        "completion of options": "mlrun run . --env",
        "completion of entry points": "mlrun run . -e entry",
        "completion of parameters": "mlrun run . -e entry4 -P number",
        "completion of a choice": "mlrun run . -e entry4 -P number3=",
        "completion of parameters, a thousand of them": "mlrun run large -e entry4 -P number",
    }
    env = tools.clean_environment()
    commands = {
        title: Command((str(tool.program),), folder, {**env, **_typed(line)})
        for title, line in lines.items()
    }
    commands["bare `python -c pass`"] = Command((str(tool.python), "-c", "pass"), folder, env)
    taken = in_turn({title: taker(wall, one) for title, one in commands.items()}, repeats)
    return [
        report.Row(title, "ms", {"mlrun": own}, goal=COMPLETION_GOAL if title in lines else None)
        for title, own in milliseconds(taken).items()
    ]


def _typed(line: str) -> dict[str, str]:
    """Return what bash's script says of a line, with the cursor at its end."""
    return {"MLRUN_COMPLETION": "bash", "COMP_LINE": line, "COMP_POINT": str(len(line))}


def _many_entry_points(count: int, parameters: int) -> str:
    said = "{type: int, default: 1, choices: [1, 2, 3], description: How many}"
    lines = ["entry_points:"]
    for number in range(count):
        lines += [f"  entry{number}:", "    command: 'true'", "    parameters:"]
        lines += [f"      number{each}: {said}" for each in range(parameters)]
    return "\n".join([*lines, ""])


def _rows(
    tool: tools.Tool,
    folder: Path,
    repeats: int,
    lines: Mapping[str, tuple[tuple[str, ...], float | None]],
) -> list[report.Row]:
    env = {**tools.clean_environment(), "MLRUN_STATE_DIR": str(folder / "state")}
    start = (*_FOUND_SOMETHING, str(tool.program))
    commands = {
        title: Command((*start, *words), folder, env) for title, (words, _) in lines.items()
    }
    taken = in_turn({title: taker(wall, one) for title, one in commands.items()}, repeats)
    return [
        report.Row(title, "ms", {"mlrun": samples}, goal=lines[title][1])
        for title, samples in milliseconds(taken).items()
    ]


CASES: dict[str, Measured] = {"corpus": corpus, "project": project, "completion": completion}


def main() -> None:
    """Install, measure, print."""
    given = arguments.of_comparison("Measure `lint`, `describe` and completion.", CASES)
    tool = tools.install_mlrun(given.cache, lambda line: print(line, file=sys.stderr))
    rows: list[report.Row] = []
    with tempfile.TemporaryDirectory(prefix="mlrun-benchmark-") as name:
        for case in given.only or CASES:
            folder = Path(name) / case
            folder.mkdir()
            rows += CASES[case](tool, folder, given.repeats)
    versions = {"mlrun": tool.version, "mlflow": "has none of these"}
    print(f"{report.machine()}; medians of {given.repeats}\n")
    print(report.table(rows, versions))
    if given.json:
        document = report.document(rows, versions, report.machine())
        given.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()

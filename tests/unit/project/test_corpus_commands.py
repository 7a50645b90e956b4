"""Commands of real project files: the same programs get the same arguments as with MLflow.

Where they don't, the test says so by name: it is what the author meant.
"""

from __future__ import annotations

import ast
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from mlrun.errors import CommandError, Location
from mlrun.project.command.template import parse_command, render_command
from tests import components

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"

JOINED: Mapping[tuple[str, str], int] = {
    # Options on lines of their own, which bash ran as commands; MLflow passed that many fewer.
    ("0shimax__PyTorch-SoftTriple/src", "main"): 4,
    ("4castRenewables__maelstrom-train/mlproject", "main"): 15,
    ("MaxVigne__mle-trafic-cycliste", "main"): 4,
    ("nuniesmith__fks_training", "train"): 20,
    ("nuniesmith__fks_training", "evaluate"): 14,
    ("nuniesmith__fks_training", "deploy"): 10,
    # A backslash at the very end, which the program got as an argument.
    ("serzaraisk__lsml-2-final_task_v2/MLflow", "main"): -1,
}
"""How many arguments more a program gets than with MLflow."""

REFUSED: Mapping[tuple[str, str], str] = {
    ("AMontiB__defakedemonstrator/src", "main"): "{data_path} is no parameter",
    ("dhis2-chap__ewars_plus_python_wrapper", "train"): "{polygons} is no parameter",
    ("dhis2-chap__ewars_plus_python_wrapper", "predict"): "{polygons} is no parameter",
}
"""MLflow refuses these too, with a KeyError."""

NOT_FORMAT: Mapping[tuple[str, str], str] = {
    ("Ega2901__IRSpecML", "main"): "scripts} / python",
}
"""MLflow refuses these, we run them: the words around the lone brace."""

WAITING = {"poster"}
"""Entry points whose command waits until a server answers."""

RECORDER = """\
#!{python} -IS
import os, sys
with open(os.environ["RECORD"], "a") as record:
    print([os.path.basename(sys.argv[0]), *sys.argv[1:]], file=record)
"""
PROGRAMS = ("python", "python3", "Rscript", "RScript", "jupyter", "ls", "poetry", "mlflow", "curl",
            "ch_modelling", "pytest", "env", "grep", "sh")  # fmt: skip

Case = tuple[str, str, str, tuple[str, ...]]


def commands() -> Iterator[Case]:
    """Yield folder, entry point, command and names of the parameters."""
    for path in sorted(CORPUS.glob("**/*")):
        if not path.is_file() or not path.name.lower().startswith("mlproject"):
            continue
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError:
            continue
        folder = str(path.parent.relative_to(CORPUS))
        for name, entry in (document.get("entry_points") or {}).items():
            if isinstance(entry, dict) and isinstance(entry.get("command"), str):
                yield folder, name, entry["command"], tuple(map(str, entry.get("parameters") or ()))


CASES = list(commands())


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of programs that only record their arguments."""
    folder = tmp_path_factory.mktemp("programs")
    recorder = folder / "recorder"
    recorder.write_text(RECORDER.format(python=sys.executable))
    recorder.chmod(0o755)
    for name in PROGRAMS:
        (folder / name).symlink_to(recorder)
    return folder


def recorded(command: str, programs: Path, folder: Path) -> list[str]:
    """Return what the programs were called with, sorted since pipes run at once."""
    folder.mkdir(exist_ok=True)
    (folder / "env.sh").touch()
    record = folder / "record"
    record.write_text("")
    subprocess.run(
        [BASH, "-c", command],
        cwd=folder,
        env={"PATH": str(programs), "RECORD": str(record), "MLFLOW_RUN_ID": "run", "HOME": "/h"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
    return sorted(record.read_text().splitlines())


BASH = shutil.which("bash") or "bash"


@pytest.fixture(autouse=True)
def _corpus() -> None:
    if not CASES:
        components.missing("corpus", f"no project files in {CORPUS}")


def case_id(case: Case) -> str:
    return f"{case[0]}:{case[1]}"


@pytest.mark.parametrize("case", CASES or [("", "", "", ())], ids=case_id)
def test_programs_get_what_their_author_meant(case: Case, programs: Path, tmp_path: Path) -> None:
    folder, name, command, parameters = case
    values = {parameter: f"v{number}" for number, parameter in enumerate(parameters)}
    place = Location(Path(folder) / "MLproject")
    if (folder, name) in REFUSED:
        with pytest.raises(CommandError) as caught:
            parse_command(command, parameters, place)
        assert REFUSED[folder, name] in caught.value.message
        return
    template = parse_command(command, parameters, place)
    ours = render_command(template, values)
    if (folder, name) in NOT_FORMAT:
        assert NOT_FORMAT[folder, name] in ours
        assert len(template.warnings) == 1
        return
    assert template.warnings == ()
    theirs = command.format(**{key: shlex.quote(value) for key, value in values.items()})
    if (folder, name) in JOINED:
        (with_mlflow,) = recorded(theirs, programs, tmp_path / "theirs")
        (meant,) = recorded(ours, programs, tmp_path / "ours")
        more = len(ast.literal_eval(meant)) - len(ast.literal_eval(with_mlflow))
        assert more == JOINED[folder, name]
    elif name not in WAITING and ours != theirs.strip():
        assert recorded(ours, programs, tmp_path / "ours") == recorded(
            theirs, programs, tmp_path / "theirs"
        )
    subprocess.run([BASH, "-n", "-c", ours], check=True, capture_output=True)


def test_most_commands_are_as_mlflow_renders_them() -> None:
    same = 0
    for folder, name, command, parameters in CASES:
        if (folder, name) in REFUSED or (folder, name) in NOT_FORMAT:
            continue
        values = {parameter: f"v{number}" for number, parameter in enumerate(parameters)}
        template = parse_command(command, parameters, Location(Path(folder)))
        same += render_command(template, values) == command.format(**values).strip()
    assert same > 0.9 * len(CASES)

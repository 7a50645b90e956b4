"""The example projects run as they stand, by the command line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from typing import IO

import pytest

from mlrun.environments.installing.pip_settings import read_pip_settings
from tests.components import missing
from tests.docker_engine import DockerEngine
from tests.functional.commands import Place, RecordedRun, recorded, status

EXAMPLES = Path(__file__).resolve().parents[2] / "example_projects"


def run_example(
    place: Place, name: str, *words: str, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run an example; `python` in its command is the one that has mlrun."""
    env = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return place.mlrun("run", EXAMPLES / name, *words, env=env, timeout=timeout)


def by_entry_point(place: Place) -> dict[str, RecordedRun]:
    """Return the recorded runs by the name of their entry point."""
    return {recorded(run, "tags")["mlflow.project.entryPoint"]: run for run in place.runs()}


def test_shell_only(place: Place) -> None:
    answer = run_example(
        place, "shell_only", "-e", "hello.sh", "-P", "who=you & me", "-P", "times=2"
    )

    assert answer.returncode == 0, answer.stderr
    (run,) = place.runs()
    greeting = "Hello, you & me!\n"
    assert answer.stdout == f"{greeting}{greeting}This is run {run.name}.\n"
    assert recorded(run, "params") == {"who": "you & me", "times": "2"}
    assert status(run) == "FINISHED"


def test_multistep(place: Place) -> None:
    out = place.folder / "out"
    answer = run_example(place, "multistep", "-P", "points=40", "-P", f"workdir={out}")

    assert answer.returncode == 0, answer.stderr
    assert "30 points in train.csv" in answer.stdout
    assert json.loads((out / "model.json").read_text())["slope"] == pytest.approx(3, abs=0.2)
    runs = by_entry_point(place)
    driver = runs.pop("main")
    assert sorted(runs) == ["evaluate", "prepare", "train"]
    parents = {recorded(run, "tags")["mlflow.parentRunId"] for run in runs.values()}
    assert parents == {driver.name}
    assert {status(run) for run in (driver, *runs.values())} == {"FINISHED"}
    given = {"points": "40", "noise": "0.5", "workdir": str(out)}
    assert recorded(driver, "params") == recorded(runs["prepare"], "params") == given


def test_multistep_ends_with_the_step_that_fails(place: Place) -> None:
    out = place.folder / "out"
    answer = run_example(place, "multistep", "-P", "points=1", "-P", f"workdir={out}")

    assert answer.returncode == 1
    assert "StatisticsError" in answer.stderr  # no line goes through no points
    ended = {name: status(run) for name, run in by_entry_point(place).items()}
    assert ended == {"main": "FAILED", "prepare": "FINISHED", "train": "FAILED"}


def test_sklearn_elasticnet(place: Place, package_index: None) -> None:
    answer = run_example(place, "sklearn_elasticnet", "-P", "alpha=0.50", timeout=500)

    assert answer.returncode == 0, answer.stderr
    (run,) = place.runs()
    assert status(run) == "FINISHED"
    assert recorded(run, "params") == {"alpha": "0.50", "l1_ratio": "0.1"}
    metrics = {name: float(value) for name, value in recorded(run, "latest_metrics").items()}
    assert sorted(metrics) == ["mae", "r2", "rmse"]
    assert metrics["r2"] == pytest.approx(0.486, abs=0.01)
    assert f"rmse {metrics['rmse']:.3f}" in answer.stdout
    assert (
        (place.store / "0" / run.name / "artifacts" / "predictions.png")
        .read_bytes()
        .startswith(b"\x89PNG")
    )
    (model,) = place.store.rglob("MLmodel")
    assert run.name in model.read_text()


def test_docker_train(place: Place, docker_train_image: None) -> None:
    answer = run_example(place, "docker_train", "-P", "steps=40", timeout=300)

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "y = 2.996x + 2.005\n"
    (run,) = place.runs()
    assert status(run) == "FINISHED"
    assert recorded(run, "params") == {"points": "200", "steps": "40", "rate": "0.3"}
    assert float(recorded(run, "latest_metrics")["loss"]) == pytest.approx(0.01, abs=0.005)
    line = place.store / "0" / run.name / "artifacts" / "line.json"
    assert json.loads(line.read_text())["slope"] == pytest.approx(3, abs=0.1)


@pytest.fixture(scope="module")
def docker_train_image(docker_engine: DockerEngine, base_image: str, package_index: None) -> None:
    """The image that the example names, by its own Dockerfile, from a base that is here."""
    with closing(docker_engine.client(timeout=550)) as client:
        base, _ = client.images.build(fileobj=_with_pip_settings(base_image), custom_context=True)
        client.images.build(
            path=str(EXAMPLES / "docker_train"),
            tag="mlrun-example-docker-train",
            buildargs={"BASE": base.id},
            network_mode="host",
            rm=True,
        )


def _with_pip_settings(base: str) -> IO[bytes]:
    """Return what builds an image whose pip asks the index that this machine's does."""
    known = read_pip_settings(os.environ)
    kept = {
        name: " ".join(word for word in known.words(name) if not word.startswith("file:"))
        for name in ("index-url", "extra-index-url", "trusted-host")
    }
    lines = ["[global]", *(f"{name} = {value}" for name, value in kept.items() if value)]
    files = {"Dockerfile": f"FROM {base}\nCOPY pip.conf /etc/pip.conf\n"}
    files["pip.conf"] = "\n".join(lines) + "\n"
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    context.seek(0)
    return context


@pytest.fixture(scope="module")
def package_index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip where no index of packages can be reached."""
    folder = tmp_path_factory.mktemp("index")
    subprocess.run([sys.executable, "-m", "virtualenv", "-q", str(folder / "env")], check=True)
    ask = [str(folder / "env/bin/pip"), "download", "-q", "--no-deps", "-d", str(folder), "six"]
    answer = subprocess.run(ask, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        missing("pypi", answer.stderr.strip().splitlines()[-1])


def test_typed_parameters(place: Place) -> None:
    before = sorted((EXAMPLES / "typed_parameters").iterdir())
    answer = run_example(place, "typed_parameters")

    assert answer.returncode == 0, answer.stderr
    assert "y = 2.991x + 1.006" in answer.stdout
    assert "signed aca7562643eb6c6d\n" in answer.stdout
    (run,) = place.runs()
    logged = recorded(run, "params")
    assert logged.keys().isdisjoint({"api-token", "model", "seed"})
    assert (logged["report"], logged["verbose"], logged["rate"]) == ("[10, 100]", "False", "0.1")
    assert sorted((EXAMPLES / "typed_parameters").iterdir()) == before


def test_typed_parameters_as_they_are_given(place: Place) -> None:
    words = ("method=descent", "rate=0.05", "seed=7", "verbose=yes", "centre=no", "report=1,50")
    given = [word for each in (*words, "model=out/line.json") for word in ("-P", each)]
    (place.folder / "token").write_text("another-token\n")
    answer = run_example(place, "typed_parameters", *given, "-P", "api-token=@token")

    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout.splitlines()) == 200 + 4
    assert "signed aca7562643eb6c6d\n" not in answer.stdout
    line = json.loads((place.folder / "out" / "line.json").read_text())
    assert line["slope"] == pytest.approx(3, abs=0.05)


def test_typed_parameters_refuses_what_its_readme_shows(place: Place) -> None:
    given = ("-P", "method=momentun", "-P", "rate=2", "-P", "report=0,5")
    answer = run_example(place, "typed_parameters", *given)

    assert answer.returncode == 125
    shown = (EXAMPLES / "typed_parameters" / "README.md").read_text()
    said = [line.strip() for line in shown.splitlines() if "mlrun: error" in line]
    assert [line for line in answer.stderr.splitlines() if "error" in line] == said
    assert place.runs() == []


def test_uv_lock(place: Place) -> None:
    before = sorted((EXAMPLES / "uv_lock").rglob("*.*"))
    answer = run_example(place, "uv_lock", "-P", "points=2000", timeout=300)

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "pi is about 3.1460 (2000 darts)\n"
    (run,) = place.runs()
    assert recorded(run, "tags")["mlflow.project.env"] == "uv"
    left = [p for p in (EXAMPLES / "uv_lock").rglob("*.*") if "__pycache__" not in p.parts]
    assert sorted(left) == [path for path in before if "__pycache__" not in path.parts]


def test_requirements_only(place: Place, package_index: None) -> None:
    answer = run_example(place, "requirements_only", "-P", "degree=5", timeout=500)

    assert answer.returncode == 0, answer.stderr
    (run,) = place.runs()
    assert status(run) == "FINISHED"
    assert recorded(run, "params") == {"degree": "5", "noise": "0.1"}
    error = float(recorded(run, "latest_metrics")["rmse"])
    assert error == pytest.approx(0.1, abs=0.03)
    assert f"rmse {error:.3f}" in answer.stdout
    assert (place.store / "0" / run.name / "artifacts" / "polynomial.json").is_file()


def test_lint_finds_nothing_in_the_examples(place: Place) -> None:
    answer = place.mlrun("lint", "--strict", EXAMPLES)
    assert (answer.returncode, answer.stdout) == (0, ""), answer.stdout

"""What installers are told, and where it stands."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mlrun.environments.installing.build_log import BuildLog
from mlrun.environments.installing.installers import (
    Building,
    Installation,
    PipInstaller,
    UvInstaller,
    installer_for,
)
from mlrun.environments.installing.pip_settings import PipSettings
from mlrun.environments.python.requirements import read_requirements
from mlrun.errors import EnvironmentBuildError, Location

HERE = Location(Path("python_env.yaml"))


class Listening(BuildLog):
    """Keeps what would be run, and the file of requirements, in place of running it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "log", {})
        self.argv: list[str] = []
        self.env: dict[str, str] = {}
        self.requirements = ""
        self.mode = 0

    def attempt(self, argv: object, *, cwd: Path, env: Mapping[str, str]) -> int:
        assert isinstance(argv, list)
        self.argv, self.env = argv, dict(env)
        if "--requirement" in argv:
            file = Path(argv[argv.index("--requirement") + 1])
            self.requirements, self.mode = file.read_text(), file.stat().st_mode
        return 0


@pytest.fixture
def log(tmp_path: Path) -> Listening:
    (tmp_path / "work").mkdir()
    return Listening(tmp_path)


def building(tmp_path: Path, log: Listening, **settings: str) -> Building:
    values = {name.replace("_", "-"): value for name, value in settings.items()}
    environ = {"PATH": "/bin", "VIRTUAL_ENV": "/mine", "UV_NO_CONFIG": "1", "PIP_TARGET": "/t"}
    return Building(log, tmp_path / "work", tmp_path, HERE, PipSettings(values), environ)


def test_no_secret_stands_on_a_command_line(tmp_path: Path, log: Listening) -> None:
    secret = "pass1234"
    address = f"https://me:{secret}@host.example"
    lines = [f"--index-url {address}", f"-c {address}/c.txt", f"-f {address}/l", f"x @ {address}/x"]
    what = Installation(read_requirements([*lines, "-f wheels"], tmp_path, HERE))
    build = building(tmp_path, log, index_url=address, extra_index_url=address, constraint=address)
    for installer in (UvInstaller(Path("/uv")), PipInstaller()):
        installer.install(tmp_path / "env", what, build)
        assert secret not in " ".join(log.argv)
        assert log.requirements.count(secret) == 4
        assert str(tmp_path / "wheels") in log.argv
        if os.name != "nt":
            assert stat.S_IMODE(log.mode) == 0o600


def test_nothing_of_the_users_own_environment_misleads(tmp_path: Path, log: Listening) -> None:
    what = Installation(read_requirements(["six"], tmp_path, HERE))
    PipInstaller().install(tmp_path / "env", what, building(tmp_path, log))
    assert not {"VIRTUAL_ENV", "PIP_TARGET"} & set(log.env)
    assert log.env["PIP_NO_INPUT"] == "1"
    assert log.env["PATH"] == "/bin"


def test_uv_takes_the_best_of_all_indexes(tmp_path: Path, log: Listening) -> None:
    lines = ["--extra-index-url https://b.example", "--pre", "--use-feature fast-deps", "six"]
    what = Installation(read_requirements(lines, tmp_path, HERE))
    UvInstaller(Path("/uv")).install(tmp_path / "env", what, building(tmp_path, log))
    assert log.argv[log.argv.index("--index-strategy") + 1] == "unsafe-best-match"
    assert log.argv[log.argv.index("--prerelease") + 1] == "allow"
    assert "--use-feature" not in log.requirements


@pytest.mark.parametrize(("is_last", "value"), [(True, "1"), (True, ""), (False, "1")])
def test_bytecode_is_compiled_where_no_run_would_keep_it(
    tmp_path: Path, log: Listening, is_last: bool, value: str
) -> None:
    build = building(tmp_path, log)
    environ = {**build.environ, "PYTHONDONTWRITEBYTECODE": value}
    build = Building(log, build.work, build.folder, HERE, build.settings, environ)
    what = Installation(read_requirements(["six"], tmp_path, HERE), is_last=is_last)
    UvInstaller(Path("/uv")).install(tmp_path / "env", what, build)
    assert ("--compile-bytecode" in log.argv) == (is_last and value == "1")


def test_bytecode_is_compiled_where_that_is_asked_for(tmp_path: Path, log: Listening) -> None:
    what = Installation(read_requirements(["six"], tmp_path, HERE), compiled=True)
    UvInstaller(Path("/uv")).install(tmp_path / "env", what, building(tmp_path, log))
    assert "--compile-bytecode" in log.argv


def test_which_installer() -> None:
    assert isinstance(installer_for("virtualenv", None, HERE), PipInstaller)
    assert isinstance(installer_for("uv", Path(sys.executable), HERE), UvInstaller)
    with pytest.raises(EnvironmentBuildError, match="there is no uv") as caught:
        installer_for("uv", None, HERE)
    assert "virtualenv" in (caught.value.hint or "")


@pytest.mark.parametrize("version", ["25.3", "9.0.1", None])
def test_a_pip_that_knows_no_dates_is_not_let_loose(
    tmp_path: Path, log: Listening, version: str | None
) -> None:
    packages = tmp_path / "env/lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    if version is not None:
        (packages / f"pip-{version}.dist-info").mkdir()
    build = replace(building(tmp_path, log), as_of="2023-05-01T23:59:59Z")
    with pytest.raises(EnvironmentBuildError, match="by their date") as caught:
        PipInstaller().install(tmp_path / "env", Installation(extra=("six",)), build)
    assert "--env-manager uv" in (caught.value.hint or "")
    assert not log.argv


def test_both_installers_are_told_the_date(tmp_path: Path, log: Listening) -> None:
    (tmp_path / "env/lib/python3.11/site-packages/pip-26.0.dist-info").mkdir(parents=True)
    build = replace(building(tmp_path, log), as_of="2023-05-01T23:59:59Z")
    what = Installation(extra=("six",))
    UvInstaller(Path("/uv")).install(tmp_path / "env", what, build)
    assert log.env["UV_EXCLUDE_NEWER"] == "2023-05-01T23:59:59Z"
    PipInstaller().install(tmp_path / "env", what, build)
    assert log.env["PIP_UPLOADED_PRIOR_TO"] == "2023-05-01T23:59:59Z"

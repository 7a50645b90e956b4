"""Which engine is meant: the variables, docker's contexts, the usual sockets."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path

import pytest

from mlrun.errors import NotSupportedError
from mlrun.execution.container import address
from mlrun.execution.container.address import engine_address


@pytest.fixture(autouse=True)
def nothing_at_the_usual_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "_USUAL", str(tmp_path / "usual.sock"))


def context(home: Path, name: str, host: str) -> str:
    key = hashlib.sha256(name.encode()).hexdigest()
    folder = home / ".docker/contexts/meta" / key
    folder.mkdir(parents=True)
    document = {"Name": name, "Endpoints": {"docker": {"Host": host}}}
    (folder / "meta.json").write_text(json.dumps(document))
    return key


def listening(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
    return f"unix://{path}"


def test_docker_host_counts_before_all_else(tmp_path: Path) -> None:
    context(tmp_path, "work", "tcp://10.0.0.1:2376")
    environ = {"HOME": str(tmp_path), "DOCKER_HOST": "tcp://box:2375", "DOCKER_CONTEXT": "work"}
    assert engine_address(environ) == "tcp://box:2375"


def test_context_of_the_variable_counts_before_the_chosen_one(tmp_path: Path) -> None:
    context(tmp_path, "work", "tcp://10.0.0.1:2375")
    context(tmp_path, "home", "unix:///home.sock")
    (tmp_path / ".docker/config.json").write_text('{"currentContext": "home"}')
    environ = {"HOME": str(tmp_path)}
    assert engine_address(environ) == "unix:///home.sock"
    assert engine_address({**environ, "DOCKER_CONTEXT": "work"}) == "tcp://10.0.0.1:2375"


def test_default_context_and_a_damaged_file_mean_the_usual_socket(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text("{")
    environ = {"HOME": str(tmp_path), "DOCKER_CONTEXT": "default"}
    assert engine_address(environ) == f"unix://{tmp_path}/usual.sock"


def test_podman_is_found_where_docker_is_not(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    podman = listening(tmp_path / "run/podman/podman.sock")
    assert engine_address(environ) == podman
    rootless = listening(tmp_path / "run/docker.sock")
    assert engine_address(environ) == rootless
    usual = listening(tmp_path / "usual.sock")
    assert engine_address(environ) == usual


def test_desktop_is_found_in_the_home_folder(tmp_path: Path) -> None:
    desktop = listening(tmp_path / ".docker/desktop/docker.sock")
    assert engine_address({"HOME": str(tmp_path)}) == desktop


def test_unknown_context_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotSupportedError, match="context 'gone' is not known") as caught:
        engine_address({"HOME": str(tmp_path), "DOCKER_CONTEXT": "gone"})
    assert "docker context ls" in str(caught.value.hint)


def test_context_with_certificates_says_what_to_set(tmp_path: Path) -> None:
    key = context(tmp_path, "far", "tcp://far:2376")
    folder = tmp_path / ".docker/contexts/tls" / key / "docker"
    folder.mkdir(parents=True)
    with pytest.raises(NotSupportedError) as caught:
        engine_address({"HOME": str(tmp_path), "DOCKER_CONTEXT": "far"})
    assert f"DOCKER_CERT_PATH={folder}" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("named", "hint"),
    [
        ("ssh://me@box", "ssh -nNT -L"),
        ("npipe:////./pipe/docker_engine", "unix:///var/run/docker.sock"),
        ("box:2375", "tcp://HOST:PORT"),
    ],
)
def test_what_cannot_be_reached_is_refused_with_what_to_do(named: str, hint: str) -> None:
    with pytest.raises(NotSupportedError) as caught:
        engine_address({"DOCKER_HOST": named})
    assert named in caught.value.message
    assert hint in str(caught.value.hint)

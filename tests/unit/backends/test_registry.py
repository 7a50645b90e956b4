"""Plugins are real: a folder with a module and the metadata of an installed package."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.backends.local import LocalBackend
from mlrun.backends.registry import backend_named
from mlrun.errors import LaunchError, NotSupportedError


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, target: str) -> None:
    info = folder / "some_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[mlrun.backends]\n{name} = {target}\n")
    (folder / "some_plugin_module.py").write_text(
        "class Mine:\n    name = 'mine'\n    def launch(self, request, notify): ...\n"
        "class Empty: ...\n"
    )
    (folder / "some_broken_module.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(str(folder))


def test_local_is_built_in() -> None:
    assert isinstance(backend_named("local"), LocalBackend)


@pytest.mark.parametrize("name", ["databricks", "kubernetes", "slurm", "ray"])
def test_what_is_to_come_is_refused_by_name(name: str) -> None:
    with pytest.raises(NotSupportedError, match=f"'{name}' is not supported yet"):
        backend_named(name)


def test_near_miss_is_named() -> None:
    with pytest.raises(NotSupportedError, match="there is no backend 'lcoal'") as caught:
        backend_named("lcoal")
    assert caught.value.hint == "did you mean 'local'?"


def test_without_a_near_miss_all_are_named() -> None:
    with pytest.raises(NotSupportedError) as caught:
        backend_named("xyz")
    assert caught.value.hint == "there is: local"


def test_plugin_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "slurm", "some_plugin_module:Mine")
    assert backend_named("slurm").name == "mine"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("some_broken_module:Mine", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("some_plugin_module:Missing", "AttributeError"),
        ("some_plugin_module:Empty", "it has no method 'launch'"),
    ],
)
def test_broken_plugin_is_reported_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, why: str
) -> None:
    install(tmp_path, monkeypatch, "mine", target)
    with pytest.raises(LaunchError) as caught:
        backend_named("mine")
    assert "'mine'" in caught.value.message
    assert "some-plugin" in caught.value.message
    assert why in caught.value.message


def test_a_plugin_cannot_take_the_place_of_a_built_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "local", "some_broken_module:Mine")
    assert isinstance(backend_named("local"), LocalBackend)

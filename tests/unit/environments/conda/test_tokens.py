from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlrun.environments.conda.channels import resolve_channel
from mlrun.environments.conda.settings import read_conda_settings
from mlrun.environments.conda.tokens import read_tokens, with_token


def kept(folder: Path, **tokens: str) -> None:
    folder.mkdir(parents=True)
    for host, token in tokens.items():
        (folder / f"https%3A%2F%2F{host}.example.token").write_text(f"{token}\n")


@pytest.mark.skipif(sys.platform == "darwin", reason="the folder is another one there")
@pytest.mark.parametrize("place", [".local/share/binstar", "data/binstar", "own/data"])
def test_tokens_are_found_where_conda_keeps_them(tmp_path: Path, place: str) -> None:
    kept(tmp_path / place, one="to-ken1", two="to-ken2")
    (tmp_path / place / "notes.txt").write_text("x")
    (tmp_path / place / "empty.token").write_text("")
    environ = {"HOME": str(tmp_path)}
    if place.startswith("data"):
        environ["XDG_DATA_HOME"] = str(tmp_path / "data")
    elif place.startswith("own"):
        environ["BINSTAR_CONFIG_DIR"] = str(tmp_path / "own")
    found = read_tokens(environ)
    assert found == {"https://one.example": "to-ken1", "https://two.example": "to-ken2"}


def test_no_folder_is_no_token(tmp_path: Path) -> None:
    assert read_tokens({"HOME": str(tmp_path)}) == {}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://one.example/c/x", "https://one.example/t/to-ken1/c/x"),
        ("https://one.example/t/other/c", "https://one.example/t/other/c"),
        ("https://one.example.org/c", "https://one.example.org/c"),
        ("http://one.example/c", "http://one.example/c"),
        ("https://two.example/deep/c", "https://two.example/t/to-ken2/deep/c"),
        ("https://two.example/c", "https://two.example/c"),
        ("file:///c", "file:///c"),
    ],
)
def test_a_token_goes_to_its_server_alone(url: str, expected: str) -> None:
    tokens = {"https://one.example": "to-ken1", "https://two.example/deep": "to-ken2"}
    assert with_token(url, tokens) == expected


def test_a_channel_gets_its_token_and_shows_none(tmp_path: Path) -> None:
    kept(tmp_path / "own" / "data", h="to-ken123")
    environ = {"HOME": str(tmp_path), "BINSTAR_CONFIG_DIR": str(tmp_path / "own"),
               "CONDA_CHANNEL_ALIAS": "https://h.example"}  # fmt: skip
    settings = read_conda_settings(environ)
    (found,) = resolve_channel("c", settings, tmp_path)
    assert found.url == "https://h.example/t/to-ken123/c"
    assert "to-ken123" not in f"{found!r} {found.shown} {settings!r}"
    without = read_conda_settings({**environ, "CONDA_ADD_ANACONDA_TOKEN": "false"})
    assert resolve_channel("c", without, tmp_path)[0].url == "https://h.example/c"

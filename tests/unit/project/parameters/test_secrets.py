"""Reading what names a secret."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.project.parameters.secrets import (
    UnreadableSecretError,
    is_reference,
    is_relative_file,
    read_secret,
    refusal_of,
    variable_of,
)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("@f", True), ("env:X", True), ("@", False), ("env:", False), ("", False), ("x@f", False)],
)
def test_what_names_a_secret(text: str, is_one: bool) -> None:
    assert is_reference(text) == is_one


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"hunter2", "hunter2"),
        (b"hunter2\n", "hunter2"),
        (b"hunter2\r\n", "hunter2"),
        (b"hunter2\n\n", "hunter2\n"),
        (b"\xef\xbb\xbfhunter2", "hunter2"),
        (b" a\nb \n", " a\nb "),
        ("ü".encode(), "ü"),
    ],
)
def test_of_a_file_the_last_line_end_is_dropped(
    tmp_path: Path, content: bytes, secret: str
) -> None:
    (tmp_path / "key").write_bytes(content)
    assert read_secret("@key", tmp_path, {}) == secret
    assert read_secret(f"@{tmp_path}/key", None, {}) == secret


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"hunter2\0", "is no text"),
        (b"hunter2\xff", "is no text"),
        (b"hunter2" * 20_000, "holds more"),
    ],
)
def test_what_a_variable_cannot_hold_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(UnreadableSecretError, match=said) as raised:
        read_secret("@key", tmp_path, {})
    assert "hunter2" not in raised.value.message + raised.value.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@nothing", "no such file"),
        ("@.", "directory"),
        ("@a\0b", "is no path"),
        ("env:NOTHING", "is not set"),
        ("env:EMPTY", "is empty"),
    ],
)
def test_what_is_not_there_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UnreadableSecretError, match=said):
        read_secret(text, tmp_path, {"EMPTY": ""})


def test_home_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "key").write_text("hunter2")
    assert read_secret("@~/key", Path("/nowhere"), {}) == "hunter2"
    assert not is_relative_file("@~/key")
    assert is_relative_file("@key")
    assert not is_relative_file("env:KEY")


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("hunter2\n",))
    writer.start()
    assert read_secret("@pipe", tmp_path, {}) == "hunter2"
    writer.join()


def test_the_variable_is_the_name_in_upper_case() -> None:
    assert variable_of("hf-token") == "HF_TOKEN"


@pytest.mark.parametrize("name", ["hf-token", "aws_secret_access_key", "git_token", "_x", "key2"])
def test_names_that_variables_can_have(name: str) -> None:
    assert refusal_of(name) is None


@given(st.sampled_from(["ld-", "DYLD_", "bash_", "python", "mlflow-", "mlrun_"]), st.text())
def test_what_others_own_is_refused(prefix: str, rest: str) -> None:
    assert refusal_of(prefix + rest) is not None


@pytest.mark.parametrize("name", ["path", "HOME", "ifs", "env", "ps4", "1a", "", "a b", "ä"])
def test_what_is_no_name_or_taken_is_refused(name: str) -> None:
    assert refusal_of(name) is not None

"""A real YAML language server, as editors have it, spoken to over its standard input and output.

A `conftest.py` or a test that wants it imports the fixture `editor`.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from filelock import FileLock

from tests.components import missing

_VERSION = "1.25.0"
_OLDEST_NODE = 18

# Read at import: a test's own folders hide the variable later.
_CACHE = Path(os.environ.get("MLRUN_TEST_CACHE") or platformdirs.user_cache_dir("mlrun-tests"))

# It must not ask the network which schemas there are for other files.
_SETTINGS = {
    "yaml": {
        "validate": True,
        "completion": True,
        "hover": True,
        "schemaStore": {"enable": False},
        "kubernetesCRDStore": {"enable": False},
    }
}
_ABILITIES = {
    "workspace": {"configuration": True},
    "textDocument": {
        "completion": {
            "completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}
        },
        "hover": {"contentFormat": ["markdown"]},
        "publishDiagnostics": {},
    },
}
CURSOR = "|"


@dataclass(frozen=True)
class Diagnostic:
    """What the editor underlines.

    Attributes:
        line: Of its beginning, 1-based.
        text: What is underlined.
        message: What the editor says of it.
    """

    line: int
    text: str
    message: str


class Editor:
    """An editor's part of the conversation with a language server."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(program), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._numbers = itertools.count(1)
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}
        self._ask("initialize", processId=os.getpid(), rootUri=None, capabilities=_ABILITIES)
        self._tell("initialized")

    def close(self) -> None:
        """End the server as an editor does."""
        self._ask("shutdown")
        self._tell("exit")
        self._process.wait(20)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def open(self, file: Path, text: str) -> list[Diagnostic]:
        """Open a file that would hold this text, and return what is underlined in it."""
        return self.open_all({file: text})[file]

    def open_all(self, texts: Mapping[Path, str]) -> dict[Path, list[Diagnostic]]:
        """Open several files at once: the server lets some time pass before it looks at one."""
        for file, text in texts.items():
            document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": text}
            self._tell("textDocument/didOpen", textDocument=document)
        return {file: self._underlined(file, text) for file, text in texts.items()}

    def _underlined(self, file: Path, text: str) -> list[Diagnostic]:
        while file.as_uri() not in self._diagnostics:
            self._take(self._receive())
        found = self._diagnostics.pop(file.as_uri())
        return sorted((_diagnostic(text, one) for one in found), key=lambda one: one.line)

    def complete(self, file: Path, text: str) -> dict[str, str]:
        """Return what is offered where the text has a bar: by label what would be inserted."""
        answer = self._ask("textDocument/completion", **self._at_cursor(file, text))
        return {item["label"]: item["insertText"] for item in answer["items"]}

    def hover(self, file: Path, text: str) -> str:
        """Return what is shown for the word where the text has a bar."""
        answer = self._ask("textDocument/hover", **self._at_cursor(file, text))
        return "" if answer is None else str(answer["contents"]["value"])

    def _at_cursor(self, file: Path, text: str) -> dict[str, Any]:
        before, _, after = text.partition(CURSOR)
        self.open(file, before + after)
        line = before.count("\n")
        character = len(before) - before.rfind("\n") - 1
        return {
            "textDocument": {"uri": file.as_uri()},
            "position": {"line": line, "character": character},
        }

    def _ask(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._send({"id": number, "method": method, "params": parameters})
        while True:
            message = self._receive()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message.get("result")
            self._take(message)

    def _tell(self, method: str, **parameters: Any) -> None:
        self._send({"method": method, "params": parameters})

    def _take(self, message: dict[str, Any]) -> None:
        """Answer what the server asks, and keep what it says of a file."""
        if "id" in message:
            asked = message.get("params") or {}
            sections = [item.get("section") for item in asked.get("items", [])]
            result = [_SETTINGS.get(section, {}) for section in sections]
            self._send({"id": message["id"], "result": result or None})
        elif message["method"] == "textDocument/publishDiagnostics":
            told = message["params"]
            self._diagnostics[told["uri"]] = told["diagnostics"]

    def _send(self, message: dict[str, Any]) -> None:
        stream = self._process.stdin
        assert stream is not None
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        stream.flush()

    def _receive(self) -> dict[str, Any]:
        stream = self._process.stdout
        assert stream is not None
        length = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server has ended"
        message: dict[str, Any] = json.loads(stream.read(length))
        return message


def _diagnostic(text: str, told: dict[str, Any]) -> Diagnostic:
    start, end = told["range"]["start"], told["range"]["end"]
    line = text.split("\n")[start["line"]]
    last = end["character"] if end["line"] == start["line"] else len(line)
    return Diagnostic(start["line"] + 1, line[start["character"] : last], told["message"])


@pytest.fixture(scope="session")
def editor() -> Iterator[Editor]:
    """An editor with a YAML language server."""
    found = Editor(_installed())
    try:
        yield found
    finally:
        found.close()


def _installed() -> Path:
    """Return the server's program, installed unless it is there."""
    _look_for_node()
    folder = _CACHE / f"yaml-language-server-{_VERSION}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            _install(folder)
    return folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"


def _look_for_node() -> None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        missing("node", "node and npm are not installed")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().removeprefix("v").partition(".")[0]
    if not major.isdigit() or int(major) < _OLDEST_NODE:
        missing("node", f"node {_OLDEST_NODE} or newer, and here is {said.strip()}")


def _install(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    words = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder)]
    done = subprocess.run(
        [*words, f"yaml-language-server@{_VERSION}"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        missing("node", f"npm failed: {done.stderr[-800:]}")
    (folder / "complete").touch()

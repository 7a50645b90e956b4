"""From an address to what lies there, with no library that it does not take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlrun.errors import InputError
from mlrun.inputs.filesystems import open_data, open_remote
from tests.data_server import DataServer
from tests.unit.inputs.fetching import unresolved

CODE = """
import sys
from mlrun.inputs.base import InputRequest
from mlrun.inputs.fetch import fetch_input
with fetch_input(InputRequest("data", 0, sys.argv[1]), lambda *words, **named: None, None):
    print(*sorted(sys.modules.keys() & {"fsspec", "s3fs", "aiohttp", "requests", "asyncio"}))
"""


@pytest.mark.parametrize("is_web", [True, False])
def test_without_a_store_no_library_is_loaded(
    server: DataServer, is_web: bool, tmp_path: Path
) -> None:
    server.files["/data"] = b"1"
    uri = f"{server.url}/data" if is_web else tmp_path.as_uri()
    done = subprocess.run(
        [sys.executable, "-c", CODE, uri], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


def test_paths(tmp_path: Path) -> None:
    assert open_remote(tmp_path.as_uri()) == tmp_path
    assert open_data(str(tmp_path), unresolved) == tmp_path


@pytest.mark.parametrize(
    ("uri", "hint"), [("httpp://a", "did you mean http?"), ("ftp://a", "it can be http, https, s3")]
)
def test_an_unknown_scheme(uri: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        open_remote(uri)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize("uri", ["https://", "http://host:port/x", "https:x"])
def test_no_address_of_the_web(uri: str) -> None:
    with pytest.raises(InputError, match="cannot be understood"):
        open_remote(uri)


@pytest.mark.parametrize("uri", ["s3://", "s3:///"])
def test_no_bucket(uri: str) -> None:
    pytest.importorskip("s3fs")
    with pytest.raises(InputError, match="names no bucket"):
        open_remote(uri)

"""Which library is asked for what: of those that have no server here, the asking is all."""

from __future__ import annotations

import sys
from typing import Any

import fsspec  # type: ignore[import-untyped]
import pytest
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]

from mlrun.errors import InputError
from mlrun.inputs.filesystems import open_remote
from tests.unit.inputs.fetching import fetch

MADE: list[dict[str, Any]] = []


class FakeStore(MemoryFileSystem):  # type: ignore[misc]
    """A file system in memory that notes how it was made."""

    protocol = ("gs", "abfs")
    store: dict[str, Any] = {}  # noqa: RUF012 - of the file system that it is made from
    pseudo_dirs = [""]  # noqa: RUF012

    def __init__(self, **options: Any) -> None:
        MADE.append(options)
        super().__init__()

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.rpartition("://")[2].strip("/")

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, Any]:
        return {"account_name": "acc"} if ".dfs." in path else {}

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        return {**super().info(path), "etag": "e1"}

    def find(self, path: str, **options: Any) -> dict[str, Any]:
        return {
            name: {**found, "etag": "e1"} for name, found in super().find(path, **options).items()
        }


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> FakeStore:
    """Stand in for gcsfs and adlfs in fsspec's own registry."""
    for name in ("STORAGE_EMULATOR_HOST", "AZURE_STORAGE_ANON", "AZURE_STORAGE_ACCOUNT_KEY"):
        monkeypatch.delenv(name, raising=False)
    MADE.clear()
    FakeStore.store.clear()
    registry = sys.modules["fsspec.registry"]._registry
    for protocol in ("gs", "abfs"):
        monkeypatch.setitem(registry, protocol, FakeStore)
    return FakeStore(skip_instance_cache=True)


@pytest.mark.parametrize("scheme", ["gs", "gcs", "abfs", "abfss", "az"])
def test_a_folder_of_a_store(scheme: str, fakes: FakeStore) -> None:
    fakes.pipe({"/bucket/set/x": b"1", "/bucket/set/deep/y": b"22"})
    found = fetch(f"{scheme}://bucket/set")
    assert (found.path / "deep" / "y").read_bytes() == b"22"
    assert found.size == 3
    assert MADE[-1]["use_listings_cache"] is False


def test_a_file_of_a_store(fakes: FakeStore) -> None:
    fakes.pipe({"/bucket/x.csv": b"1"})
    assert fetch("gs://bucket/x.csv").path.name == "x.csv"


def test_azure_is_told_what_it_does_not_read_itself(
    fakes: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCESS_KEY", "hidden")
    open_remote("abfss://c@acc.dfs.core.windows.net/x")
    assert MADE[-1]["account_key"] == "hidden"
    assert MADE[-1]["account_name"] == "acc"
    assert "anon" not in MADE[-1]


def test_azure_without_a_secret_asks_as_the_user(
    fakes: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ACCESS_KEY", "CONNECTION_STRING", "SAS_TOKEN", "CLIENT_SECRET"):
        monkeypatch.delenv(f"AZURE_STORAGE_{name}", raising=False)
    open_remote("az://c/x")
    assert MADE[-1]["anon"] is False


def test_a_shared_access_signature_is_no_part_of_the_path(fakes: FakeStore) -> None:
    fakes.pipe({"/c/x": b"1"})
    found = fetch("az://c/x?sv=2024&sig=hidden")
    assert MADE[-1]["sas_token"] == "sv=2024&sig=hidden"
    assert "hidden" not in f"{found.shown}{found.path}"


@pytest.mark.parametrize(
    ("scheme", "package", "extra"), [("gs", "gcsfs", "gs"), ("az", "adlfs", "abfs")]
)
def test_a_missing_package_is_named(
    scheme: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(protocol: str) -> None:
        raise ImportError(f"no {package}", name=package)

    monkeypatch.setattr(fsspec, "get_filesystem_class", refuse)
    with pytest.raises(InputError) as caught:
        fetch(f"{scheme}://bucket/x")
    assert f"needs the package {package}" in caught.value.message
    assert caught.value.hint == f"pip install 'mlproject-runner[{extra}]'"

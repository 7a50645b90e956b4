"""Data of a real S3 endpoint."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fsspec import config  # type: ignore[import-untyped]

from mlrun.errors import InputError, InputUnavailableError
from mlrun.inputs import tries
from tests.fault_proxy import Fault, FaultProxy, Trouble
from tests.s3_fixtures import S3, Bucket, bucket, s3_login, s3_server
from tests.unit.inputs.fetching import Said, fetch

__all__ = ["bucket", "s3_login", "s3_server"]

BIG = os.urandom(9_000_000)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "_FIRST_PAUSE", 0.01)


def test_a_file(bucket: Bucket) -> None:
    bucket.put("a/data.bin", BIG)
    said = Said()
    found = fetch(bucket.uri("a/data.bin"), said)
    assert found.path.name == "data.bin"
    assert found.path.read_bytes() == BIG
    assert fetch(bucket.uri("a/data.bin"), said) == found
    assert said.lines[1] == "data: as fetched before"


@pytest.mark.parametrize("end", ["", "/"])
def test_a_folder(bucket: Bucket, end: str) -> None:
    files = {"x.txt": b"1", "deep/er/y": b"2" * 5000, "empty": b"", "a b+c&d%20": b"3"}
    for path, content in files.items():
        bucket.put(f"set/{path}", content)
    bucket.put("set/", b"")
    bucket.put("set2/other", b"4")
    found = fetch(bucket.uri(f"set{end}"))
    assert found.path.name == "set"
    assert tree(found.path) == files
    assert found.size == 5002
    assert found.path.stat().st_mode & 0o777 == 0o555


def test_a_whole_bucket(bucket: Bucket) -> None:
    bucket.put("x", b"1")
    assert tree(fetch(bucket.uri()).path) == {"x": b"1"}


def test_of_a_new_version_only_what_changed_is_fetched(bucket: Bucket, s3_server: S3) -> None:
    bucket.put("set/stays", b"1" * 1000)
    bucket.put("set/goes", b"2")
    bucket.put("set/changes", b"3")
    old = fetch(bucket.uri("set"))
    bucket.put("set/changes", b"33")
    bucket.delete("set/goes")
    new = fetch(bucket.uri("set"))
    assert tree(new.path) == {"stays": b"1" * 1000, "changes": b"33"}
    assert (new.path / "stays").samefile(old.path / "stays")
    assert new.digest != old.digest


def test_a_copy_of_ones_own_replaces_an_earlier_one(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("set/deep/x", b"1")
    storage = tmp_path / "storage"
    first = fetch(bucket.uri("set"), storage=storage).path
    (first / "deep" / "more").write_text("by the user")
    second = fetch(bucket.uri("set"), storage=storage).path
    assert second == first == storage / "param_0" / "set"
    assert tree(second) == {"deep/x": b"1"}
    assert os.listdir(storage / "param_0") == ["set"]


@pytest.mark.parametrize("key", ["nothing", "nothing/"])
def test_nothing_there(bucket: Bucket, key: str) -> None:
    bucket.put("other", b"1")
    with pytest.raises(InputError, match=r"there is no such file or folder|is empty"):
        fetch(bucket.uri(key))


def test_no_such_bucket(bucket: Bucket) -> None:
    with pytest.raises(InputError, match="there is no such file or folder"):
        fetch("s3://no-such-bucket-here/x")


@pytest.mark.parametrize("key", ["../x", "a/../../x", "a//x", "/x", "a\\x", "./x"])
def test_names_that_lead_elsewhere_are_refused(bucket: Bucket, key: str) -> None:
    bucket.put("set/good", b"1")
    bucket.put(f"set/{key}", b"1")
    with pytest.raises(InputError, match="a name that is not safe here"):
        fetch(bucket.uri("set/"))


def test_a_file_that_is_also_a_folder_is_refused(bucket: Bucket) -> None:
    bucket.put("set/x", b"1")
    bucket.put("set/x/y", b"1")
    with pytest.raises(InputError, match="'x' as a file and as a folder"):
        fetch(bucket.uri("set/"))


@pytest.mark.parametrize("key", ["a*", "a?[x]", "a::b", "{a}", "a b/ü"])
def test_no_sign_in_a_name_means_more_than_itself(bucket: Bucket, key: str) -> None:
    bucket.put("ab", b"another")
    bucket.put(key, b"1")
    assert fetch(bucket.uri(key)).path.read_bytes() == b"1"


def test_mlflows_variable_names_the_endpoint(
    bucket: Bucket, s3_server: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("x", b"1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(InputUnavailableError, match="cannot be reached"):
        fetch(bucket.uri("x"))
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", s3_server.url)
    assert fetch(bucket.uri("x")).path.read_bytes() == b"1"


def test_without_a_login(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put("x", b"1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(InputError, match="no login for it was found") as caught:
        fetch(bucket.uri("x"))
    assert "AWS_PROFILE" in (caught.value.hint or "")


@pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.CUT_WITHIN, Trouble.CUT_BEFORE])
def test_a_bad_connection(
    bucket: Bucket, s3_server: S3, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("x", BIG)
    seen: list[str] = []

    def choose(method: str, path: str) -> Fault:
        seen.append(method)
        return Fault(trouble if len(seen) in (1, 3, 5) else Trouble.NONE)

    with FaultProxy(s3_server.url, choose) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        assert fetch(bucket.uri("x")).path.read_bytes() == BIG
        assert proxy.met[trouble] == 3


def test_a_folder_of_many_files_over_a_bad_connection(
    bucket: Bucket, s3_server: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{number % 3}/{number}": os.urandom(number * 100) for number in range(30)}
    for path, content in files.items():
        bucket.put(f"set/{path}", content)
    seen: list[str] = []
    troubles = (Trouble.BUSY, Trouble.CUT_WITHIN, Trouble.ERROR_BEFORE, Trouble.CUT_BEFORE)

    def choose(method: str, path: str) -> Fault:
        seen.append(method)
        return Fault(troubles[len(seen) // 5 % 4] if len(seen) % 5 == 0 else Trouble.NONE)

    with FaultProxy(s3_server.url, choose) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        assert tree(fetch(bucket.uri("set")).path) == files


def test_a_server_that_stays_busy(
    bucket: Bucket, s3_server: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("x", b"1")
    with FaultProxy(s3_server.url, lambda method, path: Fault(Trouble.BUSY)) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        with pytest.raises(InputUnavailableError, match=r"answered 503 \(tried 5 times\)") as error:
            fetch(bucket.uri("x"))
        assert proxy.met[Trouble.BUSY] == 5
    assert "hidden" not in str(error.value)


def test_a_server_that_hangs(
    bucket: Bucket, s3_server: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", "1")
    bucket.put("x", b"1")
    seen: list[str] = []

    def choose(method: str, path: str) -> Fault:
        seen.append(method)
        return Fault(seconds=20 if len(seen) in (1, 3) else 0)

    with FaultProxy(s3_server.url, choose) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        assert fetch(bucket.uri("x")).path.read_bytes() == b"1"


def test_a_public_bucket(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put("x", b"1")
    bucket.endpoint.client.put_object_acl(Bucket=bucket.name, Key="x", ACL="public-read")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setitem(config.conf, "s3", {"anon": True})
    assert fetch(bucket.uri("x")).path.read_bytes() == b"1"


def test_a_signed_address(bucket: Bucket) -> None:
    bucket.put("x.csv", b"1")
    parameters = {"Bucket": bucket.name, "Key": "x.csv"}
    client = bucket.endpoint.client
    said = Said()
    for seconds in (100, 200):
        uri = client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds)
        found = fetch(uri, said)
        assert found.path.name == "x.csv"
        assert "Signature=***" in found.shown
    assert said.lines[1] == "data: as fetched before"

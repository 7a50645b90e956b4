"""Data of a web server, through all that can go wrong on the way."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from mlrun.disk import Removal
from mlrun.errors import (
    InputError,
    InputUnavailableError,
    Location,
    MlrunError,
    TrackingRefusedError,
)
from mlrun.inputs.base import InputRequest
from mlrun.inputs.entry import remove_entry
from mlrun.inputs.fetch import fetch_input
from tests.data_server import Asked, DataServer, Manner
from tests.unit.inputs.fetching import Said, entries, fetch, unresolved

BIG = os.urandom(5_000_000)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def first_time(server: DataServer, manner: Manner) -> None:
    """Let the first request for content go wrong."""
    server.choose = lambda asked: (
        manner if asked.method == "GET" and len(server.gets()) == 1 else Manner()
    )


def test_a_file_is_fetched_once(server: DataServer) -> None:
    server.files["/a/data.csv.gz"] = b"x" * 1000
    said = Said()
    found = fetch(f"{server.url}/a/data.csv.gz?x=1", said)
    assert found.path.name == "data.csv.gz"
    assert found.path.read_bytes() == b"x" * 1000
    assert (found.size, found.digest) == (1000, sha(b"x" * 1000))
    assert found.shown == f"{server.url}/a/data.csv.gz?x=1"
    assert said.lines[0].startswith("fetched data: 1000 B in 0.")
    again = fetch(f"{server.url}/a/data.csv.gz?x=1", said)
    assert again == found
    assert said.lines[1] == "data: as fetched before"
    assert len(server.gets()) == 1


def test_what_is_in_the_cache_is_read_only(server: DataServer) -> None:
    server.files["/data"] = b"1"
    assert fetch(f"{server.url}/data").path.stat().st_mode & 0o777 == 0o444


def test_an_empty_file(server: DataServer) -> None:
    server.files["/empty"] = b""
    found = fetch(f"{server.url}/empty")
    assert (found.path.read_bytes(), found.size, found.digest) == (b"", 0, sha(b""))


def test_a_new_version_is_fetched_beside_the_one_in_use(server: DataServer) -> None:
    server.files["/data"] = b"old"
    request = InputRequest("data", 0, f"{server.url}/data")
    with fetch_input(request, Said(), unresolved) as old:
        server.files["/data"] = b"new"
        assert fetch(f"{server.url}/data").path.read_bytes() == b"new"
        assert old.path.read_bytes() == b"old"


def test_without_versions_it_is_fetched_each_time_and_kept_once(server: DataServer) -> None:
    server.has_versions = False
    server.files["/data"] = b"one"
    assert fetch(f"{server.url}/data").path.read_bytes() == b"one"
    server.files["/data"] = b"two"
    assert fetch(f"{server.url}/data").path.read_bytes() == b"two"
    assert len(server.gets()) == 2
    assert len(entries()) == 1


def test_a_settled_time_of_change_is_a_version(server: DataServer) -> None:
    server.has_versions = False
    server.files["/data"] = b"one"
    headers = {"Last-Modified": "Mon, 06 Jan 2020 10:00:00 GMT"}
    server.choose = lambda asked: Manner(headers=headers)
    fetch(f"{server.url}/data")
    fetch(f"{server.url}/data")
    assert len(server.gets()) == 1


def test_a_server_without_head(server: DataServer) -> None:
    server.has_head = False
    server.files["/data"] = b"content"
    assert fetch(f"{server.url}/data").path.read_bytes() == b"content"


@pytest.mark.parametrize("has_parts", [True, False])
def test_a_cut_off_file_goes_on_where_it_stopped(server: DataServer, has_parts: bool) -> None:
    server.has_parts = has_parts
    server.files["/data"] = BIG
    first_time(server, Manner(cut_after=3_000_000))
    found = fetch(f"{server.url}/data")
    assert found.path.read_bytes() == BIG
    assert found.digest == sha(BIG)
    ranges = [asked.headers.get("Range") for asked in server.gets()]
    assert ranges == [None, "bytes=3000000-"]


def test_without_a_version_a_cut_off_file_begins_again(server: DataServer) -> None:
    server.has_versions = False
    server.files["/data"] = BIG
    first_time(server, Manner(cut_after=3_000_000))
    assert fetch(f"{server.url}/data").path.read_bytes() == BIG
    assert [asked.headers.get("Range") for asked in server.gets()] == [None, None]


def test_a_stalled_file_goes_on(server: DataServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_FETCH_TIMEOUT", "0.5")
    server.files["/data"] = BIG
    first_time(server, Manner(stall_after=2_000_000))
    assert fetch(f"{server.url}/data").path.read_bytes() == BIG
    assert server.gets()[1].start == 2_000_000


def test_a_big_file_may_be_cut_off_often(server: DataServer) -> None:
    server.files["/data"] = BIG * 2
    server.choose = lambda asked: Manner(cut_after=1_200_000)
    assert fetch(f"{server.url}/data").path.read_bytes() == BIG * 2
    assert len(server.gets()) > 5


def test_what_is_waited_for_is_said(server: DataServer) -> None:
    said = Said()
    server.files["/data.csv"] = b"content"
    server.choose = lambda asked: Manner(status=503 if len(server.asked) == 1 else None)
    fetch(f"{server.url}/data.csv", said)
    address = f"{server.url}/data.csv"
    assert said.passing[0] == f"data: asking what is at {address}"
    why = f"data: {address} cannot be had now: the server answered 503; asked again in "
    assert said.passing[1].startswith(why)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: DataServer, status: int) -> None:
    server.files["/data"] = b"content"
    server.choose = lambda asked: Manner(status=status if len(server.asked) in (1, 2, 4) else None)
    assert fetch(f"{server.url}/data").path.read_bytes() == b"content"


def test_after_five_tries_it_ends(server: DataServer) -> None:
    server.files["/data"] = b"content"
    server.choose = lambda asked: Manner(status=503 if asked.method == "GET" else None)
    with pytest.raises(InputUnavailableError) as caught:
        fetch(f"{server.url}/data")
    assert "the server answered 503 (tried 5 times)" in caught.value.message
    assert caught.value.message.startswith("parameter 'data': ")
    assert len(server.gets()) == 5


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TrackingRefusedError("there is no run abc", hint="look"), TrackingRefusedError),
        (InputUnavailableError("no answer", hint="look"), InputUnavailableError),
    ],
)
def test_any_error_says_of_which_parameter_and_where(
    error: MlrunError, kind: type[MlrunError]
) -> None:
    def refuse(uri: str) -> Path:
        raise error

    place = Location(Path("MLproject"), 6, 20)
    request = InputRequest("data", 0, "runs:/abc/x", location=place)
    with pytest.raises(kind) as caught, fetch_input(request, Said(), refuse):
        pass
    assert str(caught.value).startswith("parameter 'data': ")
    (problem,) = caught.value.problems
    assert (problem.message, problem.location) == (str(caught.value), place)
    assert problem.hint == "look"


def test_a_server_that_has_sent_something_gets_longer_to_come_back(server: DataServer) -> None:
    server.files["/data"] = b"content"

    def choose(asked: Asked) -> Manner:
        is_first = len(server.gets()) == 1 and asked.method == "GET"
        return Manner(cut_after=3) if is_first else Manner(503 if asked.method == "GET" else None)

    server.choose = choose
    with pytest.raises(InputUnavailableError, match="tried 8 times"):
        fetch(f"{server.url}/data")
    assert len(server.gets()) == 8
    server.choose = lambda asked: Manner()
    assert fetch(f"{server.url}/data").path.read_bytes() == b"content"
    assert server.gets()[-1].start == 3


def test_the_wrong_length_is_no_whole_file(server: DataServer) -> None:
    server.has_parts = False
    server.files["/data"] = b"content"
    server.choose = lambda asked: Manner(length=9)
    with pytest.raises(InputUnavailableError, match="was cut off after 7 B of 9 B"):
        fetch(f"{server.url}/data")


def test_a_file_that_changes_meanwhile_is_read_anew(server: DataServer) -> None:
    server.files["/data"] = BIG

    def choose(asked: Asked) -> Manner:
        if asked.method == "GET" and len(server.gets()) == 2:
            server.files["/data"] = b"new"
        is_first = asked.method == "GET" and len(server.gets()) == 1
        return Manner(cut_after=2_000_000) if is_first else Manner()

    server.choose = choose
    assert fetch(f"{server.url}/data").path.read_bytes() == b"new"


def test_a_file_that_never_rests_is_an_error(server: DataServer) -> None:
    def choose(asked: Asked) -> Manner:
        server.files["/data"] = os.urandom(10)
        return Manner()

    server.files["/data"] = b""
    server.choose = choose
    with pytest.raises(InputUnavailableError, match="changes while it is fetched"):
        fetch(f"{server.url}/data")


def test_an_altered_copy_is_fetched_again(server: DataServer) -> None:
    server.files["/data"] = b"content"
    path = fetch(f"{server.url}/data").path
    path.chmod(0o644)
    path.write_bytes(b"altered")
    said = Said()
    assert fetch(f"{server.url}/data", said).path.read_bytes() == b"content"
    assert said.lines[0] == "data: its copy in the cache was altered, and is fetched again"


def test_no_such_file(server: DataServer) -> None:
    with pytest.raises(InputError) as caught:
        fetch(f"{server.url}/nothing")
    assert "there is no such file (404)" in caught.value.message
    assert entries() == []


def test_offline(server: DataServer) -> None:
    server.files["/data"] = b"content"
    with pytest.raises(InputError, match="not in the cache, and nothing is fetched offline"):
        fetch(f"{server.url}/data", offline=True)
    fetch(f"{server.url}/data")
    server.files["/data"] = b"newer"
    server.asked.clear()
    said = Said()
    assert fetch(f"{server.url}/data", said, offline=True).path.read_bytes() == b"content"
    assert server.asked == []
    assert said.lines == ["data: offline, as fetched 0 seconds ago"]


def test_a_server_that_is_down_is_an_error_that_names_offline(server: DataServer) -> None:
    server.files["/data"] = b"content"
    fetch(f"{server.url}/data")
    server.close()
    with pytest.raises(InputUnavailableError) as caught:
        fetch(f"{server.url}/data")
    assert "--offline uses it" in (caught.value.hint or "")
    assert fetch(f"{server.url}/data", offline=True).path.read_bytes() == b"content"


def test_what_is_held_is_not_removed(server: DataServer) -> None:
    server.files["/data"] = b"content"
    request = InputRequest("data", 0, f"{server.url}/data")
    with fetch_input(request, Said(), unresolved) as found:
        assert remove_entry(entries()[0]) is Removal.IN_USE
        assert found.path.exists()
    assert remove_entry(entries()[0]) is Removal.REMOVED
    assert entries() == []


def test_a_copy_of_ones_own(server: DataServer, tmp_path: Path) -> None:
    server.files["/data.csv"] = b"content"
    storage = tmp_path / "storage"
    for _ in range(2):
        found = fetch(f"{server.url}/data.csv", storage=storage)
        assert found.path == storage / "param_0" / "data.csv"
        assert found.path.read_bytes() == b"content"
        found.path.write_bytes(b"written")
    assert fetch(f"{server.url}/data.csv").path.read_bytes() == b"content"
    assert os.listdir(storage / "param_0") == ["data.csv"]


def test_credentials_are_used_and_never_kept(server: DataServer, tmp_path: Path) -> None:
    server.files["/data"] = b"content"
    uri = server.url.replace("//", "//me:hidden-word@") + "/data?X-Amz-Signature=hidden-sign&v=1"
    said = Said()
    found = fetch(uri, said)
    assert server.asked[0].headers["Authorization"].startswith("Basic ")
    fetch(uri.replace("hidden-sign", "another-sign"), said)
    assert len(server.gets()) == 1
    kept = [found.shown, *said.lines, *said.passing]
    kept += [str(path) for path in tmp_path.rglob("*")]
    kept += [path.read_text() for path in tmp_path.rglob("*.json*")]
    assert not any("hidden" in text or "another-sign" in text for text in kept)
    with pytest.raises(InputError) as caught:
        fetch(uri.replace("/data", "/nothing"))
    assert "hidden" not in f"{caught.value.message}{caught.value.hint}"


def test_a_redirect_takes_no_credentials_elsewhere(server: DataServer) -> None:
    with DataServer({"/data": b"content"}) as other:
        headers = {"Location": f"{other.url}/data"}
        server.choose = lambda asked: Manner(status=302, headers=headers)
        uri = server.url.replace("//", "//me:word@") + "/data"
        assert fetch(uri).path.read_bytes() == b"content"
        assert all("Authorization" not in asked.headers for asked in other.asked)


def test_a_redirect_to_a_file_is_refused(server: DataServer) -> None:
    server.choose = lambda asked: Manner(status=302, headers={"Location": "file:///etc/passwd"})
    with pytest.raises(InputError, match="redirects to where no file can be had"):
        fetch(f"{server.url}/data")


def test_progress_has_size_rate_and_time(server: DataServer) -> None:
    server.files["/data"] = BIG

    def choose(asked: Asked) -> Manner:
        is_first = len(server.gets()) == 1
        return Manner(cut_after=2_500_000) if is_first else Manner(wait=0.6)

    server.choose = choose
    said = Said()
    fetch(f"{server.url}/data", said)
    assert "fetching data: 2.4 MiB of 4.8 MiB, " in said.passing[1]
    assert "/s, " in said.passing[1]
    assert said.passing[1].endswith(" left")


def test_what_lies_here_is_only_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    (folder / "x").write_bytes(b"123")
    found = fetch(folder.as_uri())
    assert (found.path, found.size, found.digest) == (folder, 3, None)
    assert fetch((folder / "x").as_uri()).path == folder / "x"
    with pytest.raises(InputError, match="No such file"):
        fetch((folder / "y").as_uri())


def test_what_the_tracking_store_has_here_is_copied_where_asked(tmp_path: Path) -> None:
    artifacts, storage = tmp_path / "artifacts", tmp_path / "storage"
    (artifacts / "sub").mkdir(parents=True)
    (artifacts / "sub" / "x").write_bytes(b"123")
    (artifacts / "link").symlink_to("sub/x")
    found = fetch("runs:/2/a", storage=storage, resolve=lambda uri: artifacts)
    assert (found.path, found.size) == (storage / "param_0" / "artifacts", 8)
    assert (found.path / "link").read_bytes() == b"123"
    (found.path / "sub" / "x").write_bytes(b"changed")
    assert (artifacts / "sub" / "x").read_bytes() == b"123"


def test_what_the_tracking_server_names(server: DataServer, tmp_path: Path) -> None:
    server.files["/data"] = b"content"
    meanings: dict[str, Path | str] = {
        "models:/m/1": "runs:/1/a",
        "runs:/1/a": f"{server.url}/data",
        "runs:/2/a": tmp_path,
        "runs:/3/a": "runs:/3/a",
    }
    resolve = meanings.__getitem__
    assert fetch("models:/m/1", resolve=resolve).path.read_bytes() == b"content"
    assert fetch("runs:/2/a", resolve=resolve).path == tmp_path
    with pytest.raises(InputError, match="means another address over and over"):
        fetch("runs:/3/a", resolve=resolve)


@pytest.mark.parametrize("uri", ["ftp://host/x", "s4://b/k", "memory://x", "simplecache::s3://b/k"])
def test_other_schemes_are_named(uri: str) -> None:
    with pytest.raises(InputError, match="nothing is fetched from"):
        fetch(uri)


def test_a_disk_that_refuses_is_named(server: DataServer, tmp_path: Path) -> None:
    server.files["/data"] = b"content"
    (tmp_path / "cache").write_text("a file in the way")
    with pytest.raises(InputError) as caught:
        fetch(f"{server.url}/data")
    assert "cannot be kept in" in caught.value.message
    assert "MLRUN_CACHE_DIR" in (caught.value.hint or "")


def test_more_than_there_is_space_for(server: DataServer) -> None:
    server.files["/data"] = b"content"
    server.choose = lambda asked: Manner(length=1 << 60)
    with pytest.raises(InputError, match=r"needs 1048576 TiB more, and in .* free") as caught:
        fetch(f"{server.url}/data")
    assert "mlrun cache prune" in (caught.value.hint or "")
    assert server.gets() == []


def test_a_disk_that_becomes_full(server: DataServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files["/data"] = BIG
    write = os.pwrite

    def full(descriptor: int, data: bytes, offset: int) -> int:
        if offset >= 1_000_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(InputError, match="No space left on device") as caught:
        fetch(f"{server.url}/data")
    assert "mlrun cache prune" in (caught.value.hint or "")
    (entry,) = entries()
    assert not (entry / "parts").exists()

"""What a server passes on: read from anywhere, and never another thing than what was listed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from mlrun.errors import InputError, InputUnavailableError
from mlrun.inputs.base import RemoteFile
from mlrun.inputs.failures import ChangedError
from mlrun.tracking.artifact_addresses.outlets import PassedOn
from mlrun.tracking.artifact_addresses.served import Label, ServedData
from mlrun.tracking.artifact_addresses.server import Server
from tests.stub_server import Received, Reply, StubServer
from tests.unit.tracking.artifact_addresses.fake_mlflow import FakeMlflow, file, folder

CONTENT = os.urandom(700_000)


class OneFile(FakeMlflow):
    """A server with the file `data/a`.

    Attributes:
        reply: What comes instead of it.
        knows_ranges: Whether parts are sent.
        mark: The file's ETag.
    """

    def __init__(self) -> None:
        super().__init__(folders={"data": [file("a", len(CONTENT))], "": [folder("data")]})
        self.reply: Reply | None = None
        self.knows_ranges = False
        self.mark = ""

    def __call__(self, received: Received) -> Reply:
        if not received.path.endswith("/data/a"):
            return super().__call__(received)
        if self.reply is not None:
            return self.reply
        headers = {"ETag": self.mark} if self.mark else {}
        wanted = received.headers.get("range")
        if wanted is None or not self.knows_ranges:
            return Reply(body=CONTENT, headers=headers)
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        headers["Content-Range"] = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
        return Reply(206, body=CONTENT[start:], headers=headers)


@pytest.fixture
def one_file() -> OneFile:
    return OneFile()


@pytest.fixture
def server(one_file: OneFile) -> Iterator[StubServer]:
    with StubServer(one_file) as started:
        yield started


def data_at(server: StubServer, path: str = "data/a", **environ: str) -> ServedData:
    label = Label(f"mlflow-artifacts:/{path}", path.rpartition("/")[2], f"key {path}")
    asked = Server(server.url, {"MLRUN_TRACKING_PATIENCE": "0", **environ})
    return ServedData(asked, PassedOn(), path, label, "once")


def content(data: ServedData, offset: int = 0, size: int | None = None) -> bytes:
    listed = data.files()[0] if size is None else RemoteFile("", size, "once")
    with data.read(listed, offset) as blocks:
        return b"".join(blocks)


def read_into(got: bytearray, data: ServedData) -> None:
    with data.read(data.files()[0], 0) as blocks:
        for block in blocks:
            got += block


@pytest.mark.parametrize("knows_ranges", [False, True])
@pytest.mark.parametrize("offset", [0, 1, 262_144, 300_001, len(CONTENT) - 1, len(CONTENT)])
def test_a_file_is_read_from_anywhere(
    one_file: OneFile, server: StubServer, knows_ranges: bool, offset: int
) -> None:
    one_file.knows_ranges = knows_ranges
    assert content(data_at(server), offset) == CONTENT[offset:]


def test_a_file_and_a_folder_are_told_apart(one_file: OneFile, server: StubServer) -> None:
    one_file.folders["data"] = [file("a"), folder("none"), folder("x")]
    one_file.folders["data/x"] = [file("x", 7)]
    one_file.folders["data/a"] = [file("a")]  # as some stores list a file
    assert data_at(server, "data/a").files() == (RemoteFile("", 3, "once"),)
    assert data_at(server, "data/none").files() == ()
    assert data_at(server, "data/x").files() == (RemoteFile("x", 7, "once"),)
    assert data_at(server, "data/x/x").files() == (RemoteFile("", 7, "once"),)
    with pytest.raises(InputError, match="there is nothing at mlflow-artifacts:/data/b"):
        data_at(server, "data/b").files()


def test_one_connection_serves_one_reader_after_the_other(server: StubServer) -> None:
    data = data_at(server)
    for _ in range(3):
        assert content(data) == CONTENT
    assert len({received.peer for received in server.received}) == 1


def test_readers_at_the_same_time_do_not_mix(server: StubServer) -> None:
    data = data_at(server)
    listed = data.files()[0]
    with data.read(listed, 0) as first, data.read(listed, 10) as second:
        parts = [next(first), next(second)]
        assert b"".join([parts[0], *first]) == CONTENT
        assert b"".join([parts[1], *second]) == CONTENT[10:]


def test_a_reader_that_stops_leaves_nothing_to_the_next(server: StubServer) -> None:
    data = data_at(server)
    with data.read(data.files()[0], 0) as blocks:
        next(blocks)
    assert content(data) == CONTENT


def test_a_kept_connection_that_the_server_closed_is_made_anew(
    one_file: OneFile, server: StubServer
) -> None:
    data = data_at(server)
    one_file.reply = Reply(body=CONTENT, headers={"Keep-Alive": "timeout=0"})
    listed = data.files()[0]
    replies = [Reply(drop=True), Reply(body=CONTENT)]
    server.answer = lambda received: replies.pop(0)  # type: ignore[method-assign]
    with data.read(listed, 0) as blocks:
        assert b"".join(blocks) == CONTENT


def test_what_is_cut_off_can_be_read_on(one_file: OneFile, server: StubServer) -> None:
    data = data_at(server)
    one_file.reply = Reply(
        body=CONTENT[:400_000], headers={"Content-Length": str(len(CONTENT))}, cut=True
    )
    got = bytearray()
    with pytest.raises(InputUnavailableError, match="closed the connection"):
        read_into(got, data)
    assert CONTENT.startswith(got)
    one_file.reply = None
    assert bytes(got) + content(data, len(got)) == CONTENT


def test_a_server_that_falls_silent_is_not_waited_for(
    one_file: OneFile, server: StubServer
) -> None:
    data = data_at(server, MLFLOW_HTTP_REQUEST_TIMEOUT="0.2")
    listed = data.files()[0]
    one_file.reply = Reply(hang=True)
    with pytest.raises(InputUnavailableError, match=r"did not answer within 0\.2 s"):
        with data.read(listed, 0) as blocks:
            b"".join(blocks)


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_some_answers_ask_to_come_back(one_file: OneFile, server: StubServer, status: int) -> None:
    one_file.reply = Reply(status, headers={"Retry-After": "7"})
    with pytest.raises(InputUnavailableError, match=str(status)) as refusal:
        content(data_at(server))
    assert getattr(refusal.value, "after", None) == 7


@pytest.mark.parametrize("status", [400, 401, 403, 404, 416])
def test_others_are_final(one_file: OneFile, server: StubServer, status: int) -> None:
    one_file.reply = Reply(status)
    with pytest.raises(InputError, match=str(status)) as refusal:
        content(data_at(server), 1)
    assert not isinstance(refusal.value, InputUnavailableError)


def test_another_file_than_the_listed_one_is_noticed(one_file: OneFile, server: StubServer) -> None:
    data = data_at(server)
    with pytest.raises(ChangedError, match="is longer than 1000 bytes"):
        content(data, 0, 1000)
    with pytest.raises(InputUnavailableError, match="ended after 700000 of 800000 bytes"):
        content(data, 0, 800_000)
    one_file.mark = '"1"'
    data = data_at(server)
    assert content(data) == CONTENT
    one_file.mark = '"2"'
    with pytest.raises(ChangedError, match="has changed while it was read"):
        content(data, 5)
    assert content(data) == CONTENT


def test_another_part_than_asked_for_is_refused(one_file: OneFile, server: StubServer) -> None:
    data = data_at(server)
    listed = data.files()[0]
    one_file.reply = Reply(206, CONTENT[20:], {"Content-Range": f"bytes 20-699999/{len(CONTENT)}"})
    with pytest.raises(InputError, match="another part"), data.read(listed, 10) as blocks:
        b"".join(blocks)


def test_what_is_compressed_unasked_is_refused(one_file: OneFile, server: StubServer) -> None:
    data = data_at(server)
    listed = data.files()[0]
    one_file.reply = Reply(body=b"x", headers={"Content-Encoding": "gzip"})
    with pytest.raises(InputError, match="compressed"), data.read(listed, 0) as blocks:
        b"".join(blocks)


def test_a_redirect_is_followed_without_credentials(one_file: OneFile, server: StubServer) -> None:
    with StubServer([Reply(body=CONTENT)]) as elsewhere:
        data = data_at(server)
        listed = data.files()[0]
        one_file.reply = Reply(302, headers={"Location": f"{elsewhere.url}/x"})
        with data.read(listed, 0) as blocks:
            assert b"".join(blocks) == CONTENT
        one_file.reply = Reply(302, headers={"Location": f"{server.url}/data/a"})
        with pytest.raises(InputError, match="redirects without end"):
            content(data)

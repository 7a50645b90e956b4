from __future__ import annotations

import os
from pathlib import Path

from mlrun.execution.capture import Log, Sink


def test_log_is_appended_to_and_private(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for text in (b"one\n", b"two\n"):
        log = Log(path, lambda _line: None)
        log.write(text)
        log.close()
    assert path.read_bytes() == b"one\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_log_says_once_that_it_is_full(tmp_path: Path) -> None:
    lines: list[str] = []
    log = Log(Path("/dev/full"), lines.append)
    log.write(b"x")
    log.write(b"y")
    log.close()
    assert len(lines) == 1
    assert "No space left" in lines[0]
    assert not log.complete


def test_log_marks_the_gap_when_there_is_room_again(tmp_path: Path) -> None:
    lines: list[str] = []
    log = Log(tmp_path / "log", lines.append)
    full, room = os.open("/dev/full", os.O_WRONLY), os.dup(log._fd)
    log.write(b"before")
    os.dup2(full, log._fd)
    log.write(b"lost")
    os.dup2(room, log._fd)
    log.write(b"after")
    log.close()
    os.close(full)
    os.close(room)
    content = (tmp_path / "log").read_bytes()
    assert content.startswith(b"before\n[mlrun: ")
    assert content.endswith(b"]\nafter")
    assert not log.complete


def test_sink_keeps_what_a_slow_reader_cannot_take() -> None:
    read_end, write_end = os.pipe()
    sink = Sink(write_end, lambda: None)
    data = os.urandom(1 << 20)
    sink.offer(data)
    assert sink.busy
    assert os.get_blocking(write_end), "the descriptor is shared with others"
    received = b""
    while len(received) < len(data):
        received += os.read(read_end, 1 << 16)
        sink.flush()
    assert received == data
    sink.close()
    os.close(read_end)
    os.close(write_end)


def test_sink_without_a_reader_swallows_all_and_says_so_once() -> None:
    calls: list[int] = []
    read_end, write_end = os.pipe()
    sink = Sink(write_end, lambda: calls.append(1))
    os.close(read_end)
    sink.offer(b"x")
    sink.offer(b"y")
    assert not sink.busy
    assert calls == [1]
    sink.close()
    os.close(write_end)


def test_sink_to_nowhere() -> None:
    sink = Sink(None, lambda: None)
    sink.offer(b"x")
    assert not sink.busy

"""Secrets in a stream: their exact bytes never, everything else unchanged."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from mlrun.execution.masking import Mask, patterns

KEY = b"-----BEGIN KEY-----\nabcdefghijkl\nmnop\n-----END KEY-----\n"


def masked(pieces: Sequence[bytes], *secrets: bytes) -> bytes:
    mask = Mask(patterns(secrets))
    return b"".join([*(mask.take(piece) for piece in pieces), mask.end()])


def test_each_secret_is_starred_and_nothing_else() -> None:
    assert masked([b"a hunter22 b token-1\n"], b"hunter22", b"token-1") == b"a *** b ***\n"
    assert masked([b"hunter22hunter22"], b"hunter22") == b"******"


def test_secret_comes_in_pieces() -> None:
    for size in range(1, 9):
        text = b"xx hunhunter22 yy hunter2"
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        assert masked(pieces, b"hunter22") == b"xx hun*** yy hunter2"


def test_only_what_may_begin_a_secret_is_held_back() -> None:
    mask = Mask(patterns([b"hunter22"]))
    assert mask.take(b"one line\n") == b"one line\n"
    assert mask.take(b"another hunt") == b"another "
    assert mask.take(b"ing\n") == b"hunting\n"
    assert mask.take(b"hunter2") == b""
    assert mask.end() == b"hunter2"


def test_secret_within_and_over_another() -> None:
    assert masked([b"abcdefgh"], b"abcd", b"abcdefgh") == b"***"
    assert masked([b"abcd", b"efgh"], b"abcd", b"abcdefgh") == b"***"
    assert masked([b"abcdef"], b"abcd", b"cdef") == b"***"
    assert masked([b"abcd", b"ef"], b"abcd", b"cdef") == b"***"
    assert masked([b"aaaa", b"aaaa", b"ab"], b"aaaa") == b"***b"


def test_lines_of_a_secret_that_has_several() -> None:
    assert masked([KEY], KEY) == b"***\n"
    assert masked([b"abcdefghijkl and mnop"], KEY) == b"*** and mnop"
    assert masked([b"-----BEGIN KEY-----", b"\r\nabcdefghijkl\r\nmn"], KEY) == b"***\r\n***\r\nmn"


def test_terminal_ends_lines_otherwise() -> None:
    assert masked([KEY.replace(b"\n", b"\r\n")], KEY) == b"***\r\n"
    assert masked([b"ab\r\ncd"], b"ab\ncd") == b"***"


def test_short_secrets_are_left() -> None:
    assert patterns([b"", b"abc", b"abc\n", b"\n\n\n\n"]) == ()
    assert masked([b"abc abcd"], b"abc", b"abcd") == b"abc ***"


@given(
    st.lists(st.text("ab", max_size=6).map(str.encode), max_size=12),
    st.lists(st.text("ab", min_size=4, max_size=6).map(str.encode), min_size=1, max_size=3),
)
def test_pieces_make_no_difference(pieces: list[bytes], secrets: list[bytes]) -> None:
    text = b"".join(pieces)
    covered = {
        position
        for secret in secrets
        for start in range(len(text))
        if text.startswith(secret, start)
        for position in range(start, start + len(secret))
    }
    found = masked(pieces, *secrets)
    assert found == masked([text], *secrets)
    kept = bytes(byte for position, byte in enumerate(text) if position not in covered)
    assert found.replace(b"***", b"") == kept


def test_a_secret_that_overlaps_itself_is_not_looked_for_at_every_byte() -> None:
    mask = Mask(patterns([b"a" * 1000]))
    assert len(mask._secrets(b"a" * 100_000)) <= 200
    assert mask.take(b"-" + b"a" * 100_000 + b"-") + mask.end() == b"-***-"

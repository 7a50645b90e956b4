"""What git-lfs says when it fails, and what mlrun makes of it."""

from __future__ import annotations

import pytest

from mlrun.errors import SourceError, SourceRefusedError, SourceUnavailableError
from mlrun.sources.git.lfs.contents import Pointer
from mlrun.sources.git.lfs.failures import lfs_failure, program_missing
from mlrun.sources.git.url import parse_git_url

URL = parse_git_url("https://alice:s3cret-word@host.test/team/project.git")
ONE = (Pointer("a.bin", "0" * 64, 5),)
MANY = tuple(Pointer(f"{n}.bin", "0" * 64, 5) for n in range(8))


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (
            "batch response: Authentication required: Authorization error: https://host.test/x\n"
            "Check that you have proper access to the repository",
            SourceRefusedError,
            "user name and password",
        ),
        (
            "fatal: could not read Username for 'https://host.test': terminal prompts disabled",
            SourceRefusedError,
            "user name and password",
        ),
        ("batch response: not you\nHTTP 403", SourceRefusedError, "user name and password"),
        (
            "batch response: This repository is over its data quota. Account responsible for LFS "
            "bandwidth should purchase more data packs to restore access.",
            SourceRefusedError,
            "over its data quota",
        ),
        ("batch response: Rate limit exceeded: https://host.test/x", SourceRefusedError, "limit"),
        (
            "[abc] Object does not exist on the server or you don't have permissions to access it: "
            "[404] Object does not exist",
            SourceRefusedError,
            "does not have 'a.bin'",
        ),
        (
            "batch response: Repository or object not found: https://host.test/x",
            SourceRefusedError,
            "does not have 'a.bin'",
        ),
        ("", SourceRefusedError, "does not have 'a.bin'"),
        (
            'batch response: Post "https://host.test/x": dial tcp: lookup host.test on '
            "10.0.0.1:53: no such host",
            SourceUnavailableError,
            "no such host",
        ),
        (
            'batch response: Post "https://host.test/x": dial tcp 10.1.1.1:443: connect: '
            "connection refused",
            SourceUnavailableError,
            "nothing answers at host.test",
        ),
        (
            'batch response: Post "https://host.test/x": dial tcp 10.1.1.1:443: i/o timeout',
            SourceUnavailableError,
            "in time",
        ),
        ("batch response: Server error: https://x\nHTTP 502", SourceUnavailableError, "Server"),
        ("LFS: unexpected EOF", SourceUnavailableError, "EOF"),
        (
            'batch response: Post "https://host.test/x": x509: certificate signed by unknown '
            "authority",
            SourceRefusedError,
            "certificate signed by unknown",
        ),
        (
            "batch request: git@host.test: Permission denied (publickey).: exit status 255",
            SourceRefusedError,
            "does not let you in",
        ),
        (
            "LFS: cannot write data to temporary file: write /x: no space left on device",
            SourceError,
            "disk is full",
        ),
        ("something new", SourceError, "something new"),
    ],
)
def test_what_it_says(text: str, kind: type[SourceError], words: str) -> None:
    error = lfs_failure(URL, ONE, text, 2)
    assert type(error) is kind
    assert words in str(error)


def test_credentials_are_not_shown() -> None:
    text = "LFS: unexpected EOF at https://alice:s3cret-word@host.test/x s3cret-word"
    error = lfs_failure(URL, ONE, text, 2)
    assert "s3cret-word" not in f"{error} {error.hint}"


def test_some_files_are_named() -> None:
    names = "'0.bin', '1.bin', '2.bin', '3.bin', '4.bin' and 3 more"
    assert f"does not have {names}," in str(lfs_failure(URL, MANY, "", 0))
    assert str(program_missing(MANY)).startswith(f"{names} are kept in Git LFS")


def test_a_name_that_would_move_the_cursor_is_shown_harmlessly() -> None:
    pointer = Pointer("a\x1b[2J\n.bin", "0" * 64, 5)
    assert r"'a\x1b[2J\n.bin' is kept" in str(program_missing([pointer]))

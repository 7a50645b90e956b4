from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.execution.redact import (
    is_secret_name,
    mask_argv,
    mask_text,
    mask_url,
    mask_variables,
    secret_variables,
)

SECRET = st.text(
    alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/?#@\"'<>`"),
    min_size=6,
).map(lambda text: f"Zq{text}Zq")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ana:pw@git.example/team/repo.git", "https://***@git.example/team/repo.git"),
        ("https://ghp_abc123@git.example/repo", "https://***@git.example/repo"),
        ("git+https://t0ken@git.example/repo@v1", "git+https://***@git.example/repo@v1"),
        ("https://a:b@c:d@host/x", "https://***@host/x"),
        ("https://ana:p/w?x@host/repo", "https://***@host/repo"),
        ("postgresql://u:p@db:5432/mlflow", "postgresql://***@db:5432/mlflow"),
        ("https://h/t/ab-12cd/ch/linux-64", "https://h/t/***/ch/linux-64"),
        ("https://u:p@h/x/t/ab-12cd/ch", "https://***@h/x/t/***/ch"),
        ("https://h/t/***/ch", "https://h/t/***/ch"),
        ("/data/t/ab-12cd/ch", "/data/t/ab-12cd/ch"),
        ("ssh://git@host/repo", "ssh://git@host/repo"),
        ("git+ssh://git@host/repo", "git+ssh://git@host/repo"),
        ("ssh://git:pw@host/repo", "ssh://***@host/repo"),
        ("abfss://box@acc.dfs.core.windows.net/p", "abfss://box@acc.dfs.core.windows.net/p"),
        ("git@host:team/repo.git", "git@host:team/repo.git"),
        ("/home/ana/a@b", "/home/ana/a@b"),
        ("file:///data/a@b", "file:///data/a@b"),
        ("https://host:8080/x@y", "https://host:8080/x@y"),
        ("https://[::1]:8080/x@y", "https://[::1]:8080/x@y"),
        ("https://h/x?sig=abc&v=2", "https://h/x?sig=***&v=2"),
        ("https://h/x?page=2&access_token=abc#top", "https://h/x?page=2&access_token=***#top"),
        (
            "https://b.s3.example/k?X-Amz-Signature=9&X-Amz-Date=1",
            "https://b.s3.example/k?X-Amz-Signature=***&X-Amz-Date=1",
        ),
        ("https://h/p.zip#egg=thing&sha256=abc", "https://h/p.zip#egg=thing&sha256=abc"),
    ],
)
def test_an_address_is_shown_without_its_credentials(url: str, shown: str) -> None:
    assert mask_url(url) == shown


@given(SECRET)
def test_no_password_survives_in_an_address(secret: str) -> None:
    assert secret not in mask_url(f"https://ana:{secret}@host/repo")
    assert secret not in mask_text(f"fetching 'https://{secret}@host/repo' failed")


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    for once in (mask_text(text), mask_text(f"https://{text}@host/?token={text}")):
        assert mask_text(once) == once


def test_a_long_text_is_masked_in_linear_time() -> None:
    text = "x://a:b" * 100_000 + "?a=b" * 100_000
    assert mask_text(text).startswith("x://")


def test_text_is_shown_without_headers_and_known_secrets() -> None:
    text = 'curl -H "Authorization: Bearer abcdef123456" https://u:p@h/ --data hunter22'
    shown = mask_text(text, secrets=["hunter22", ""])
    assert shown == 'curl -H "Authorization: ***" https://***@h/ --data ***'


def test_the_longer_of_two_overlapping_secrets_is_masked_whole() -> None:
    assert mask_text("abcdef abc", secrets=["abc", "abcdef"]) == "*** ***"


@pytest.mark.parametrize(
    "name",
    [
        "MLFLOW_TRACKING_TOKEN",
        "MLFLOW_TRACKING_PASSWORD",
        "AWS_SECRET_ACCESS_KEY",
        "PGPASSWORD",
        "HF_TOKEN",
        "awsAccessKeyId",
        "--api-key",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["PWD", "OLDPWD", "SSH_AUTH_SOCK", "TOKENIZERS_PARALLELISM", "KEYBOARD", "PATH", "alpha"],
)
def test_names_that_only_look_like_it(name: str) -> None:
    assert not is_secret_name(name)


def test_variables_are_masked_by_name_and_by_content() -> None:
    environ = {"HF_TOKEN": "abc", "PIP_INDEX_URL": "https://u:p@host/simple", "HOME": "/home/ana"}
    assert mask_variables(environ) == {
        "HF_TOKEN": "***",
        "PIP_INDEX_URL": "https://***@host/simple",
        "HOME": "/home/ana",
    }


def test_values_to_search_for_are_those_of_secret_names_and_not_too_short() -> None:
    environ = {"A_KEY": "1", "HF_TOKEN": "abcdef", "DB_PASSWORD": "abcdefgh", "HOME": "/home/ana"}
    assert secret_variables(environ) == ("abcdefgh", "abcdef")


def test_options_are_masked_in_both_forms() -> None:
    argv = [
        "tool",
        "--token",
        "abc",
        "--password=x",
        "-e",
        "HF_TOKEN=y",
        "--alpha=1",
        "--key",
        "-v",
    ]
    assert mask_argv(argv) == (
        *("tool", "--token", "***", "--password=***", "-e", "HF_TOKEN=***"),
        *("--alpha=1", "--key", "-v"),
    )

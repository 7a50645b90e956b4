from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.tracking.database import registry_rules as rules
from mlrun.tracking.database.api_error import INVALID, ApiError
from mlrun.tracking.database.message import Message


def refused(call: object, *values: object) -> str:
    assert callable(call)
    with pytest.raises(ApiError) as caught:
        call(*values)
    assert caught.value.code == INVALID
    return caught.value.message


@pytest.mark.parametrize("name", ["m", "a b", "wörds & more", "a.b", "v1", "latest", "a@b", "%2f"])
def test_names_of_models(name: str) -> None:
    assert rules.model_name(Message({"name": name})) == name


@pytest.mark.parametrize("name", [None, "", " ", "\t\n"])
def test_a_model_needs_a_name(name: str | None) -> None:
    text = refused(rules.model_name, Message({"name": name}))
    assert text.startswith("Missing value for required parameter 'name'.")


@pytest.mark.parametrize("name", ["a/b", "a:b", "/", "models:/m/1"])
def test_no_name_of_a_model_is_a_path(name: str) -> None:
    text = f"Invalid model name '{name}'. Names cannot contain '/' or ':'."
    assert refused(rules.model_name, Message({"name": name})) == text


@pytest.mark.parametrize("name", [".", "..", "..m"])
def test_no_name_of_a_model_means_another_folder(name: str) -> None:
    assert "This name would resolve to" in refused(rules.model_name, Message({"name": name}))


@pytest.mark.parametrize(("given_", "number"), [("1", 1), (7, 7), ("007", 7), (" 3 ", 3)])
def test_numbers_of_versions(given_: object, number: int) -> None:
    assert rules.version_number(Message({"version": given_})) == number


@pytest.mark.parametrize("version", ["one", "1.5", "v1", "9" * 19, "9" * 5000])
def test_no_other_version(version: str) -> None:
    text = f"Parameter 'version' must be an integer, got '{version[:80]}'."
    assert refused(rules.version_number, Message({"version": version})) == text


@pytest.mark.parametrize(
    ("text", "stage"), [("none", "None"), ("STAGING", "Staging"), ("Archived", "Archived")]
)
def test_stages_have_any_case(text: str, stage: str) -> None:
    assert rules.stage(text) == stage


@pytest.mark.parametrize("text", ["", "latest", "deleted_internal"])
def test_no_other_stage(text: str) -> None:
    assert "Value must be one of None, Staging, Production" in refused(rules.stage, text)


@pytest.mark.parametrize(
    "alias", ["best", "a-b_c", "1", "größte", "x" * 255, "version1", "v", "v1x"]
)
def test_aliases(alias: str) -> None:
    assert rules.new_alias(Message({"alias": alias})) == alias


@pytest.mark.parametrize(
    "alias", ["", "a b", "a.b", "a/b", "x" * 256, "latest", "LATEST", "v1", "V12"]
)
def test_no_other_alias(alias: str) -> None:
    refused(rules.new_alias, Message({"alias": alias}))


@pytest.mark.parametrize("alias", ["latest", "v1"])
def test_reserved_aliases_can_be_asked_for(alias: str) -> None:
    assert rules.alias(Message({"alias": alias})) == alias


def test_the_last_tag_of_a_key_counts() -> None:
    tags = [{"key": "a", "value": "1"}, {"key": "b"}, {"key": "a", "value": "2"}]
    assert rules.tags(Message({"tags": tags})) == {"a": "2", "b": ""}


def test_longest_tags() -> None:
    tag = {"key": "k" * 250, "value": "v" * 100_000}
    assert rules.tag(Message(tag)) == (tag["key"], tag["value"])
    assert "'key' exceeds" in refused(rules.tag, Message({**tag, "key": "k" * 251}))
    assert "'value' exceeds" in refused(rules.tag, Message({**tag, "value": "v" * 100_001}))


@given(st.text(alphabet="ab/._- :@", max_size=8))
def test_keys_of_tags_are_paths_that_mean_themselves(key: str) -> None:
    parts = key.split("/")
    fits = (
        "@" not in key and not key.startswith("..") and all(p not in ("", ".", "..") for p in parts)
    )
    try:
        rules.check_tag_key(key)
    except ApiError:
        assert not fits
    else:
        assert fits

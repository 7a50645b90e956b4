"""The YAML of a file store: any text survives, and names are found without a parser."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlrun.tracking.metafile import dump, load, parse, read_name, write_whole

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
HERE = Path("meta.yaml")
LOADERS = [getattr(yaml, name) for name in ("SafeLoader", "CSafeLoader") if hasattr(yaml, name)]


@given(st.dictionaries(st.sampled_from("abc"), TEXT | st.integers() | st.none() | st.booleans()))
def test_every_loader_reads_what_was_written(fields: dict[str, object]) -> None:
    for loader in LOADERS:
        assert (yaml.load(dump(fields), Loader=loader) or {}) == fields


@given(TEXT, TEXT)
def test_names_are_read_whoever_wrote_them(name: str, other: str) -> None:
    fields = {"artifact_location": other, "name": name, "tags": [], "zone": other}
    theirs = yaml.safe_dump(fields, allow_unicode=True, default_flow_style=False)
    # The library itself does not read back each line break that it wrote.
    assert read_name(theirs.encode(), HERE) == yaml.safe_load(theirs)["name"]
    assert read_name(dump(fields).encode(), HERE) == name


@pytest.mark.parametrize(
    "name",
    [
        *("plain", "a: b", "null", "Yes", "1e3", "0x1F", "2024-01-01", "it's", '"q"', "x y " * 60),
        *(" lead", "trail ", "", "a #b", "- a", "~", "é", "line\nbreak", "tab\t", "a\\b", "!x"),
    ],
)
def test_names_that_yaml_could_mistake(name: str) -> None:
    for unicode in (True, False):
        text = yaml.safe_dump({"name": name, "other": 1}, allow_unicode=unicode)
        assert read_name(text.encode(), HERE) == name
    assert read_name(dump({"name": name}).encode(), HERE) == name


def test_a_file_without_a_name_has_none() -> None:
    assert read_name(b"nickname: x\n", HERE) is None
    assert read_name(b"name: null\n", HERE) is None


@pytest.mark.parametrize(
    "content", [b"", b"[1]", b"a: [", b"\xff\xfe\x00", b"a: \x00", b"- " * 9000]
)
def test_a_damaged_file_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"meta\.yaml"):
        parse(content, HERE)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "meta.yaml"
    write_whole(file, "a: 1\r\n")
    write_whole(file, "a: 2\n")
    assert load(file) == {"a": 2}
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    file = tmp_path / "meta.yaml"
    file.mkdir()
    with pytest.raises(OSError, match=r"meta\.yaml"):
        write_whole(file, "a: 1\n")
    assert list(tmp_path.iterdir()) == [file]

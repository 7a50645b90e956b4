from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mlrun.errors import ProjectError
from mlrun.project.reading import nodes as yaml_nodes
from mlrun.project.reading.nodes import Document, compose, location_at, read_document, shown
from tests.unit.project.written import place

FILE = Path("MLproject")


def read(text: str) -> Document:
    return Document(FILE, text)


def value(text: str) -> str | None:
    document = read(f"value: {text}")
    assert document.root is not None
    return document.python_text(document.entries(document.root, "it")["value"].value)


def refusal(text: str) -> ProjectError:
    with pytest.raises(ProjectError) as caught:
        compose(text, FILE)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "false", "yes", "0.00006", "1e-05", "3", "010", "0x1F", "1_000", "12:30", "1.10", ".inf",
        "2024-01-31", "2024-01-31 10:00:00", "[1, two, 0.5]", "{a: [1]}", "''", "'0.10'", "text",
        "!!str 1", "!!binary aGk=", "!!set {a}", "é",
    ],
)  # fmt: skip
def test_a_value_has_the_text_that_mlflow_would_pass(text: str) -> None:
    assert value(text) == str(yaml.safe_load(text))


@pytest.mark.parametrize("text", ["", "~", "null"])
def test_null_has_no_text(text: str) -> None:
    assert value(text) is None


@pytest.mark.parametrize("text", ["2024-02-31", "=", "1" * 5000, "!!int abc", "!!bool maybe"])
def test_a_scalar_that_python_refuses_is_the_text_that_was_written(text: str) -> None:
    assert value(text) == text.split()[-1]


def test_a_collection_that_python_refuses_is_refused() -> None:
    with pytest.raises(ProjectError, match="cannot be read"):
        value("{[a]: b}")


def test_a_merge_key_gives_way_to_the_mapping_itself() -> None:
    document = read("base: &base {a: 1, b: 2}\nmore: {<<: *base, b: 3}\nagain: {<<: [*base]}")
    assert document.root is not None
    entries = document.entries(document.root, "it")
    merged = document.entries(entries["more"].value, "more")
    assert {key: entry.value.value for key, entry in merged.items()} == {"a": "1", "b": "3"}
    assert list(document.entries(entries["again"].value, "again")) == ["a", "b"]


def test_a_key_given_twice_names_both_places() -> None:
    document = read("a: 1\nb: 2\n'a': 3\n")
    assert document.root is not None
    with pytest.raises(ProjectError, match="'a' is given twice, first on line 1") as caught:
        document.entries(document.root, "it")
    assert place(caught.value) == (3, 1)


def test_a_key_that_is_no_text_is_refused() -> None:
    document = read("a: 1\n{{x}}: 2\n")
    assert document.root is not None
    with pytest.raises(ProjectError, match="plain text, not a mapping") as caught:
        document.entries(document.root, "it")
    assert place(caught.value) == (2, 1)


def test_keys_are_as_written() -> None:
    document = read("on: 1\n1.10: 2\nnull: 3\n")
    assert document.root is not None
    assert list(document.entries(document.root, "it")) == ["on", "1.10", "null"]


def test_an_alias_bomb_ends_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "aliases repeat" in refusal("\n".join(lines)).message


def test_a_merge_bomb_ends_at_once() -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    assert "aliases repeat" in refusal("\n".join(lines)).message


def test_aliases_that_only_deepen_end_too() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 3000)]
    assert "nests deeper" in refusal("\n".join(lines)).message


def test_a_value_that_contains_itself_is_refused() -> None:
    error = refusal("a: 1\nb: &b\n  - *b\n")
    assert "contains itself" in error.message
    assert place(error) == (2, 4)


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 50_000, "- " * 50_000, "? " * 50_000])
def test_depth_has_a_limit(text: str) -> None:
    assert "nests deeper" in refusal(text).message


def test_the_number_of_values_has_a_limit() -> None:
    assert "more than" in refusal(f"[{'x, ' * (yaml_nodes.MAX_NODES + 1)}]").message


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [true]", "!mine x", "!<y> x"])
def test_tags_are_refused_and_never_constructed(tag: str) -> None:
    error = refusal(f"a: 1\nb: {tag}\n")
    assert "the tag" in error.message
    assert place(error) == (2, 4)


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\ufffe"])
def test_control_characters_are_located(character: str) -> None:
    error = refusal(f"a: b\nc: d{character}\n")
    assert f"U+{ord(character):04X}" in error.message
    assert place(error) == (2, 5)


def test_positions_count_characters() -> None:
    document = read("é: [ü, 😀, z]\n")
    assert isinstance(document.root, yaml.MappingNode)
    z = document.root.value[0][1].value[2]
    assert (document.locate(z).line, document.locate(z).column) == (1, 11)


def test_the_slow_parser_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_nodes, "_FAST_LOADER", yaml.SafeLoader)
    document = read("a: {b: 1}")
    assert document.root is not None
    assert list(document.entries(document.root, "it")) == ["a"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path, mark: bytes) -> None:
    file = tmp_path / "MLproject"
    file.write_bytes(mark + "name: é\n".encode())
    document = read_document(file)
    assert document.root is not None
    entry = document.entries(document.root, "it")["name"]
    assert document.locate(entry.key).column == 1


@pytest.mark.parametrize(
    ("data", "message", "expected"),
    [
        ("name: x\n".encode("utf-16"), "UTF-16", (None, None)),
        ("name: x\n".encode("utf-16-le"), "UTF-16", (None, None)),
        ("name: x\n".encode("utf-32"), "UTF-16 or UTF-32", (None, None)),
        (b"name: x\nb: \xe9\n", "0xe9 is not UTF-8", (2, 4)),
        (b"\xe9", "0xe9 is not UTF-8", (1, 1)),
        ("é: ".encode() + b"\xff", "0xff is not UTF-8", (1, 4)),
        (b"a: 1\n" * 250_000, "larger than 1 MiB", (None, None)),
    ],
)
def test_bytes_that_are_no_project_file(
    tmp_path: Path, data: bytes, message: str, expected: tuple[int | None, int | None]
) -> None:
    file = tmp_path / "MLproject"
    file.write_bytes(data)
    with pytest.raises(ProjectError, match=message) as caught:
        read_document(file)
    assert place(caught.value) == expected


def test_ten_megabytes_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "MLproject"
    with file.open("wb") as stream:
        stream.truncate(10_000_000)
    with pytest.raises(ProjectError, match="larger than 1 MiB"):
        read_document(file)


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be read: is a directory"):
        read_document(tmp_path)


def test_a_file_that_vanished(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be read: no such file"):
        read_document(tmp_path / "MLproject")


def test_what_is_shown_is_short_and_harmless() -> None:
    assert shown("\x1b[31mred") == "'\\x1b[31mred'"
    assert len(shown("x" * 1000)) < 70


@pytest.mark.parametrize(
    ("index", "expected"), [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (3, 1))]
)
def test_places_in_a_text(index: int, expected: tuple[int, int]) -> None:
    found = location_at(FILE, "ab\nc\nde", index)
    assert (found.line, found.column) == expected


class TestSparing:
    @staticmethod
    def document(folder: Path, text: str, *, is_spared: bool = True) -> Document:
        file = folder / "MLproject"
        file.write_text(text, encoding="utf-8")
        return read_document(file, is_spared=is_spared)

    def test_an_error_ends_what_is_within(self, tmp_path: Path) -> None:
        document = self.document(tmp_path, "a: 1\n")
        assert document.root is not None
        with document.sparing():
            document.entries(document.root.value[0][1], "first")
        document.refuse(document.root, "second", rule="wrong-shape")
        assert [(p.message, p.rule) for p in document.errors] == [
            ("first must be a mapping, not '1'", "wrong-shape"), ("second", "wrong-shape"),
        ]  # fmt: skip

    def test_on_the_way_to_a_run_it_is_raised(self, tmp_path: Path) -> None:
        document = self.document(tmp_path, "a: 1\n", is_spared=False)
        assert document.root is not None
        with pytest.raises(ProjectError, match="first"), document.sparing():
            raise document.error(document.root, "first")
        with pytest.raises(ProjectError, match="second"):
            document.refuse(document.root, "second")
        assert document.errors == []

    def test_a_remark_is_for_lint_alone(self, tmp_path: Path) -> None:
        for is_spared in (True, False):
            document = self.document(tmp_path, "a: 1\n", is_spared=is_spared)
            assert document.root is not None
            document.remark(document.root, "odd", rule="unknown-key")
            assert bool(document.lints) is is_spared

    def test_the_first_of_two_keys_counts(self, tmp_path: Path) -> None:
        document = self.document(tmp_path, "a: 1\n[b]: 2\na: 3\nc: 4\n")
        assert document.root is not None
        entries = document.entries(document.root, "the file")
        assert {key: entry.value.value for key, entry in entries.items()} == {"a": "1", "c": "4"}
        assert [problem.rule for problem in document.errors] == ["wrong-shape", "duplicate-key"]

    def test_an_unsafe_tag_is_noted_and_left_out(self, tmp_path: Path) -> None:
        document = self.document(tmp_path, "a: !x 1\nb: !y [2]\nc: !z {d: 3}\n")
        assert document.root is not None
        assert [problem.rule for problem in document.errors] == ["unsafe-tag"] * 3
        assert document.python_text(document.root) == "{'a': '1', 'b': [2], 'c': {'d': 3}}"


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_both_parsers_count_characters(loader: Any) -> None:
    text = "é: 😀\r\n\u2028b: 'ü' # é\nc: &x [é]\n"
    root = yaml.compose(text, Loader=loader)
    assert root is not None
    parts = [
        text[node.start_mark.index : node.end_mark.index] for pair in root.value for node in pair
    ]
    assert parts == ["é", "😀", "b", "'ü'", "c", "&x [é]"]

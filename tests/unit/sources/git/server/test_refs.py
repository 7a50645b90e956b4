"""What `git ls-remote` writes, and what a server could write in its place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlrun.sources.git.server.refs import RemoteRefs, parse_refs

A, B, C = "a" * 40, "b" * 40, "c" * 64


def test_branches_tags_and_the_head() -> None:
    refs = parse_refs(
        f"ref: refs/heads/main\tHEAD\n{A}\tHEAD\n{A}\trefs/heads/main\n"
        f"{B}\trefs/tags/v1\n{A}\trefs/tags/v1^{{}}\n{A}\trefs/tags/plain\n".encode()
    )
    assert refs == RemoteRefs(
        commits={
            "HEAD": A,
            "refs/heads/main": A,
            "refs/tags/v1": A,
            "refs/tags/plain": A,
        },
        tag_objects={"refs/tags/v1": B},
        head="main",
    )


def test_nothing() -> None:
    assert parse_refs(b"") == RemoteRefs({}, {}, None)


def test_a_detached_head_is_no_branch() -> None:
    assert parse_refs(f"{A}\tHEAD\n".encode()) == RemoteRefs({"HEAD": A}, {}, None)


def test_hashes_of_both_kinds() -> None:
    assert parse_refs(f"{C}\trefs/heads/a\n".encode()).commits == {"refs/heads/a": C}


def test_names_in_any_encoding_are_kept_apart() -> None:
    found = parse_refs(f"{A}\trefs/heads/é\n".encode() + f"{B}\trefs/heads/é\n".encode("latin-1"))
    assert sorted(found.commits.values()) == [A, B]


def test_what_could_reach_a_terminal_or_a_file_is_left_out() -> None:
    names = ("refs/heads/\x1b[31m", "refs/heads/a b", "refs/../../x", "--upload-pack=x", "refs", "")
    output = "".join(f"{A}\t{name}\n" for name in names) + f"zz\trefs/heads/a\n{A}^{{}}\n"
    assert parse_refs(output.encode()) == RemoteRefs({}, {}, None)


def test_a_peeled_tag_without_its_tag_is_nothing() -> None:
    assert parse_refs(f"{A}\trefs/tags/v1^{{}}\n".encode()) == RemoteRefs({}, {}, None)


@given(st.binary())
def test_whatever_comes_is_read(output: bytes) -> None:
    refs = parse_refs(output)
    assert all(name == "HEAD" or name.startswith("refs/") for name in refs.commits)
    assert set(refs.tag_objects) <= set(refs.commits)


@given(
    st.dictionaries(
        st.from_regex(r"refs/(heads|tags|pull)/[a-zA-Z0-9é][a-zA-Z0-9/_é-]{0,20}", fullmatch=True),
        st.tuples(st.sampled_from([A, B]), st.booleans()),
    )
)
def test_what_git_writes_is_read_back(refs: dict[str, tuple[str, bool]]) -> None:
    lines = []
    for name, (commit, is_annotated) in refs.items():
        lines += [f"{'d' * 40}\t{name}\n", f"{commit}\t{name}^{{}}\n"]
        if not is_annotated:
            lines[-2:] = [f"{commit}\t{name}\n"]
    found = parse_refs("".join(lines).encode())
    assert found.commits == {name: commit for name, (commit, _) in refs.items()}
    assert set(found.tag_objects) == {name for name, (_, annotated) in refs.items() if annotated}

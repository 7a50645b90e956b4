"""Reading lists of requirements."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.environments.python.requirements import RequirementList, read_requirements
from mlrun.errors import Location, ProjectError

HERE = Location(Path("python_env.yaml"), 4, 5)


def read(folder: Path, *lines: str) -> RequirementList:
    return read_requirements(lines, folder, HERE)


def test_plain_requirements_stay_as_they_are(tmp_path: Path) -> None:
    lines = [
        "numpy==1.26.4",
        "pandas[excel]>=2 ; python_version > '3.8'",
        "pkg @ https://user:secret@host.example/pkg-1.0.whl",
        "git+https://host.example/repo.git@main#egg=repo",
        "six --hash=sha256:00",
    ]
    assert read(tmp_path, *lines).lines == lines


def test_files_are_read_in_where_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "requirements.txt").write_text("# all\na==1  # why\n-r sub/more.txt\n\nz==1\n")
    (tmp_path / "sub" / "more.txt").write_text("b==1\n-c limits.txt\n--requirement=last.txt\n")
    (tmp_path / "sub" / "last.txt").write_text("c==\\\n1\n")
    (tmp_path / "sub" / "limits.txt").write_text("numpy<2\n")
    result = read(tmp_path, "first", "-r requirements.txt")
    assert result.lines == ["first", "a==1", "b==1", "c== 1", "z==1"]
    assert result.constraints == [str(tmp_path / "sub" / "limits.txt")]


@pytest.mark.parametrize("form", ["-rx.txt", "-r x.txt", "--requirement=x.txt", "-r 'x.txt'"])
def test_all_forms_of_an_option(tmp_path: Path, form: str) -> None:
    (tmp_path / "x.txt").write_text("six")
    assert read(tmp_path, form).lines == ["six"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_editors_write(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "r.txt").write_text("six  # für alle\nidna\n", encoding=encoding)
    assert read(tmp_path, "-r r.txt").lines == ["six", "idna"]


def test_latin_1_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_bytes("six  # für\n".encode("latin-1"))
    assert read(tmp_path, "-r r.txt").lines == ["six"]


def test_options_are_kept(tmp_path: Path) -> None:
    lines = ["--index-url https://host.example/simple", "--no-binary :all:", "--pre"]
    assert read(tmp_path, "-i https://host.example/simple", *lines[1:]).lines == lines
    links = read(tmp_path, "-f wheels", "-f https://host.example/l").links
    assert links == [str(tmp_path / "wheels"), "https://host.example/l"]


def test_a_missing_file_says_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("six\n-r b.txt\n")
    with pytest.raises(ProjectError, match=r"b\.txt") as caught:
        read(tmp_path, "-r a.txt")
    assert caught.value.location == Location(tmp_path / "a.txt", 2, 4)


def test_a_missing_file_with_a_name_like_another_one(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    with pytest.raises(ProjectError) as caught:
        read(tmp_path, "-r requirments.txt")
    assert caught.value.hint == "did you mean 'requirements.txt'?"


def test_a_file_that_lies_elsewhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    with pytest.raises(ProjectError) as caught:
        read(tmp_path, "-r code/requirements.txt")
    assert str(tmp_path) in (caught.value.hint or "")


def test_a_circle_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("-r b.txt")
    (tmp_path / "b.txt").write_text("-r a.txt")
    with pytest.raises(ProjectError, match="requires itself"):
        read(tmp_path, "-r a.txt")


def test_a_folder_that_cannot_be_read_as_a_list(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(ProjectError, match="not there"):
        read(tmp_path, "-r a")


@pytest.mark.parametrize("text", [".", "-e .", "--editable=.", "./", "-e.", "file:."])
def test_the_project_itself_is_taken_out(tmp_path: Path, text: str) -> None:
    result = read(tmp_path, text, "six")
    assert result.lines == ["six"]
    assert [project.folder for project in result.projects] == [tmp_path]


def test_folders_keep_their_extras(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    result = read(
        tmp_path, "-e ./lib[a,b]", f"file://{tmp_path}/lib", f"x[c] @ file://{tmp_path}/lib"
    )
    assert [(p.folder, p.extras) for p in result.projects] == [
        (tmp_path / "lib", "[a,b]"),
        (tmp_path / "lib", ""),
        (tmp_path / "lib", "[c]"),
    ]
    assert result.lines == []


def test_paths_in_a_nested_file_are_relative_to_the_project_as_with_pip(tmp_path: Path) -> None:
    (tmp_path / "sub" / "own").mkdir(parents=True)
    (tmp_path / "sub" / "r.txt").write_text("-e .\n./own\n")
    result = read(tmp_path, "-r sub/r.txt")
    assert [p.folder for p in result.projects] == [tmp_path, tmp_path / "sub" / "own"]


def test_archives_become_absolute(tmp_path: Path) -> None:
    wheel = tmp_path / "my wheels" / "x-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    result = read(tmp_path, "./my wheels/x-1.0-py3-none-any.whl ; python_version > '3'")
    assert result.lines == [f"{wheel.as_uri()} ; python_version > '3'"]
    assert result.archives == [wheel]


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="not there") as caught:
        read(tmp_path, "./nothing")
    assert caught.value.location == HERE


def test_variables_in_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERE", str(tmp_path))
    (tmp_path / "r.txt").write_text("six")
    assert read(Path("/"), "-r ${WHERE}/r.txt").lines == ["six"]


@given(st.lists(st.text(alphabet="abz019=<>.-_ #;'\"[]@:\\$", max_size=12), max_size=4))
def test_any_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    try:
        result = read_requirements(lines, tmp_path_factory.getbasetemp(), HERE)
    except ProjectError:
        return
    assert all(line.strip() == line for line in result.lines)

"""What a server lists is believed only as far as it can do no harm."""

from __future__ import annotations

from typing import Any

import pytest

from mlrun.errors import InputError
from mlrun.tracking.artifact_addresses import listing
from mlrun.tracking.artifact_addresses.listing import Listing
from mlrun.tracking.artifact_addresses.outlets import OfRun, Outlet, PassedOn
from tests.unit.tracking.artifact_addresses.fake_mlflow import file, folder


def walk(
    pages: dict[str, Any], outlet: Outlet | None = None, top: str = "top"
) -> list[tuple[str, int | None]]:
    """Return what is found; a folder without an entry of its own is empty."""
    outlet = outlet or PassedOn()
    found = Listing(outlet, lambda name, _: {"files": pages.get(name, [])}, "runs:/x")
    return list(found.walk(top, found.entries(top)))


def test_files_are_found_in_all_folders() -> None:
    pages = {
        "top": [file("b", 1), folder("in"), file("a", "22")],
        "top/in": [folder("in"), file("c", None)],
        "top/in/in": [file("in", 0)],
    }
    assert sorted(walk(pages)) == [
        ("top/a", 22),
        ("top/b", 1),
        ("top/in/c", None),
        ("top/in/in/in", 0),
    ]


def test_a_runs_listing_has_whole_paths_and_perhaps_itself() -> None:
    pages = {"top": [folder("top"), folder("top/in")], "top/in": [file("top/in/a"), folder(".")]}
    assert walk(pages, OfRun("r")) == [("top/in/a", 3)]


@pytest.mark.parametrize(
    "name",
    ["..", ".", "", "../x", "/etc/passwd", "a/b", "a\\b", "..\\x", "a\0", "\ud800", "a/../../b"],
)
@pytest.mark.parametrize("outlet", [PassedOn(), OfRun("r")])
def test_a_name_that_is_none_is_refused(name: str, outlet: Outlet) -> None:
    whole = name if isinstance(outlet, PassedOn) else f"top/{name}"
    if whole in ("top/", "top/."):
        whole = name
    with pytest.raises(InputError, match="the server lists"):
        walk({"top": [file(whole)]}, outlet)


@pytest.mark.parametrize("size", [-1, "-1", "x", "²", "9" * 6000, 10**4000, 1.5, True, []])
def test_a_size_that_is_none_is_refused(size: Any) -> None:
    with pytest.raises(InputError, match="with the size"):
        walk({"top": [file("a", size)]})


def test_one_name_twice_is_refused() -> None:
    with pytest.raises(InputError, match="'top/a' twice"):
        walk({"top": [file("a"), folder("a")]})


def test_what_is_not_a_list_of_files_is_none() -> None:
    assert walk({"top": {"a": 1}}) == []
    assert walk({"top": ["a", None]}) == []
    with pytest.raises(InputError, match="a file without a name"):
        walk({"top": [{"is_dir": True}]})


def test_folders_without_end_are_refused() -> None:
    found = Listing(PassedOn(), lambda *_: {"files": [folder("in")]}, "runs:/x")
    with pytest.raises(InputError, match="folders within folders, more than 100"):
        list(found.walk("top", found.entries("top")))


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_ENTRIES", 10)
    assert len(walk({"top": [file(str(number)) for number in range(10)]})) == 10
    with pytest.raises(InputError, match="more than 10 files") as refusal:
        walk({"top": [file(str(number)) for number in range(9)] + [folder("x"), folder("y")]})
    assert "pack the files" in (refusal.value.hint or "")


def test_pages_are_read_to_the_end_and_not_again() -> None:
    def page(_: str, token: str) -> dict[str, Any]:
        files = [file(f"f{token}")]
        return {"files": files, "next_page_token": {"": "1", "1": "2"}.get(token)}

    assert len(Listing(PassedOn(), page, "runs:/x").entries("top")) == 3

    def loop(_: str, token: str) -> dict[str, Any]:
        return {"files": [], "next_page_token": "1"}

    with pytest.raises(InputError, match="the same page again"):
        Listing(PassedOn(), loop, "runs:/x").entries("top")

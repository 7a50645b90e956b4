from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.tracking.database.api_error import ApiError
from mlrun.tracking.database.message import Message
from mlrun.tracking.database.search.paging import Page, decode, encode, read_page


@given(st.lists(st.integers(), max_size=30), st.integers(1, 7))
def test_pages_are_the_whole_in_order(results: list[int], size: int) -> None:
    found: list[int] = []
    token = None
    while not found or token:
        page = read_page(Message({"max_results": size, "page_token": token}), 5, 100)
        limit, offset = page.values()
        shown, following = page.cut(results[offset : offset + limit])
        found += shown
        token = following.get("next_page_token")
        if not results:
            break
    assert found == results


@given(st.text() | st.binary().map(lambda content: content.hex()))
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(ApiError, match="page token"):
        read_page(Message({"page_token": token or "x"}), 5, 100)


@pytest.mark.parametrize("offset", [0, -1, None, True, 1.5, "x", 10**30, [1]])
def test_an_offset_that_is_none_is_refused(offset: object) -> None:
    with pytest.raises(ApiError, match="page token"):
        read_page(Message({"page_token": encode({"offset": offset})}), 5, 100)


def test_the_token_is_what_mlflow_would_write() -> None:
    _, following = Page(2, 1).cut([1, 2])
    assert decode(following["next_page_token"]) == {"offset": 3}


@pytest.mark.parametrize("size", [0, -1, 101])
def test_sizes_have_limits(size: int) -> None:
    with pytest.raises(ApiError, match="max_results"):
        read_page(Message({"max_results": size}), 5, 100)

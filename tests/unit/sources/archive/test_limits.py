"""What is too much: said by the archive itself, or found when it comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.errors import UsageError
from mlrun.sources.archive.limits import Budget, Limits, read_limits
from mlrun.sources.archive.members import ArchiveFaultError


def test_the_variable_sets_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_limits().size == 20 << 30
    monkeypatch.setenv("MLRUN_ARCHIVE_LIMIT", "500M")
    assert read_limits() == Limits(size=500 << 20)


@pytest.mark.parametrize("text", ["much", "0", "-1", "1.5G", "G"])
def test_what_is_no_size_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLRUN_ARCHIVE_LIMIT", text)
    with pytest.raises(UsageError, match="MLRUN_ARCHIVE_LIMIT"):
        read_limits()


def test_size_as_it_comes(tmp_path: Path) -> None:
    budget = Budget(Limits(size=100), 50, tmp_path)
    budget.add(60)
    budget.expect(40)
    with pytest.raises(ArchiveFaultError, match="holds more than 100 B") as caught:
        budget.expect(41)
    assert "MLRUN_ARCHIVE_LIMIT" in str(caught.value.hint)
    budget.add(40)
    with pytest.raises(ArchiveFaultError):
        budget.add(1)


def test_ratio_matters_only_where_there_is_much(tmp_path: Path) -> None:
    budget = Budget(Limits(ratio=10, ratio_from=1_000), 1, tmp_path)
    budget.add(1_000)
    with pytest.raises(ArchiveFaultError, match="10 times as much"):
        budget.add(1)
    Budget(Limits(ratio=10, ratio_from=1_000), 101, tmp_path).add(1_010)


def test_count(tmp_path: Path) -> None:
    budget = Budget(Limits(members=2), 1, tmp_path)
    budget.add_member()
    budget.add_member()
    with pytest.raises(ArchiveFaultError, match="more than 2 files"):
        budget.add_member()


def test_more_than_the_disk_has_free(tmp_path: Path) -> None:
    size = 1 << 60
    with pytest.raises(ArchiveFaultError, match="free"):
        Budget(Limits(size=size), size, tmp_path).expect(size)

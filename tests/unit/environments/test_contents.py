"""What is installed in an environment."""

from __future__ import annotations

from pathlib import Path

from mlrun.environments.contents import count_packages


def test_packages_of_both_kinds_are_counted_once(tmp_path: Path) -> None:
    assert count_packages(tmp_path) == 0
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    for name, installer in (("one", "uv"), ("two", ""), ("three", "conda")):
        info = packages / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "INSTALLER").write_text(f"{installer}\n")
    (packages / "old.egg-info").mkdir()
    (packages / "one").mkdir()
    assert count_packages(tmp_path) == 3
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "three-1.0-0.json").touch()
    (tmp_path / "conda-meta" / "history").touch()
    assert count_packages(tmp_path) == 4

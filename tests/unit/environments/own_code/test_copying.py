"""Copies for building."""

from __future__ import annotations

from pathlib import Path

from mlrun.environments.own_code.copying import copy_sources, native_modules


def test_sources_are_copied_and_data_is_linked(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for name in ("src/pkg/__init__.py", "README", "data/big.csv", ".git/HEAD", "mlruns/0/meta"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    for name in ("venv/pyvenv.cfg", "old.egg-info/PKG-INFO", "src/__pycache__/x.pyc", "build/x"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).touch()
    (source / "broken").symlink_to("nowhere")
    target = tmp_path / "target" / "copy"
    copy_sources(source, target)
    found = {str(p.relative_to(target)) for p in target.rglob("*")}
    assert found == {
        *("src", "src/pkg", "src/pkg/__init__.py", "README", "data", "data/big.csv"),
        *({".git", ".git/HEAD"} & found),
        ".git",
    }
    assert (target / ".git").is_symlink()
    assert (target / "data" / "big.csv").is_symlink()
    assert (target / "data" / "big.csv").read_text() == "data/big.csv"
    assert not (target / "README").is_symlink()
    (target / "src" / "pkg" / "__init__.py").write_text("changed")
    assert (source / "src" / "pkg" / "__init__.py").read_text() == "src/pkg/__init__.py"


def test_compiled_modules_are_seen(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "fast.so").touch()
    (tmp_path / "pkg" / "slow.py").touch()
    assert native_modules(tmp_path) == {Path("pkg/fast.so")}


def test_a_copy_within_the_source_does_not_copy_itself(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    (tmp_path / ".cache" / "work").mkdir(parents=True)
    copy_sources(tmp_path, tmp_path / ".cache" / "work" / "copy")
    found = {p.name for p in (tmp_path / ".cache" / "work" / "copy").iterdir()}
    assert found == {"train.py"}

"""Who may import whom: the arrows point inward, and siblings do not know each other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "mlrun"
SIBLINGS = {"sources", "environments", "tracking", "backends"}
INNER = {
    "project",
    "inputs",
    "web",
    "plan",
    "execution",
    "request",
    "folders",
    "events",
    "lease",
    "sizes",
    "disk",
    "hashing",
    "ages",
}
CORE = {"errors", "near_miss", "_version"}
LINE = {
    "planning",
    "preparing",
    "locking",
    "containing",
    "runner",
    "finishing",
    "recovery",
    "serving",
    "syncing",
    "outcome",
    "tags",
    "run_folder",
    "viewing",
    "lint",
    "completion",
    "gathering",
    "scaffold",
    "schema_files",
}


def allowed_for(part: str) -> set[str]:
    if part in CORE:
        return CORE
    if part in INNER:
        return CORE | INNER
    if part in SIBLINGS:
        return CORE | INNER | {part}
    if part in LINE:
        return CORE | INNER | SIBLINGS | LINE
    return CORE | INNER | SIBLINGS | LINE | {"cli", "api", "start"}


def part_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("mlrun"):
            names = [f"mlrun.{a.name}" for a in node.names] if node.module == "mlrun" else []
            found.update(names or [node.module])
        elif isinstance(node, ast.Import):
            found.update(a.name for a in node.names if a.name.startswith("mlrun"))
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_inward(path: Path) -> None:
    relative = path.relative_to(PACKAGE)
    part = relative.parts[0].removesuffix(".py")
    if part in {"__init__", "__main__", "testing"}:
        return
    others = {part_of(module) for module in imported(path)} - {"__init__"}
    assert others <= allowed_for(part)


def test_only_the_command_line_prints_or_exits() -> None:
    for path in modules():
        if (
            path.relative_to(PACKAGE).parts[0] in {"cli", "__main__.py"}
            or path.name == "guardian.py"
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in {"print", "sys.exit", "exit", "quit"}, path

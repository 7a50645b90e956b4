"""Who may import whom: the arrows point inward, and siblings do not know each other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "mlrun"
CORE = {"errors", "light_dataclass", "near_miss", "_version"}
GROUND = {
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
INNER = {"project": set[str](), "web": set[str](), "inputs": {"web"}}
"""What each may import besides the ground."""

SIBLINGS = {"sources", "environments", "tracking", "backends"}
LINE = {
    "planning",
    "preparing",
    "locking",
    "containing",
    "gathering",
    "runner",
    "finishing",
    "recovery",
    "serving",
    "syncing",
    "outcome",
    "tags",
    "run_folder",
    "viewing",
}
AUTHORING = {
    "lint": {"project", "environments"},
    "completion": {"project", "lint", "schema_files"},
    "scaffold": {"project", "sources"},
    "schema_files": set[str](),
}
"""What helps who writes a project, beside the line: what each may import besides the ground."""


def allowed_for(part: str) -> set[str]:
    if part in CORE:
        return CORE
    if part in GROUND:
        return CORE | GROUND
    if part in INNER:
        return CORE | GROUND | {part} | INNER[part]
    if part in AUTHORING:
        return CORE | GROUND | {part} | AUTHORING[part]
    if part in SIBLINGS:
        return CORE | GROUND | INNER.keys() | {part}
    if part in LINE:
        return CORE | GROUND | INNER.keys() | SIBLINGS | LINE
    inside = CORE | GROUND | INNER.keys() | SIBLINGS | LINE
    return inside | AUTHORING.keys() | {"cli", "api", "start"}


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
            path.relative_to(PACKAGE).parts[0] in {"cli", "__main__.py", "start.py"}
            or path.name == "guardian.py"
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in {"print", "sys.exit", "exit", "quit"}, path

"""Write what the documentation takes from the code between its marks.

    python docs/generate.py [--check]

A file in this folder has `<!-- generated: NAME -->` and, further down, `<!-- end -->`, each on a
line of its own; what stands between is replaced by what the generator of that name returns. With
`--check` nothing is written: the exit code is 1 where something would be.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))  # started as a script

GENERATORS: Mapping[str, str] = {
    "project-keys": "docs.generators.project_file:project_keys",
    "entry-point-keys": "docs.generators.project_file:entry_point_keys",
    "parameter-keys": "docs.generators.project_file:parameter_keys",
    "parameter-types": "docs.generators.project_file:parameter_types",
    "docker-keys": "docs.generators.project_file:docker_keys",
    "python-env-keys": "docs.generators.project_file:python_env_keys",
    "conda-keys": "docs.generators.project_file:conda_keys",
    "lint-rules": "docs.generators.lint_rules:lint_rules",
}
"""By name the function, as `module:function`; it takes nothing, and returns Markdown."""

_PART = re.compile(
    r"^(?P<begin><!-- generated: (?P<name>[\w-]+) -->)\n.*?^(?P<end><!-- end -->)$",
    re.MULTILINE | re.DOTALL,
)


def generated(text: str) -> str:
    """Return a file's text with all its generated parts as they should be.

    Raises:
        KeyError: There is no generator of a name.
    """

    def part(found: re.Match[str]) -> str:
        content = _generate(found["name"]).strip("\n")
        return f"{found['begin']}\n\n{content}\n\n{found['end']}"

    return _PART.sub(part, text)


def outdated() -> dict[Path, str]:
    """Return the files that are not as they should be, with what they should hold."""
    texts = {file: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.md"))}
    wanted = {file: generated(text) for file, text in texts.items()}
    return {file: text for file, text in wanted.items() if text != texts[file]}


def _generate(name: str) -> str:
    module, _, function = GENERATORS[name].partition(":")
    text: str = getattr(import_module(module), function)()
    return text


def main(words: list[str]) -> int:
    """Write or check, and return the exit code."""
    is_check = words == ["--check"]
    if words and not is_check:
        sys.stderr.write("usage: python docs/generate.py [--check]\n")
        return 2
    changed = outdated()
    for file, text in changed.items():
        if not is_check:
            file.write_text(text, encoding="utf-8")
        sys.stderr.write(f"{file.name} {'is out of date' if is_check else 'is written'}\n")
    return int(is_check and bool(changed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

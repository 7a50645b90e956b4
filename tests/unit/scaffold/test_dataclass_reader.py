from __future__ import annotations

from pathlib import Path

from tests.unit.scaffold.proposed import filled, proposed, written

SCRIPT = """
from dataclasses import dataclass, field
from typing import List, Literal, Optional
from transformers import HfArgumentParser, TrainingArguments

@dataclass
class ModelArguments:
    model: str = field(metadata={"help": "Name 100%% of it"})
    dropout: float = field(default=0.1, metadata={"help": "Share."})
    revision: Optional[str] = None
    kind: Literal["a", "b"] = "a"
    fast: bool = False
    layers: List[int] = field(default_factory=lambda: [1])
    parts: List[str] = field(default_factory=list)

if __name__ == "__main__":
    parser = HfArgumentParser((ModelArguments, TrainingArguments))
    parser.parse_args_into_dataclasses()
"""


def test_fields(tmp_path: Path) -> None:
    found = proposed(tmp_path, train_py=SCRIPT)
    by_name = {one.name: one for one in found.entry_points[0].parameters}
    assert {n: (p.type.value, p.default, p.optional) for n, p in by_name.items()} == {
        "model": ("string", None, False), "dropout": ("float", "0.1", False),
        "revision": ("string", None, True), "kind": ("string", "a", False),
        "fast": ("bool", "False", False), "layers": ("string", None, True),
        "parts": ("string", None, True),
    }  # fmt: skip
    assert by_name["model"].description == "Name 100% of it"
    assert by_name["kind"].choices == ("a", "b")
    assert "--fast={fast} $(printf '%s ' --layers {layers})" in found.entry_points[0].command
    (note,) = found.notes
    assert "TrainingArguments" in note.message
    filled(tmp_path, {"train.py": SCRIPT})
    written(tmp_path)

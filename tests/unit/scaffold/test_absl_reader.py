from __future__ import annotations

from pathlib import Path

from mlrun.project.model import Flag
from tests.unit.scaffold.proposed import filled, parameters, written

ABSL = """
from absl import app, flags
flags.DEFINE_float("lr", 0.1, "Rate.", lower_bound=0)
flags.DEFINE_enum("kind", "a", ["a", "b"], "Kind.")
_N = flags.DEFINE_integer("n", None, "N.", required=True)
flags.DEFINE_bool("fast", False, "Fast.")
flags.DEFINE_string("data", None, "Data.")
flags.DEFINE_string("out", None, "Out.")
flags.mark_flag_as_required("data")
def main(_): pass
if __name__ == "__main__":
    app.run(main)
"""


def test_flags(tmp_path: Path) -> None:
    found = parameters(tmp_path, ABSL)
    assert {n: (one.default, one.optional) for n, one in found.items()} == {
        "lr": ("0.1", False), "kind": ("a", False), "n": (None, False),
        "fast": ("False", False), "data": (None, False), "out": (None, True),
    }  # fmt: skip
    assert found["fast"].flag == Flag("--fast", "--nofast")
    assert (found["lr"].minimum, found["kind"].choices) == ("0", ("a", "b"))
    filled(tmp_path, {"train.py": ABSL})
    written(tmp_path)

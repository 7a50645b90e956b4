from __future__ import annotations

from pathlib import Path

from mlrun.project.model import Flag
from tests.unit.scaffold.proposed import entry_point, filled, parameters, proposed, written

TYPER = """
from enum import Enum
from pathlib import Path
from typing import Annotated, List, Literal, Optional
import typer

app = typer.Typer()

class Size(str, Enum):
    small = "s"
    big = "b"

@app.command()
def train_model(
    ctx: typer.Context,
    data: Path,
    lr: float = 0.1,
    fast: bool = False,
    size: Size = Size.small,
    kind: Literal["x", "y"] = "x",
    name: Optional[str] = None,
    other: str | None = None,
    epochs: Annotated[int, typer.Option("--epochs", "-e", help="How many", min=1)] = 3,
    tags: List[str] = typer.Option([], "--tag"),
    out_dir: Path = Path("out"),
    must: str = typer.Option(..., min=1),
    where: str = typer.Argument("here"),
):
    '''Trains it.'''
"""
RUN = "\nif __name__ == '__main__':\n    app()\n"


def test_typer(tmp_path: Path) -> None:
    found = entry_point(tmp_path, TYPER + RUN)
    by_name = {one.name: one for one in found.parameters}
    assert found.command == (
        "python train.py {data} {where} --lr={lr} {fast} --size={size} --kind={kind} "
        "--name={name} --other={other} --epochs={epochs} --tag={tags} --out-dir={out_dir} "
        "--must={must}"
    )
    assert by_name["fast"].flag == Flag("--fast", "--no-fast")
    assert (by_name["size"].default, by_name["size"].choices) == ("s", ("s", "b"))
    assert by_name["kind"].choices == ("x", "y")
    assert (by_name["epochs"].minimum, by_name["epochs"].description) == ("1", "How many")
    required = [n for n, one in by_name.items() if one.default is None and not one.optional]
    assert required == ["data", "must"]
    assert (by_name["data"].exists, by_name["out_dir"].exists) == (True, False)
    assert found.description == "Trains it."
    written(tmp_path)


def test_several_commands_of_typer_are_entry_points(tmp_path: Path) -> None:
    more = "\n@app.command('show')\ndef show_it(top: int = 5): pass\n"
    found = proposed(tmp_path, app_py=TYPER + more + RUN)
    assert [one.name for one in found.entry_points] == ["train-model", "show"]
    assert found.entry_points[1].command == "python app.py show --top={top}"


def test_typer_run(tmp_path: Path) -> None:
    text = "import typer\ndef main(name: str, n: int = 1): pass\nif __name__ == '__main__':\n" \
           "    typer.run(main)\n"  # fmt: skip
    assert entry_point(tmp_path, text).command == "python train.py {name} --n={n}"


FIRE = """
import fire
def fit(data, lr=0.1, *, fast=False, name: str = "x", sizes=(1, 2)):
    print(data)
if __name__ == "__main__":
    fire.Fire(fit)
"""


def test_fire(tmp_path: Path) -> None:
    found = parameters(tmp_path, FIRE)
    assert {name: one.default for name, one in found.items()} == {
        "data": None, "lr": "0.1", "fast": "False", "name": "x", "sizes": None,
    }  # fmt: skip
    assert not found["data"].optional
    assert found["sizes"].optional
    filled(tmp_path, {"train.py": FIRE})
    written(tmp_path)

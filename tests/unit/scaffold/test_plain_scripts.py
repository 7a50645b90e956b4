from __future__ import annotations

from pathlib import Path

from mlrun.project.model import Flag
from tests.unit.scaffold.proposed import filled, proposed, ran, written

SHELL = """#!/bin/sh
# not $9
usage() {
    echo "$7"
}
SRC=$1
dst="${2:-out dir}"
awk '{print $8}' /dev/null
n=${3:-$(nproc)}
printf '["%s", "%s", "%s"]' "$SRC" "$dst" "${n:+set}$4"
"""


def test_a_shell_script_s_places(tmp_path: Path) -> None:
    filled(tmp_path, {"run.sh": SHELL})
    main = written(tmp_path).entry_points["main"]
    assert main.command == "sh run.sh {src} {dst} {n} {arg4}"
    assert {name: one.default for name, one in main.parameters.items()} == {
        "src": None, "dst": "out dir", "n": "", "arg4": None,
    }  # fmt: skip
    assert ran(tmp_path, src="a b", arg4="x") == ["a b", "out dir", "setx"]


def test_a_shell_script_that_parses_options(tmp_path: Path) -> None:
    found = proposed(
        tmp_path, run_sh="while [ $# -gt 0 ]; do\n  case $1 in -a) shift;; esac\ndone\n"
    )
    assert found.entry_points[0].command == "bash run.sh"
    (note,) = found.notes
    assert note.location is not None
    assert note.location.line == 2


R = """
args <- commandArgs(trailingOnly = TRUE)
alpha <- as.numeric(args[1])
n.rows <- as.integer(args[2])
"""


def test_r_by_number(tmp_path: Path) -> None:
    filled(tmp_path, {"fit.R": R})
    main = written(tmp_path).entry_points["main"]
    assert main.command == "Rscript fit.R {alpha} {n_rows}"
    assert [one.type.value for one in main.parameters.values()] == ["float", "int"]


OPTPARSE = """
library(optparse)
options <- list(
  make_option(c("-a", "--alpha"), type="double", default=0.5,
              help="Mixing (of both) [default %default]"),
  make_option("--out", type = "character", default = "m.rds"),
  make_option("--n", type="integer", default=10L),
  make_option("--must", type="character"),
  make_option(c("-v", "--verbose"), action="store_true", default=FALSE)
)
"""


def test_r_optparse(tmp_path: Path) -> None:
    filled(tmp_path, {"fit.R": OPTPARSE})
    main = written(tmp_path).entry_points["main"]
    assert main.command == (
        "Rscript fit.R --alpha={alpha} --out={out} --n={n} --must={must} {verbose}"
    )
    assert main.parameters["verbose"].flag == Flag("--verbose")
    defaults = {name: one.default for name, one in main.parameters.items()}
    assert defaults == {"alpha": "0.5", "out": "m.rds", "n": "10", "must": None, "verbose": "false"}
    assert main.parameters["alpha"].description == "Mixing (of both)"

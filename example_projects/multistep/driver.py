"""Run the three steps one after the other, each as a run nested in this one."""

import argparse
from pathlib import Path

import mlrun

PROJECT = Path(__file__).resolve().parent


def step(entry_point: str, **parameters: str) -> None:
    """Run one entry point to its end; a failure ends the driver, too.

    The parent is not named: mlrun finds the run that it was called in.
    """
    run = mlrun.run(str(PROJECT), entry_point, parameters=parameters, run_name=entry_point)
    print(f"{entry_point}: run {run.run_id} {run.get_status()}", flush=True)


def main() -> None:
    """Chain the steps: what one wrote, the next one reads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", required=True)
    parser.add_argument("--noise", required=True)
    parser.add_argument("--workdir", required=True, type=Path)
    given = parser.parse_args()
    workdir = given.workdir.resolve()
    model = str(workdir / "model.json")

    step("prepare", points=given.points, noise=given.noise, workdir=str(workdir))
    step("train", data=str(workdir / "train.csv"), model=model)
    step("evaluate", data=str(workdir / "test.csv"), model=model)


if __name__ == "__main__":
    main()

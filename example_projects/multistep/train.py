"""Fit a line to the points of a CSV file and write it to a JSON file."""

import argparse
import csv
import json
from pathlib import Path
from statistics import linear_regression


def main() -> None:
    """Read, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    given = parser.parse_args()
    with given.data.open(newline="") as file:
        rows = list(csv.DictReader(file))
    line = linear_regression([float(r["x"]) for r in rows], [float(r["y"]) for r in rows])
    given.model.parent.mkdir(parents=True, exist_ok=True)
    given.model.write_text(json.dumps({"slope": line.slope, "intercept": line.intercept}))
    print(f"y = {line.slope:.3f}x + {line.intercept:.3f}")


if __name__ == "__main__":
    main()

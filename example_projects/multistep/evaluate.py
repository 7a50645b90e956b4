"""Measure how far the line of a JSON file is from the points of a CSV file."""

import argparse
import csv
import json
import math
from pathlib import Path


def main() -> None:
    """Read both, print the root of the mean squared error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    given = parser.parse_args()
    line = json.loads(given.model.read_text())
    with given.data.open(newline="") as file:
        rows = [(float(r["x"]), float(r["y"])) for r in csv.DictReader(file)]
    errors = [line["slope"] * x + line["intercept"] - y for x, y in rows]
    print(f"rmse {math.sqrt(sum(e * e for e in errors) / len(errors)):.3f}")


if __name__ == "__main__":
    main()

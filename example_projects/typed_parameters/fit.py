"""Fits a line to points by gradient descent; needs nothing but Python 3.10."""

import argparse
import csv
import hashlib
import hmac
import json
import os
import random
from pathlib import Path


def arguments() -> argparse.Namespace:
    known = argparse.ArgumentParser()
    known.add_argument("--data", type=Path, required=True)
    known.add_argument("--model", type=Path)
    known.add_argument("--origin", required=True)
    known.add_argument("--title", required=True)
    known.add_argument("--method", choices=["descent", "momentum"], required=True)
    known.add_argument("--rate", type=float, required=True)
    known.add_argument("--steps", type=int, required=True)
    known.add_argument("--seed", type=int)
    known.add_argument("--report", type=items, required=True)
    known.add_argument("--settings", type=json.loads, required=True)
    known.add_argument("--verbose", action="store_true")
    known.add_argument("--centre", action=argparse.BooleanOptionalAction, required=True)
    return known.parse_args()


def items(text: str) -> list[int]:
    """Return the items of a list: mlrun passes the text that was given, `[1, 50]` or `1,50`."""
    return [int(item) for item in text.strip("[]").split(",")]


def read_points(given: argparse.Namespace) -> list[tuple[float, float]]:
    noise = random.Random(given.seed)
    width = given.settings.get("noise", 0)
    with given.data.open(newline="") as file:
        points = [(float(x), float(y) + noise.gauss(0, width)) for x, y in csv.reader(file)]
    middle = sum(x for x, _ in points) / len(points) if given.centre else 0
    return [(x - middle, y) for x, y in points]


def fit(points: list[tuple[float, float]], given: argparse.Namespace) -> dict[str, float]:
    keep = given.settings.get("momentum", 0) if given.method == "momentum" else 0
    slope = offset = slope_step = offset_step = 0.0
    for step in range(1, given.steps + 1):
        errors = [(slope * x + offset - y, x) for x, y in points]
        slope_step = keep * slope_step - given.rate * sum(e * x for e, x in errors) / len(errors)
        offset_step = keep * offset_step - given.rate * sum(e for e, _ in errors) / len(errors)
        slope, offset = slope + slope_step, offset + offset_step
        if step in given.report:
            print(f"after {step} steps: y = {slope:.3f}x + {offset:.3f}")
        if given.verbose:
            print(f"  {step}: {sum(e * e for e, _ in errors) / len(errors):.6f}")
    return {"slope": round(slope, 6), "offset": round(offset, 6)}


def main() -> None:
    given = arguments()
    line = {"title": given.title, "origin": given.origin, **fit(read_points(given), given)}
    text = json.dumps(line)
    # Nobody but the command's own process sees the token.
    key = os.environ["API_TOKEN"].encode()
    print(text)
    print("signed", hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:16])
    if given.model is not None:
        given.model.parent.mkdir(parents=True, exist_ok=True)
        given.model.write_text(text + "\n")


if __name__ == "__main__":
    main()

"""Estimates pi by throwing darts at a square."""

import argparse

import darts


def main() -> None:
    """Print the share of the darts that hit the circle, times four."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    hits = sum(darts.is_hit(dart) for dart in darts.throw(given.points, given.seed))
    print(f"pi is about {4 * hits / given.points:.4f} ({given.points} darts)")

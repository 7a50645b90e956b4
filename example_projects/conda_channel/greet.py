"""Greet, with what the conda environment brings."""

import argparse
import os

from greeting import greet

parser = argparse.ArgumentParser()
parser.add_argument("--who", required=True)
arguments = parser.parse_args()

print(greet(arguments.who))
print("words from", os.environ["GREETER_HOME"])

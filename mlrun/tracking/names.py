"""Names for runs that nobody named."""

from __future__ import annotations

import os

_QUALITIES = """
    amber ample brave brisk calm candid clear copper crisp deft eager early fair fleet fond
    gentle golden grand hardy hazel honest ivory jolly keen kind lively lucid mellow merry
    mild neat noble patient plain polite proud quick quiet ready rustic sandy silver sober
    steady sunny swift tidy violet vivid warm wise witty young
"""

_THINGS = """
    acorn anchor badge barley beacon birch bridge brook candle cedar chalk cliff clover comet
    coral crane delta dune ember fern finch fjord garnet glade harbor heron iris island jetty
    juniper kettle lagoon lantern larch linen maple marble meadow mill moss oak orchard otter
    pebble pine plum poplar quartz quill raven reed river robin sparrow spruce thistle willow
"""


def random_name() -> str:
    """Return a name that a person can say and remember, like `calm-otter-417`."""
    first, second, *number = os.urandom(4)
    qualities, things = _QUALITIES.split(), _THINGS.split()
    quality, thing = qualities[first % len(qualities)], things[second % len(things)]
    return f"{quality}-{thing}-{int.from_bytes(number, 'big') % 1000}"

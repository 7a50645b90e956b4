"""The command line: words into a request, an outcome into words and an exit code."""

import gc

# A start makes thousands of objects that stay, and a collection after each 700 of them would
# look at them in vain: 5 ms in all.
gc.set_threshold(50_000, 20, 20)

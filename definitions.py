"""What Dagster loads: the network of `NETCENSUS_NETWORK`, put together by composition.py."""

import gc

from composition import build_defs

defs = build_defs()
gc.freeze()  # all of this stays to the end: the garbage collector need not walk through it again and again

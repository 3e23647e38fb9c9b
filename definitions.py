"""What Dagster loads: the network of `NETCENSUS_NETWORK`, put together by composition.py."""

from composition import build_defs
from resources.garbage import to_the_end

with to_the_end():
    defs = build_defs()

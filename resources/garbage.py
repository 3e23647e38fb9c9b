"""Python's garbage collector, and what it need not look through."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = 50_000
"""Objects made and not yet gone before the collector looks at them: tables are lists of texts, none of it garbage."""


@contextmanager
def to_the_end() -> Iterator[None]:
    """What is made in the block is there until the process ends: the garbage collector never looks at it.

    Dagster alone makes half a million objects, and walking through them again and again takes 0.4 s of a census; as
    much while Great Expectations is imported. Nor does it look at what is made later every 700 objects, but seldom:
    a census makes millions and leaves next to none in circles.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(_SELDOM)
        gc.enable()

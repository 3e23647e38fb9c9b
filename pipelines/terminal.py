"""What came from the network, as it may be printed: a terminal obeys control characters (rule R11).

What the UI shows is made harmless in `resources/preview.py`: there it is Markdown and HTML that are obeyed.
"""

import re

import pandas as pd

_WIDEST = 60


def plain(value: object, widest: int = _WIDEST) -> str:
    """A value for a terminal: nulls as a dash, control and non-ASCII characters escaped, long text cut."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return "-"
    text = ascii(str(value))[1:-1]
    return text if len(text) <= widest else text[: widest - 3] + "..."


def printable(text: str) -> str:
    """A text that no terminal obeys: what is not printable ASCII, as its escape."""
    return re.sub(r"[^ -~]", lambda found: ascii(found[0])[1:-1], text)

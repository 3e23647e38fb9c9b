"""Tables and numbers as Markdown."""

from collections.abc import Sequence

_KILO, _MEGA = 1000, 1_000_000


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int = 1) -> str:
    """A table whose first columns, so many, are texts; the others are numbers and stand to the right."""
    rule = ["---"] * texts + ["---:"] * (len(heads) - texts)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))


def size(count: float) -> str:
    """Bytes, short.

    >>> size(999), size(12_345), size(1_500_000)
    ('999 B', '12 kB', '1.5 MB')
    """
    if count < _KILO:
        return f"{count:.0f} B"
    return f"{count / _KILO:.0f} kB" if count < _MEGA else f"{count / _MEGA:.1f} MB"


def seconds(value: float) -> str:
    """Seconds, to two digits that mean something.

    >>> seconds(0.0123), seconds(1.234), seconds(123.4)
    ('0.01', '1.2', '123')
    """
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 10 else f"{value:,.0f}"  # noqa: PLR2004 - digits

"""Tables as the UI may show them. All text is hostile (rule R11): Dagster renders Markdown, and that may be HTML."""

import html
import re
from collections.abc import Iterable

import pandas as pd

MOST_ROWS = 20
MOST_BYTES = 10_000
MOST_CHARACTERS = 80  # of a cell
MOST_OF_A_SENTENCE = 2_000
_BREAK = "  \n"  # Markdown's line break
_MARKUP = re.compile(r"[<>&\"'\\`*_{}\[\]()#+!|~:/@-]")
_LINK = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)  # what GFM makes a link of, entities or not
_ROOM_FOR_REST = 40  # bytes for the line that says how many more rows there are
_NO_WIDTH = "\u200b"


def inert(text: object, most: int = MOST_CHARACTERS) -> str:
    """A value as text that no Markdown or HTML renderer gives a meaning to; nulls as a dash.

    What is not seen (control, bidirectional, without width) becomes its escape, and everything with a meaning its HTML
    entity. Addresses of pages and mailboxes are parted by a character without width: Dagster's renderer
    (mdast-util-gfm-autolink-literal) looks for links once more, after the entities.
    """
    if text is None or (not isinstance(text, str) and pd.isna(text)):
        return "–"  # noqa: RUF001 - the dash a reader expects in an empty cell
    plain = str(text)
    plain = plain if len(plain) <= most else plain[: most - 1] + "…"
    if not plain.isprintable():
        plain = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in plain)
    plain = _LINK.sub(_NO_WIDTH, plain)
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", plain)


def markdown(frame: pd.DataFrame, rows: int = MOST_ROWS, most: int = MOST_CHARACTERS) -> str:
    """The first rows of a frame as a Markdown table, at most 20 rows and 10 kB, and how many more there are.

    `most` is how many characters of a cell are shown.
    """
    lines = [_line(frame.columns), _line("---" for _ in frame.columns)]
    for row in frame.head(min(rows, MOST_ROWS)).itertuples(index=False):
        line = _line(inert(cell, most) for cell in row)
        if len("\n".join([*lines, line]).encode()) > MOST_BYTES - _ROOM_FOR_REST:
            break
        lines.append(line)
    rest = len(frame) - (len(lines) - 2)
    return "\n".join(lines) + (f"\n\n… and {rest} more" if rest else "")


def _line(cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"  # type: ignore[call-overload]  # any iterable of cells


def sentences(said: Iterable[str]) -> str | None:
    """Lines of a check's description, which Dagster renders as Markdown too; None for none. `spoken` has them back."""
    return _BREAK.join(inert(line, MOST_OF_A_SENTENCE) for line in said) or None


def spoken(description: str | None) -> list[str]:
    """The lines that `sentences` made a description of, for a terminal or an alert."""
    lines = (description or "").split(_BREAK)
    return [html.unescape(line).replace(_NO_WIDTH, "") for line in lines if line]


def verbatim(text: str) -> str:
    """Lines of ours, with hostile parts made printable ASCII already, as Markdown shows code: none is given a meaning.

    At most 10 kB; what is more is cut at a line.
    """
    shown, size = [], 0
    for line in text.splitlines():
        size += len(line) + 5
        if size > MOST_BYTES - _ROOM_FOR_REST:
            shown.append("    ... and more: `netcensus why` on the command line shows all of it")
            break
        shown.append(f"    {line}")
    return "\n".join(shown)

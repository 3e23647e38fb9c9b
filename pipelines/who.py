"""Who held an address: what is asked for, and the answer as text, CSV or JSON.

The rows come out of `binding_history`; all text is made harmless for a terminal and for a spreadsheet (rule R11).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import pandas as pd

from pipelines import tables
from pipelines.errors import ConfigError
from pipelines.terminal import plain, printable
from pipelines.values import ip, mac

MOST_ROWS = 50
"""So many rows a person is shown; the exports have all."""
_FORMULA = ("=", "+", "-", "@")  # what a spreadsheet takes for a formula's begin (OWASP, CSV injection)


class Looks(NamedTuple):
    """When a site was looked at: first, last, last until the time asked for, and first after it."""

    first: pd.Timestamp | None
    last: pd.Timestamp | None
    until: pd.Timestamp | None
    after: pd.Timestamp | None


@dataclass(frozen=True)
class Question:
    """Who held this address, bore this name, or had this MAC: rows that hold at some time from `since` to `until`.

    `is_label` is a name of which only the first label is given. Without times, the whole history.
    """

    column: str
    value: str
    is_label: bool = False
    since: pd.Timestamp | None = None
    until: pd.Timestamp | None = None

    @property
    def at(self) -> pd.Timestamp | None:
        """The one instant that is asked for; None for a range."""
        return self.until if self.since == self.until else None


def question(subject: str, *, at: str | None = None, since: str | None = None, until: str | None = None) -> Question:
    """The question of a command line. Raises `ConfigError` for a time that is none."""
    begin, end = (at, at) if at is not None else (since, until)
    first, last = (None if text is None else instant(text) for text in (begin, end))
    if first is not None and last is not None and last < first:
        raise ConfigError("--to", f"{plain(until)} is before {plain(since)}", "Swap them")
    asked = subject.strip()
    if not asked:
        raise ConfigError("subject", "nothing was asked for", "Write an address, a name or a MAC")
    for column, read in (("ip", ip), ("mac", mac)):
        try:
            return Question(column, str(read(asked)), since=first, until=last)
        except ValueError:
            continue
    name = asked.lower().rstrip(".")
    is_label = "." not in name
    return Question("name", name if is_label else f"{name}.", is_label=is_label, since=first, until=last)


def instant(text: str) -> pd.Timestamp:
    """An ISO 8601 instant in UTC, to the second; without an offset it is this machine's local time."""
    try:
        return pd.Timestamp(datetime.fromisoformat(text).astimezone(UTC)).floor("s")
    except (ValueError, OverflowError):
        remedy = "Write it as 2026-11-17T22:30 (local time) or 2026-11-17T20:30Z (UTC)"
        raise ConfigError("time", f"{plain(text)} is no ISO 8601 time", remedy) from None


# --- the answer ----------------------------------------------------------------------------------------------------


def as_text(asked: Question, rows: pd.DataFrame, looks: Mapping[str, Looks]) -> str:
    """The answer for a person: `tables.HOLDERS`, newest first, and when somebody looked."""
    lines = [_headline(asked)]
    for row in rows.head(MOST_ROWS).itertuples(index=False):
        name = "no name" if pd.isna(row.name) else plain(row.name, 255)
        who = row.mac if pd.notna(row.mac) else f"client {plain(row.client_id)}" if pd.notna(row.client_id) else "-"
        end = "on" if pd.isna(row.to_at) else f"to {_shown(row.to_at)}"
        lines.append(
            f"  {plain(row.ip)} ({plain(row.site)})  {plain(who)}  {name}  {row.kind}, by {plain(row.evidence)}"
        )
        lines.append(f"      from {_shown(row.from_at)} {end}, last found so {_shown(row.confirmed_at)}")
    if len(rows) > MOST_ROWS:
        lines.append(f"  ... and {len(rows) - MOST_ROWS} more: ask for a shorter time, or with --csv or --json for all")
    if rows.empty:
        lines.append("  no holder is known")
    return "\n".join([*lines, *_looked(asked, rows, looks)])


def _headline(asked: Question) -> str:
    subject = plain(asked.value, 255)
    if asked.at is not None:
        return f"{subject} at {_shown(asked.at)}"
    times = [f"{word} {_shown(at)}" for word, at in (("from", asked.since), ("to", asked.until)) if at is not None]
    return " ".join([subject, *(times or ["as long as is known"])])


def _looked(asked: Question, rows: pd.DataFrame, looks: Mapping[str, Looks]) -> Iterator[str]:
    """When each site was looked at around the time asked for: between two looks, and outside them, nobody knows."""
    sites = set(rows["site"]) or set(looks)
    if not sites:
        yield "  No census has been remembered yet: run one"
    for site in sorted(sites):
        found = looks[site]
        if asked.at is None:
            yield f"  {plain(site)} was looked at from {_shown(found.first)} to {_shown(found.last)}"
        elif found.until is None:
            yield f"  {plain(site)} was not looked at before {_shown(found.first)}: what was then is not known"
        elif found.after is None:
            yield f"  {plain(site)} was last looked at {_shown(found.until)}: what came after is not known"
        else:
            yield f"  {plain(site)} was looked at {_shown(found.until)}, and next {_shown(found.after)}"


def _shown(instant: object) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def as_csv(rows: pd.DataFrame) -> str:
    """`tables.HOLDERS` as CSV (RFC 4180), every cell quoted; no cell is a formula or moves a cursor."""
    lines: list[Sequence[str | None]] = [tables.HOLDERS.names, *_texts(rows)]
    return "".join(",".join(_quoted(cell) for cell in line) + "\r\n" for line in lines)


def _quoted(cell: str | None) -> str:
    text = printable(cell or "")
    guarded = f"'{text}" if text.lstrip().startswith(_FORMULA) else text
    return '"' + guarded.replace('"', '""') + '"'


def as_json(asked: Question, rows: pd.DataFrame, looks: Mapping[str, Looks]) -> str:
    """The same as one JSON object: the question, the rows, and when each site was looked at."""
    question_asked = {
        asked.column: asked.value,
        "since": _iso(asked.since),
        "until": _iso(asked.until),
    }
    return json.dumps(
        {
            "asked": question_asked,
            "rows": [dict(zip(tables.HOLDERS.names, cells, strict=True)) for cells in _texts(rows)],
            "looks": {site: {name: _iso(at) for name, at in one._asdict().items()} for site, one in looks.items()},
        },
        indent=2,
    )


def _texts(rows: pd.DataFrame) -> Iterator[list[str | None]]:
    for row in rows.itertuples(index=False):
        yield [_iso(cell) if isinstance(cell, pd.Timestamp) else None if pd.isna(cell) else str(cell) for cell in row]


def _iso(instant: pd.Timestamp | None) -> str | None:
    return None if instant is None else f"{instant:%Y-%m-%dT%H:%M:%SZ}"

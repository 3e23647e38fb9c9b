"""What is wrong now, who was told of it, and what is to be said: when it begins, once a day, and when it is over."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import pandas as pd

REMIND_AFTER = pd.Timedelta(hours=24)
_LONGEST = 300
_CHAT = re.compile(r"(?<=@)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\])(?=\()", re.IGNORECASE)
_NO_WIDTH = "\u200b"


class Trouble(NamedTuple):
    """One thing that is wrong: `key` is the same as long as it is the same thing, `runbook` the heading that helps."""

    key: str
    what: str
    first_step: str
    runbook: str
    since_at: pd.Timestamp


class Told(NamedTuple):
    """What one end was last told of a trouble: since when it has been, and when that was said."""

    what: str
    since_at: pd.Timestamp
    told_at: pd.Timestamp


class Message(NamedTuple):
    """What an end is to be told: that a trouble began, that it lasts, or that it is over."""

    state: Literal["new", "lasts", "over"]
    key: str
    what: str
    since_at: pd.Timestamp
    first_step: str
    runbook: str


class Now(NamedTuple):
    """What is wrong, and the keys of what cannot be told at the moment: that is not over (rule R1)."""

    troubles: Sequence[Trouble]
    unknown: frozenset[str] = frozenset()


def messages(now: Now, told: Mapping[str, Told], *, at: pd.Timestamp, runbook: str) -> list[Message]:
    """What one end must hear at `at`, given what it was told before; `runbook` is the address of the runbook."""
    found = {trouble.key: trouble for trouble in now.troubles}
    ended = told.keys() - found.keys() - now.unknown
    due = [_said(one, told.get(one.key), runbook) for one in found.values() if _is_due(told.get(one.key), at)]
    over = [Message("over", key, told[key].what, told[key].since_at, "", "") for key in ended]
    return sorted([*due, *over], key=lambda message: (message.state, message.key))


def _is_due(before: Told | None, at: pd.Timestamp) -> bool:
    return before is None or at - before.told_at >= REMIND_AFTER


def _said(trouble: Trouble, before: Told | None, runbook: str) -> Message:
    since_at = trouble.since_at if before is None else before.since_at
    state: Literal["new", "lasts"] = "new" if before is None else "lasts"
    link = f"{runbook}#{trouble.runbook}"
    return Message(state, trouble.key, trouble.what, since_at, trouble.first_step, link)


def text(message: Message, shown: Callable[[str], str] = str) -> str:
    """A message as one line of printable ASCII: what, since when, and the first thing to try.

    What the network says may stand in it: no terminal, log or mail header is to obey it (rule R11). `shown` makes of
    such a part what its reader shows as it is: `for_chat`.
    """
    key, said, first_step = (shown(_printable(part)) for part in (message.key, message.what, message.first_step))
    since = f"since {message.since_at:%Y-%m-%d %H:%M} UTC"
    if message.state == "over":
        return f"over: {key}, {since}"
    lasts = "still " if message.state == "lasts" else ""
    return f"{lasts}{key}, {since}: {said} First: {first_step} See {message.runbook}"


def for_chat(said: str) -> str:
    """A text in which no chat finds a mention, a link or an image.

    Slack takes `<!channel>` and `<address|words>` for commands and says to escape three characters; Mattermost and
    Matrix read Markdown, and mention `@all`. What they would find is parted by a character without width.
    """
    escaped = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CHAT.sub(_NO_WIDTH, escaped)


def _printable(said: str) -> str:
    plain = ascii(" ".join(said.split()))[1:-1]
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 3] + "..."


def metrics(now: Iterable[Trouble], refreshed: Mapping[str, pd.Timestamp | None]) -> str:
    """What is wrong, and when each site and target was last refreshed, in Prometheus' text format 0.0.4.

    A subject that was never refreshed has the time 0.
    """
    lines = ["# HELP netcensus_trouble What is wrong now.", "# TYPE netcensus_trouble gauge"]
    lines += [f'netcensus_trouble{{key="{_label(one.key)}"}} 1' for one in sorted(now)]
    lines += [
        "# HELP netcensus_refreshed_timestamp_seconds When a site or target was last read or written whole.",
        "# TYPE netcensus_refreshed_timestamp_seconds gauge",
    ]
    for subject, at in sorted(refreshed.items()):
        stamp = 0 if at is None else int(at.timestamp())
        lines.append(f'netcensus_refreshed_timestamp_seconds{{subject="{_label(subject)}"}} {stamp}')
    return "\n".join(lines) + "\n"


def _label(value: str) -> str:
    sent = value.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent
    return sent.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

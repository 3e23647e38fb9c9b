"""Commands as one shell script in sections, and the script's output taken apart: what is whole, and what was cut.

Every line of ours starts with a mark that is new for each run: nothing a device calls itself can look like one. A
section counts with its end mark, and none counts without the final mark. What a command prints goes through a variable
of the shell, which is thereby its only reader: the network may then take its time.
"""

import re
import secrets
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.errors import SourceUnavailable
from resources.ssh import words

Run = Callable[[str], bytes]
"""Sends a shell script, and gives all it printed."""

_HEAD = """\
exec 2>&1
MARK={mark}
LC_ALL=C; export LC_ALL
PATH=$PATH:/sbin:/usr/sbin; export PATH
section() {{
  NAME=$1; shift
  printf '\\n%s notes %s\\n' "$MARK" "$NAME"
  {{ BODY=$("$@" 2>&3); STATUS=$?; }} 3>&1
  printf '\\n%s body %s\\n%s\\n%s end %s %s\\n' "$MARK" "$NAME" "$BODY" "$MARK" "$NAME" "$STATUS"
}}
"""
_END = """printf '\\n%s done %s\\n' "$MARK" "$(date +%s)"\n"""

_SECTION_END = re.compile(r"end (?P<name>\S+) (?P<status>\d{1,3})\Z")
_DONE = re.compile(r"done (?P<clock>\d{1,10})\Z")


@dataclass(frozen=True)
class Section:
    """One command's exit status, what it printed, and what it printed as errors."""

    status: int
    body: bytes
    notes: str


@dataclass(frozen=True)
class Stale:
    """What a source last wrote, had in the place of its answer; and the sentence that says so."""

    content: bytes
    reason: str


Answer = bytes | Stale


@dataclass(frozen=True)
class Reading:
    """What a gateway said: for each source its bytes, or why they are not to be had; and the gateway's own time."""

    answers: Mapping[str, Answer | SourceUnavailable]
    clock_s: int


def ask(run: Run, place: str, functions: str, commands: Mapping[str, str]) -> tuple[dict[str, Section], int]:
    """Each command's section by its name, and the gateway's clock. `functions` are the shell functions they call.

    Raises `SourceUnavailable` for an answer cut short.
    """
    mark = secrets.token_hex(16)
    asked = "".join(f"section {shlex.quote(name)} {command}\n" for name, command in commands.items())
    output = run(_HEAD.format(mark=mark) + functions + asked + _END)
    sections, clock_s = sections_of(output, mark)
    if clock_s is None or set(sections) != set(commands):
        tail = words(output[-200:].decode("utf-8", "replace").replace(mark, ""))
        fault = f"the answer was cut in mid-answer after {len(output)} bytes, which end {tail!r}"
        raise SourceUnavailable(
            place, fault, "Run the census again; if it stays so, log in by hand: `/bin/sh` must run"
        )
    return sections, clock_s


def each_for_itself(asked: Mapping[str, Callable[[], Answer]]) -> dict[str, Answer | SourceUnavailable]:
    """What was read of every source, or why it could not be: one source's failing is no other's."""
    return {source: _or_error(read) for source, read in asked.items()}


def _or_error(read: Callable[[], Answer]) -> Answer | SourceUnavailable:
    try:
        return read()
    except SourceUnavailable as error:
        return error


def sections_of(output: bytes, mark: str) -> tuple[dict[str, Section], int | None]:
    """The whole sections in a script's output, by name, and its final clock; None where the end mark is missing."""
    chunks = [chunk.partition(b"\n") for chunk in output.split(b"\n" + mark.encode() + b" ")[1:]]
    # A mark counts with its line's end: a number cut in half is none.
    texts = {head.decode("ascii", "replace"): text for head, newline, text in chunks if newline}
    sections = {}
    for end in filter(None, map(_SECTION_END.match, texts)):
        body, notes = texts.get(f"body {end['name']}"), texts.get(f"notes {end['name']}")
        if body is not None and notes is not None:
            sections[end["name"]] = Section(int(end["status"]), body, notes.decode("utf-8", "replace"))
    done = next(filter(None, map(_DONE.match, texts)), None)
    return sections, int(done["clock"]) if done else None

"""Great Expectations: each table's expectations as one suite, run where a run needs the second opinion.

Importing it costs 2.4 to 3.3 s of CPU and 150 MB (docs/decisions/0009). So plain pandas looks at every table of every
run (pipelines/breaches.py), and a suite runs when that found something, when the table's expectations are new, and
once a day, those of all tables in one run. What it found last is remembered beside the tables.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import pandas as pd

from pipelines.contract import Table
from pipelines.expectations import Frames, judged, rules_of
from pipelines.predicates import AT_LEAST, EQUAL, NO_REPEAT, Expectation
from resources.archive import replace_file
from resources.garbage import to_the_end

HOLDS = timedelta(days=1)
"""How long what a suite found is good for, while plain pandas finds nothing in the table."""
LONGEST = timedelta(days=7)
"""How long a table waits at most for a run that asks Great Expectations anyway: most have no rows in most hours."""
_FEW = 100  # values that Great Expectations is given as a list
_OR_BOTH_NULL = {"ignore_row_if": "both_values_are_missing"}


@dataclass(frozen=True)
class Seen:
    """When a suite last found nothing to complain of, over how many rows, and which expectations it consisted of.

    Of a table that was empty until then, there is nothing but when it was looked at.
    """

    at: str
    rows: int
    expectations: int
    digest: str


class Suites:
    """The suites, and when each of them last passed; and the frames in which nothing was found at all."""

    def __init__(self, root: str | Path) -> None:
        self._place = Path(root) / "suites.json"
        self._is_asked = False
        self._sound: WeakValueDictionary[int, pd.DataFrame] = WeakValueDictionary()

    def vouch_for(self, frame: pd.DataFrame) -> None:
        """Remember that a table's every expectation is met by this very frame, into which nobody writes."""
        self._sound[id(frame)] = frame

    def is_sound(self, frame: pd.DataFrame) -> bool:
        """Whether this very frame was judged, and good: its rows need not be looked at again."""
        return self._sound.get(id(frame)) is frame

    def seen(self, contracts: Mapping[str, Table]) -> dict[str, Seen | None]:
        """The last time each asset's table passed these very expectations; None where that is too long ago.

        A day, where this run has paid for the import or none did for a day; else it waits for the run that will.
        """
        known = self._all()
        is_paid = self._is_asked or all(_age(one) >= HOLDS for one in known.values())
        longest = HOLDS if is_paid else LONGEST
        return {asset: _if_it_holds(known.get(asset), table, longest) for asset, table in contracts.items()}

    def note(self, passed: dict[str, tuple[Table, pd.DataFrame, int]]) -> None:
        """Remember that these tables, by asset, passed their suites of so many expectations just now.

        Of an empty one only that it was there: it was not asked about, and what is known of its rows stays.
        """
        at, known = datetime.now(UTC).isoformat(timespec="seconds"), self._all()
        found = {asset: Seen(at, len(frame), count, _digest(table)) for asset, (table, frame, count) in passed.items()}
        self._is_asked |= any(seen.rows for seen in found.values())
        new = {one: seen for one, seen in found.items() if seen.rows or not _is_same(seen, known.get(one))}
        if new:
            told = {asset: asdict(seen) for asset, seen in sorted((known | new).items())}
            self._place.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._place, json.dumps(told, indent=1).encode())

    def _all(self) -> dict[str, Seen]:
        """What is remembered; nothing when it was never written or is damaged: then every suite runs once more."""
        try:
            return {asset: Seen(**seen) for asset, seen in json.loads(self._place.read_bytes()).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


def _if_it_holds(seen: Seen | None, table: Table, longest: timedelta) -> Seen | None:
    """What was seen of a table, where its expectations are still these and it is not too long ago."""
    return seen if seen is not None and seen.digest == _digest(table) and _age(seen) < longest else None


def _age(seen: Seen) -> timedelta:
    age = datetime.now(UTC) - datetime.fromisoformat(seen.at)
    return age if age >= timedelta(0) else HOLDS  # noted by a clock that was ahead: worth nothing


def _is_same(seen: Seen, other: Seen | None) -> bool:
    """Whether both are of the same expectations."""
    return other is not None and other.digest == seen.digest


def _digest(table: Table) -> str:
    """Another text whenever the table's expectations are others: after an upgrade every suite runs once."""
    asked = [rule.expectation for rule in rules_of(table)]
    words = [(one.kind, one.says, repr(one.parameters)) for one in asked]
    return hashlib.sha256(repr((words, table.references)).encode()).hexdigest()[:16]


def complaints(table: Table, frame: pd.DataFrame, others: Frames) -> tuple[list[str], int]:
    """What Great Expectations finds in a table, one clause per expectation that is not met, and how many there were.

    The frame must have the contract's columns and dtypes (`Table.malformed`): Great Expectations does not know those
    of pandas 3.
    """
    whole, rules = judged(table, frame, others)
    result = _validate(table.name, *_as_asked(whole, [rule.expectation for rule in rules]))
    if any(_is_raised(one.exception_info) for one in result.results):
        raise RuntimeError(f"Great Expectations could not judge {table.name}: {result.describe()}")
    failed = sorted(one.expectation_config.meta["ordinal"] for one in result.results if not one.success)
    return [rules[ordinal].expectation.says for ordinal in failed], len(rules)


def _is_raised(told: Any) -> bool:
    """Whether an expectation ended in an exception: told flat, or once for each of its metrics."""
    return any(one.get("raised_exception", False) for one in (told, *told.values()) if isinstance(one, dict))


def _as_asked(frame: pd.DataFrame, expectations: Sequence[Expectation]) -> tuple[pd.DataFrame, list[Expectation]]:
    """The expectations as Great Expectations is asked them, and the frame with the columns that takes.

    Of a list of values it makes some thirty copies: half a second where there are ten thousand. So it is asked whether
    the column equals what a dictionary of these values has for it, which is the value itself, or null.
    """
    asked, pairs = [], dict[str, list[object]]()
    for expected in expectations:
        listed: Any = expected.parameters.get("value_set", ())
        known = {value: value for value in listed}
        if len(known) <= _FEW:
            asked.append(expected)
            continue
        pair = expected.says, f"{expected.says}: as listed"
        pairs[pair[0]] = frame[expected.columns[0]].to_numpy(dtype="object", na_value=None).tolist()
        pairs[pair[1]] = [known.get(value) for value in pairs[pair[0]]]
        asked.append(replace(expected, kind=EQUAL, columns=pair, parameters=_OR_BOTH_NULL))
    return frame.assign(**pd.DataFrame(pairs, frame.index, dtype="object")), asked


def _validate(name: str, frame: pd.DataFrame, asked: Sequence[Expectation]) -> Any:
    """One suite over one frame. It asks nobody and writes nothing (facts of 1.24)."""
    batch = _any_frame().get_batch({"dataframe": frame})
    import great_expectations as gx  # noqa: PLC0415 - what nobody needs nobody pays for

    suite = gx.ExpectationSuite(name, expectations=[_expectation(one, at) for at, one in enumerate(asked)])
    return batch.validate(suite, result_format="BOOLEAN_ONLY")  # the rows are known: half the time


@cache
def _any_frame() -> Any:
    """What makes a batch of a frame, in a context that leaves nothing behind; made once, for each takes 10 ms."""
    with to_the_end():
        import great_expectations as gx  # noqa: PLC0415 - as above

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]  # the dict its own docs give
        asset = context.data_sources.add_pandas("tables").add_dataframe_asset("table")
        return asset.add_batch_definition_whole_dataframe("whole")


def _expectation(expected: Expectation, ordinal: int) -> Any:
    """An expectation in Great Expectations' own class."""
    import great_expectations.expectations as gxe  # noqa: PLC0415 - as above
    from great_expectations.expectations.row_conditions import Column  # noqa: PLC0415 - as above

    is_lone = expected.kind == NO_REPEAT and len(expected.columns) == 1  # which it has another word for
    words = "expect_column_values_to_be_unique" if is_lone else expected.kind
    kind = getattr(gxe, "".join(word.capitalize() for word in words.split("_")))
    where: dict[str, Any] = {}
    if expected.where is not None:
        column, value = expected.where
        where = {"row_condition": Column(column) == value}
    parameters = {name: list(one) if isinstance(one, tuple) else one for name, one in expected.parameters.items()}
    return kind(**_columns(words, expected.columns) | parameters, **where, meta={"ordinal": ordinal})


def _columns(kind: str, columns: tuple[str, ...]) -> dict[str, object]:
    if kind == NO_REPEAT:
        return {"column_list": list(columns), "ignore_row_if": "never"}
    if kind in {AT_LEAST, EQUAL}:
        pair: dict[str, object] = {"column_A": columns[0], "column_B": columns[1]}
        return pair | {"ignore_row_if": "either_value_is_missing"} | ({"or_equal": True} if kind == AT_LEAST else {})
    return {"column": columns[0]}

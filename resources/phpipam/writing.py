"""One subnet's rows in one transaction: new ones, edited ones, touched ones, deleted ones, and their changelog."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from pipelines.parse.phpipam import NEVER, local_text
from pipelines.plan.bookkeeping import SIGHTING
from resources.phpipam import changelog, faults, removing, statements
from resources.phpipam.changes import APPLIED, TAG, TEXTS, Change, Outcome, Outcomes, Row, chunks, outcome_of_all, rows
from resources.phpipam.conventions import USED, Conventions, LiveSubnet, live_subnet
from resources.phpipam.sink import seen_at

Send = Callable[[Sequence[Row]], int]
Entry = tuple[int, str, str]

_LOGGED = {TAG: "state"}  # the column's name in phpIPAM's changelog, where its value is the tag's name
_AT_ONCE = 100  # rows a statement: long enough to be quick, short enough for the server to search its CASE
_SEEN_AT_ONCE = 256  # rows whose lastSeen alone moved on: a whole /24 in one statement

_EXISTS = Outcome("lost race", "somebody else has made a row for this address")
_EDITED = Outcome("lost race", "somebody else has edited, moved or deleted this row")
_RESIZED = Outcome("lost race", "the subnet was resized, moved or deleted")


@dataclass(frozen=True)
class Writer:
    """Writes changes of one subnet through `connection`, whose transaction the caller ends."""

    connection: Connection
    conventions: Conventions
    zone: ZoneInfo
    at: datetime

    def write(self, changes: list[Change]) -> Outcomes:
        """What became of each change, once committed. Raises `DBAPIError` when the transaction has to begin anew."""
        subnet = live_subnet(self.connection, changes[0].subnet_id_phpipam)
        if subnet is None or subnet.cidr != changes[0].cidr:
            return dict.fromkeys(changes, _RESIZED)
        created = self._create(rows(changes, "create"), subnet)
        updated = self._update(rows(changes, "update"), subnet)
        removed = self._delete(rows(changes, "delete"), subnet)
        return {**created, **updated, **self._touch(rows(changes, "touch"), subnet), **removed}

    def _create(self, new: list[Row], subnet: LiveSubnet) -> Outcomes:
        def insert(some: Sequence[Row]) -> int:
            values = [statements.values_of_new(row, subnet.id, self.conventions.tags, self.zone) for row in some]
            self.connection.execute(statements.insert_address(), values)
            return len(some)

        outcomes = self._all_or_each(new, insert, _EXISTS)
        self._log(lambda: self._additions(_applied(new, outcomes), subnet))
        return outcomes

    def _update(self, edited: list[Row], subnet: LiveSubnet) -> Outcomes:
        def update(some: Sequence[Row]) -> int:
            return self.connection.execute(statements.update_addresses(some, subnet.id, self.conventions.tags)).rowcount

        outcomes: Outcomes = {}
        for alike in _by_columns(edited):
            outcomes |= self._all_or_each(alike, update, _EDITED)
        self._log(lambda: [_edit(row) for row in _applied(edited, outcomes)])
        return outcomes

    def _touch(self, seen: list[Row], subnet: LiveSubnet) -> Outcomes:
        """Whether a row was newer already is told by reading it back."""
        for some in chunks(seen, _SEEN_AT_ONCE):
            self.connection.execute(statements.touch_addresses(some, subnet.id, self.zone))
        return outcome_of_all(seen, APPLIED)

    def _delete(self, gone: list[Row], subnet: LiveSubnet) -> Outcomes:
        if not gone:
            return {}
        whole = removing.whole(self.connection)

        def delete(some: Sequence[Row]) -> int:
            return self.connection.execute(whole.delete(some, subnet.id, self.conventions.tags, self.zone)).rowcount

        outcomes = self._all_or_each(gone, delete, _EDITED)
        shown = changelog.subnet(subnet.cidr, subnet.description, subnet.id)
        self._log(lambda: [self._removal(row, shown) for row in _applied(gone, outcomes)])
        return outcomes

    def _all_or_each(self, found: list[Row], send: Send, lost: Outcome) -> Outcomes:
        """Many rows in one statement; where it does not take them all, one by one, to learn which it is."""
        outcomes: Outcomes = {}
        for some in chunks(found, _AT_ONCE):
            outcome = self._attempt(some, send, lost)
            alone = [[row] for row in some] if outcome != APPLIED and len(some) > 1 else []
            outcomes |= outcome_of_all(some, outcome)
            for one in alone:
                outcomes |= outcome_of_all(one, self._attempt(one, send, lost))
        return outcomes

    def _attempt(self, some: list[Row], send: Send, lost: Outcome) -> Outcome:
        savepoint = self.connection.begin_nested()
        try:
            is_whole = send(some) == len(some)
        except DBAPIError as error:
            if not faults.is_about_a_row(error):
                raise
            savepoint.rollback()
            return lost if faults.is_duplicate(error) else Outcome("refused", faults.words(error))
        if is_whole:
            savepoint.commit()
            return APPLIED
        savepoint.rollback()
        return lost

    def _log(self, entries: Callable[[], list[Entry]]) -> None:
        if self.conventions.is_changelog_on:
            at = local_text(self.at, self.zone)
            statements.insert_changelog(self.connection, at, self.conventions.user_id, entries())

    def _additions(self, made: list[Row], subnet: LiveSubnet) -> list[Entry]:
        shown = changelog.subnet(subnet.cidr, subnet.description, subnet.id)
        ids = statements.ids(self.connection, made, subnet.id)
        return [self._addition(row, ids[row.decimal], shown) for row in made]

    def _addition(self, row: Row, identity: int, subnet: str) -> Entry:
        values = statements.values_of_new(row, 0, self.conventions.tags, self.zone)
        told = {"subnetId": subnet, "ip_addr": row.ip, "state": row.after.get(TAG) or USED}
        return identity, "add", changelog.added({**values, **told, "id": str(identity)})

    def _removal(self, row: Row, subnet: str) -> Entry:
        before = row.before
        texts = {name: before.get(name) for name in TEXTS}
        seen = local_text(seen_at(before[SIGHTING]), self.zone) if before.get(SIGHTING) else NEVER
        told = {"id": str(row.id), "subnetId": subnet, "ip_addr": row.ip, **texts, "state": before[TAG], SIGHTING: seen}
        return row.id or 0, "delete", changelog.deleted(told)


def _edit(row: Row) -> Entry:
    before, after = ({_LOGGED.get(name, name): text for name, text in one.items()} for one in (row.before, row.after))
    return row.id or 0, "edit", changelog.edited(before, after)


def _applied(found: list[Row], outcomes: Outcomes) -> list[Row]:
    return [row for row in found if outcomes[row.changes[0]] == APPLIED]


def _by_columns(found: list[Row]) -> list[list[Row]]:
    """Rows that change the same columns together: they fit into one statement."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in found:
        groups.setdefault(tuple(row.after), []).append(row)
    return list(groups.values())

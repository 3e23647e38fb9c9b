"""Records that Technitium before 15.2 finds equal to nothing: its web API made them, and it was not restarted since.

A prerequisite on their data fails whatever it says (upstream issue 1888), so every change of theirs looks like a lost
race, run after run. It is settled here instead: what a query reads is held against the plan, and what reads as planned
is sent once more, on the condition only that such records stand there. Should somebody edit them between the two
messages, the change deletes none but the records the plan names, and the read-back tells.

Not where the TTL changes: a disabled record, which no query shows, fails the same prerequisite, and Technitium brings
it to life when a record with another TTL is added beside it.
"""

from collections.abc import Mapping
from dataclasses import replace

from pipelines.errors import SourceUnavailable
from resources.nameserver.changes import Change, Prepared
from resources.nameserver.connection import Connection
from resources.nameserver.messages import Group
from resources.nameserver.readback import RRset, standing
from resources.nameserver.sending import Sending, Verdict


def again(
    connection: Connection, zone: str, prepared: Prepared, sent: dict[int, Verdict], deadline: float
) -> dict[int, Verdict]:
    """The verdicts after a second try at what failed on its data and yet reads as planned."""
    lost = [group for group in prepared.groups if _failed_on_data(group, sent)]
    if not lost:
        return sent
    try:
        live = standing(connection, zone, [prepared.changes[row] for group in lost for row in group.rows])
    except SourceUnavailable:
        return sent  # a lost race it stays, until the next run
    same = [group for group in lost if all(_reads_as_planned(prepared.changes[row], live) for row in group.rows)]
    loose = [replace(group, prerequisites=group.loose) for group in same]
    return sent | Sending(connection, zone, deadline).send(loose)


def _failed_on_data(group: Group, sent: dict[int, Verdict]) -> bool:
    return group.loose != group.prerequisites and all(sent[row].word == "NXRRSET" for row in group.rows)


def _reads_as_planned(change: Change, live: Mapping[tuple[str, str], RRset]) -> bool:
    found = live.get((change.owner, change.rtype))
    if found is None or change.is_create:
        return found is None and change.is_create
    return found[1] == change.before and (change.is_delete or found[0] == change.ttl_s)

"""phpIPAM's subnets and addresses as two snapshots of one instant: a line of JSON a row, and their number at the end.

The values stay phpIPAM's own; what they mean is `pipelines/parse/phpipam.py`'s to say.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, Select, String, case, cast, select

from pipelines.network import Subnet
from pipelines.parse.phpipam import ADDRESSES, SUBNETS
from pipelines.snapshots import EVERYWHERE, Snapshot
from resources.phpipam import removing, schema

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Names:
    """The names phpIPAM holds in the tracked subnets: how many, and a digest that is another when one of them is."""

    count: int
    digest: str


_DIGEST_LENGTH = 32  # hex digits: what the ledger's column for versions holds
_as_line = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def read(
    connection: Connection, at: datetime, tracked: Sequence[Subnet], *, is_bare_asked: bool = False
) -> list[Snapshot]:
    """Both tables as the transaction of `connection` sees them. Equal rows give equal bytes.

    `is_bare_asked`: also whether anybody entered something in the columns we never write, which takes more rights.
    The version of the addresses is the digest of their `names`.
    """
    query = _addresses(removing.whole(connection) if is_bare_asked else None)
    subnets, addresses = (_rows(connection.execute(one)) for one in (_subnets(), query))
    ids = {row["id"] for row in subnets if _place(row) in _places(tracked)}
    version = _names(row for row in addresses if row["subnetId"] in ids).digest
    return [_snapshot(SUBNETS, subnets, at, None), _snapshot(ADDRESSES, addresses, at, version)]


def _rows(found: CursorResult[Any]) -> list[dict[str, Any]]:
    """The rows by name: of SQLAlchemy's own mappings each look at a value costs a microsecond."""
    columns = tuple(found.keys())
    return [dict(zip(columns, row, strict=True)) for row in found]


def names(connection: Connection, tracked: Sequence[Subnet]) -> Names:
    """The names as they are now, by one query that reads nothing else."""
    addresses, subnets = schema.ADDRESSES.c, schema.SUBNETS.c
    places = _places(tracked)
    query = (
        select(addresses.subnetId, addresses.ip_addr, addresses.hostname, subnets.subnet, subnets.mask)
        .join_from(schema.ADDRESSES, schema.SUBNETS, subnets.id == addresses.subnetId)
        .where(addresses.hostname.is_not(None), subnets.subnet.in_([subnet for subnet, _ in sorted(places)]))
    )
    return _names(row for row in connection.execute(query).mappings() if _place(row) in places)


def _places(tracked: Sequence[Subnet]) -> set[tuple[str, str]]:
    return {(str(int(subnet.network_address)), str(subnet.prefixlen)) for subnet in tracked}


def _place(row: Row) -> tuple[str, str]:
    return str(row["subnet"]), str(row["mask"])


def _names(rows: Iterable[Row]) -> Names:
    lines = sorted(f"{row['subnetId']} {row['ip_addr']} {row['hostname']!r}" for row in rows if row["hostname"])
    return Names(len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()[:_DIGEST_LENGTH])


def _snapshot(source: str, rows: Sequence[Row], at: datetime, version: str | None) -> Snapshot:
    lines = map(_as_line, (*rows, {"rows": len(rows)}))
    return Snapshot(EVERYWHERE, source, at, ("\n".join(lines) + "\n").encode("ascii"), version=version)


def _subnets() -> Select[Any]:
    subnets, sections, vrfs = schema.SUBNETS.c, schema.SECTIONS.c, schema.VRFS.c
    flags = (subnets.isFolder, subnets.isPool, subnets.pingSubnet)
    names = (sections.name.label("section"), vrfs.name.label("vrf"))
    return (
        select(subnets.id, subnets.subnet, subnets.mask, subnets.masterSubnetId, subnets.vrfId, *flags, *names)
        .join_from(schema.SUBNETS, schema.SECTIONS, sections.id == subnets.sectionId, isouter=True)
        .join(schema.VRFS, vrfs.vrfId == subnets.vrfId, isouter=True)
        .order_by(subnets.id)
    )


def _addresses(whole: removing.Whole | None) -> Select[Any]:
    table = schema.ADDRESSES if whole is None else whole.table
    addresses, subnets, tags = table.c, schema.SUBNETS.c, schema.TAGS.c
    bare = [] if whole is None else [case((whole.is_bare, 1), else_=0).label("is_bare")]
    texts = (addresses.hostname, addresses.mac, addresses.description, tags.type.label("tag"))
    numbers = (addresses.id, addresses.subnetId, addresses.is_gateway, subnets.id.is_not(None).label("has_subnet"))
    return (
        select(*numbers, addresses.ip_addr, *texts, cast(addresses.lastSeen, String).label("lastSeen"), *bare)
        .join_from(table, schema.SUBNETS, subnets.id == addresses.subnetId, isouter=True)
        .join(schema.TAGS, tags.id == addresses.state, isouter=True)
        .order_by(addresses.id)
    )

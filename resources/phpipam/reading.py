"""phpIPAM's subnets and addresses as two snapshots of one instant: a line of JSON a row, and their number at the end.

The values stay phpIPAM's own; what they mean is `pipelines/parse/phpipam.py`'s to say.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, String, cast, select

from pipelines.parse.phpipam import ADDRESSES, SUBNETS
from pipelines.snapshots import EVERYWHERE, Snapshot
from resources.phpipam import schema


def read(connection: Connection, at: datetime) -> list[Snapshot]:
    """Both tables as the transaction of `connection` sees them. Equal rows give equal bytes."""
    return [_snapshot(connection, SUBNETS, _subnets(), at), _snapshot(connection, ADDRESSES, _addresses(), at)]


def _snapshot(connection: Connection, source: str, query: Select[Any], at: datetime) -> Snapshot:
    rows = connection.execute(query).mappings().all()
    lines = [
        json.dumps(line, sort_keys=True, separators=(",", ":")) for line in (*map(dict, rows), {"rows": len(rows)})
    ]
    return Snapshot(EVERYWHERE, source, at, ("\n".join(lines) + "\n").encode("ascii"))


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


def _addresses() -> Select[Any]:
    addresses, subnets, tags = schema.ADDRESSES.c, schema.SUBNETS.c, schema.TAGS.c
    texts = (addresses.hostname, addresses.mac, addresses.description, tags.type.label("tag"))
    numbers = (addresses.id, addresses.subnetId, addresses.is_gateway, subnets.id.is_not(None).label("has_subnet"))
    return (
        select(*numbers, addresses.ip_addr, *texts, cast(addresses.lastSeen, String).label("lastSeen"))
        .join_from(schema.ADDRESSES, schema.SUBNETS, subnets.id == addresses.subnetId, isouter=True)
        .join(schema.TAGS, tags.id == addresses.state, isouter=True)
        .order_by(addresses.id)
    )

"""What phpIPAM's own rows say about how to write others: the number of a tag, of a user, of a subnet, and its log."""

import ipaddress
from dataclasses import dataclass

from sqlalchemy import Connection, select

from pipelines.errors import PreflightFailed
from pipelines.parse.phpipam import ip_of
from resources.phpipam import schema

USED, OFFLINE = "Used", "Offline"


@dataclass(frozen=True)
class Conventions:
    """The numbers a new row needs."""

    tags: dict[str, int]
    user_id: int
    is_changelog_on: bool


def read(connection: Connection, place: str, changelog_user: str) -> Conventions:
    """The conventions of this phpIPAM. Raises `PreflightFailed` when a tag or the user is not there."""
    wanted = schema.TAGS.c.type.in_([USED, OFFLINE])
    tags = {row.type: row.id for row in connection.execute(select(schema.TAGS.c.type, schema.TAGS.c.id).where(wanted))}
    for number, tag in ((2, USED), (1, OFFLINE)):
        if tag not in tags:
            remedy = f"Name tag {number} so again: Administration, Tag management"
            raise PreflightFailed(place, f"there is no tag {tag!r}", remedy)
    user = connection.scalar(select(schema.USERS.c.id).where(schema.USERS.c.username == changelog_user))
    if user is None:
        remedy = "Make that user in phpIPAM (Administration, Users), or name one of its users as phpipam.changelog_user"
        raise PreflightFailed(place, f"there is no user {changelog_user!r} to stand in the changelog", remedy)
    is_on = connection.scalar(select(schema.SETTINGS.c.enableChangelog).order_by(schema.SETTINGS.c.id).limit(1))
    return Conventions(tags, user, is_changelog_on=is_on == 1)


@dataclass(frozen=True)
class LiveSubnet:
    """A subnet as phpIPAM holds it now."""

    id: int
    cidr: str
    description: str | None


def live_subnet(connection: Connection, identity: int) -> LiveSubnet | None:
    """The subnet with this id; None when it is gone, is a folder now, or is not one that can be read."""
    columns = schema.SUBNETS.c
    wanted = (columns.subnet, columns.mask, columns.description, columns.isFolder)
    row = connection.execute(select(*wanted).where(columns.id == identity)).one_or_none()
    if row is None or row.isFolder:
        return None
    try:
        cidr = str(ipaddress.ip_network(f"{ip_of(row.subnet or '')}/{row.mask}"))
    except ValueError:
        return None
    return LiveSubnet(identity, cidr, row.description)

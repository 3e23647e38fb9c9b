"""The tables and columns of phpIPAM's database that netcensus touches, as in its db/SCHEMA.sql. Nothing else is read.

Preflight holds the live database against this declaration. Times are text here: they are naive, in the zone of
phpIPAM's PHP, and no driver may give them a meaning.
"""

from sqlalchemy import Column, Integer, MetaData, String, Table

METADATA = MetaData()

ADDRESSES = Table(
    "ipaddresses",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("subnetId", Integer),
    Column("ip_addr", String(100)),
    Column("is_gateway", Integer),
    Column("description", String(64)),
    Column("hostname", String(255)),
    Column("mac", String(20)),
    Column("state", Integer),
    Column("lastSeen", String),
    Column("editDate", String),
)
SUBNETS = Table(
    "subnets",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("subnet", String(39)),
    Column("mask", String(3)),
    Column("sectionId", Integer),
    Column("description", String),
    Column("vrfId", Integer),
    Column("masterSubnetId", Integer),
    Column("pingSubnet", Integer),
    Column("isFolder", Integer),
    Column("isPool", Integer),
)
SECTIONS = Table("sections", METADATA, Column("id", Integer), Column("name", String))
VRFS = Table("vrf", METADATA, Column("vrfId", Integer, primary_key=True), Column("name", String))
TAGS = Table("ipTags", METADATA, Column("id", Integer, primary_key=True), Column("type", String))
SETTINGS = Table(
    "settings",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("version", String),
    Column("dbversion", Integer),
    Column("enableChangelog", Integer),
)
USERS = Table("users", METADATA, Column("id", Integer), Column("username", String))
NAT = Table("nat", MetaData(), Column("src", String), Column("dst", String))
"""Only looked at before a row is removed; so it is not among the tables that every netcensus needs."""

CHANGELOG = Table(
    "changelog",
    METADATA,
    Column("ctype", String),
    Column("coid", Integer),
    Column("cuser", Integer),
    Column("caction", String),
    Column("cresult", String),
    Column("cdate", String),
    Column("cdiff", String),
)

CLOCK = MetaData()
"""What tells the zone of phpIPAM's PHP, if we may read it: its users' last activity and its sessions' last use."""

ACTIVITY = Table("users", CLOCK, Column("id", Integer), Column("lastActivity", String))
SESSIONS = Table("php_sessions", CLOCK, Column("id", String), Column("access", Integer))

"""Columns that stand in more than one table, and the short forms in which columns are declared."""

from pipelines import contract
from pipelines.contract import FLAG, INSTANT, INTEGER, TEXT, Column, Reference


def text(name: str, meaning: str, *choices: str, pattern: str | None = None, is_nullable: bool = False) -> Column:
    """A column of text, by its meaning and, where they are few, its choices."""
    return Column(name, TEXT, meaning, is_nullable=is_nullable, pattern=pattern, choices=choices)


def optional(name: str, meaning: str, dtype: str = TEXT, pattern: str | None = None) -> Column:
    """A column that may be null."""
    return Column(name, dtype, meaning, is_nullable=True, pattern=pattern)


SITE = text("site", "the site, by its name in network.toml; * for what belongs to none")
IP = text("ip", "the address, in its shortest standard text", pattern=contract.ADDRESS)
SOURCE = text("source", "the source, such as kea4.leases, arp or zone/example.lan")
MAC = optional("mac", "the hardware address, lower-case colon form", pattern=contract.MAC)
CIDR = text("cidr", "the subnet", pattern=contract.CIDR)
ZONE = text("zone", "the zone's apex, absolute", pattern=contract.ABSOLUTE)
OWNER = text("owner", "the owner name, absolute and lower-case", pattern=contract.ABSOLUTE)
RR_TYPE = text("type", "the RR type's mnemonic")
SUBNET_ID = Column("subnet_id_phpipam", INTEGER, "phpIPAM's subnets.id")
READ_AT = Column("read_at", INSTANT, "when we asked")
NAMED_BY = optional("named_by", "the source of the name; null for what is older than this column")
MISSING_SINCE = optional("missing_since_at", "since when nothing wants it any more; null while something does", INSTANT)
IS_COMPLETE = Column("is_complete", FLAG, "whether the whole answer was had, with proof")
REASON_MISSING = optional("reason", "why it is not complete, and what to do")

OF_A_SOURCE = Reference(("site", "source"), "sources", ("site", "source"))
OF_A_SITE = Reference(("site",), "network.sites", ("site",))
OF_A_ZONE = Reference(("zone",), "network.zones", ("zone",))
OF_A_SUBNET = Reference(("cidr",), "network.subnets", ("cidr",))
OF_AN_IPAM_SUBNET = Reference(("subnet_id_phpipam",), "ipam_subnets", ("id_phpipam",))

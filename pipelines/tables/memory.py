"""The tables the ledger keeps from one run to the next."""

from pipelines import contract
from pipelines.contract import FLAG, INSTANT, INTEGER, Column, Table
from pipelines.tables.columns import IP, MAC, MISSING_SINCE, NAMED_BY, READ_AT, SITE, SOURCE, optional, text

APPLIED = Table(
    "applied",
    "what we last wrote to one phpIPAM field or one RRset: the ledger (rule R4)",
    (
        text("target", "the target", "phpipam", "dns"),
        text("scope", "the subnet (CIDR) or the zone"),
        text("subject", "the address or owner name"),
        text("field", "the phpIPAM column or RR type"),
        optional("value", "what we wrote and read back: a field's text, or an RRset's data, sorted, one a line"),
        optional("ttl_s", "the RRset's TTL as we wrote it; null for phpIPAM", INTEGER),
        Column("is_adopted", FLAG, "it was already there and equal; we did not write it"),
        optional(
            "intended",
            "what we were about to write when we last sent something, (nothing) to delete; null once it was read back",
        ),
        Column("at", INSTANT, "when"),
        NAMED_BY,
        MISSING_SINCE,
    ),
    key=("target", "scope", "subject", "field"),
)
READS = Table(
    "reads",
    "one earlier whole answer of a source, of the last 24: what it usually has, and who was looked for how often",
    (SITE, SOURCE, READ_AT, Column("rows", INTEGER, "rows that were read from it")),
    key=("site", "source", "read_at"),
)
HOLDS = Table(
    "holds",
    "one change that a person undid: a census that would make just that of just this leaves it as it is",
    (
        text("target", "the target", "phpipam", "dns"),
        text("scope", "the subnet (CIDR) or the zone"),
        text("subject", "the address or owner name"),
        text("field", "the phpIPAM column or RR type; row: the row itself, by its id"),
        optional("restored", "what the undo made it again; null for nothing"),
        optional("undone", "what is not to be made of it; null for nothing"),
        text("run_id", "the run that had made it"),
        text("by_run_id", "the run that undid it"),
        Column("at", INSTANT, "when"),
    ),
    key=("target", "scope", "subject", "field"),
)
RESENT = Table(
    "resent",
    "when Kea was last asked to register a lease's name again, and in which state",
    (
        SITE,
        IP,
        text("name", "its name, absolute", pattern=contract.ABSOLUTE),
        Column("tries", INTEGER, "how often it was asked in this state"),
        text("reason", "the state: what was found in DNS then"),
        Column("at", INSTANT, "when last"),
    ),
    key=("site", "ip"),
)

_HOLDER = (
    SITE,
    IP,
    MAC,
    optional("client_id", "the DHCP client identifier", pattern=r"(?:[0-9a-f]{2})+"),
    optional("name", "the granted name, absolute", pattern=contract.ABSOLUTE),
    text("kind", "the strongest reason for it, as in `bindings`"),
    text("evidence", "the sources it rests on, comma-separated; no neighbour cache where a lease says the same"),
    Column("from_at", INSTANT, "the first look that found it so"),
    optional("to_at", "the first look that found it otherwise; null while none has", INSTANT),
)
BINDING_HISTORY = Table(
    "binding_history",
    "who held an address, unchanged over all looks at the site from one until before another; kept for good",
    _HOLDER,
    key=("site", "ip", "from_at"),
)
HOLDERS = Table(
    "holders",
    "one row of `binding_history` as `who` tells it",
    (*_HOLDER, Column("confirmed_at", INSTANT, "the last look that found it so; what was until `to_at`, nobody saw")),
    key=("site", "ip", "from_at"),
)

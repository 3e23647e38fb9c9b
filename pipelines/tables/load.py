"""The tables of the stage load: what the targets answered, and what it takes to undo it."""

from pipelines.contract import FLAG, INSTANT, INTEGER, TEXT, Column, Table
from pipelines.tables.columns import MISSING_SINCE, NAMED_BY, SITE, ZONE, optional, text

RECEIPT = Table(
    "receipt",
    "what a target answered to one change (kea: it queued a lease's name for its D2, which is not yet success; "
    "guards: a person let a refused plan through)",
    (
        text("target", "the target", "phpipam", "dns", "kea", "guards"),
        SITE,
        text("scope", "the subnet (CIDR), the zone, or for kea the site; for guards theirs"),
        text("subject", "the address or owner name; for guards the plan"),
        text("field", "the phpIPAM column or RR type, or for kea the command, or the guard"),
        text("action", "what was asked for", "create", "update", "delete", "touch", "adopt", "resend", "approve"),
        optional("before", "what was there"),
        optional("after", "what should be there now"),
        text(
            "outcome",
            "what became of it; `lost race`: somebody else changed it first, looked at again next run",
            "applied",
            "lost race",
            "refused",
            "unknown",
        ),
        optional("detail", "the target's words, where it refused"),
    ),
    key=("target", "scope", "subject", "field"),
)
WHOSE = ("nobody", "adopted", "ours")
WRITTEN = Table(
    "written",
    "one change of one run as the ledger keeps it: what the target answered, and what it takes to undo it",
    (
        text("run_id", "the run that sent it"),
        Column("at", INSTANT, "when"),
        *RECEIPT.columns,
        optional("id_phpipam", "ipaddresses.id; null for DNS, and for a row that was made", INTEGER),
        optional("before_ttl_s", "the TTL of what was there; null for phpIPAM", INTEGER),
        optional("after_ttl_s", "the TTL of what should be there now; null for phpIPAM", INTEGER),
        Column(
            "before_whose", TEXT, "whose the ledger said that what was there is; null in receipts of older releases",
            is_nullable=True, choices=WHOSE,
        ),
        NAMED_BY,
        MISSING_SINCE,
        optional("undoes", "the run that this one undoes; null for a run that undoes none"),
    ),
)  # fmt: skip
UNDONE = Table(
    "undone",
    "one change that is taken back: what a run made of it, and what it is made again",
    (
        text("target", "the target", "phpipam", "dns"),
        text("scope", "the subnet (CIDR) or the zone"),
        text("subject", "the address or owner name"),
        text("field", "the phpIPAM column or RR type; row: the row itself, by its id"),
        optional("restored", "what is to be there again; null for nothing"),
        optional("undone", "what the run had made of it; null for nothing"),
        text("restored_whose", "whose the ledger is to say that is", *WHOSE),
        text("run_id", "the run that is undone"),
        Column("is_held", FLAG, "whether the census is to leave it so; not where an undo is undone"),
    ),
    key=("target", "scope", "subject", "field"),
)
SERIALS = Table(
    "serials",
    "one name server's serial of one zone, the primary's own among them",
    (
        ZONE,
        text("server", "the server, address and port"),
        optional("serial", "its SOA serial; null when it gave none", INTEGER),
        optional("primary_serial", "the primary's at the same time", INTEGER),
        optional("peak", "the highest serial it has shown", INTEGER),
        text(
            "verdict",
            "`behind`: not there yet; `ahead`: of an older life of the zone, and will never fetch this one",
            "equal",
            "behind",
            "ahead",
            "went-down",
            "standing-still",
            "no-answer",
        ),
        Column("since_at", INSTANT, "since when"),
    ),
    key=("zone", "server"),
)

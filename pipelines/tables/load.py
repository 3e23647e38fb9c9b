"""The tables of the stage load: what the targets answered."""

from pipelines.contract import INSTANT, INTEGER, Column, Table
from pipelines.tables.columns import SITE, ZONE, optional, text

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

"""The tables of the stage plan: what to change, and what is left alone."""

from pipelines import contract
from pipelines.contract import FLAG, INTEGER, Column, Reference, Table
from pipelines.tables.columns import (
    CIDR,
    IP,
    MISSING_SINCE,
    NAMED_BY,
    OF_A_SITE,
    OF_A_SUBNET,
    OF_A_ZONE,
    OF_AN_IPAM_SUBNET,
    OWNER,
    RR_TYPE,
    SITE,
    SUBNET_ID,
    ZONE,
    optional,
    text,
)

SCOPES = ("site", "zone", "subnet")

IPAM_PLAN = Table(
    "ipam_plan",
    "one field of one phpIPAM address to change (touch: lastSeen only; adopt: already right, from now on ours; "
    "delete: the whole row, told by its fields; forget: of a row that is gone; "
    "release: what an undo put back is right)",
    (
        SITE,
        SUBNET_ID,
        CIDR,
        IP,
        optional("id_phpipam", "ipaddresses.id; null for a row to create", INTEGER),
        text("action", "what to do", "create", "update", "touch", "adopt", "delete", "forget", "release"),
        text("field", "the column; row: its id", "hostname", "mac", "description", "tag", "lastSeen", "row"),
        optional("before", "what phpIPAM holds, byte for byte"),
        optional("after", "what it should hold; for lastSeen a UTC instant, ISO 8601"),
        text("reason", "why, for a person"),
    ),
    key=("subnet_id_phpipam", "ip", "field"),
    references=(
        OF_A_SITE,
        OF_A_SUBNET,
        OF_AN_IPAM_SUBNET,
        Reference(("id_phpipam",), "ipam_addresses", ("id_phpipam",)),
    ),
)
DNS_PLAN = Table(
    "dns_plan",
    "one RRset to change (adopt: already right, from now on ours; inherit: as adopt, but left by Kea's D2, which is "
    "off there now, so ours to take back as well; keep: ours and left as it is, but worth a note; "
    "forget: Kea's from now on; release: what an undo put back is right)",
    (
        SITE,
        ZONE,
        OWNER,
        RR_TYPE,
        text("action", "what to do", "create", "update", "delete", "adopt", "inherit", "keep", "forget", "release"),
        optional("before", "the record data the zone holds, sorted, one a line"),
        optional("before_ttl_s", "the TTL it has", INTEGER),
        optional("after", "the record data it should hold, sorted, one a line; null for a deletion"),
        optional("after_ttl_s", "the TTL it should have; null for a deletion", INTEGER),
        Column("is_name_free", FLAG, "no record of any type stands at the name"),
        NAMED_BY,
        MISSING_SINCE,
        text("reason", "why, for a person"),
    ),
    key=("zone", "owner", "type"),
    references=(OF_A_ZONE,),
)
HEAL_PLAN = Table(
    "heal_plan",
    "one lease whose name Kea is asked to register again (lease4-resend-ddns), once DNS was written",
    (
        SITE,
        IP,
        text("name", "its name, absolute", pattern=contract.ABSOLUTE),
        Column("tries", INTEGER, "how often that makes it asked in this state"),
        text("reason", "the state: what was found in DNS, for a person"),
    ),
    key=("site", "ip"),
    references=(Reference(("site", "ip"), "registrations", ("site", "ip")),),
)
WITHHELD = Table(
    "withheld",
    "one thing that looks like a change and was not made, and why",
    (
        text("target", "where it was withheld", "phpipam", "dns"),
        SITE,
        text("subject", "the address or owner name"),
        text("field", "the phpIPAM column or RR type"),
        optional("wanted", "what the sources say"),
        optional("existing", "what the target holds"),
        text("rule", "the rule's short name"),
        text("reason", "why, for a person, with what to do where something can be done"),
    ),
)
GUARDS = Table(
    "guards",
    "one guard on a plan, in one scope where something would change, and its verdict",
    (
        text("target", "whose plan", "phpipam", "dns"),
        text(
            "guard",
            "the guard's name; approvals name it",
            *(f"{action}s-per-{scope}" for action in ("create", "update", "delete") for scope in SCOPES),
            *("source-shrank", "source-not-seen", "stale-snapshot", "never-list"),
        ),
        text("scope", "the site, the zone or the subnet (CIDR)"),
        text(
            "action",
            "what was counted; `create`: where nothing was, `delete`: something is taken away (Offline counts)",
            *("create", "update", "delete", "any"),
        ),
        Column("count", INTEGER, "how many addresses or owner names it concerns"),
        optional("of", "how many stand there now; for deletions in DNS, of ours", INTEGER),
        optional("percent", "how many per cent that is", INTEGER),
        Column("limit", INTEGER, "how many pass"),
        text("verdict", "what follows; `approved`: refused, and let through", "passed", "refused", "approved"),
        text("plan", "the digest of both plans: an approval is for this one", pattern=r"[0-9a-f]{12}"),
        text("reason", "what was met, for a person"),
        optional("remedy", "how to let it through, or what to mend; null where nothing is refused"),
    ),
    key=("target", "guard", "scope"),
)

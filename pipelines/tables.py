"""Every table's contract, declared once: checks, the UI's column schema, files and docs/tables.md derive from it.

Only declarations and what follows from them belong here; how a table is filled stands where it is filled.
Suffixes: `_at` a UTC instant, `_s` seconds, `is_` a flag, `_id_<system>` or `id_<system>` that system's own number.
Text is never empty: what is not there is null.
"""

from pipelines.contract import ABSOLUTE, ADDRESS, CIDR, FLAG, INSTANT, INTEGER, MAC, TEXT, Column, Table


def _text(name: str, meaning: str, *choices: str, pattern: str | None = None, is_nullable: bool = False) -> Column:
    return Column(name, TEXT, meaning, is_nullable=is_nullable, pattern=pattern, choices=choices)


def _optional(name: str, meaning: str, dtype: str = TEXT, pattern: str | None = None) -> Column:
    return Column(name, dtype, meaning, is_nullable=True, pattern=pattern)


_SITE = _text("site", "the site, by its name in network.toml; * for what belongs to none")
_IP = _text("ip", "the address, in its shortest standard text", pattern=ADDRESS)
_SOURCE = _text("source", "the source, such as kea4.leases, arp or zone/example.lan")
_MAC = _optional("mac", "the hardware address, lower-case colon form", pattern=MAC)
_CIDR = _text("cidr", "the subnet", pattern=CIDR)
_ZONE = _text("zone", "the zone's apex, absolute", pattern=ABSOLUTE)
_OWNER = _text("owner", "the owner name, absolute and lower-case", pattern=ABSOLUTE)
_RR_TYPE = _text("type", "the RR type's mnemonic")
_SUBNET_ID = Column("subnet_id_phpipam", INTEGER, "phpIPAM's subnets.id")
_READ_AT = Column("read_at", INSTANT, "when we asked")
_NAMED_BY = _optional("named_by", "the source of the name; null for what is older than this column")
_MISSING_SINCE = _optional(
    "missing_since_at", "since when nothing wants it any more; null while something does", INSTANT
)
_IS_COMPLETE = Column("is_complete", FLAG, "whether the whole answer was had, with proof")
_REASON_MISSING = _optional("reason", "why it is not complete, and what to do")

SNAPSHOTS = Table(
    "snapshots",
    "one read of one source",
    (
        _SITE,
        _SOURCE,
        _READ_AT,
        _IS_COMPLETE,
        _REASON_MISSING,
        _optional("version", "the source's own word for its state: a zone's SOA serial"),
        Column("clock_offset_s", INTEGER, "how far the source's clock is ahead of ours"),
        _text("digest", "SHA-256 of the bytes: their place in the archive", pattern=r"[0-9a-f]{64}"),
        Column("bytes", INTEGER, "the answer's length"),
    ),
    key=("site", "source"),
)
SOURCES = Table(
    "sources",
    "one source after parsing: can it be trusted this hour?",
    (
        _SITE,
        _SOURCE,
        _READ_AT,
        _IS_COMPLETE,
        _REASON_MISSING,
        Column("rows", INTEGER, "rows that were read from it"),
        Column("rejected", INTEGER, "rows that could not be read"),
    ),
    key=("site", "source"),
)
REJECTS = Table(
    "rejects",
    "one row of a source that could not be read",
    (
        _SITE,
        _SOURCE,
        Column("line", INTEGER, "its position in the source, from 1"),
        _text("reason", "why it was rejected"),
        _text("excerpt", "the row's first 200 characters, control characters escaped"),
    ),
)
LEASES = Table(
    "leases",
    "one lease a DHCP server holds",
    (
        _SITE,
        _SOURCE,
        _IP,
        _MAC,
        _optional(
            "client_id", "the DHCP client identifier, lower-case hex without colons", pattern=r"(?:[0-9a-f]{2})+"
        ),
        _optional("hostname", "the name the server keeps for the client, as it keeps it: any text"),
        _text("state", "Kea's lease state", "assigned", "declined", "reclaimed", "released", "registered"),
        _optional("cltt_at", "client last transaction time: when it was last confirmed; null if untold", INSTANT),
        _optional("valid_s", "the lease's length; null for ever", INTEGER),
        _optional("expires_at", "when it ends; null for never", INSTANT),
        Column("is_ddns_forward", FLAG, "handed to D2 for the A record (not: is in DNS)"),
        Column("is_ddns_reverse", FLAG, "handed to D2 for the PTR record"),
    ),
    key=("site", "ip"),
)
RESERVATIONS = Table(
    "reservations",
    "one host reservation of a DHCP server that fixes an address or a name",
    (
        _SITE,
        _optional("subnet", "the subnet it stands in; null when global", pattern=CIDR),
        _optional("ip", "the reserved address", pattern=ADDRESS),
        _MAC,
        _optional("client_id", "the client identifier, lower-case hex", pattern=r"(?:[0-9a-f]{2})+"),
        _optional("hostname", "the reserved name, as configured"),
    ),
)
DHCP_SUBNETS = Table(
    "dhcp_subnets",
    "one subnet a DHCP server serves",
    (
        _SITE,
        _text("subnet", "the subnet", pattern=CIDR),
        Column("is_ddns_on", FLAG, "whether the server hands its names to D2"),
        _optional("ddns_suffix", "the domain D2 puts behind bare names, absolute", pattern=ABSOLUTE),
        _optional("pools", "the dynamic ranges, first-last, comma-separated"),
    ),
    key=("site", "subnet"),
)
NEIGHBOURS = Table(
    "neighbours",
    "one entry of a gateway's ARP cache",
    (
        _SITE,
        _SOURCE,
        _IP,
        _MAC,
        _text("interface", "the gateway's interface"),
        _text("state", "the entry's state", "dynamic", "permanent", "published", "expired", "incomplete"),
        _optional("confirmed_at", "when the kernel last confirmed it; null where it cannot be told", INSTANT),
    ),
)
PEERS = Table(
    "peers",
    "one address range a WireGuard peer may use",
    (
        _SITE,
        _SOURCE,
        _text("interface", "the gateway's WireGuard interface"),
        _text("public_key", "the peer's public key", pattern=r"[A-Za-z0-9+/]{43}="),
        _optional("cidr", "the range; null for a peer that has none", pattern=CIDR),
        _optional("last_handshake_at", "when the two last agreed on keys; null for never", INSTANT),
    ),
    key=("site", "interface", "public_key", "cidr"),
)
IPAM_SUBNETS = Table(
    "ipam_subnets",
    "one subnet phpIPAM holds (folders left out)",
    (
        Column("id_phpipam", INTEGER, "subnets.id"),
        _CIDR,
        _text("section", "the section's name"),
        _text("vrf", "the VRF's name; `default` for none"),
        Column("is_leaf", FLAG, "no other subnet stands below it"),
        Column("is_pinged", FLAG, "subnets.pingSubnet: whether the UI shows the status dot"),
        Column("is_pool", FLAG, "whether network and broadcast addresses may be used"),
    ),
    key=("id_phpipam",),
)
IPAM_ADDRESSES = Table(
    "ipam_addresses",
    "one address phpIPAM holds",
    (
        Column("id_phpipam", INTEGER, "ipaddresses.id"),
        _SUBNET_ID,
        _IP,
        _optional("hostname", "as phpIPAM holds it: any text"),
        _optional("mac", "as phpIPAM holds it: any text"),
        _optional("description", "as phpIPAM holds it: any text"),
        _optional("tag", "ipTags.type: Used, Offline, Reserved, DHCP or the user's own"),
        Column("is_gateway", FLAG, "whether it is marked as the subnet's gateway"),
        _optional("last_seen_at", "lastSeen; null for never", INSTANT),
    ),
    key=("subnet_id_phpipam", "ip"),
)
ZONE_RECORDS = Table(
    "zone_records",
    "one resource record of a zone",
    (
        _ZONE,
        _OWNER,
        _RR_TYPE,
        Column("ttl_s", INTEGER, "the TTL"),
        _text("rdata", "the record data in presentation form, names absolute and lower-case"),
    ),
    key=("zone", "owner", "type", "rdata"),
)
SIGHTINGS = Table(
    "sightings",
    "evidence by one source that a MAC held an address",
    (
        _SITE,
        _IP,
        _optional("mac", "the hardware address; null for a lease by client identifier only, or a peer", pattern=MAC),
        _SOURCE,
        Column("last_seen_at", INSTANT, "when the source confirmed it (never: when we asked)"),
    ),
    key=("site", "ip", "mac", "source"),
)
BINDINGS = Table(
    "bindings",
    "who holds an address now",
    (
        _SITE,
        _IP,
        _MAC,
        _optional("client_id", "the DHCP client identifier", pattern=r"(?:[0-9a-f]{2})+"),
        _text("kind", "the strongest reason for it", "reservation", "lease", "neighbour", "peer"),
        _text("evidence", "the sources it rests on, comma-separated"),
        _optional("last_seen_at", "the latest sighting; null for a reservation nobody has used", INSTANT),
        _optional("valid_s", "the lease's length, where there is one that ends", INTEGER),
    ),
    key=("site", "ip"),
)
NAME_CLAIMS = Table(
    "name_claims",
    "one source's wish that an address bear a name",
    (
        _SITE,
        _IP,
        _text("wanted", "the name as the source says it: any text"),
        _optional("name", "the absolute name it means; null when it is no host name", pattern=ABSOLUTE),
        _SOURCE,
        Column("rank", INTEGER, "1 wins over 2: phpIPAM's people, reservation or peer, lease, PTR"),
        _text("verdict", "what became of it", "granted", "agrees", "outranked", "contested"),
        _text("reason", "why, for a person"),
    ),
    key=("site", "ip", "source"),
)
ADDRESSES = Table(
    "addresses",
    "one address as phpIPAM should show it",
    (
        _SITE,
        _SUBNET_ID,
        _CIDR,
        _IP,
        _optional("name", "the granted name, absolute", pattern=ABSOLUTE),
        _optional("hostname", "the name as phpIPAM should hold it: bare under the site's own suffix"),
        _optional("named_by", "the source of the name"),
        _MAC,
        _optional("kind", "the binding's kind; null where only phpIPAM knows the address"),
        _optional("last_seen_at", "the latest sighting", INSTANT),
    ),
    key=("subnet_id_phpipam", "ip"),
)
RECORDS = Table(
    "records",
    "one resource record DNS should hold",
    (
        _SITE,
        _IP,
        _ZONE,
        _OWNER,
        _RR_TYPE,
        Column("ttl_s", INTEGER, "the TTL by the name's class"),
        _optional("longest_ttl_s", "half of what is left of the lease; null where there is none to end", INTEGER),
        _text("rdata", "the record data in presentation form"),
        _text("writer", "who writes it: we, or Kea's D2 (which we leave alone)", "netcensus", "kea"),
        _text("named_by", "the source of the name"),
        _text("reason", "where the name comes from"),
    ),
    key=("zone", "owner", "type", "rdata"),
)
REGISTRATIONS = Table(
    "registrations",
    "one active lease that Kea handed to its D2, and whether its name is in DNS",
    (
        _SITE,
        _IP,
        _optional("name", "its name, absolute; null where it is none of ours to look up", pattern=ABSOLUTE),
        _optional("dhcid", "the DHCID that marks the name, and the PTR, as this device's"),
        _text("verdict", "what DNS says of it", "right", "missing", "other-device", "blocked", "unmatched"),
        Column("is_ours", FLAG, "what blocks the name is all netcensus's own"),
        _optional(
            "objection", "why the name must not be helped, as rule: reason; null where nothing speaks against it"
        ),
        _text("reason", "what was found, for a person"),
        _optional("nsupdate", "the script that would clear what others left, for nsupdate(1)"),
    ),
    key=("site", "ip"),
)
IPAM_PLAN = Table(
    "ipam_plan",
    "one field of one phpIPAM address to change (touch: lastSeen only; adopt: already right, from now on ours)",
    (
        _SITE,
        _SUBNET_ID,
        _CIDR,
        _IP,
        _optional("id_phpipam", "ipaddresses.id; null for a row to create", INTEGER),
        _text("action", "what to do", "create", "update", "touch", "adopt"),
        _text("field", "the column", "hostname", "mac", "description", "tag", "lastSeen"),
        _optional("before", "what phpIPAM holds, byte for byte"),
        _optional("after", "what it should hold; for lastSeen a UTC instant, ISO 8601"),
        _text("reason", "why, for a person"),
    ),
    key=("subnet_id_phpipam", "ip", "field"),
)
DNS_PLAN = Table(
    "dns_plan",
    "one RRset to change (adopt: already right, from now on ours; keep: ours and left as it is, but worth a note; "
    "forget: Kea's from now on)",
    (
        _SITE,
        _ZONE,
        _OWNER,
        _RR_TYPE,
        _text("action", "what to do", "create", "update", "delete", "adopt", "keep", "forget"),
        _optional("before", "the record data the zone holds, sorted, one a line"),
        _optional("before_ttl_s", "the TTL it has", INTEGER),
        _optional("after", "the record data it should hold, sorted, one a line; null for a deletion"),
        _optional("after_ttl_s", "the TTL it should have; null for a deletion", INTEGER),
        Column("is_name_free", FLAG, "no record of any type stands at the name"),
        _NAMED_BY,
        _MISSING_SINCE,
        _text("reason", "why, for a person"),
    ),
    key=("zone", "owner", "type"),
)
HEAL_PLAN = Table(
    "heal_plan",
    "one lease whose name Kea is asked to register again (lease4-resend-ddns), once DNS was written",
    (
        _SITE,
        _IP,
        _text("name", "its name, absolute", pattern=ABSOLUTE),
        Column("tries", INTEGER, "how often that makes it asked in this state"),
        _text("reason", "the state: what was found in DNS, for a person"),
    ),
    key=("site", "ip"),
)
WITHHELD = Table(
    "withheld",
    "one thing that looks like a change and was not made, and why",
    (
        _text("target", "where it was withheld", "phpipam", "dns"),
        _SITE,
        _text("subject", "the address or owner name"),
        _text("field", "the phpIPAM column or RR type"),
        _optional("wanted", "what the sources say"),
        _optional("existing", "what the target holds"),
        _text("rule", "the rule's short name"),
        _text("reason", "why, for a person, with what to do where something can be done"),
    ),
)
APPLIED = Table(
    "applied",
    "what we last wrote to one phpIPAM field or one RRset: the ledger (rule R4)",
    (
        _text("target", "the target", "phpipam", "dns"),
        _text("scope", "the subnet (CIDR) or the zone"),
        _text("subject", "the address or owner name"),
        _text("field", "the phpIPAM column or RR type"),
        _optional("value", "what we wrote and read back: a field's text, or an RRset's data, sorted, one a line"),
        _optional("ttl_s", "the RRset's TTL as we wrote it; null for phpIPAM", INTEGER),
        Column("is_adopted", FLAG, "it was already there and equal; we did not write it"),
        _optional(
            "intended",
            "what we were about to write when we last sent something, (nothing) to delete; null once it was read back",
        ),
        Column("at", INSTANT, "when"),
        _NAMED_BY,
        _MISSING_SINCE,
    ),
    key=("target", "scope", "subject", "field"),
)
READS = Table(
    "reads",
    "one earlier whole answer of a source, of the last 24: what it usually has, and who was looked for how often",
    (_SITE, _SOURCE, _READ_AT, Column("rows", INTEGER, "rows that were read from it")),
    key=("site", "source", "read_at"),
)
RESENT = Table(
    "resent",
    "when Kea was last asked to register a lease's name again, and in which state",
    (
        _SITE,
        _IP,
        _text("name", "its name, absolute", pattern=ABSOLUTE),
        Column("tries", INTEGER, "how often it was asked in this state"),
        _text("reason", "the state: what was found in DNS then"),
        Column("at", INSTANT, "when last"),
    ),
    key=("site", "ip"),
)
RECEIPT = Table(
    "receipt",
    "what a target answered to one change (kea: it queued a lease's name for its D2, which is not yet success)",
    (
        _text("target", "the target", "phpipam", "dns", "kea"),
        _SITE,
        _text("scope", "the subnet (CIDR), the zone, or for kea the site"),
        _text("subject", "the address or owner name"),
        _text("field", "the phpIPAM column or RR type, or for kea the command"),
        _text("action", "what was asked for", "create", "update", "delete", "touch", "adopt", "resend"),
        _optional("before", "what was there"),
        _optional("after", "what should be there now"),
        _text(
            "outcome",
            "what became of it; `lost race`: somebody else changed it first, looked at again next run",
            "applied",
            "lost race",
            "refused",
            "unknown",
        ),
        _optional("detail", "the target's words, where it refused"),
    ),
    key=("target", "scope", "subject", "field"),
)

SERIALS = Table(
    "serials",
    "one name server's serial of one zone, the primary's own among them",
    (
        _ZONE,
        _text("server", "the server, address and port"),
        _optional("serial", "its SOA serial; null when it gave none", INTEGER),
        _optional("primary_serial", "the primary's at the same time", INTEGER),
        _optional("peak", "the highest serial it has shown", INTEGER),
        _text(
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

ALL: tuple[Table, ...] = (
    SNAPSHOTS, SOURCES, REJECTS, LEASES, RESERVATIONS, DHCP_SUBNETS, NEIGHBOURS, PEERS, IPAM_SUBNETS, IPAM_ADDRESSES,
    ZONE_RECORDS, SIGHTINGS, BINDINGS, NAME_CLAIMS, ADDRESSES, RECORDS, REGISTRATIONS, IPAM_PLAN, DNS_PLAN, HEAL_PLAN,
    WITHHELD, APPLIED, READS, RESENT, RECEIPT, SERIALS,
)  # fmt: skip

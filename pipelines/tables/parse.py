"""The tables of the stage parse: what the sources say, in canonical form."""

from pipelines import contract
from pipelines.contract import FLAG, INSTANT, INTEGER, Column, Table
from pipelines.tables.columns import (
    CIDR,
    IP,
    IS_COMPLETE,
    MAC,
    OF_A_SITE,
    OF_A_SOURCE,
    OF_A_ZONE,
    OWNER,
    READ_AT,
    REASON_MISSING,
    RR_TYPE,
    SITE,
    SOURCE,
    SUBNET_ID,
    ZONE,
    optional,
    text,
)

SOURCES = Table(
    "sources",
    "one source after parsing: can it be trusted this hour?",
    (
        SITE,
        SOURCE,
        READ_AT,
        IS_COMPLETE,
        REASON_MISSING,
        Column("rows", INTEGER, "rows that were read from it"),
        Column("rejected", INTEGER, "rows that could not be read"),
    ),
    key=("site", "source"),
)
REJECTS = Table(
    "rejects",
    "one row of a source that could not be read",
    (
        SITE,
        SOURCE,
        Column("line", INTEGER, "its position in the source, from 1"),
        text("reason", "why it was rejected"),
        text("excerpt", "the row's first 200 characters, control characters escaped"),
    ),
    references=(OF_A_SOURCE,),
)
LEASES = Table(
    "leases",
    "one lease a DHCP server holds",
    (
        SITE,
        SOURCE,
        IP,
        MAC,
        optional("client_id", "the DHCP client identifier, lower-case hex without colons", pattern=r"(?:[0-9a-f]{2})+"),
        optional("hostname", "the name the server keeps for the client, as it keeps it: any text"),
        text("state", "Kea's lease state", "assigned", "declined", "reclaimed", "released", "registered"),
        optional("cltt_at", "client last transaction time: when it was last confirmed; null if untold", INSTANT),
        optional("valid_s", "the lease's length; null for ever", INTEGER),
        optional("expires_at", "when it ends; null for never", INSTANT),
        Column("is_ddns_forward", FLAG, "handed to D2 for the A record (not: is in DNS)"),
        Column("is_ddns_reverse", FLAG, "handed to D2 for the PTR record"),
    ),
    key=("site", "ip"),
    references=(OF_A_SOURCE,),
)
RESERVATIONS = Table(
    "reservations",
    "one host reservation of a DHCP server that fixes an address or a name",
    (
        SITE,
        optional("subnet", "the subnet it stands in; null when global", pattern=contract.CIDR),
        optional("ip", "the reserved address", pattern=contract.ADDRESS),
        MAC,
        optional("client_id", "the client identifier, lower-case hex", pattern=r"(?:[0-9a-f]{2})+"),
        optional("hostname", "the reserved name, as configured"),
    ),
    references=(OF_A_SITE,),
)
DHCP_SUBNETS = Table(
    "dhcp_subnets",
    "one subnet a DHCP server serves",
    (
        SITE,
        text("subnet", "the subnet", pattern=contract.CIDR),
        Column("is_ddns_on", FLAG, "whether the server hands its names to D2"),
        optional("ddns_suffix", "the domain D2 puts behind bare names, absolute", pattern=contract.ABSOLUTE),
        optional("pools", "the dynamic ranges, first-last, comma-separated"),
    ),
    key=("site", "subnet"),
    references=(OF_A_SITE,),
)
NEIGHBOURS = Table(
    "neighbours",
    "one entry of a gateway's ARP or neighbour discovery cache",
    (
        SITE,
        SOURCE,
        IP,
        MAC,
        text("interface", "the gateway's interface"),
        text("state", "the entry's state", "dynamic", "permanent", "published", "expired", "incomplete"),
        optional("confirmed_at", "when the kernel last confirmed it; null where it cannot be told", INSTANT),
    ),
    references=(OF_A_SOURCE,),
)
PEERS = Table(
    "peers",
    "one address range a WireGuard peer may use",
    (
        SITE,
        SOURCE,
        text("interface", "the gateway's WireGuard interface"),
        text("public_key", "the peer's public key", pattern=r"[A-Za-z0-9+/]{43}="),
        optional("cidr", "the range; null for a peer that has none", pattern=contract.CIDR),
        optional("last_handshake_at", "when the two last agreed on keys; null for never", INSTANT),
    ),
    key=("site", "interface", "public_key", "cidr"),
    references=(OF_A_SOURCE,),
)
IPAM_SUBNETS = Table(
    "ipam_subnets",
    "one subnet phpIPAM holds (folders left out)",
    (
        Column("id_phpipam", INTEGER, "subnets.id"),
        CIDR,
        text("section", "the section's name"),
        text("vrf", "the VRF's name; `default` for none"),
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
        SUBNET_ID,
        IP,
        optional("hostname", "as phpIPAM holds it: any text"),
        optional("mac", "as phpIPAM holds it: any text"),
        optional("description", "as phpIPAM holds it: any text"),
        optional("tag", "ipTags.type: Used, Offline, Reserved, DHCP or the user's own"),
        Column("is_gateway", FLAG, "whether it is marked as the subnet's gateway"),
        optional("last_seen_at", "lastSeen; null for never", INSTANT),
        Column(
            "is_bare",
            FLAG,
            "nobody entered anything in the columns netcensus never writes; false unless remove_rows_after_days asks",
        ),
    ),
    key=("subnet_id_phpipam", "ip"),
)
ZONE_RECORDS = Table(
    "zone_records",
    "one resource record of a zone",
    (
        ZONE,
        OWNER,
        RR_TYPE,
        Column("ttl_s", INTEGER, "the TTL"),
        text("rdata", "the record data in presentation form, names absolute and lower-case"),
    ),
    key=("zone", "owner", "type", "rdata"),
    references=(OF_A_ZONE,),
)

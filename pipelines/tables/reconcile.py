"""The tables of the stage reconcile: one account of the network."""

from pipelines import contract
from pipelines.contract import FLAG, INSTANT, INTEGER, Column, Reference, Table
from pipelines.tables.columns import (
    CIDR,
    IP,
    MAC,
    OF_A_SITE,
    OF_A_SOURCE,
    OF_A_SUBNET,
    OF_A_ZONE,
    OF_AN_IPAM_SUBNET,
    OWNER,
    RR_TYPE,
    SITE,
    SOURCE,
    SUBNET_ID,
    ZONE,
    optional,
    text,
)

SIGHTINGS = Table(
    "sightings",
    "evidence by one source that a MAC held an address",
    (
        SITE,
        IP,
        optional(
            "mac", "the hardware address; null for a lease by client identifier only, or a peer", pattern=contract.MAC
        ),
        SOURCE,
        Column("last_seen_at", INSTANT, "when the source confirmed it (never: when we asked)"),
    ),
    key=("site", "ip", "mac", "source"),
    references=(OF_A_SOURCE,),
)
BINDINGS = Table(
    "bindings",
    "who holds an address now",
    (
        SITE,
        IP,
        MAC,
        optional("client_id", "the DHCP client identifier", pattern=r"(?:[0-9a-f]{2})+"),
        text("kind", "the strongest reason for it", "static", "reservation", "service", "lease", "neighbour", "peer"),
        text("evidence", "the sources it rests on, comma-separated"),
        optional("last_seen_at", "the latest sighting; null for a reservation nobody has used", INSTANT),
        optional("valid_s", "the lease's length, where there is one that ends", INTEGER),
    ),
    key=("site", "ip"),
    references=(OF_A_SITE,),
)
NAME_CLAIMS = Table(
    "name_claims",
    "one source's wish that an address bear a name",
    (
        SITE,
        IP,
        text("wanted", "the name as the source says it: any text"),
        optional("name", "the absolute name it means; null when it is no host name", pattern=contract.ABSOLUTE),
        SOURCE,
        Column(
            "rank", INTEGER, "1 wins over 2: phpIPAM's people, static list, reservation or peer, service, lease, PTR"
        ),
        text("verdict", "what became of it", "granted", "agrees", "outranked", "contested"),
        text("reason", "why, for a person"),
    ),
    key=("site", "ip", "source"),
    references=(OF_A_SITE,),
)
ADDRESSES = Table(
    "addresses",
    "one address as phpIPAM should show it",
    (
        SITE,
        SUBNET_ID,
        CIDR,
        IP,
        optional("name", "the granted name, absolute", pattern=contract.ABSOLUTE),
        optional("hostname", "the name as phpIPAM should hold it: bare under the site's own suffix"),
        optional("named_by", "the source of the name"),
        MAC,
        optional("kind", "the binding's kind; null where only phpIPAM knows the address"),
        optional("last_seen_at", "the latest sighting", INSTANT),
    ),
    key=("subnet_id_phpipam", "ip"),
    references=(OF_A_SITE, OF_A_SUBNET, OF_AN_IPAM_SUBNET),
)
RECORDS = Table(
    "records",
    "one resource record DNS should hold",
    (
        SITE,
        IP,
        ZONE,
        OWNER,
        RR_TYPE,
        Column("ttl_s", INTEGER, "the TTL by the name's class"),
        optional("longest_ttl_s", "half of what is left of the lease; null where there is none to end", INTEGER),
        text("rdata", "the record data in presentation form"),
        text("writer", "who writes it: we, or Kea's D2 (which we leave alone)", "netcensus", "kea"),
        text("named_by", "the source of the name"),
        text("reason", "where the name comes from"),
    ),
    key=("zone", "owner", "type", "rdata"),
    references=(OF_A_ZONE, Reference(("site", "ip"), "addresses", ("site", "ip"))),
)
REGISTRATIONS = Table(
    "registrations",
    "one active lease that Kea handed to its D2, and whether its name is in DNS",
    (
        SITE,
        IP,
        optional("name", "its name, absolute; null where it is none of ours to look up", pattern=contract.ABSOLUTE),
        optional("dhcid", "the DHCID that marks the name, and the PTR, as this device's"),
        text("verdict", "what DNS says of it", "right", "missing", "other-device", "blocked", "unmatched"),
        Column("is_ours", FLAG, "what blocks the name is all netcensus's own"),
        optional("objection", "why the name must not be helped, as rule: reason; null where nothing speaks against it"),
        text("reason", "what was found, for a person"),
        optional("nsupdate", "the script that would clear what others left, for nsupdate(1)"),
    ),
    key=("site", "ip"),
    references=(Reference(("site", "ip"), "leases", ("site", "ip")),),
)
QUARANTINE = Table(
    "quarantine",
    "one site about which nothing is concluded, because rows of its account broke their table's contract",
    (SITE, text("reason", "what broke, and what to do")),
    key=("site",),
    references=(OF_A_SITE,),
)

"""The tables of devices: which interfaces are one device's, now and in the ledger's memory."""

from pipelines import contract
from pipelines.contract import FLAG, INSTANT, Column, Table
from pipelines.hardware import RANDOM, UNIVERSAL, UNKNOWN, VIRTUAL
from pipelines.tables.columns import MAC, SITE, optional, text

EVIDENCE = ("by-hand", "same-mac", "client-id", "reservation", "turn", "alone")
"""Why an interface belongs to its device, the strongest first."""

_DEVICE_ID = text(
    "device_id", "the device: d- and a hash of the first interface it was known by", pattern=r"d-[0-9a-f]+"
)
_INTERFACE = text("interface", "its MAC; of a DHCP client without one, its identifier")
_CLIENT_ID = optional(
    "client_id", "what it last called itself, as duid:hex or client-id:hex; long ones by their digest"
)
_NAME = optional("name", "the host name its lease last bore, absolute", pattern=contract.ABSOLUTE)
_EVIDENCE = text(
    "evidence", "what joined it to its device; `alone` for the interface by which that was first known", *EVIDENCE
)
_FORMER = optional(
    "former_ids", "ids under which this was a device of its own, comma-separated: they mean this one now"
)
_FIRST_SEEN = optional("first_seen_at", "the first sighting known; null for what is only reserved", INSTANT)
_KINDS = (UNIVERSAL, VIRTUAL, RANDOM, UNKNOWN)
_IS_HERE = Column("is_here", FLAG, "seen, leased or reserved this hour; else remembered")

DEVICE_INTERFACES = Table(
    "device_interfaces",
    "one interface: a MAC at a site, and the device it belongs to",
    (
        _DEVICE_ID,
        SITE,
        _INTERFACE,
        MAC,
        text("kind", "what its MAC tells: a maker's, made up at random, a virtual machine's, or none", *_KINDS),
        optional("platform", "the product that makes such virtual machines or containers"),
        _CLIENT_ID,
        _NAME,
        optional("addresses", "the addresses it has now, comma-separated"),
        _IS_HERE,
        _EVIDENCE,
        text("reason", "the evidence, for a person"),
        _FORMER,
        _FIRST_SEEN,
        optional("last_seen_at", "the latest sighting; of one that is not here, to a week", INSTANT),
    ),
    key=("site", "interface"),
)
DEVICES = Table(
    "devices",
    "one device: what a person would name, with one or more interfaces",
    (
        _DEVICE_ID,
        text("sites", "the sites it is known at, comma-separated"),
        optional("name", "the granted name of one of its addresses, absolute", pattern=contract.ABSOLUTE),
        text("kind", "the kind of its steadiest interface", *_KINDS),
        text("interfaces", "its interfaces, comma-separated"),
        optional("addresses", "its addresses now, comma-separated"),
        _IS_HERE,
        text("evidence", "why its interfaces are taken for one device, for a person"),
        _FORMER,
        _FIRST_SEEN,
        optional("last_seen_at", "the latest sighting of any interface", INSTANT),
    ),
    key=("device_id",),
)
DEVICE_IDS = Table(
    "device_ids",
    "which device an interface was last taken for: the ledger's memory of devices",
    (
        SITE,
        _INTERFACE,
        _DEVICE_ID,
        _CLIENT_ID,
        _NAME,
        _EVIDENCE,
        _FORMER,
        _FIRST_SEEN,
        optional("last_seen_at", "a sighting not more than a week older than the latest", INSTANT),
    ),
    key=("site", "interface"),
)

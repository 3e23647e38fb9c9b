"""Every table's contract, declared once: checks, the UI's column schema, files and docs/tables.md derive from it.

One file per stage, and one for what the ledger remembers. Only declarations belong here; how a table is
filled stands where it is filled.
Suffixes: `_at` a UTC instant, `_s` seconds, `is_` a flag, `_id_<system>` or `id_<system>` that system's own number.
Text is never empty: what is not there is null.
"""

from pipelines.contract import Table
from pipelines.tables.conflicts import CONFLICTS, POOL_USE, POOLS
from pipelines.tables.devices import DEVICE_IDS, DEVICE_INTERFACES, DEVICES
from pipelines.tables.extract import SNAPSHOTS
from pipelines.tables.listed import HOSTS, OUTSIDE_RECORDS, SERVICES
from pipelines.tables.load import RECEIPT, SERIALS, UNDONE, WRITTEN
from pipelines.tables.memory import APPLIED, BINDING_HISTORY, HOLDERS, HOLDS, READS, RESENT
from pipelines.tables.parse import (
    DHCP_SUBNETS,
    IPAM_ADDRESSES,
    IPAM_SUBNETS,
    LEASES,
    NEIGHBOURS,
    PEERS,
    REJECTS,
    RESERVATIONS,
    SOURCES,
    ZONE_RECORDS,
)
from pipelines.tables.plan import DNS_PLAN, GUARDS, HEAL_PLAN, IPAM_PLAN, WITHHELD
from pipelines.tables.reconcile import (
    ADDRESSES,
    BINDINGS,
    NAME_CLAIMS,
    QUARANTINE,
    RECORDS,
    REGISTRATIONS,
    SIGHTINGS,
)

ALL: tuple[Table, ...] = (
    SNAPSHOTS, SOURCES, REJECTS, LEASES, RESERVATIONS, DHCP_SUBNETS, NEIGHBOURS, PEERS, HOSTS, SERVICES, IPAM_SUBNETS,
    IPAM_ADDRESSES, ZONE_RECORDS, OUTSIDE_RECORDS, SIGHTINGS, BINDINGS, NAME_CLAIMS, ADDRESSES, RECORDS, REGISTRATIONS,
    QUARANTINE, DEVICES, DEVICE_INTERFACES, CONFLICTS, POOLS, IPAM_PLAN, DNS_PLAN, HEAL_PLAN, WITHHELD, GUARDS,
    APPLIED, READS, RESENT, POOL_USE, DEVICE_IDS, RECEIPT, WRITTEN, UNDONE, HOLDS, SERIALS, BINDING_HISTORY, HOLDERS,
)  # fmt: skip

__all__ = [
    "ADDRESSES", "ALL", "APPLIED", "BINDINGS", "BINDING_HISTORY", "CONFLICTS", "DEVICES", "DEVICE_IDS",
    "DEVICE_INTERFACES", "DHCP_SUBNETS", "DNS_PLAN", "GUARDS", "HEAL_PLAN", "HOLDERS", "HOLDS", "HOSTS",
    "IPAM_ADDRESSES", "IPAM_PLAN", "IPAM_SUBNETS", "LEASES", "NAME_CLAIMS", "NEIGHBOURS", "OUTSIDE_RECORDS", "PEERS",
    "POOLS", "POOL_USE", "QUARANTINE", "READS", "RECEIPT", "RECORDS", "REGISTRATIONS", "REJECTS", "RESENT",
    "RESERVATIONS", "SERIALS", "SERVICES", "SIGHTINGS", "SNAPSHOTS", "SOURCES", "UNDONE", "WITHHELD", "WRITTEN",
    "ZONE_RECORDS",
]  # fmt: skip

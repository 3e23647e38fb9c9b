"""Whether each name Kea handed to its D2 stands in DNS as it should, and if not, what is in the way (rule R5).

What D2 itself does (Kea 2.2 to 2.6, nc_add.cc): a name that is not in use it takes; one with the client's own DHCID it
gives the new address; at any other it gives up, for good, and writes no PTR either. A PTR it replaces, whoever's it is.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import pandas as pd

from pipelines import tables
from pipelines.keys import in_order, merged
from pipelines.network import Network
from pipelines.reconcile.as_of import AsOf
from pipelines.reconcile.claims import KEA_LEASES
from pipelines.reconcile.clearing import clearing_script
from pipelines.reconcile.dhcid import dhcid
from pipelines.reconcile.dns import DHCID, address_type
from pipelines.reconcile.records import is_ddns_on
from pipelines.reconcile.registered import registered
from pipelines.reconcile.rrsets import RRsets
from pipelines.reconcile.sightings import active_leases, is_of_its_site
from pipelines.values import Mac, OwnerName, host_name, is_below, reverse_name

RIGHT, MISSING, OTHER_DEVICE, BLOCKED, UNMATCHED = "right", "missing", "other-device", "blocked", "unmatched"
CONTESTED = "contested"
_Row = dict[str, object]


@dataclass(frozen=True)
class Finding:
    """A verdict and why; whether what is in the way is all ours; and the owner a person would have to clear."""

    verdict: str
    reason: str
    is_ours: bool = False
    foreign: OwnerName | None = None


@dataclass(frozen=True)
class Lease:
    """A lease in Kea's hands: what D2 was told of it, and the DHCID that marks its name."""

    site: str
    ip: str
    name: OwnerName
    mark: str
    mac: Mac | None
    is_forward: bool
    is_reverse: bool


def registrations(  # noqa: PLR0913 - five tables and two parameters, each by name
    leases: pd.DataFrame,
    dhcp_subnets: pd.DataFrame,
    zone_records: pd.DataFrame,
    applied: pd.DataFrame,
    claims: pd.DataFrame,
    *,
    network: Network,
    as_of: AsOf,
) -> pd.DataFrame:
    """`tables.REGISTRATIONS`: one row per active lease that Kea handed to D2 where D2 is on."""
    handed = _handed(leases, dhcp_subnets, network, as_of)
    handed = handed.assign(objection=_objections(handed, claims))
    right = registered(handed, zone_records, network).assign(verdict=RIGHT, is_ours=False, nsupdate=None)
    others = handed.drop(index=right.index)
    if others.empty:
        return tables.REGISTRATIONS.frame(right)
    zones, holders = RRsets(zone_records, applied), _by_name(leases)
    siblings = _siblings([one for row in _plain(handed) if isinstance(one := _lease(row, network), Lease)])
    judged = [_row(row, zones, network, siblings, holders) for row in _plain(others)]
    every = [right, tables.REGISTRATIONS.rows(judged).set_axis(others.index)]
    return tables.REGISTRATIONS.frame(pd.concat([one[tables.REGISTRATIONS.names] for one in every]).sort_index())


def _row(
    row: _Row,
    zones: RRsets,
    network: Network,
    siblings: Mapping[tuple[str, str], set[str]],
    holders: Mapping[str, list[_Row]],
) -> tuple[object, ...]:
    """One row of `tables.REGISTRATIONS`."""
    lease, objection, ip = _lease(row, network), row["objection"], str(row["ip"])
    found = _judged(lease, zones, network, siblings, holders) if isinstance(lease, Lease) else lease
    name = (lease.name, lease.mark) if isinstance(lease, Lease) else (None, None)
    script = clearing_script(found.foreign, ip, zones, network) if found.foreign and not objection else None
    return (row["site"], ip, *name, found.verdict, found.is_ours, objection, found.reason, script)


_ELSEWHERE = "elsewhere: another device was seen on its address since"


def _handed(leases: pd.DataFrame, dhcp_subnets: pd.DataFrame, network: Network, as_of: AsOf) -> pd.DataFrame:
    active = active_leases(leases, as_of=as_of)
    named = active[(active["is_ddns_forward"] | active["is_ddns_reverse"]) & active["hostname"].notna()]
    named = named[is_ddns_on(named, dhcp_subnets) & is_of_its_site(named, network)]
    return in_order(named, ["site", "ip"]).reset_index(drop=True)


def _plain(frame: pd.DataFrame) -> list[_Row]:
    """The rows as dictionaries, None for null."""
    cells = frame.astype("object")
    return [
        {str(key): value for key, value in row.items()} for row in cells.where(cells.notna(), None).to_dict("records")
    ]


def _lease(row: _Row, network: Network) -> Lease | Finding:
    """The lease with its name in canonical form, or why D2 can have done nothing we could look up."""
    try:
        name = host_name(str(row["hostname"]), network.suffix(str(row["site"])))
    except ValueError as error:
        return Finding(UNMATCHED, str(error))
    zone = network.zone_of(name)
    if zone is None or name == zone or not is_below(name, network.domain):
        return Finding(UNMATCHED, f"{name} is no name below {network.domain} in a zone of network.toml")
    mark = dhcid(name, row["mac"], row["client_id"])  # type: ignore[arg-type]  # canonical since parsing
    if mark is None:
        return Finding(UNMATCHED, f"nothing in the lease of {name} tells its client, so D2 has no DHCID for it")
    mac = None if row["mac"] is None else Mac(str(row["mac"]))
    flags = bool(row["is_ddns_forward"]), bool(row["is_ddns_reverse"])
    return Lease(str(row["site"]), str(row["ip"]), name, mark, mac, *flags)


def _by_name(leases: pd.DataFrame) -> dict[str, list[_Row]]:
    """All leases, ended ones too, by the name as it reads: whose a DHCID is can only be told by trying."""
    named = leases[leases["hostname"].notna()]
    found: dict[str, list[_Row]] = {}
    for row in _plain(named[["ip", "mac", "client_id", "hostname"]]):
        found.setdefault(str(row["hostname"]).lower().removesuffix("."), []).append(row)
    return found


def _siblings(leases: list[Lease]) -> dict[tuple[str, str], set[str]]:
    """The addresses of one client under one name: on two subnets, or by cable and by radio with one identifier."""
    found: dict[tuple[str, str], set[str]] = {}
    for lease in leases:
        found.setdefault((lease.name, lease.mark), set()).add(lease.ip)
    return found


def _objections(handed: pd.DataFrame, claims: pd.DataFrame) -> "pd.Series[str]":
    """Why a lease's name must not be helped, as `rule: reason`; null where nothing speaks against it."""
    by_lease = claims[claims["source"].isin(KEA_LEASES)].drop_duplicates(["site", "ip"], keep="last")
    why = (f"{CONTESTED}: " + by_lease["reason"]).where(by_lease["verdict"] == CONTESTED)
    told = by_lease[["site", "ip"]].assign(why=why, is_there=True)
    found = merged(handed[["site", "ip"]], told, on=["site", "ip"], how="left", validate="one_to_one")
    return found["why"].mask(found["is_there"].isna(), _ELSEWHERE)


def _judged(
    lease: Lease,
    zones: RRsets,
    network: Network,
    siblings: Mapping[tuple[str, str], set[str]],
    holders: Mapping[str, list[_Row]],
) -> Finding:
    """The forward name's verdict where it is at fault, for then D2 wrote no PTR either; else the pointer's."""
    forward = Finding(RIGHT, f"{lease.name} is {lease.ip}'s")
    if lease.is_forward:
        forward = _forward(lease, zones, siblings[lease.name, lease.mark], holders)
    if forward.verdict != RIGHT or not lease.is_reverse:
        return forward
    backward = _backward(lease, zones, network)
    return forward if backward is None else backward


def _forward(lease: Lease, zones: RRsets, own: set[str], holders: Mapping[str, list[_Row]]) -> Finding:
    name, types = lease.name, zones.types(lease.name)
    addresses, marks = zones.data(name, address_type(lease.ip)), zones.data(name, DHCID)
    if not types:
        return Finding(MISSING, f"DNS has nothing at {name}")
    if lease.mark in marks:
        if lease.ip in addresses or (addresses and addresses <= own):  # one device may have several leases
            return Finding(RIGHT, f"{name} is {_list(addresses)}")
        return Finding(MISSING, f"{name} bears the device's DHCID and has {_list(addresses) or 'no address'}")
    if zones.is_ours(name):
        return Finding(BLOCKED, f"what netcensus wrote to {name} ({_list(types)}) keeps D2 out", is_ours=True)
    if marks:
        return Finding(OTHER_DEVICE, _whose(lease, marks, addresses, holders), foreign=name)
    what = f"{_list(types)} without a DHCID, not by netcensus,"
    return Finding(BLOCKED, f"{what} stands at {name} and keeps D2 out", foreign=name)


def _whose(
    lease: Lease, marks: AbstractSet[str | None], addresses: frozenset[str], holders: Mapping[str, list[_Row]]
) -> str:
    """Whose DHCID stands at the name, as far as any lease tells."""
    said = f"{lease.name} ({_list(addresses) or 'no address'}) bears the DHCID of "
    if lease.mac is not None and dhcid(lease.name, lease.mac, None) in marks:
        return said + "the same device when it sent no client identifier, as a boot loader does"
    texts = (lease.name.removesuffix("."), lease.name.partition(".")[0])
    for row in (row for text in texts for row in holders.get(text, [])):
        mac, client_id = row["mac"], row["client_id"]
        if dhcid(lease.name, mac, client_id) in marks:  # type: ignore[arg-type]  # canonical since parsing
            return said + f"another device: {row['ip']} ({mac or 'no MAC'})"
    return said + "a device that has no lease here now"


def _backward(lease: Lease, zones: RRsets, network: Network) -> Finding | None:
    """What is wrong with the pointer; None where nothing is, or where no zone of ours holds it.

    D2 knows nothing of RFC 2317: where network.toml has such a zone, its pointers are not looked for.
    """
    owner = network.pointer_name(lease.ip)
    if network.zone_of(owner) is None or (network.dns.rfc2317 and owner != reverse_name(lease.ip)):
        return None
    targets, marks = zones.data(owner, "PTR"), zones.data(owner, DHCID)
    if targets == {lease.name}:
        return None if lease.mark in marks else Finding(MISSING, f"the PTR of {lease.ip} bears another DHCID or none")
    if not targets:
        return Finding(MISSING, f"DNS has no PTR of {lease.ip}")
    is_keas_older = bool(marks) and lease.mark not in marks
    if is_keas_older or zones.is_ours(owner):
        return Finding(MISSING, f"the PTR of {lease.ip} says another name than {lease.name}")
    why = f"somebody wrote another name than {lease.name} to the PTR of {lease.ip}"
    return Finding(BLOCKED, why, foreign=owner)


def _list(values: "frozenset[str] | set[str]") -> str:
    return ", ".join(sorted(values))

"""The interfaces that are here this hour: a MAC at a site, or a DHCP client of which only the identifier is told.

A MAC is not identity: what else its clients say of themselves stands beside it, as evidence for `same_device`.
"""

import hashlib
from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from pipelines import contract, hardware
from pipelines.facts import Facts, of_each, told_at
from pipelines.keys import first_of, in_order, last_of
from pipelines.network import Network
from pipelines.parse.duid import hardware_in
from pipelines.reconcile.as_of import AsOf
from pipelines.reconcile.ipam import absolute_names
from pipelines.reconcile.sightings import active_leases, may_be_a_device
from pipelines.subnets import is_ipv6, locate
from pipelines.values import mac

_ETHERNET = "01"  # the ARP hardware type with which a client identifier begins that is a MAC (RFC 2132 section 9.14)
_LONGEST_HEX = 128  # of an identifier kept as it is; a key column must hold it
_COLUMNS = ["site", "mac", "client_id", "ip", "cidr", "hostname", "seen_at"]


class Here(NamedTuple):
    """What is here now, every row under the interface's `key`.

    `interfaces`: key, site, interface, mac, kind, client_id, name, addresses, seen_from_at and last_seen_at (the first
    and the latest sighting this hour). `said`: key, site, kind, identifier and cidr, one row for each identifier under
    which it has an address. `reserved`: key, site, ip, name, a row for each reservation.
    """

    interfaces: pd.DataFrame
    said: pd.DataFrame
    reserved: pd.DataFrame


def interfaces_here(
    sightings: pd.DataFrame,
    leases: pd.DataFrame,
    reservations: pd.DataFrame,
    *,
    network: Network,
    as_of: AsOf,
) -> Here:
    """Every interface that was seen, holds an active lease, or has a reservation."""
    leased = _placed(active_leases(leases, as_of=as_of), network).assign(seen_at=lambda rows: rows["cltt_at"])
    fixed = pd.concat(
        [_placed(reservations[reservations["ip"].notna()], network), reservations[reservations["ip"].isna()]]
    )
    fixed = fixed.assign(seen_at=pd.Series(pd.NaT, fixed.index, dtype=contract.INSTANT))
    seen = sightings.assign(seen_at=sightings["last_seen_at"])
    every = pd.concat({"seen": seen, "leased": leased, "fixed": fixed}).reindex(columns=_COLUMNS)
    every = _with_keys(every.reset_index(level=0, names="from").reset_index(drop=True))
    every = every.assign(name=absolute_names(every["site"], every["hostname"], network=network))
    said = every[every["identifier"].notna()][["key", "site", "kind", "identifier", "cidr"]].drop_duplicates()
    return Here(_interfaces(every), said, every[every["from"] == "fixed"][["key", "site", "ip", "name"]])


def _placed(rows: pd.DataFrame, network: Network) -> pd.DataFrame:
    """The rows whose address lies in a subnet (`cidr`) of their own site: a gateway speaks for no other."""
    sites = {str(subnet): site for subnet, site in network.site_of_subnet.items()}
    placed = rows.assign(cidr=locate(rows["ip"], network.site_of_subnet))
    return placed[placed["cidr"].map(sites) == placed["site"]]


def key_of(rows: pd.DataFrame) -> "pd.Series[str]":
    """The one text by which an interface is known across tables: its site and itself."""
    return told_at(rows["site"], rows["interface"], _keys_at)


@lru_cache(maxsize=256)
def _keys_at(site: str) -> Facts:
    return Facts(of_each(lambda interface: f"{site} {interface}"), contract.TEXT)


def texts_by(keys: "pd.Series[int]", texts: "pd.Series[str]") -> "pd.Series[str]":
    """The different texts that stand beside each key, in their order and comma-separated, by key."""
    told = pd.Series(texts.dropna().array, keys[texts.notna()].array, dtype=contract.TEXT)
    has_more = told.index.duplicated(keep=False)
    found: dict[int, dict[str, None]] = {}
    for key, text in zip(told.index[has_more].tolist(), told[has_more].tolist(), strict=True):
        found.setdefault(key, {})[text] = None
    joined = pd.Series({key: ",".join(some) for key, some in found.items()}, dtype=contract.TEXT)
    return pd.concat([told[~has_more], joined])


def _with_keys(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of interfaces, each with its identifier, interface and key; what has neither MAC nor identifier goes."""
    is_v6 = is_ipv6(rows["ip"])
    told = rows["client_id"].notna()
    pairs = list(zip(rows["client_id"][told].to_numpy(), is_v6[told].to_numpy(), strict=True))
    read = {pair: identifier(*pair) for pair in set(pairs)}
    identifiers = pd.Series([read[pair] for pair in pairs], rows.index[told], dtype=contract.TEXT)
    unsaid = rows.loc[rows["mac"].isna(), "client_id"].map(_mac_in, na_action="ignore")
    macs = rows["mac"].fillna(unsaid.astype(contract.TEXT))
    rows = rows.assign(identifier=identifiers.reindex(rows.index), mac=macs.astype(contract.TEXT))
    rows = rows.assign(interface=rows["mac"].fillna(rows["identifier"]))
    rows = rows[rows["interface"].notna() & may_be_a_device(rows["mac"])]
    return rows.assign(key=key_of(rows), kind=kinds_of(rows["mac"]))


def kinds_of(macs: "pd.Series[str]") -> "pd.Series[str]":
    """What each MAC tells of its interface; `unknown` where there is none."""
    return _makers(macs).map(hardware.kind, na_action="ignore").astype(contract.TEXT).fillna(hardware.UNKNOWN)


def platforms_of(macs: "pd.Series[str]") -> "pd.Series[str]":
    """The product that makes such virtual machines' addresses; null for other hardware."""
    return _makers(macs).map(hardware.platform, na_action="ignore").astype(contract.TEXT)


def _makers(macs: "pd.Series[str]") -> "pd.Series[str]":
    """The octets that tell the maker: few, where there are many addresses."""
    return _MAKERS(macs)


_MAKERS = Facts(of_each(lambda mac: mac[: hardware.TELLING]), contract.TEXT)


def identifier(client_id: str, is_v6: bool) -> str | None:  # noqa: FBT001 - one of a pair, as it stands in a table
    """A client identifier as evidence: `duid:` (RFC 8415, RFC 4361) or `client-id:`; None for one that says nothing.

    What broken firmware sends says nothing: a UUID of which all bytes are alike.
    """
    form, value = ("duid", client_id) if is_v6 else ("client-id", client_id)
    if client_id.startswith("ff") and len(client_id) > 14:  # noqa: PLR2004 - type, IAID, DUID's own type
        form, value = "duid", client_id[10:]
    payload = value[4:] if form == "duid" else value[2:]
    octets = [payload[at : at + 2] for at in range(0, len(payload), 2)]
    if not octets or (len(octets) > 1 and len(set(octets)) == 1):
        return None
    if len(value) > _LONGEST_HEX:
        value = "sha256-" + hashlib.sha256(value.encode()).hexdigest()
    return f"{form}:{value}"


def _mac_in(client_id: str) -> str | None:
    """The MAC a client identifier is made of, by itself or in a DUID."""
    is_mac = client_id.startswith(_ETHERNET) and len(client_id) == 14  # noqa: PLR2004 - hex digits of type and MAC
    return mac(client_id[2:]) if is_mac else hardware_in(client_id)


def _interfaces(every: pd.DataFrame) -> pd.DataFrame:
    """One row for each interface. Of several names the latest counts, of several identifiers a DUID, then the first."""
    every = every.set_axis(pd.factorize(every["key"].array)[0]).rename_axis("place").reset_index()
    firsts = every.drop_duplicates("place").set_index("place")[["key", "site", "interface", "mac", "kind"]]
    seen_at = every.groupby("place")["seen_at"]
    leased = every[(every["from"] == "leased") & every["name"].notna()]
    leased = last_of(leased, ["place"], ["seen_at", "name"], na_position="first")
    said = every[every["identifier"].notna()]
    said = said.assign(is_other=~said["identifier"].str.startswith("duid:"))
    placed = every[every["ip"].notna() & (every["from"] != "fixed")].drop_duplicates(["place", "ip"])
    placed = in_order(placed, ["place", "ip"])
    return firsts.assign(
        client_id=first_of(said, ["place"], ["is_other", "identifier"]).set_index("place")["identifier"],
        name=leased.set_index("place")["name"],
        addresses=texts_by(placed["place"], placed["ip"]),
        seen_from_at=seen_at.min(),
        last_seen_at=seen_at.max(),
    ).reset_index(drop=True)

"""What is declared and not seen: hosts that a person lists, and services, as holders of addresses and names."""

import pandas as pd

from pipelines import contract, tables
from pipelines.keys import in_order, merged
from pipelines.reconcile.claims import ADDRESS
from pipelines.snapshots import EVERYWHERE


def wanted_by_hosts(hosts: pd.DataFrame) -> pd.DataFrame:
    """Claims of the names in lists kept by hand: whoever is on the address, the list names the address."""
    device = hosts["mac"].astype("object").where(hosts["mac"].notna(), hosts["ip"])
    return hosts.assign(wanted=hosts["hostname"], device=device)[[*ADDRESS, "wanted", "source", "device"]]


def with_hosts(bindings: pd.DataFrame, hosts: pd.DataFrame) -> pd.DataFrame:
    """The bindings, in which a listed host's address is its own (kind `static`) while no other device is seen on it.

    A host that nobody has seen is bound to its address without a date, as a reservation is.
    """
    if hosts.empty:
        return bindings
    first = in_order(hosts, [*ADDRESS, "source"]).drop_duplicates(ADDRESS)
    known = _beside(bindings, first)
    is_same = known["mac"].isna() | known["mac_told"].isna() | (known["mac"] == known["mac_told"])
    filled = known.assign(mac=known["mac"].fillna(known["mac_told"]).astype(contract.TEXT))
    return _taken_over(filled, "static", known["kind"].isna() | is_same)


def naming_services(services: pd.DataFrame) -> pd.DataFrame:
    """Of each address's services the one that names it: by annotation first, then by namespace and name.

    MetalLB lets services share an address, and an address has one name. Services outside our subnets are left out.
    """
    here = services[services["site"] != EVERYWHERE]
    ordered = in_order(
        here.assign(is_plain=~here["is_annotated"]), [*ADDRESS, "is_plain", "source", "namespace", "service"]
    )
    return ordered.drop_duplicates(ADDRESS).drop(columns="is_plain")


def wanted_by_services(services: pd.DataFrame) -> pd.DataFrame:
    """Claims of the services that name their addresses. A service with several addresses is one device."""
    naming = naming_services(services)
    device = naming["source"] + ":" + naming["namespace"] + "/" + naming["service"]
    return naming.assign(wanted=naming["hostname"], device=device)[[*ADDRESS, "wanted", "source", "device"]]


def with_services(bindings: pd.DataFrame, services: pd.DataFrame) -> pd.DataFrame:
    """The bindings, in which a service's address is its own (kind `service`) unless a DHCP server gave it away.

    It has no hardware address: who answers for it is whichever node announces it now.
    """
    if services.empty:
        return bindings
    known = _beside(bindings, naming_services(services).assign(mac=None))
    is_theirs = known["kind"].isna() | known["kind"].isin({"neighbour", "peer"})
    is_service = is_theirs & known["source"].notna()
    return _taken_over(known.assign(mac=known["mac"].mask(is_service)), "service", is_theirs)


def unnamed_services(services: pd.DataFrame) -> pd.DataFrame:
    """`tables.WITHHELD` of the services whose address another one names."""
    naming = naming_services(services).set_index(ADDRESS)
    winner = naming["namespace"] + "/" + naming["service"]
    here = services[services["site"] != EVERYWHERE]
    own = here["namespace"] + "/" + here["service"]
    others = here.assign(own=own, winner=[winner[key] for key in zip(here["site"], here["ip"], strict=True)])
    others = others[others["own"] != others["winner"]]
    why = others["own"] + " shares the address with " + others["winner"] + ", which names it: an address has one name"
    told = others.assign(target="dns", subject=others["ip"], field="name", wanted=others["hostname"], existing=None)
    return tables.WITHHELD.frame(told.assign(rule="shared-address", reason=why))


def _beside(bindings: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """The bindings with `source` and `mac_told` of what is told of their addresses, and a row for any other."""
    rows = told[[*ADDRESS, "mac", "source"]].astype(contract.TEXT)
    return merged(bindings, rows, on=ADDRESS, how="outer", suffixes=("", "_told"), validate="one_to_one")


def _taken_over(known: pd.DataFrame, kind: str, where: "pd.Series[bool]") -> pd.DataFrame:
    """The bindings, of this kind where something is told of the address and `where` holds."""
    is_theirs = known["source"].notna() & where
    noted = known["source"].str.cat(known["evidence"].fillna(""), sep=",").str.strip(",")
    taken = known.assign(kind=known["kind"].mask(is_theirs, kind), evidence=known["evidence"].mask(is_theirs, noted))
    return tables.BINDINGS.frame(taken)

"""Devices: what a person would name, from the interfaces that are here and those that were (`tables.DEVICE_IDS`)."""

import re
from collections.abc import Collection

import pandas as pd

from pipelines import contract, hardware, tables
from pipelines.facts import Facts, of_each
from pipelines.keys import first_of, in_order, merged
from pipelines.network import Network
from pipelines.reconcile.as_of import AsOf, at_site
from pipelines.reconcile.grouping import grouped
from pipelines.reconcile.identity import FORGOTTEN, device_ids, former_ids
from pipelines.reconcile.interfaces import Here, interfaces_here, key_of, kinds_of, platforms_of, texts_by
from pipelines.reconcile.same_device import apart, evidence
from pipelines.subnets import ordinals
from pipelines.tables.devices import EVIDENCE

_STEADIEST = (hardware.UNIVERSAL, hardware.VIRTUAL, hardware.RANDOM, hardware.UNKNOWN)
_REMEMBERED = {
    "by-hand": "network.toml said so",
    "same-mac": "the same MAC was seen at another site",
    "client-id": "they gave the same DHCP identifier before",
    "reservation": "they were reserved together",
    "turn": "it took up the lease name of a MAC that was gone",
    "alone": "the device was first known by it",
}


def device_interfaces(  # noqa: PLR0913 - four tables, and what they are read with
    sightings: pd.DataFrame,
    leases: pd.DataFrame,
    reservations: pd.DataFrame,
    known: pd.DataFrame,
    *,
    network: Network,
    as_of: AsOf,
    frozen: Collection[str],
) -> pd.DataFrame:
    """`tables.DEVICE_INTERFACES`: those that are here, and those `known` that are not forgotten.

    Of sites that are `frozen` nothing is concluded: their interfaces stay as they are known.
    """
    sources = [rows[~rows["site"].isin(frozen)] for rows in (sightings, leases, reservations)]
    here = interfaces_here(*sources, network=network, as_of=as_of)
    macs = known["interface"].where(_ARE_MACS(known["interface"]))
    known = known.assign(key=key_of(known), mac=macs, kind=kinds_of(macs))
    known = known[_is_kept(known, here, frozen, as_of)]
    pairs = evidence(here, known, network=network)
    nodes = _nodes(here, known, left=_leaving(here, known))
    by_hand, others = pairs[pairs["evidence"] == "by-hand"], pairs[pairs["evidence"] != "by-hand"]
    edges = pd.concat([by_hand[["left", "right"]], _as_before(nodes), others[["left", "right"]]])
    joined = pd.concat([edges["left"], edges["right"]]).unique().tolist()
    groups = grouped(joined, edges.itertuples(index=False, name=None), apart(nodes, network=network))
    nodes = nodes.assign(group=[groups.get(key, key) for key in nodes["key"].tolist()])
    ids = device_ids(nodes)
    nodes = nodes.assign(device_id=ids, former_ids=former_ids(nodes.assign(device_id=nodes["noted_id"]), ids))
    told = nodes.join(_why(nodes, pairs))
    shown = in_order(told.assign(platform=platforms_of(told["mac"])), ["device_id", "site", "interface"])
    return tables.DEVICE_INTERFACES.frame(shown)


_ARE_MACS = Facts(of_each(lambda text: re.fullmatch(contract.MAC, text) is not None), "bool", of_null=False)


def _is_kept(known: pd.DataFrame, here: Here, frozen: Collection[str], as_of: AsOf) -> "pd.Series[bool]":
    is_recent = at_site(as_of, known["site"]) - known["last_seen_at"] < FORGOTTEN
    return known["key"].isin(here.interfaces["key"]) | known["site"].isin(frozen) | is_recent


def _nodes(here: Here, known: pd.DataFrame, *, left: set[str]) -> pd.DataFrame:
    """Every interface, here or known, with what is known of it; `device_id` is null for what left its device."""
    told = ["site", "interface", "mac", "kind", "client_id", "name"]
    past = known[["key", *told, "device_id", "former_ids", "evidence", "first_seen_at", "last_seen_at"]]
    past = past.rename(columns={"device_id": "noted_id", "evidence": "noted_evidence"})
    nodes = merged(here.interfaces, past, on="key", how="outer", suffixes=("", "_noted"), validate="one_to_one")
    nodes = nodes.assign(
        **{name: nodes[name].fillna(nodes[f"{name}_noted"]) for name in told},
        is_here=nodes["key"].isin(here.interfaces["key"]),
        first_seen_at=nodes["first_seen_at"].fillna(nodes["seen_from_at"]),
        last_seen_at=nodes[["last_seen_at", "last_seen_at_noted"]].max(axis="columns"),
    )
    return nodes.assign(device_id=nodes["noted_id"].mask(nodes["key"].isin(left)))


def _as_before(nodes: pd.DataFrame) -> pd.DataFrame:
    """Pairs that keep the interfaces of a known device together: its oldest with each of the others."""
    ordered = in_order(nodes[nodes["device_id"].notna()], ["first_seen_at", "key"])
    firsts = ordered.groupby("device_id")["key"].transform("first")
    return pd.DataFrame({"left": firsts, "right": ordered["key"]})[firsts != ordered["key"]]


def _leaving(here: Here, known: pd.DataFrame) -> set[str]:
    """The interfaces that are no longer what they were taken for."""
    return _seen_together(here, known) | _carried_over(here, known)


def _seen_together(here: Here, known: pd.DataFrame) -> set[str]:
    """Those that were joined by turn, and are now seen at the same time as an older one of the device: two devices.

    At the same time: the older was seen again after this one had come, and this one after that.
    """
    now = merged(known, here.interfaces[["key", "seen_from_at", "last_seen_at"]], on="key", suffixes=("_noted", ""))
    came = now[now["evidence"] == "turn"]
    both = merged(came, now, on="device_id", suffixes=("", "_old"))
    both = both[both["first_seen_at_old"] < both["first_seen_at"]]
    is_back = both["last_seen_at_old"] > both["first_seen_at"]
    return set(both[is_back & (both["last_seen_at"] >= both["seen_from_at_old"])]["key"])


def _carried_over(here: Here, known: pd.DataFrame) -> set[str]:
    """Those that now give the DUID of another device's interface: a dock, carried from one machine to the next.

    Not the only interface of its device: without it there would be none left.
    """
    said = here.said[here.said["identifier"].str.startswith("duid:")][["key", "identifier"]].drop_duplicates()
    past = known[known["client_id"].str.startswith("duid:", na=False)]
    now = merged(said, past[["key", "device_id", "client_id"]], on="key")
    now = now[~now["key"].isin(now[now["identifier"] == now["client_id"]]["key"])]
    now = now[now["device_id"].isin(known["device_id"][known["device_id"].duplicated()])]
    others = pd.concat([said, past.rename(columns={"client_id": "identifier"})[["key", "identifier"]]])
    others = merged(others, known[["key", "device_id"]], on="key", how="left")
    met = merged(now, others, on="identifier", suffixes=("", "_other"))
    return set(met[(met["key"] != met["key_other"]) & (met["device_id"] != met["device_id_other"])]["key"])


def _why(nodes: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """The strongest evidence of each row of `nodes`, and the reason: this hour's, else what is remembered."""
    lefts = pairs[pairs["evidence"] != "turn"].rename(columns={"left": "key", "right": "other"})
    rights = pairs.rename(columns={"right": "key", "left": "other"})
    groups = nodes[["key", "group"]]
    now = merged(pd.concat([lefts, rights]), groups, on="key", how="left", validate="many_to_one")
    others = groups.rename(columns={"key": "other", "group": "group_other"})
    now = merged(now, others, on="other", how="left", validate="many_to_one")
    now = now[now["group"] == now["group_other"]]
    past = nodes[nodes["device_id"] == nodes["noted_id"]].rename(columns={"noted_evidence": "evidence"})
    told = pd.concat([now[["key", "evidence", "reason"]], past.assign(reason=past["evidence"].map(_REMEMBERED))])
    told = told.assign(rank=told["evidence"].map(EVIDENCE.index))
    best = first_of(told, ["key"], ["rank"])[["key", "evidence", "reason"]]
    best = merged(nodes[["key"]], best, on="key", how="left", validate="many_to_one").set_axis(nodes.index)
    is_joined = nodes.duplicated("group", keep=False) & best["evidence"].notna()
    alone = {"evidence": "alone", "reason": _REMEMBERED["alone"]}
    return pd.DataFrame({name: best[name].where(is_joined, text) for name, text in alone.items()})


def devices(interfaces: pd.DataFrame, claims: pd.DataFrame, bindings: pd.DataFrame) -> pd.DataFrame:
    """`tables.DEVICES` of `tables.DEVICE_INTERFACES`, each with the granted name (`claims`) of one of its addresses.

    That of an address DHCP gave it comes before that of one it took (a service's, an alias), then the claim's rank
    counts, then the lowest address: so a name does not come and go.
    """
    ids = in_order(interfaces[["device_id"]].drop_duplicates(), ["device_id"]).reset_index(drop=True)
    interfaces = merged(interfaces, ids.assign(device=ids.index), on="device_id", validate="many_to_one")
    owner, by_device = interfaces["device"], interfaces.groupby("device")
    ranks = interfaces["kind"].map(_STEADIEST.index)
    reasons = interfaces["reason"].mask(interfaces["evidence"] == "alone")
    shown = ids.assign(
        sites=texts_by(owner, interfaces["site"]),
        name=_names(interfaces, claims, bindings),
        kind=ranks.groupby(owner).min().map(dict(enumerate(_STEADIEST))),
        interfaces=texts_by(owner, interfaces["interface"]),
        addresses=texts_by(owner, interfaces["addresses"]),
        is_here=by_device["is_here"].any(),
        evidence=texts_by(owner, reasons),
        former_ids=texts_by(owner, interfaces["former_ids"]),
        first_seen_at=by_device["first_seen_at"].min(),
        last_seen_at=by_device["last_seen_at"].max(),
    )
    return tables.DEVICES.frame(shown.assign(evidence=shown["evidence"].fillna("it has one interface")))


def _names(interfaces: pd.DataFrame, claims: pd.DataFrame, bindings: pd.DataFrame) -> "pd.Series[str]":
    """By device, the name of the best of its addresses."""
    held = interfaces.loc[interfaces["addresses"].notna(), ["device", "site", "addresses"]]
    held = _one_by_one(held.rename(columns={"addresses": "ip"}))
    named = merged(held, claims[claims["verdict"] == "granted"], on=["site", "ip"])
    named = merged(named, bindings[["site", "ip", "kind"]], on=["site", "ip"], how="left", validate="many_to_one")
    named = named.assign(number=ordinals(named["ip"]), is_taken=~named["kind"].isin({"reservation", "lease"}))
    return first_of(named, ["device"], ["is_taken", "rank", "number"]).set_index("device")["name"]


def _one_by_one(held: pd.DataFrame) -> pd.DataFrame:
    """A row for each address of `ip`: few interfaces have several."""
    is_several = held["ip"].str.contains(",", regex=False)
    several = held[is_several]
    several = several.assign(ip=several["ip"].str.split(",")).explode("ip").astype({"ip": contract.TEXT})
    return pd.concat([held[~is_several], several]).sort_index(kind="stable")

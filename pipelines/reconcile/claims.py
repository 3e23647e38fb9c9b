"""Which name each address bears: every source's claim, and the one that is granted (rule R3).

A person's entry in phpIPAM wins over a list kept by hand, that over a reservation, that over a service of Kubernetes,
that over an active lease, that over a PTR whose forward record agrees. A client may call itself anything, so its claim
is contested where the name is somebody else's.
"""

from collections.abc import Sequence

import pandas as pd

from pipelines import contract, tables
from pipelines.keys import first_of, in_order, merged
from pipelines.network import Network
from pipelines.parse.duid import hardware_in
from pipelines.reconcile.as_of import AsOf
from pipelines.reconcile.ipam import absolute_names
from pipelines.reconcile.labels import first_labels
from pipelines.reconcile.sightings import active_leases
from pipelines.reconcile.ties import lost
from pipelines.reconcile.unasked import Holders, kept_from
from pipelines.values import host_name, is_below

PEOPLE, RESERVATION, LEASE, PTR = "phpipam", "kea4.reservation", "kea4.leases", "ptr"
IMPORT = "phpipam.import"
DNSMASQ_LEASE, ODHCPD_LEASE = "dnsmasq.leases", "odhcpd.leases"
LEASE6 = "kea6.leases"
MEMFILES = frozenset({"kea4.memfile", "kea6.memfile"})
KEA_LEASES = frozenset({LEASE, LEASE6, *MEMFILES})
PEER = "wireguard"
SAME_MAC = "same-mac"
STATIC = "static-list"
SERVICE = "kubernetes"
LEASES = KEA_LEASES | {DNSMASQ_LEASE, ODHCPD_LEASE}
"""The sources of names that clients give themselves. Only Kea's get DHCIDs: the others write to no name server."""
CLIENTS = LEASES | {SERVICE}
"""The kinds of sources in which whoever is named chose the name."""
_BECAUSE = {
    PEOPLE: "entered in phpIPAM",
    RESERVATION: "reserved in Kea",
    STATIC: "a list kept by hand says so",
    SERVICE: "a service of Kubernetes has this address",
    PEER: "its WireGuard key has this name in network.toml",
    **dict.fromkeys(LEASES, "an active lease says so"),
    PTR: "its PTR says so, and the forward record agrees",
    SAME_MAC: "the device seen on it bears this name on its IPv4 address",
}
_IMPORTED = "left in phpIPAM by an import, and nobody vouches for it; clear the row's description to have it published"
RANKS = {
    PEOPLE: 1,
    STATIC: 2,
    RESERVATION: 3,
    PEER: 3,
    SERVICE: 4,
    **dict.fromkeys(LEASES, 5),
    PTR: 6,
    SAME_MAC: 7,
    IMPORT: 7,
}
"""Which claim wins. A source with a name of its own (`static-list/house`) ranks as its kind."""
ADDRESS = ["site", "ip"]
_WANTED = ["site", "ip", "wanted", "source", "device"]
_NOBODY = pd.DataFrame({"name": [], "ip": []}, dtype=contract.TEXT)


def name_claims(
    wanted: pd.DataFrame, *, network: Network, standing: Sequence[Holders] = (), unasked: Holders = _NOBODY
) -> pd.DataFrame:
    """`tables.NAME_CLAIMS` from the claims of all sources, each judged.

    `wanted` has the columns site, ip, wanted, source and device (what tells one device from another: its MAC, client
    identifier or, failing both, its address). `standing` says which addresses hold a name now, in phpIPAM and in DNS,
    the more binding first: where two clients want one name, the one that has it keeps it. `unasked` are the names of
    sites that were not read: there nobody speaks for them.
    """
    if wanted.empty:
        return tables.NAME_CLAIMS.empty()
    claims = wanted.assign(rank=kind(wanted["source"]).map(RANKS)).drop_duplicates([*ADDRESS, "source"])
    claims = claims.assign(name=absolute_names(claims["site"], claims["wanted"], network=network))
    claims = claims.assign(objection=_misread(claims, network))
    claims = claims.assign(
        objection=claims["objection"].where(claims["objection"].notna(), _objections(claims, network))
    )
    claims = claims.assign(
        objection=claims["objection"].where(
            claims["objection"].notna(), kept_from(claims, kind(claims["source"]).isin(CLIENTS), unasked, standing)
        )
    )
    claims = claims.assign(
        objection=claims["objection"].where(claims["objection"].notna(), _lost_ties(claims, standing))
    )
    return tables.NAME_CLAIMS.frame(_verdicts(claims))


def kind(sources: "pd.Series[str]") -> "pd.Series[str]":
    """Each source's kind, by which it ranks: `static-list` for `static-list/house`."""
    return sources.map(lambda source: source.partition("/")[0], na_action="ignore")


def _misread(claims: pd.DataFrame, network: Network) -> "pd.Series[str]":
    """Why a text (wanted) means no name at its site, or none of ours: few do not."""
    odd = claims[~claims["name"].str.endswith("." + network.domain.strip(".") + ".", na=False)]
    texts = [_objection(text, network, site) for site, text in zip(odd["site"], odd["wanted"], strict=True)]
    return pd.Series(texts, odd.index, dtype="object").reindex(claims.index)


def _objection(text: str, network: Network, site: str) -> str | None:
    try:
        name = host_name(text, network.suffix(site))
    except ValueError as error:
        return str(error)
    if not is_below(name, network.domain) or name == network.domain:
        return f"{name} does not belong to {network.domain}"
    return None


def _objections(claims: pd.DataFrame, network: Network) -> "pd.Series[str]":
    """Why a client's claim cannot be granted whatever else is claimed: the name means something, or is another's."""
    labels = first_labels(claims["name"])
    is_forbidden = kind(claims["source"]).isin(CLIENTS) & labels.isin(network.forbidden_names)
    text = pd.Series(None, index=claims.index, dtype="object")
    for rank in sorted({RANKS[one] for one in CLIENTS}):
        is_taken = _is_taken(claims, rank)
        text[is_taken] = claims["name"][is_taken] + " is reserved for, or was given by hand to, another device"
    text[claims["source"] == IMPORT] = _IMPORTED
    text[is_forbidden] = labels[is_forbidden] + " is a reserved or infrastructure name (network.toml, [names])"
    return text


def _is_taken(claims: pd.DataFrame, rank: int) -> "pd.Series[bool]":
    """Whether a claim is one of this rank for a name that a better one gives to another device."""
    is_better, columns = (claims["rank"] < rank) | _is_pointed_alone(claims), ["name", "device", "ip"]
    better = claims.loc[is_better & claims["name"].notna(), columns]
    asked = claims.loc[(claims["rank"] == rank) & claims["name"].isin(better["name"]), columns]
    holders: dict[str, set[str]] = {}
    for name, device, ip in better[better["name"].isin(asked["name"])].itertuples(index=False, name=None):
        holders.setdefault(name, set()).update((device, ip))
    is_taken = [holders[name].isdisjoint((device, ip)) for name, device, ip in asked.itertuples(index=False, name=None)]
    return pd.Series(is_taken, asked.index, dtype=bool).reindex(claims.index, fill_value=False)


def _is_pointed_alone(claims: pd.DataFrame) -> "pd.Series[bool]":
    """Whether a claim is a hand-made PTR's, for an address nothing else names: then that host is named by hand."""
    return (claims["source"] == PTR) & ~claims.duplicated(ADDRESS, keep=False)


def _lost_ties(claims: pd.DataFrame, standing: Sequence[Holders]) -> "pd.Series[str]":
    """Why one of several clients that want the same name does not get it."""
    is_open, of_kind = claims["objection"].isna() & claims["name"].notna(), kind(claims["source"])
    by_client, by_right = of_kind.isin(CLIENTS), claims["rank"] < min(RANKS[one] for one in CLIENTS)
    return lost(claims[is_open & by_client], claims[is_open & by_right], standing).reindex(claims.index)


def _verdicts(claims: pd.DataFrame) -> pd.DataFrame:
    """Every claim with its verdict. A name that DHCP and a person agree on is granted to DHCP.

    So a person's entry is only what differs from the network: what agrees with it may follow it from then on.
    """
    ordered = in_order(claims, [*ADDRESS, "rank", "source"])
    is_open = ordered["objection"].isna()
    best = ordered[is_open].drop_duplicates(ADDRESS)[[*ADDRESS, "name"]].rename(columns={"name": "best"})
    ordered = merged(ordered, best, on=ADDRESS, how="left", validate="many_to_one")
    is_open = ordered["objection"].isna()
    says_best = is_open & (ordered["name"] == ordered["best"])
    agreeing = ordered[says_best].assign(by_hand=ordered["source"].isin({PEOPLE, PTR, SAME_MAC, IMPORT}))
    winner = first_of(agreeing, ADDRESS, ["by_hand", "rank", "source"])
    ordered = merged(
        ordered,
        winner[[*ADDRESS, "source"]].rename(columns={"source": "winner"}),
        on=ADDRESS,
        how="left",
        validate="many_to_one",
    )
    is_granted = says_best & (ordered["source"] == ordered["winner"])
    verdict = pd.Series("outranked", index=ordered.index).mask(~is_open, "contested")
    verdict = verdict.mask(says_best, "agrees").mask(is_granted, "granted")
    return ordered.assign(verdict=verdict, reason=_reasons(ordered, verdict))


def _reasons(claims: pd.DataFrame, verdict: "pd.Series[str]") -> "pd.Series[str]":
    texts = {
        "granted": kind(claims["source"]).map(_BECAUSE),
        "agrees": "says the same as " + claims["winner"],
        "outranked": "outranked by " + claims["winner"],
    }
    reason = claims["objection"]
    for outcome, text in texts.items():
        reason = reason.mask(verdict == outcome, text)
    return reason


def wanted_in_phpipam(ipam: pd.DataFrame, *, ours: pd.DataFrame, imported: tuple[str, ...]) -> pd.DataFrame:
    """Claims of the names in phpIPAM that somebody else than us put there: a person, or an import.

    `ipam` has site, cidr, ip, hostname, mac and description; `ours` the ledger's rows for phpIPAM's host names. A row
    with one of the descriptions `imported` was made by a program, and may name a device that is long gone.
    """
    named = ipam[ipam["hostname"].notna()]
    kept = ours.rename(columns={"scope": "cidr", "subject": "ip"})[["cidr", "ip", "value", "intended"]]
    known = merged(named, kept, on=["cidr", "ip"], how="left", validate="one_to_one")
    is_ours = (known["hostname"] == known["value"]) | (known["hostname"] == known["intended"])
    is_imported = known["description"].isin(imported)
    people, programs = known[~is_ours & ~is_imported], known[~is_ours & is_imported]
    return pd.concat(
        [_claims(people, people["hostname"], PEOPLE), _claims(programs, programs["hostname"], IMPORT)],
        ignore_index=True,
    )


def wanted_by_reservations(reservations: pd.DataFrame, bindings: pd.DataFrame) -> pd.DataFrame:
    """Claims of reserved names: for the reserved address, or for the address the reserved device has."""
    named = in_order(reservations[reservations["hostname"].notna()], ["hostname", "subnet"])
    reserved = bindings[bindings["kind"] == "reservation"][[*ADDRESS, "mac", "client_id"]]
    fixed = named[named["ip"].notna()].rename(columns={"mac": "mac_reserved", "client_id": "client_id_reserved"})
    fixed = merged(fixed, reserved, on=ADDRESS, validate="many_to_one")
    is_other = (fixed["mac"] != fixed["mac_reserved"]) & (fixed["client_id"] != fixed["client_id_reserved"])
    fixed = in_order(fixed.assign(is_other=is_other), [*ADDRESS, "is_other", "hostname"]).drop_duplicates(ADDRESS)
    roaming = named[named["ip"].isna()].drop(columns="ip")
    by_mac = roaming[roaming["mac"].notna()].drop(columns="client_id").drop_duplicates(["site", "mac"])
    by_client = roaming[roaming["client_id"].notna()].drop(columns="mac").drop_duplicates(["site", "client_id"])
    held = bindings[["site", "ip", "mac", "client_id"]]
    found = [
        fixed,
        merged(by_mac, held[held["mac"].notna()], on=["site", "mac"]),
        merged(by_client, held[held["client_id"].notna()], on=["site", "client_id"]),
    ]
    every = pd.concat([one[[*ADDRESS, "mac", "client_id", "hostname"]] for one in found])
    return _claims(every, every["hostname"], RESERVATION)


def wanted_by_leases(leases: pd.DataFrame, bindings: pd.DataFrame, *, as_of: AsOf) -> pd.DataFrame:
    """Claims of the clients themselves, by active lease, unless another device was seen on the address since."""
    active = active_leases(leases, as_of=as_of)
    named = active[active["hostname"].notna()]
    holders = bindings[["site", "ip", "mac"]].rename(columns={"mac": "holder"})
    here = merged(named, holders, on=ADDRESS, validate="one_to_one")
    here = here[(here["mac"] == here["holder"]) | here["mac"].isna()]
    by_duid = here["client_id"].map(hardware_in, na_action="ignore").astype(contract.TEXT)
    known = here.assign(mac=here["mac"].fillna(here["holder"]).fillna(by_duid))  # so that one device has one identity
    return _claims(known, known["hostname"], known["source"])


def wanted_by_peers(peers: pd.DataFrame) -> pd.DataFrame:
    """Claims of the names that network.toml gives to the keys of WireGuard's peers."""
    named = peers[peers["hostname"].notna()]
    return _claims(named, named["hostname"], PEER)


def wanted_by_ptr(pointers: pd.DataFrame) -> pd.DataFrame:
    """Claims of hand-made PTR records (site, ip, hostname) whose forward record agrees."""
    return _claims(pointers.assign(mac=None), pointers["hostname"], PTR)


def _claims(frame: pd.DataFrame, wanted: "pd.Series[str]", source: "str | pd.Series[str]") -> pd.DataFrame:
    device = frame["mac"].astype("object")
    if "client_id" in frame:
        device = device.where(device.notna(), frame["client_id"])
    device = device.where(device.notna(), frame["ip"])
    return frame.assign(wanted=wanted, source=source, device=device)[_WANTED]

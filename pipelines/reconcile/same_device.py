"""What shows that two interfaces are one device's. Each kind of evidence gives pairs: left, right, evidence, reason.

A name alone never does. Why each rule is as it is stands in docs/decisions/0012-devices.md. `known` is the ledger's
memory (`tables.DEVICE_IDS` with key, mac and kind), `here` what is seen this hour.
"""

import pandas as pd

from pipelines.contract import TEXT
from pipelines.hardware import RANDOM, UNIVERSAL, VIRTUAL
from pipelines.keys import in_order, merged
from pipelines.network import Network
from pipelines.reconcile.interfaces import Here
from pipelines.reconcile.labels import first_labels

SEVERAL = 4
"""More interfaces than this at one site are not one device's, whatever identifier or reserved name they share."""
GO_BETWEEN = 3
"""A MAC under which so many identifiers have leases at once is a repeater's: they are not its own."""
TURN = pd.Timedelta(days=30)
"""How long a device may have been away whose name a new random MAC takes up."""
_PAIR = ["left", "right", "evidence", "reason"]


def evidence(here: Here, known: pd.DataFrame, *, network: Network) -> pd.DataFrame:
    """All pairs, the strongest evidence first, in an order that does not depend on that of the tables."""
    strong = pd.concat([_by_hand(here, known, network), _by_mac(here, known), _by_client_id(here, known),
                        _by_reservation(here, network)], ignore_index=True)  # fmt: skip
    joined = pd.concat([strong["left"], strong["right"]])
    return pd.concat([strong, _by_turn(here, known, set(joined.tolist()), network)], ignore_index=True)


def apart(keys: pd.DataFrame, *, network: Network) -> dict[str, dict[int, str]]:
    """The marks (see `grouping`) of the interfaces (key, mac) that the split list names."""
    lists = enumerate(network.devices.split)
    marks = pd.DataFrame([(mac, at) for at, macs in lists for mac in macs], columns=["mac", "at"], dtype="object")
    found: dict[str, dict[int, str]] = {}
    named = merged(keys[["key", "mac"]], marks.astype({"mac": TEXT}), on="mac")
    for key, mac, at in named.itertuples(index=False, name=None):
        found.setdefault(key, {})[at] = mac
    return found


def _by_hand(here: Here, known: pd.DataFrame, network: Network) -> pd.DataFrame:
    lists = enumerate(network.devices.merge)
    wanted = pd.DataFrame([(mac, at) for at, macs in lists for mac in macs], columns=["mac", "at"], dtype="object")
    joined = merged(_both(here, known), wanted.astype({"mac": TEXT}), on="mac")
    return _stars(joined, ["at"], "by-hand", "network.toml says so: [devices] merge")


def _by_mac(here: Here, known: pd.DataFrame) -> pd.DataFrame:
    """One maker's MAC at two sites: it was carried over. Random and virtual ones are unique only where they are."""
    every = _both(here, known)
    burnt_in = every[every["kind"] == UNIVERSAL]
    return _stars(burnt_in, ["mac"], "same-mac", "the same MAC at another site: " + burnt_in["mac"])


def _by_client_id(here: Here, known: pd.DataFrame) -> pd.DataFrame:
    """One DUID anywhere, or one other identifier at one site, unless it is shared by several devices."""
    many = here.said.drop_duplicates(["key", "identifier"]).groupby("key").size() >= GO_BETWEEN
    said = here.said[~here.said["key"].isin(many.index[many])]
    past = known[known["client_id"].notna()].rename(columns={"client_id": "identifier"})
    silent = past[~past["key"].isin(here.said["key"])]
    every = pd.concat([said, silent[["key", "site", "kind", "identifier"]]], ignore_index=True)
    every, past = _scoped(every), _scoped(past)
    every = every[~every["scoped"].isin(_shared(_scoped(said)) | _told_apart(past))]
    return _stars(every, ["scoped"], "client-id", "the same DHCP identifier: " + every["identifier"])


def _scoped(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their identifier as far as it is one: a DUID is unique everywhere (RFC 8415 section 11)."""
    is_duid = rows["identifier"].str.startswith("duid:")
    return rows.assign(scoped=rows["identifier"].where(is_duid, rows["site"] + " " + rows["identifier"]))


def _shared(said: pd.DataFrame) -> set[str]:
    """Identifiers of several devices: at more than a few interfaces of a site, or at two virtual ones of a subnet.

    Cloned machines have one machine-id, and so one DUID (systemd's, RFC 8415 section 11.2).
    """
    at_site = said.groupby(["scoped", "site"])["key"].nunique()
    clones = said[said["kind"] == VIRTUAL].groupby(["scoped", "cidr"])["key"].nunique()
    return {scoped for scoped, _ in [*at_site.index[at_site > SEVERAL], *clones.index[clones > 1]]}


def _told_apart(past: pd.DataFrame) -> set[str]:
    """Identifiers that several known devices are remembered under: they were told apart before."""
    devices = past.groupby("scoped")["device_id"].nunique()
    return set(devices.index[devices > 1])


def _by_reservation(here: Here, network: Network) -> pd.DataFrame:
    """Several MACs to which an administrator reserved one address, or gave one name at one site."""
    fixed = here.reserved
    placed = fixed[fixed["ip"].notna()]
    named = fixed[fixed["name"].notna() & ~first_labels(fixed["name"]).isin(network.forbidden_names)]
    holders = named.groupby(["site", "name"])["key"].transform("nunique")
    named = named[holders <= SEVERAL]
    by_ip = _stars(placed, ["site", "ip"], "reservation", placed["ip"] + " is reserved for both")
    by_name = _stars(named, ["site", "name"], "reservation", "both are reserved as " + named["name"])
    return pd.concat([by_ip, by_name], ignore_index=True)


def _by_turn(here: Here, known: pd.DataFrame, joined: set[str], network: Network) -> pd.DataFrame:
    """A new random MAC that takes up the lease name of a known device at its site, when that one is no more seen.

    Only where there is one such newcomer and one such device, nobody has reserved the name, and the last sighting of
    the device was before the newcomer's first.
    """
    reserved = here.reserved[["site", "name"]].dropna().drop_duplicates()
    new = here.interfaces[~here.interfaces["key"].isin({*known["key"].tolist(), *joined})]
    new = new[new["seen_from_at"].notna() & ~first_labels(new["name"]).isin(network.forbidden_names)]
    new = merged(new, reserved, on=["site", "name"], how="left_anti")
    new = new[new["mac"].notna() & (new["kind"] != VIRTUAL) & new["name"].notna()]
    new = new[~new.duplicated(["site", "name"], keep=False)]
    old = known[known["mac"].notna() & (known["kind"] != VIRTUAL) & known["name"].notna()]
    old = old[old.groupby(["site", "name"])["device_id"].transform("nunique") == 1]
    old = in_order(old, ["last_seen_at", "key"]).drop_duplicates(["site", "name"], keep="last")
    pairs = merged(new, old, on=["site", "name"], suffixes=("", "_old"), validate="one_to_one")
    pairs = merged(pairs, _last_seen(here, known), on="device_id", how="left", validate="many_to_one")
    is_random = (pairs["kind"] == RANDOM) | (pairs["kind_old"] == RANDOM)
    is_after = pairs["is_dated"] & ~(pairs["here_until_at"] >= pairs["seen_from_at"])
    is_recent = pairs["seen_from_at"] - pairs["last_seen_at_old"] <= TURN
    taken = pairs[is_random & is_after & is_recent]
    reason = "a new MAC under the lease name " + taken["name"] + ", after the last was gone"
    return in_order(
        taken.assign(left=taken["key_old"], right=taken["key"], evidence="turn", reason=reason)[_PAIR], ["right"]
    )


def _last_seen(here: Here, known: pd.DataFrame) -> pd.DataFrame:
    """Per known device, until when it was seen this hour (null for not at all), and whether that is told."""
    rows = merged(
        known[["key", "device_id"]], here.interfaces[["key", "last_seen_at", "addresses"]], on="key", how="left"
    )
    rows = rows.assign(is_dated=rows["last_seen_at"].notna() | rows["addresses"].isna())
    return (
        rows.groupby("device_id").agg(here_until_at=("last_seen_at", "max"), is_dated=("is_dated", "all")).reset_index()
    )


def _both(here: Here, known: pd.DataFrame) -> pd.DataFrame:
    columns = ["key", "site", "mac", "kind"]
    every = pd.concat([here.interfaces[columns], known[columns]], ignore_index=True).drop_duplicates("key")
    return every[every["mac"].notna()]


def _stars(rows: pd.DataFrame, by: list[str], what: str, reason: "str | pd.Series[str]") -> pd.DataFrame:
    """Pairs that join the rows which are equal in `by`: the smallest key with each of the others."""
    several = rows.assign(reason=reason).drop_duplicates([*by, "key"])
    ordered = in_order(several[several.duplicated(by, keep=False)], [*by, "key"])
    ordered = ordered.assign(left=ordered.groupby(by)["key"].transform("first"), right=ordered["key"], evidence=what)
    return ordered[ordered["left"] != ordered["right"]][_PAIR]

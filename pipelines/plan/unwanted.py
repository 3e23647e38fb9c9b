"""What we wrote to DNS, still stands there, and nothing wants any more: of which name, which addresses, and whose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipelines import contract
from pipelines.contract import TEXT
from pipelines.keys import merged, stand_in
from pipelines.network import Network, Subnet, Withdraw
from pipelines.plan.dns import KEY, known, rrsets
from pipelines.plan.past import Past
from pipelines.reconcile.dns import DHCID, FORWARD_TYPES, owners_with_dhcid
from pipelines.reconcile.never import objections as never
from pipelines.reconcile.records import is_ddns_on
from pipelines.snapshots import EVERYWHERE
from pipelines.subnets import locate, site_of
from pipelines.values import Ip, address_or_none

Tables = Mapping[str, pd.DataFrame]
_REVERSE = (".in-addr.arpa.", ".ip6.arpa.")
_IPV4_LABELS = 4
FROZEN, SHRUNKEN = "frozen", "shrunken"


@dataclass(frozen=True)
class Hour:
    """What is known this hour beside the tables. `kea` is from `registered_by_kea`, `shrunken` from `plan.past`.

    `concluded` are the subnets about which something can be concluded; `looked_at` is when each site's sources were
    asked, the earliest, and `asked_at` when its gateway was: a run need not ask them again.
    """

    network: Network
    past: Past
    as_of: pd.Timestamp
    concluded: tuple[Subnet, ...]
    shrunken: dict[str, str]
    kea: tuple[set[str], set[str]]
    looked_at: Mapping[str, pd.Timestamp]
    asked_at: "pd.Series[pd.Timestamp]"

    @property
    def policy(self) -> Withdraw:
        """[withdraw] of network.toml."""
        return self.network.withdraw


def standing(zone_records: pd.DataFrame, applied: pd.DataFrame) -> pd.DataFrame:
    """The RRsets of the ledger that are there in whatever form, with `before` and `is_ours`.

    Ours: data and TTL are what we wrote, or were about to write when a run died.
    """
    live = rrsets(zone_records, extra={}).rename(columns={"rdata": "before", "ttl_s": "before_ttl_s"})
    rows = merged(known(applied), live, on=KEY, validate="one_to_one")
    is_same_ttl = (rows["before_ttl_s"] == rows["ledger_ttl_s"]).fillna(value=True).astype(bool)
    is_ours = ((rows["before"] == rows["value"]) & is_same_ttl) | (rows["before"] == rows["intended"])
    return rows.assign(is_ours=is_ours)


def addresses_of(rows: pd.DataFrame, applied: pd.DataFrame, network: Network) -> "pd.Series[object]":
    """The addresses each RRset of `standing` is of: a list, empty where they cannot be told."""
    pairs = zip(rows["owner"].tolist(), _listed(rows, applied).tolist(), strict=True)
    return pd.Series([_addresses(owner, listed, network) for owner, listed in pairs], rows.index, dtype="object")


def spoken_of(rows: pd.DataFrame, wanted: pd.DataFrame, applied: pd.DataFrame, network: Network) -> "pd.Series[str]":
    """The addresses these RRsets of `standing` are of, one and all; `wanted` are `tables.RECORDS`, nearly all of them.

    Where a wanted PTR stands, and what is the text of a wanted record's address, need not be read as text.
    """
    pointers = wanted.loc[wanted["type"] == "PTR", ["owner", "ip"]]
    is_pointer = rows["owner"].isin(pointers["owner"])
    listed = _listed(rows, applied)
    is_lone = ~is_pointer & ~rows["zone"].str.endswith(_REVERSE) & listed.isin(wanted["ip"])
    others = addresses_of(rows[~is_pointer & ~is_lone], applied, network).explode().dropna().astype(TEXT)
    pointed = pointers.loc[pointers["owner"].isin(rows.loc[is_pointer, "owner"]), "ip"]
    return pd.concat([pointed, listed[is_lone], others])


def unwanted(rows: pd.DataFrame, parsed: Tables, account: Tables, applied: pd.DataFrame, hour: Hour) -> pd.DataFrame:
    """The rows of `standing` that nothing wants, with ips, site, `name`, `is_superseded`, `rule` and `reason`.

    `name` is the forward name that A, PTR and DHCID have in common: they are decided together. Superseded is what
    another record of ours has taken the place of: the host's new name, or the name's new address. `rule` is why an
    RRset must stay; null where nothing speaks against taking it back.
    """
    rows = _nobodys(rows, account, applied, hour.network)
    sites = [_site(ips, hour.network) for ips in rows["ips"]]
    rows = rows.assign(site=pd.Series(sites, rows.index, dtype=TEXT))
    rows = rows.assign(name=_names(rows, parsed["zone_records"]))
    rows = rows.assign(is_superseded=_superseded(rows, account["records"]))
    found = _objections(rows, parsed, applied, hour)
    parts = [(None, None) if pd.isna(text) else tuple(text.split(": ", 1)) for text in found]
    rule, reason = (pd.Series([part[at] for part in parts], rows.index, dtype=TEXT) for at in (0, 1))
    return rows.assign(rule=rule, reason=reason)


def _site(ips: Sequence[Ip], network: Network) -> str:
    """The site of the first of these addresses; none's, where there is none or it is not tracked."""
    subnet = network.subnet_of(ips[0]) if ips else None
    return EVERYWHERE if subnet is None else network.site_of_subnet[subnet]


def _nobodys(rows: pd.DataFrame, account: Tables, applied: pd.DataFrame, network: Network) -> pd.DataFrame:
    """Those no record asks for and no address bears: a name that only a PTR made by hand supports is borne too."""
    rows = rows[~stand_in(rows, account["records"][KEY])]
    rows = rows.assign(ips=addresses_of(rows, applied, network))
    named = account["addresses"][account["addresses"]["name"].isin(rows["owner"])]
    bearers = set(zip(named["name"], named["ip"], strict=True))
    owned = zip(rows["owner"], rows["ips"], strict=True)
    is_borne = [any((owner, ip) in bearers for ip in ips) for owner, ips in owned]
    return rows[~(pd.Series(is_borne, rows.index, dtype=bool) & rows["type"].isin(FORWARD_TYPES))].reset_index(
        drop=True
    )


def _listed(rows: pd.DataFrame, applied: pd.DataFrame) -> "pd.Series[str]":
    """The text that lists an RRset's addresses: where they are ours its own data, else what we last wrote of its name.

    Null where neither is known; of pointers it tells nothing.
    """
    ledger = known(applied)
    forward = ledger[ledger["type"].isin(FORWARD_TYPES)].drop_duplicates("owner", keep="last")
    written = forward.assign(listed=forward["value"].fillna(forward["intended"]))[["owner", "listed"]]
    of_name = merged(rows[["owner"]], written, on="owner", how="left", validate="many_to_one")["listed"]
    return rows["before"].where(rows["type"].isin(FORWARD_TYPES) & rows["is_ours"], of_name.set_axis(rows.index))


def _addresses(owner: str, listed: object, network: Network) -> list[str]:
    """The addresses an RRset of the ledger is of; none where they cannot be told."""
    if owner.endswith(_REVERSE):
        ip = address_of(owner, network)
        return [] if ip is None else [ip]
    return [ip for ip in listed.split() if address_or_none(ip) is not None] if isinstance(listed, str) else []


def address_of(owner: str, network: Network) -> str | None:
    """The address whose PTR stands at an owner name, the opposite of `Network.pointer_name`; None where there is none.

    The labels of an RFC 2317 zone that are no octet are left out.
    """
    for subnet, apex in network.dns.rfc2317.items():
        if owner.endswith("." + apex):
            return address_or_none(f"{str(subnet.network_address).rpartition('.')[0]}.{owner.removesuffix('.' + apex)}")
    labels = owner.removesuffix(".").split(".")[:-2][::-1]
    if owner.endswith(_REVERSE[0]):
        return address_or_none(".".join(labels)) if len(labels) == _IPV4_LABELS else None
    return address_or_none(":".join("".join(labels[at : at + 4]) for at in range(0, 32, 4)))


def _names(rows: pd.DataFrame, zone_records: pd.DataFrame) -> "pd.Series[str]":
    is_asked = (zone_records["type"] == "PTR") & zone_records["owner"].isin(rows["owner"])
    pointers = zone_records[is_asked].drop_duplicates("owner")
    pointed = dict(zip(pointers["owner"], pointers["rdata"], strict=True))
    return rows["owner"].map(lambda owner: pointed.get(owner, owner)).astype(TEXT)


def _superseded(rows: pd.DataFrame, wanted: pd.DataFrame) -> "pd.Series[bool]":
    """Whether an RRset's place is taken: its addresses bear another name now, or its name another address."""
    forward, pointers = wanted[wanted["type"].isin(FORWARD_TYPES)], wanted[wanted["type"] == "PTR"]
    is_mark, is_pointer = rows["type"] == DHCID, rows["type"] == "PTR"
    has_new_name = _are_all_in(rows["ips"], forward["ip"])
    has_new_place = rows["name"].isin(forward["owner"]) | _are_all_in(rows["ips"], pointers["ip"])
    taken = has_new_name.where(~is_pointer, has_new_place)
    beside = taken[~is_mark].groupby(rows.loc[~is_mark, "owner"]).all()
    of_mark = rows["owner"].map(beside).eq(True) | rows["owner"].isin(wanted["owner"])  # noqa: FBT003 - nulls are no
    return taken.where(~is_mark, of_mark).astype(bool)


def _are_all_in(lists: "pd.Series[object]", texts: "pd.Series[str]") -> "pd.Series[bool]":
    """Whether there is something in each list, and all of it among these texts."""
    return lists.explode().astype(TEXT).isin(texts).groupby(level=0).all()


def _objections(rows: pd.DataFrame, parsed: Tables, applied: pd.DataFrame, hour: Hour) -> "pd.Series[str]":
    """Why an RRset is not to be taken back, as `rule: reason`; null where nothing speaks against it."""
    zone_records = parsed["zone_records"]
    text = pd.Series(None, index=rows.index, dtype="object")
    text = text.mask(_is_beside_a_mark(rows, zone_records), _MARK_STAYS)
    text = text.mask(_is_keas(rows, hour), _KEA).mask(_is_taken_over(rows, parsed, applied, hour.network), _TAKEN_OVER)
    at_these = zone_records[zone_records["owner"].isin(rows["owner"])]
    text = text.mask(rows["owner"].isin(owners_with_dhcid(at_these, applied)), _MARKED)
    objection = never(rows, zone_records, hour.network.dns.zones)
    text = text.mask(objection.notna(), objection)
    text = text.mask(~rows["is_ours"], _EDITED).mask(rows["is_adopted"], _ADOPTED)
    lost = [hour.shrunken.get(EVERYWHERE) or hour.shrunken.get(site) for site in rows["site"]]
    shrunken = pd.Series([f"{SHRUNKEN}: {why}" if why else None for why in lost], rows.index, dtype="object")
    text = text.mask(shrunken.notna(), shrunken)
    return text.mask(_is_open(rows, hour), _FROZEN)


def _is_open(rows: pd.DataFrame, hour: Hour) -> "pd.Series[bool]":
    """Whether about one of each row's addresses nothing can be concluded, or it has none."""
    each = rows["ips"].explode().astype(contract.TEXT)
    known = each.dropna()
    unknown = {*known.index[locate(known, hour.concluded).isna()], *each.index[each.isna()]}
    return pd.Series(rows.index.isin(unknown), rows.index)


def _is_beside_a_mark(rows: pd.DataFrame, zone_records: pd.DataFrame) -> "pd.Series[bool]":
    """Whether a DHCID stands at the name and is not among what nothing wants: it would mark nothing."""
    marked = zone_records.loc[zone_records["type"] == DHCID, "owner"]
    return rows["owner"].isin(marked) & ~rows["owner"].isin(rows.loc[rows["type"] == DHCID, "owner"])


def _is_taken_over(rows: pd.DataFrame, parsed: Tables, applied: pd.DataFrame, network: Network) -> "pd.Series[bool]":
    """Whether a DHCID stands beside an address that we did not write, where D2 is on.

    D2 found its device's DHCID there, ours, and left it: without it, it could not take its own address away again.
    """
    is_forward = parsed["zone_records"]["type"].isin(FORWARD_TYPES)
    marked = rows.loc[rows["type"] == DHCID, "owner"]
    beside = parsed["zone_records"][is_forward & parsed["zone_records"]["owner"].isin(marked)]
    written = applied.loc[applied["subject"].isin(beside["owner"]), ["subject", "value"]]
    written = written.rename(columns={"subject": "owner", "value": "rdata"})
    others = beside[~stand_in(beside, written)].rename(columns={"rdata": "ip"})
    others = others.assign(site=site_of(others["ip"], network.site_of_subnet))
    taken = others.loc[is_ddns_on(others, parsed["dhcp_subnets"]), "owner"]
    return (rows["type"] == DHCID) & rows["owner"].isin(taken)


def _is_keas(rows: pd.DataFrame, hour: Hour) -> "pd.Series[bool]":
    names, addresses = hour.kea
    at_address = [not addresses.isdisjoint(ips) for ips in rows["ips"]]
    is_reverse = rows["owner"].str.endswith(_REVERSE)
    return rows["owner"].isin(names) | (is_reverse & pd.Series(at_address, rows.index, dtype=bool))


_ADOPTED = "adopted: it stood there before us; nothing wants it any more, so delete it by hand if it is of no use"
_EDITED = "kept-edit: made by somebody else; nothing wants it any more, so delete it by hand if it is of no use"
_FROZEN = f"{FROZEN}: about its address nothing can be concluded this hour"
_KEA = "kea-name: Kea's D2 registers it, or may at any moment"
_TAKEN_OVER = "kea-name: Kea's D2 took the name over, and needs the DHCID to take it away again"
_MARKED = "kea-name: a DHCID stands there, so Kea looks after it"
_MARK_STAYS = "kea-mark: the DHCID beside it is still wanted"

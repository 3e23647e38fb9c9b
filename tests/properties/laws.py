"""What every plan owes to what others made, as assertions that any property may call."""

import ipaddress
from collections.abc import Iterator

import pandas as pd

from pipelines.network import Network
from pipelines.plan.bookkeeping import work
from pipelines.plan.past import Past
from pipelines.reconcile.claims import PEOPLE
from pipelines.reconcile.never import MANAGED_TYPES
from pipelines.reconcile.trust import frozen_sites
from pipelines.values import is_below
from tests.networks import AT, NETWORK, Tables

_KEY = ["zone", "owner", "type"]


def spares_what_is_never_ours(plan: pd.DataFrame, zone_records: pd.DataFrame, applied: pd.DataFrame) -> None:
    """Nothing is sent for an apex, a wildcard, a name with other types or a foreign DHCID, or what is below a cut."""
    plan = work(plan)
    others = zone_records[~zone_records["type"].isin(MANAGED_TYPES)]
    cuts = others[others["type"].isin({"NS", "DNAME"}) & ~others["owner"].isin(NETWORK.dns.zones)]["owner"]
    assert set(plan["type"]) <= MANAGED_TYPES
    assert set(plan["owner"]).isdisjoint({*others["owner"], *NETWORK.dns.zones})
    assert not plan["owner"].str.startswith("*").any()
    assert not any(is_below(owner, cut) for owner in plan["owner"] for cut in cuts)
    ours = applied[applied["field"] == "DHCID"]
    known = {*zip(ours["subject"], ours["value"], strict=True), *zip(ours["subject"], ours["intended"], strict=True)}
    marks = zone_records[zone_records["type"] == "DHCID"]
    foreign = {mark[0] for mark in zip(marks["owner"], marks["rdata"], strict=True) if mark not in known}
    assert foreign.isdisjoint(plan["owner"])


def proves_each_deletion(made: Tables, parsed: Tables, applied: pd.DataFrame, past: Past) -> None:
    """What goes from DNS is ours, reads so, is wanted by nothing, and its time is over, or it is in a lease's way."""
    gone = made["dns_plan"][made["dns_plan"]["action"] == "delete"]
    ours = applied[(applied["target"] == "dns") & ~applied["is_adopted"]]
    known = {(row.scope, row.subject, row.field): row for row in ours.itertuples()}
    live = dict(list(parsed["zone_records"].groupby(_KEY)))
    in_the_way = set(made["heal_plan"]["name"])
    for row in gone.itertuples():
        noted, standing = known[row.zone, row.owner, row.type], live[row.zone, row.owner, row.type]
        assert row.before == "\n".join(sorted(standing["rdata"]))
        assert row.before in {noted.value, noted.intended}
        assert (row.zone, row.owner, row.type) not in set(made["records"][_KEY].itertuples(index=False, name=None))
        if in_the_way.isdisjoint({row.owner, row.before}):
            assert row.before == noted.intended or noted.ttl_s in set(standing["ttl_s"])
            is_over(row.owner, noted, made["records"], {*_addresses(row.owner, row.before, ours)})
            assert past.born_at is not None
            assert past.born_at <= AT - pd.Timedelta(days=NETWORK.withdraw.first_days)
    trusted_to_say_so(gone, parsed["sources"], ours, NETWORK)


def is_over(owner: str, noted: object, wanted: pd.DataFrame, ips: set[str]) -> None:
    """A person took the name back, something else has taken its place, or it was missed for a day."""
    taken = {*wanted["owner"], *wanted["rdata"], *wanted["ip"]}
    is_replaced = not taken.isdisjoint({owner, *ips})
    since = noted.missing_since_at  # type: ignore[attr-defined]  # a row of the ledger
    is_late = not pd.isna(since) and since <= AT - pd.Timedelta(hours=24)
    assert noted.named_by == PEOPLE or is_replaced or is_late  # type: ignore[attr-defined]  # as above


def trusted_to_say_so(gone: pd.DataFrame, sources: pd.DataFrame, ours: pd.DataFrame, network: Network) -> None:
    """Zone and site were read whole: could not look is not nothing there."""
    unread = {name.removeprefix("zone/") + "." for name in sources.loc[~sources["is_complete"], "source"]}
    assert unread.isdisjoint(gone["zone"])
    frozen = set(frozen_sites(sources))
    for row in gone.itertuples():
        subnets = [network.subnet_of(ip) for ip in _addresses(row.owner, row.before, ours)]  # type: ignore[arg-type]  # text
        assert frozen.isdisjoint({network.site_of_subnet[subnet] for subnet in subnets if subnet is not None})


def _addresses(owner: str, before: str, ours: pd.DataFrame) -> Iterator[str]:
    """The addresses an RRset is of: its data, its owner's, or those we wrote beside it."""
    beside = ours.loc[(ours["subject"] == owner) & (ours["field"] == "A"), "value"].dropna()
    backwards = ".".join(reversed(owner.removesuffix(".in-addr.arpa.").split(".")))
    for text in {*before.split("\n"), *"\n".join(beside).split("\n"), backwards}:
        try:
            yield str(ipaddress.ip_address(text))
        except ValueError:
            continue


def keeps_rows(before: Tables, after: Tables) -> None:
    """Every row of phpIPAM is still there, and no time moved back."""
    held = before["ipam_addresses"].merge(after["ipam_addresses"], on="id_phpipam", suffixes=("", "_after"))
    assert len(held) == len(before["ipam_addresses"])
    assert (held["last_seen_at"].isna() | (held["last_seen_at_after"] >= held["last_seen_at"].dt.floor("s"))).all()


def empties_only_ours(plan: pd.DataFrame, applied: pd.DataFrame) -> None:
    """A field of phpIPAM that is emptied held what the ledger says we wrote there ourselves."""
    emptied = plan[(plan["action"] == "update") & plan["after"].isna()]
    ours = applied[(applied["target"] == "phpipam") & ~applied["is_adopted"]]
    known = {*ours[["scope", "subject", "field", "value"]].itertuples(index=False, name=None)}
    assert {*emptied[["cidr", "ip", "field", "before"]].itertuples(index=False, name=None)} <= known

"""The whole stage in its order: the account of the network against both targets, to changes and what is withheld."""

from collections.abc import Mapping
from ipaddress import ip_network

import pandas as pd

from pipelines import tables
from pipelines.keys import in_order
from pipelines.network import Network, Subnet
from pipelines.plan.dns import KEY, dns_plan
from pipelines.plan.handover import handed_over, left_by_kea, without_taken_away
from pipelines.plan.heal import healing, told_elsewhere
from pipelines.plan.holds import released_in_dns, released_in_ipam, without_undone
from pipelines.plan.ipam import ipam_plan
from pipelines.plan.offline import Spoken, offline
from pipelines.plan.past import Past, shrunken
from pipelines.plan.remove import forgotten
from pipelines.plan.unwanted import Hour, spoken_of, standing
from pipelines.plan.withdraw import withdrawals
from pipelines.reconcile.as_of import asked_at, census_time
from pipelines.reconcile.declared import unnamed_services
from pipelines.reconcile.dns import FORWARD_TYPES
from pipelines.reconcile.ipam import tracked_addresses, tracked_subnets
from pipelines.reconcile.records import registered_by_kea
from pipelines.reconcile.trust import frozen_sites, unread_zones

Tables = Mapping[str, pd.DataFrame]


_NO_PAST = Past()


def plans(
    parsed: Tables, account: Tables, applied: pd.DataFrame, *, network: Network, past: Past = _NO_PAST
) -> dict[str, pd.DataFrame]:
    """The stage's tables by name: ipam_plan, dns_plan, heal_plan, withheld.

    `applied` is the ledger, `past` what else it knows.
    """
    subnets, problems = tracked_subnets(parsed["ipam_subnets"], network=network)
    ipam = tracked_addresses(parsed["ipam_addresses"], subnets)
    unread = unread_zones(parsed["sources"])
    for_ipam, kept = ipam_plan(account["addresses"], ipam, applied, network=network)
    frozen = frozen_sites(parsed["sources"])
    concluded = [ip_network(cidr) for cidr in subnets.loc[~subnets["site"].isin(frozen), "cidr"]]
    for_dns, left = dns_plan(
        account["records"], parsed["zone_records"], without_taken_away(applied, account["records"], parsed, past),
        network=network, unread=unread, concluded=concluded,
        inherited=left_by_kea(account["records"], parsed, applied),
    )  # fmt: skip
    hour = _hour(parsed, account["name_claims"], tuple(concluded), network, past)
    there = standing(parsed["zone_records"], applied)
    for_dns, stays = withdrawals(for_dns, there, parsed, account, applied, hour)
    spoken = _spoken(parsed, account, there, applied, network)
    ends, waits = offline(account["addresses"], ipam, applied, parsed["sources"], spoken, hour)
    for_ipam = tables.IPAM_PLAN.concat([for_ipam, ends])
    for_ipam = tables.IPAM_PLAN.concat([for_ipam, forgotten(applied, ipam, subnets, for_ipam)])
    for_ipam = tables.IPAM_PLAN.frame(in_order(for_ipam, list(tables.IPAM_PLAN.key)))
    general = [
        _frozen(parsed["sources"]),
        _unusable_subnets(problems, network),
        _contested(account["name_claims"]),
        unnamed_services(parsed["services"]),
        _without_reverse_zone(account["addresses"], account["records"], network),
    ]
    kea = healing(
        account["registrations"], parsed["zone_records"], applied,
        past=past, network=network, now=parsed["sources"]["read_at"].max(),
    )  # fmt: skip
    of_kea = [kea.changes, handed_over(parsed, account, applied, network=network)]
    for_dns = _joined([*of_kea, for_dns])
    (for_ipam, undone_there), (for_dns, undone) = (
        without_undone(plan, past.holds, target) for plan, target in ((for_ipam, "phpipam"), (for_dns, "dns"))
    )
    for_ipam = released_in_ipam(for_ipam, past.holds, account["addresses"], ipam)
    for_dns = released_in_dns(for_dns, past.holds, account["records"])
    left, stays = (told_elsewhere(rows, account, of_kea, network) for rows in (left, stays))
    withheld = tables.WITHHELD.concat([*general, kept, left, stays, waits, kea.withheld, undone_there, undone])
    return {"ipam_plan": for_ipam, "dns_plan": for_dns, "heal_plan": kea.plan, "withheld": withheld}


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The parts of a DNS plan as one; what two of them speak of is the first one's."""
    return tables.DNS_PLAN.frame(in_order(tables.DNS_PLAN.concat(parts).drop_duplicates(KEY), KEY))


def _hour(parsed: Tables, claims: pd.DataFrame, concluded: tuple[Subnet, ...], network: Network, past: Past) -> Hour:
    sources = parsed["sources"]
    as_of = asked_at(sources)
    at_kea = registered_by_kea(parsed, claims, network=network, as_of=as_of)
    looked_at = sources.groupby("site")["read_at"].min().to_dict()
    return Hour(network, past, census_time(sources), concluded, shrunken(sources, past), at_kea, looked_at, as_of)


def _spoken(parsed: Tables, account: Tables, there: pd.DataFrame, applied: pd.DataFrame, network: Network) -> Spoken:
    ours = there[there["is_ours"] & ~there["is_adopted"]]
    records = parsed["zone_records"]
    held = records.loc[records["type"].isin(FORWARD_TYPES), "rdata"]
    pointers = records.loc[records["type"] == "PTR", "owner"]
    stands = spoken_of(ours, account["records"], applied, network)
    return Spoken(stands, account["records"]["ip"], pd.concat([held, pointers]))


def _frozen(sources: pd.DataFrame) -> pd.DataFrame:
    """One row per site nothing is concluded about, because a source of it could not be read."""
    return tables.WITHHELD.rows(
        [("phpipam", site, site, "site", None, None, "frozen", why) for site, why in frozen_sites(sources).items()]
    )


def _unusable_subnets(problems: dict[str, str], network: Network) -> pd.DataFrame:
    sites = {str(subnet): site for subnet, site in network.site_of_subnet.items()}
    return tables.WITHHELD.rows(
        [("phpipam", sites[cidr], cidr, "subnet", None, None, "subnet", why) for cidr, why in sorted(problems.items())]
    )


def _contested(claims: pd.DataFrame) -> pd.DataFrame:
    """One row per claim nobody is granted: the name is published nowhere, for the reason given."""
    lost = claims[claims["verdict"] == "contested"]
    told = lost.assign(target="dns", subject=lost["ip"], field="name", existing=None, rule="contested")
    return tables.WITHHELD.frame(told)


def _without_reverse_zone(addresses: pd.DataFrame, records: pd.DataFrame, network: Network) -> pd.DataFrame:
    """One row per subnet with named hosts whose PTRs no zone of ours holds. A zone is never made."""
    pointed = records.loc[records["type"] == "PTR", "ip"]  # these have one: not to look for it, address by address
    named = addresses[addresses["name"].notna() & ~addresses["ip"].isin(pointed)]
    lacking = [network.zone_of(network.pointer_name(ip)) is None for ip in named["ip"].tolist()]
    subnets = named[pd.Series(lacking, named.index, dtype=bool)].drop_duplicates("cidr")
    why = "no zone of network.toml holds its PTRs; make one on the name server and list it under [dns] zones"
    pairs = zip(subnets["site"], subnets["cidr"], strict=True)
    return tables.WITHHELD.rows([("dns", site, cidr, "PTR", None, None, "no-zone", why) for site, cidr in pairs])

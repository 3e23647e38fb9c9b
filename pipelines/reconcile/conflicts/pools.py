"""How full each range is, the day it will be full, and what of it is to be noted for tomorrow's forecast."""

import pandas as pd

from pipelines import tables
from pipelines.contract import TEXT
from pipelines.keys import merged
from pipelines.reconcile.as_of import at_site
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.forecast import Forecast, forecast
from pipelines.reconcile.conflicts.ranges import Places, Pool, dhcp_pools, named_pools
from pipelines.reconcile.conflicts.rows import ERROR, KEY, POOLS, WARNING, conflict_rows
from pipelines.subnets import locate

SOON_DAYS, LATER_DAYS = 7, 30
"""Full within so many days: clients are about to suffer; there is time to look."""
_SCARCE = 10  # per cent that are free
_RANGE = ["site", "first", "last"]
_COUNTED = "leases (declined ones too), reservations, and hosts seen without either"
_COUNTED_NAMED = f"{_COUNTED}; rows of phpIPAM that are not Offline"
_ADVICE = "Enlarge the range, shorten its leases, or free addresses nobody uses any more"
_ADVICE_OVERLAP = "Let them not overlap: the DHCP server may lease an address that something else gives out as well"
_DAY = "%Y-%m-%d"


def pools(census: Census, use: pd.DataFrame) -> pd.DataFrame:
    """`tables.POOLS`; `use` is `tables.POOL_USE` as it was noted. A range that has two names is told once."""
    by_network, by_phpipam = _in_use(census), census.ipam.loc[~census.ipam["tag"].eq("Offline"), KEY]
    plain, named = Places(by_network), Places(pd.concat([by_network, by_phpipam]))
    noted = {key: dict(zip(rows["day"], rows["used"], strict=True)) for key, rows in use.groupby(_RANGE)}
    rows = [
        _row(pool, named if pool.name else plain, census, noted.get((pool.site, *pool.range), {}))
        for pool in [*named_pools(census.network), *dhcp_pools(census.parsed["dhcp_subnets"])]
    ]
    made = tables.POOLS.rows(rows).drop_duplicates(_RANGE)
    return tables.POOLS.frame(made.sort_values(["site", "subnet", "first", "last"]))


def _row(pool: Pool, held: Places, census: Census, noted: dict[str, int]) -> tuple[object, ...]:
    counted = _COUNTED_NAMED if pool.name else _COUNTED
    fixed = (pool.site, pool.name, pool.subnet, *pool.range, pool.range.size)
    if pool.site in census.frozen:
        return (*fixed, None, None, counted, None, None, "the site could not be read whole: nothing is known of today")
    used = held.count_in(pool)
    free = pool.range.size - used
    ahead = forecast(noted, used, free, census.as_of)
    return (*fixed, used, free, counted, ahead.trend, _full_on(ahead, census.as_of), ahead.text)


def _full_on(ahead: Forecast, as_of: pd.Timestamp) -> str | None:
    return None if ahead.days is None else str((as_of + pd.Timedelta(days=ahead.days)).strftime(_DAY))


def _in_use(census: Census) -> pd.DataFrame:
    """Every address (site, ip) the network uses or keeps, tracked or not."""
    leases, neighbours, tracked = census.parsed["leases"], census.parsed["neighbours"], census.network.site_of_subnet
    runs = leases["expires_at"].isna() | (leases["expires_at"] > at_site(census.asked_at, leases["site"]))
    leased = leases[leases["state"].isin({"assigned", "declined"}) & runs]
    reserved = census.parsed["reservations"]
    elsewhere = neighbours[neighbours["state"].eq("dynamic") & locate(neighbours["ip"], tracked).isna()]
    held = [leased, reserved[reserved["ip"].notna()], census.made["bindings"], elsewhere]
    return pd.concat([one[KEY] for one in held])


def pool_conflicts(census: Census, made: pd.DataFrame) -> pd.DataFrame:
    """`tables.CONFLICTS`: `pool-fills-up` and `pools-overlap`, from `tables.POOLS`."""
    known = made[made["used"].notna()]
    ahead = pd.to_datetime(known["full_on"]) - census.as_of.tz_localize(None).normalize()
    is_soon = (known["free"] <= 0) | (ahead <= pd.Timedelta(days=SOON_DAYS))
    is_scarce = (ahead <= pd.Timedelta(days=LATER_DAYS)) | (known["free"] * 100 <= known["size"] * _SCARCE)
    full = known[is_soon | is_scarce]
    evidence = full["used"].astype(TEXT) + " of " + full["size"].astype(TEXT) + " in use; " + full["forecast"]
    rows = full.assign(
        subject=full["first"] + "-" + full["last"], evidence=evidence, advice=_ADVICE, seen_at=census.as_of
    )
    severity = is_soon[is_soon | is_scarce].astype(bool).map({True: ERROR, False: WARNING})
    return tables.CONFLICTS.concat([conflict_rows(rows, POOLS, "pool-fills-up", severity), _overlaps(census)])


def _overlaps(census: Census) -> pd.DataFrame:
    served = dhcp_pools(census.parsed["dhcp_subnets"])
    found = [
        (named.site, str(named.range), f"{named.name} lies in the DHCP server's pool {other.range}", _ADVICE_OVERLAP)
        for named in named_pools(census.network)
        for other in served
        if named.site == other.site and named.range.overlaps(other.range) and named.range != other.range
    ]
    rows = pd.DataFrame(found, columns=["site", "subject", "evidence", "advice"], dtype=TEXT)
    rows = rows.drop_duplicates(["site", "subject"]).assign(seen_at=None)
    return conflict_rows(rows, POOLS, "pools-overlap", WARNING)


def use_to_note(made: pd.DataFrame, use: pd.DataFrame, reads: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """`tables.POOL_USE` to add: what the day's first census of a site found, where it is not as it was (rule R9).

    `reads` are the earlier looks at the sites' sources (`tables.READS`), `use` what was noted of the days before.
    """
    today = as_of.strftime(_DAY)
    seen_today = set(reads.loc[reads["read_at"].dt.strftime(_DAY) == today, "site"])
    fresh = made[made["used"].notna() & ~made["site"].isin(seen_today)].assign(day=today)
    last = use.sort_values([*_RANGE, "day"]).drop_duplicates(_RANGE, keep="last")[[*_RANGE, "day", "used"]]
    fresh = merged(fresh, last, on=_RANGE, how="left", suffixes=("", "_last"), validate="one_to_one")
    is_same = fresh["used"].eq(fresh["used_last"]).fillna(value=False).astype(bool)
    return tables.POOL_USE.frame(fresh[~is_same & ~fresh["day_last"].ge(today)])

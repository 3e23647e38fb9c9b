"""Names that more than one device bears, at one site or across sites."""

import pandas as pd

from pipelines import tables
from pipelines.keys import in_order, merged
from pipelines.reconcile.claims import IMPORT, LEASES
from pipelines.reconcile.conflicts.census import Census
from pipelines.reconcile.conflicts.rows import KEY, NAMES, NOTICE, WARNING, conflict_rows, listed, when
from pipelines.reconcile.labels import first_labels
from pipelines.snapshots import EVERYWHERE

_ADVICE = "Rename all but one of them: in phpIPAM, by a reservation, or on the device"
_ADVICE_ACROSS = "Nothing, if it is meant: their full names differ; a search for the short one finds either"
_RANDOM = frozenset("26ae")
"""The second digit of a MAC that no maker gave (IEEE 802, the U/L bit): phones make up a new one now and then."""
_QEMU = "52:54:00:"  # marked local as well, and kept for a machine's whole life


def duplicate_names(census: Census) -> pd.DataFrame:
    """`tables.CONFLICTS`: `duplicate-name`, and `same-name-at-two-sites` where only the short names are alike."""
    claims = _bearers(census)
    return tables.CONFLICTS.concat([_duplicates(claims, census.window), _across_sites(claims)])


def _bearers(census: Census) -> pd.DataFrame:
    """Who claims which name of ours: the claims, with short name, device and when that was last seen."""
    claims = census.made["name_claims"]
    domain = "." + census.network.domain
    claims = claims[claims["name"].str.endswith(domain, na=False) & (claims["source"] != IMPORT)]
    short = first_labels(claims["name"])
    claims = claims.assign(short=short)[~short.isin(census.network.forbidden_names)]
    places = claims.drop_duplicates(["short", *KEY])["short"]
    claims = claims[claims["short"].isin(places[places.duplicated()])]  # a name at one place alone is nobody's rival
    held = census.made["bindings"][[*KEY, "mac", "last_seen_at"]]
    claims = merged(claims, held, on=KEY, how="left", validate="many_to_one")
    return claims.assign(device=census.devices(claims), shown=claims["mac"].fillna(claims["ip"]))


def _duplicates(claims: pd.DataFrame, window: pd.Timedelta) -> pd.DataFrame:
    rivals = in_order(claims, ["name", *KEY, "rank"]).drop_duplicates(["name", *KEY])
    rivals = rivals[rivals.groupby("name")["device"].transform("nunique") > 1]
    rivals = rivals[~_may_be_an_old_self(rivals, window)]
    rivals = rivals[rivals.groupby("name")["device"].transform("nunique") > 1]
    told = _one_text(rivals, rivals["shown"])
    sites = rivals.groupby("name")["site"].agg(
        lambda sites: EVERYWHERE if (sites != sites.iloc[0]).any() else sites.iloc[0]
    )
    rows = told.groupby("name").agg(some=("text", listed), seen_at=("last_seen_at", "max")).reset_index()
    rows = rows.assign(
        site=rows["name"].map(sites), subject=rows["name"], evidence="wanted by " + rows["some"], advice=_ADVICE
    )
    return conflict_rows(rows, NAMES, "duplicate-name", WARNING)


def _may_be_an_old_self(rivals: pd.DataFrame, window: pd.Timedelta) -> "pd.Series[bool]":
    """Whether a client with a made-up MAC was last seen so long before its rival that it may be the same phone."""
    is_random = rivals["mac"].str[1].isin(_RANDOM) & ~rivals["mac"].str.startswith(_QEMU, na=False)
    newest = rivals.groupby("name")["last_seen_at"].transform("max")
    return rivals["source"].isin(LEASES) & is_random & (newest - rivals["last_seen_at"] > window)


def _across_sites(claims: pd.DataFrame) -> pd.DataFrame:
    borne = in_order(claims[claims["verdict"] == "granted"], ["short", *KEY])
    by_name = borne.groupby("short")
    borne = borne[(by_name["site"].transform("nunique") > 1) & (by_name["name"].transform("nunique") > 1)]
    told = _one_text(borne, borne["site"] + ", " + borne["name"])
    rows = told.groupby("short").agg(some=("text", listed), seen_at=("last_seen_at", "max")).reset_index()
    rows = rows.assign(site=EVERYWHERE, subject=rows["short"], evidence=rows["some"], advice=_ADVICE_ACROSS)
    return conflict_rows(rows, NAMES, "same-name-at-two-sites", NOTICE)


def _one_text(bearers: pd.DataFrame, who: "pd.Series[str]") -> pd.DataFrame:
    seen = "seen " + when(bearers["last_seen_at"])
    text = bearers["ip"].astype("object") + " (" + who.astype("object") + ", " + bearers["source"] + ", " + seen + ")"
    return bearers.assign(text=text)

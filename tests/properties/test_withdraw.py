"""Laws of taking back, over the same small networks as the other plans, a month into a ledger's life."""

from collections.abc import Sequence

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipelines import network as network_file
from pipelines import tables
from pipelines.network import Network
from pipelines.plan.bookkeeping import work
from pipelines.plan.past import Past
from pipelines.reconcile.trust import frozen_sites
from pipelines.values import Ip
from tests.lives import BORN, reads_before
from tests.networks import AT, NETWORK, NETWORK_TOML, Row, Tables, census, ledger, written
from tests.properties.hours import hours
from tests.properties.test_plans import LAW, OLD
from tests.targets import carried_out

OFF = network_file.parse(NETWORK_TOML + "[withdraw]\nenabled = false", "network.toml")
PASTS = [Past(), Past(AT - pd.Timedelta(days=6), OLD.reads), Past(BORN), Past(BORN, reads_before(AT, rows=40))]


def later(applied: pd.DataFrame) -> pd.DataFrame:
    """The ledger when all that is missed has been missed for a month."""
    return tables.APPLIED.frame(applied.assign(missing_since_at=AT - pd.Timedelta(days=30)))


def deletions(made: Tables) -> pd.DataFrame:
    """What would be taken back in DNS."""
    return made["dns_plan"][made["dns_plan"]["action"] == "delete"]


def endings(made: Tables) -> Sequence[str]:
    """What would be set Offline in phpIPAM."""
    return list(made["ipam_plan"].loc[made["ipam_plan"]["after"] == "Offline", "ip"])


@LAW
@given(hours(), st.sampled_from(PASTS))
def test_nothing_goes_while_the_ledger_is_young_or_a_source_is_not_what_it_was(
    given_hour: tuple[Tables, pd.DataFrame], past: Past
) -> None:
    """A new ledger, its first week, sources of which too little is known, and shrunken ones delete nothing."""
    parsed, applied = given_hour
    made = census(parsed, later(applied), past=past)
    assert deletions(made).empty
    assert not endings(made)


@LAW
@given(hours(with_ledger=False))
def test_a_lost_ledger_deletes_nothing(given_hour: tuple[Tables, pd.DataFrame]) -> None:
    """Even one that says it is old."""
    made = census(given_hour[0], given_hour[1], past=OLD)
    assert deletions(made).empty


@LAW
@given(hours())
def test_switched_off_nothing_goes(given_hour: tuple[Tables, pd.DataFrame]) -> None:
    """`enabled = false` holds back all of it, and says what it held back."""
    parsed, applied = given_hour
    made = census(parsed, later(applied), network=OFF, past=OLD)
    assert deletions(made).empty
    assert not endings(made)
    wanted = {(row.owner, row.type) for row in deletions(census(parsed, later(applied), past=OLD)).itertuples()}
    told = made["withheld"][made["withheld"]["rule"] == "withdraw-off"]
    assert wanted <= set(zip(told["subject"], told["field"], strict=True))


@LAW
@given(hours(), st.booleans())
def test_taking_back_leaves_nothing_to_take_back(given_hour: tuple[Tables, pd.DataFrame], is_old: bool) -> None:  # noqa: FBT001 - drawn
    """Carried out, the next census deletes nothing more; the one after that writes nothing at all."""
    parsed, applied = given_hour
    known = later(applied) if is_old else applied
    made = census(parsed, known, past=OLD)
    for _ in range(2):
        parsed, known = carried_out(parsed, made, known)
        made = census(parsed, known, past=OLD)
        assert deletions(made).empty
    assert work(made["dns_plan"]).empty
    assert work(made["ipam_plan"]).empty


def test_the_policy_can_be_left_out() -> None:
    """A network.toml without [withdraw] means the defaults."""
    assert isinstance(NETWORK, Network)
    assert NETWORK.withdraw.enabled


REMOVING = network_file.parse(NETWORK_TOML + "[withdraw]\nremove_rows_after_days = 20", "network.toml")


FLAWS = ["hostname", "is_bare", "last_seen_at", "is_gateway", "tag", "row", "mac", "late", "unknown", "intended"]


@st.composite
def ended_rows(draw: st.DrawFn) -> tuple[Tables, pd.DataFrame]:
    """An hour in which phpIPAM's rows are long unseen and Offline by us, made by us; each has one flaw at most."""
    parsed, applied = draw(hours())
    held, rows = [], []
    for row in parsed["ipam_addresses"].to_dict("records"):
        flaw = draw(st.sampled_from([None, None, *FLAWS]))
        spoilt = {"hostname": "nas", "is_bare": False, "last_seen_at": AT - pd.Timedelta(days=3), "is_gateway": True}
        plain = {"hostname": None, "tag": "Offline", "last_seen_at": AT - pd.Timedelta(days=40), "is_gateway": False}
        held.append(row | plain | ({flaw: spoilt[flaw]} if flaw in spoilt else {}))
        rows += _noted(held[-1], flaw) if flaw != "unknown" else []
    table = tables.IPAM_ADDRESSES.frame(pd.DataFrame(held, columns=tables.IPAM_ADDRESSES.names))
    quiet = {name: parsed[name].head(0) for name in ("leases", "reservations", "neighbours") if draw(st.booleans())}
    kept = applied[applied["target"] != "phpipam"]
    return parsed | quiet | {"ipam_addresses": table}, tables.APPLIED.concat([kept, ledger(*rows)])


def _noted(row: Row, flaw: str | None) -> list[Row]:
    """What the ledger says of a row of phpIPAM that we made and set Offline."""
    values = {"tag": "Offline", "row": str(row["id_phpipam"]), "mac": row["mac"]}
    values |= {flaw: "other"} if flaw in values else {}
    at = AT - pd.Timedelta(days=19 if flaw == "late" else 40)
    intended = "(nothing)" if flaw == "intended" else None
    cidr = str(NETWORK.subnet_of(Ip(str(row["ip"]))))
    return [
        written("phpipam", cidr, str(row["ip"]), field, str(value), at=at, intended=intended)
        for field, value in values.items()
        if not pd.isna(value)
    ]


@LAW
@given(ended_rows(), st.sampled_from([OLD, *PASTS]), st.sampled_from([REMOVING, NETWORK, OFF]))
def test_only_rows_we_made_and_nobody_edited_go(
    given_hour: tuple[Tables, pd.DataFrame], past: Past, network: Network
) -> None:
    """By id, MAC, tag and age as the ledger says, bare, unspoken of; by default, or on doubt, none; only once."""
    parsed, applied = given_hour
    made = census(parsed, applied, network=network, past=past)
    gone = made["ipam_plan"][made["ipam_plan"]["action"] == "delete"]
    if past is not OLD or network is not REMOVING:
        assert gone.empty
        return
    noted = applied[(applied["target"] == "phpipam") & applied["intended"].isna() & ~applied["is_adopted"]]
    known = {(row.subject, row.field): (row.value, row.at) for row in noted.itertuples()}
    held = {row.ip: row for row in parsed["ipam_addresses"].itertuples()}
    named = {*made["addresses"]["ip"][made["addresses"]["name"].notna()], *parsed["zone_records"]["rdata"]}
    for ip in set(gone["ip"]):
        row, tag, made_as = held[ip], known[ip, "tag"], known[ip, "row"]
        assert (tag[0], made_as[0], row.tag, row.is_bare) == ("Offline", str(row.id_phpipam), "Offline", True)
        assert max(tag[1], row.last_seen_at) <= AT - pd.Timedelta(days=20)
        assert pd.isna(row.hostname)
        assert pd.isna(row.mac) or known[ip, "mac"][0] == row.mac
        assert ip not in named
        assert not row.is_gateway
    assert not set(gone["site"]) & set(frozen_sites(parsed["sources"]))
    after, left = carried_out(parsed, made, applied)
    again = census(after, left, network=network, past=past)["ipam_plan"]
    assert again[again["action"] == "delete"].empty

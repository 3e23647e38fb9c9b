"""A plan carried out, with a ledger on a fresh SQLite file: what it is told before and after, and when a run dies."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy.exc import IntegrityError

from pipelines import tables
from resources.ledger import Ledger
from resources.loading import carry_out
from resources.receipts import Run
from tests.networks import AT, cells, census, frame, hour, in_ipam, in_zone, ledger, written

OnPart = Callable[[pd.DataFrame], None]


class _Crash(Exception):
    """The run died while sending."""


@pytest.fixture
def store(tmp_path: Path) -> Ledger:
    """A ledger whose file is not there yet."""
    return Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")


def test_a_run_that_dies_while_sending_leaves_its_intentions(store: Ledger) -> None:
    """What was about to be sent is noted before it is sent, beside what was there."""
    plan = census(hour(ipam_addresses=[in_ipam("10.0.1.5", "nas")]))["dns_plan"]

    def die(_plan: pd.DataFrame, _settle: OnPart) -> pd.DataFrame:
        assert set(store.applied()["intended"]) == {"10.0.1.5", "nas.example.lan."}
        raise _Crash

    with pytest.raises(_Crash):
        carry_out(plan, "dns", die, store, "run")
    assert set(store.applied()["intended"]) == {"10.0.1.5", "nas.example.lan."}
    assert store.applied()["value"].isna().all()


def test_a_run_that_dies_while_sending_leaves_receipts_of_what_it_may_have_done(store: Ledger) -> None:
    """They hold what it takes to undo it; part by part what became of it takes the place of `unknown`, once each."""
    plan = census(hour(ipam_addresses=[in_ipam("10.0.1.5", "nas")]))["dns_plan"]

    def die(sent: pd.DataFrame, settle: OnPart) -> pd.DataFrame:
        assert set(store.receipts.of("run")["outcome"]) == {"unknown"}
        named = sent.rename(columns={"zone": "scope", "owner": "subject", "type": "field"})
        answers = tables.RECEIPT.frame(named.assign(target="dns", outcome="applied", detail=None))
        settle(answers[answers["scope"] == "example.lan."])
        raise _Crash

    with pytest.raises(_Crash):
        carry_out(plan, "dns", die, store, "run")
    left = store.receipts.of("run")
    assert cells(left, "subject", "action", "before_whose", "outcome") == [
        ("5.1.0.10.in-addr.arpa.", "create", "nobody", "unknown"), ("nas.example.lan.", "create", "nobody", "applied"),
    ]  # fmt: skip
    assert left["detail"].isna().tolist() == [False, True]


@pytest.mark.parametrize(("outcome", "remembered"), [("applied", 2), ("lost race", 0), ("refused", 0), ("unknown", 2)])
def test_what_became_of_a_change_is_settled(store: Ledger, outcome: str, remembered: int) -> None:
    """Applied is ours, lost and refused are not, and of an unknown one the intention stands."""
    plan = census(hour(ipam_addresses=[in_ipam("10.0.1.5", "nas")]))["dns_plan"]

    def answer(sent: pd.DataFrame, settle: OnPart) -> pd.DataFrame:
        named = sent.rename(columns={"zone": "scope", "owner": "subject", "type": "field"})
        answers = tables.RECEIPT.frame(named.assign(target="dns", outcome=outcome, detail=None))
        settle(answers)
        return answers

    carry_out(plan, "dns", answer, store, "run")
    kept = store.applied()
    assert len(kept) == remembered
    assert kept["value"].notna().all() == (outcome != "unknown")
    assert kept["intended"].isna().all() == (outcome != "unknown")


@pytest.mark.parametrize("outcome", ["lost race", "refused"])
def test_what_a_faster_run_wrote_stays_ours(store: Ledger, outcome: str) -> None:
    """Two runs plan the same and load one after the other: the second is late, and forgets nothing of the first's."""
    plan = census(hour(ipam_addresses=[in_ipam("10.0.1.5", "nas")]))["dns_plan"]

    def answered(outcome: str) -> Callable[[pd.DataFrame, OnPart], pd.DataFrame]:
        def answer(sent: pd.DataFrame, settle: OnPart) -> pd.DataFrame:
            named = sent.rename(columns={"zone": "scope", "owner": "subject", "type": "field"})
            settle(tables.RECEIPT.frame(named.assign(target="dns", outcome=outcome, detail=None)))
            return tables.RECEIPT.empty()

        return answer

    carry_out(plan, "dns", answered("applied"), store, "first")
    ours = store.applied()
    carry_out(plan, "dns", answered(outcome), store, "second")
    assert cells(store.applied(), *(set(ours) - {"at"})) == cells(ours, *(set(ours) - {"at"}))


def test_what_a_faster_run_took_away_is_not_ours_again(store: Ledger) -> None:
    """Two runs plan the same deletion: the second is late, and does not say that what is gone is ours."""
    store.replace_applied(ledger(written("dns", "example.lan.", "nas.example.lan.", "A", "10.0.1.5")))
    whole = tables.DNS_PLAN.empty().columns
    change = dict.fromkeys(whole) | {
        "site": "home", "zone": "example.lan.", "owner": "nas.example.lan.", "type": "A", "action": "delete",
        "before": "10.0.1.5", "before_ttl_s": 3600, "is_name_free": False, "reason": "no longer wanted",
    }  # fmt: skip
    plan = frame(tables.DNS_PLAN, [change])
    names = {"zone": "scope", "owner": "subject", "type": "field"}

    def answered(outcome: str) -> Callable[[pd.DataFrame, OnPart], pd.DataFrame]:
        def answer(sent: pd.DataFrame, settle: OnPart) -> pd.DataFrame:
            settle(tables.RECEIPT.frame(sent.rename(columns=names).assign(target="dns", outcome=outcome, detail=None)))
            return tables.RECEIPT.empty()

        return answer

    carry_out(plan, "dns", answered("applied"), store, "first")
    carry_out(plan, "dns", answered("lost race"), store, "second")
    assert store.applied().empty


def test_what_we_wrote_once_and_another_writes_by_now_is_not_ours(store: Ledger) -> None:
    """A record of ours went away, another took the name before we could write it again: the old one is forgotten."""
    plan = census(hour(ipam_addresses=[in_ipam("10.0.1.5", "nas")]))["dns_plan"]
    names = {"zone": "scope", "owner": "subject", "type": "field"}
    receipt = tables.RECEIPT.frame(plan.rename(columns=names).assign(target="dns", outcome="lost race", detail=None))
    store.replace_applied(ledger(written("dns", "example.lan.", "nas.example.lan.", "A", "10.0.1.9")))

    def answer(_sent: pd.DataFrame, settle: OnPart) -> pd.DataFrame:
        settle(receipt)
        return receipt

    carry_out(plan, "dns", answer, store, "run")
    assert store.applied().empty


def test_a_plan_that_only_adopts_sends_nothing(store: Ledger) -> None:
    """What is right already is remembered as adopted, and the target is not spoken to."""
    records = [
        in_zone("nas.example.lan.", "A", "10.0.1.5"),
        in_zone("5.1.0.10.in-addr.arpa.", "PTR", "nas.example.lan."),
    ]
    plan = census(hour(ipam_addresses=[in_ipam("10.0.1.5", "nas")], zone_records=records))["dns_plan"]

    def never(_plan: pd.DataFrame, _settle: OnPart) -> pd.DataFrame:
        raise AssertionError

    assert carry_out(plan, "dns", never, store, "run").empty
    assert store.applied()["is_adopted"].tolist() == [True, True]


def test_a_part_is_settled_whole_or_not_at_all(store: Ledger) -> None:
    """Where the ledger refuses what stands there now, what the target answered is not told either."""
    asked = ("dns", "home", "example.lan.", "nas.example.lan.", "A", "create", None, "10.0.1.5")
    unknown, applied = (tables.RECEIPT.rows([(*asked, outcome, None)]) for outcome in ("unknown", "applied"))
    before = written("dns", "example.lan.", "nas.example.lan.", "A", None, intended="10.0.1.5")
    run = Run("run", AT)
    ids = store.announce(run, unknown, ledger(before))
    impossible = ledger(before | {"value": "10.0.1.5", "intended": None}).assign(is_adopted=None)
    with pytest.raises(IntegrityError):
        store.settle(run, applied, impossible, ids)
    assert store.receipts.of("run")["outcome"].tolist() == ["unknown"]
    pd.testing.assert_frame_equal(store.applied(), ledger(before))

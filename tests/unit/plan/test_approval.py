"""Letting a plan through: one named guard, one plan, and never past what nobody may pass."""

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ConfigError, PlanRefused
from pipelines.plan.approval import Approval, approved, asked, digest, refusals, stop_refused
from pipelines.plan.guards import guards
from tests.networks import AT, NETWORK, Row, Tables, frame, in_zone
from tests.unit.plan.test_guards import OLD, ZONE, dns_row, host, ipam_row, planned, standing

MANY = [dns_row(number) for number in range(1, 9)]


def judged(made: Tables, *approvals: str, there: tuple[Tables, pd.DataFrame] | None = None) -> pd.DataFrame:
    """The guards' table of plans on ten hosts, when a person wrote these approvals."""
    return guards(
        made, *(there or standing(10)), network=NETWORK, past=OLD, now=AT, approvals=asked(approvals), by="ana"
    )


def plan_of(made: Tables) -> str:
    """The digest of these plans."""
    return digest(made["ipam_plan"], made["dns_plan"])


def test_a_plan_passes_with_all_the_guards_it_meets() -> None:
    """Each named, each for this plan; what they met and who let it through stays in the table."""
    made = planned(MANY)
    approvals = [f"{plan_of(made)}:deletes-per-{scope}" for scope in ("site", "zone")]
    found = judged(made, *approvals)
    assert list(found["verdict"]) == ["approved", "approved"]
    assert found["reason"].str.endswith("; let through by ana").all()
    assert found["remedy"].isna().all()
    stop_refused(found, made["ipam_plan"], made["dns_plan"])


def test_one_guard_is_not_another() -> None:
    """Approving the zone's limit does not pass the site's; the refusal names all that it takes."""
    made = planned(MANY)
    found = judged(made, f"{plan_of(made)}:deletes-per-zone")
    assert dict(zip(found["guard"], found["verdict"], strict=True)) == {
        "deletes-per-site": "refused", "deletes-per-zone": "approved",
    }  # fmt: skip
    (remedy,) = found["remedy"].dropna()
    assert f"--approve {plan_of(made)}:deletes-per-site --approve {plan_of(made)}:deletes-per-zone," in remedy


def test_another_plan_is_refused_again_and_told_so() -> None:
    """Something moved between the refusal and the approval."""
    before = plan_of(planned(MANY))
    found = judged(planned([*MANY, dns_row(9)]), f"{before}:deletes-per-zone", f"{before}:deletes-per-site")
    assert set(found["verdict"]) == {"refused"}
    assert found["remedy"].str.startswith(f"The approval of {before} is for another plan: something has moved").all()


@pytest.mark.parametrize("guard", ["never-list", "source-not-seen", "stale-snapshot", "no-such-guard"])
def test_some_guards_let_nobody_through(guard: str) -> None:
    """Such an approval is an error by itself: nobody should believe it did something."""
    with pytest.raises(ConfigError, match=f"'{guard}' lets nobody through"):
        asked([f"0123456789ab:{guard}"])


@pytest.mark.parametrize("text", ["", "all", "0123456789ab", "0123456789AB:deletes-per-zone", "x:deletes-per-zone"])
def test_what_is_no_approval_is_said(text: str) -> None:
    """With the form it should have."""
    with pytest.raises(ConfigError, match="is no approval"):
        asked([text])


def test_the_never_list_is_not_passed_by_approving_the_rest() -> None:
    """A plan that touches an apex stays refused, and nothing is offered for it."""
    made = planned([*MANY, dns_row(9, owner=ZONE)])
    approvals = [f"{plan_of(made)}:deletes-per-{scope}" for scope in ("site", "zone")]
    found = judged(made, *approvals)
    assert set(found.loc[found["verdict"] == "refused", "guard"]) == {"never-list"}
    assert "approve" not in "".join(refusals(found))
    with pytest.raises(PlanRefused, match="Nobody can let that through"):
        stop_refused(found, made["ipam_plan"], made["dns_plan"])


@pytest.mark.parametrize(
    "change", [{"before": "10.0.1.77"}, {"before_ttl_s": 77}, {"action": "update", "after": "10.0.1.9"}]
)
def test_the_digest_moves_with_what_is_there_and_what_is_wanted(change: Row) -> None:
    """Data, TTL, action: another plan."""
    assert plan_of(planned([dns_row(1)])) != plan_of(planned([dns_row(1) | change]))


def test_the_digest_does_not_move_with_the_clock() -> None:
    """Nor with reasons, the order of rows, `lastSeen`, or a TTL cut to what is left of a lease."""
    create = dns_row(2, "create")
    later = [create | {"after_ttl_s": 123, "reason": "other words"}, dns_row(1, missing_since_at=AT)]
    touch = ipam_row(1, "touch", field="lastSeen", before=None, after="2026-03-01T12:00:00Z")
    assert plan_of(planned([dns_row(1), create], [ipam_row(3)])) == plan_of(planned(later, [touch, ipam_row(3)]))
    assert plan_of(planned()) == plan_of(planned(ipam=[touch]))


def test_the_digest_survives_storage() -> None:
    """Load may read the plans from where another run left them."""
    made = planned([dns_row(1, "create"), dns_row(2)], [ipam_row(1, before=None, id_phpipam=None, action="create")])
    stored = [frame(table, made[table.name].to_dict("records")) for table in (tables.IPAM_PLAN, tables.DNS_PLAN)]
    assert digest(*stored) == plan_of(made)


def test_load_takes_only_what_was_judged() -> None:
    """A load that somebody starts by itself finds a plan of one run and the guards of another."""
    judged_before, changed_since = planned([dns_row(1)]), planned([dns_row(2)])
    found = judged(judged_before)
    stop_refused(found, judged_before["ipam_plan"], judged_before["dns_plan"])
    for made in (changed_since, planned(ipam=[ipam_row(1)])):
        with pytest.raises(PlanRefused, match="no guard has judged it"):
            stop_refused(found, made["ipam_plan"], made["dns_plan"])
    stop_refused(tables.GUARDS.empty(), planned()["ipam_plan"], planned()["dns_plan"])


def test_load_refuses_what_the_guards_refused() -> None:
    """With the numbers, and the way through."""
    made = planned(MANY)
    with pytest.raises(PlanRefused, match="8 of our 10 names") as caught:
        stop_refused(judged(made), made["ipam_plan"], made["dns_plan"])
    assert "--approve" in caught.value.remedy


def test_an_approval_is_a_receipt() -> None:
    """Which plan, which guard, where, what it met, and who."""
    made = planned(MANY)
    receipt = approved(judged(made, *(f"{plan_of(made)}:deletes-per-{scope}" for scope in ("site", "zone"))))
    assert tables.RECEIPT.violations(receipt) == []
    rows = receipt[["target", "site", "scope", "subject", "field", "action", "outcome"]]
    assert list(rows.itertuples(index=False, name=None)) == [
        ("guards", "home", "dns home", plan_of(made), "deletes-per-site", "approve", "applied"),
        ("guards", "*", f"dns {ZONE}", plan_of(made), "deletes-per-zone", "approve", "applied"),
    ]
    assert receipt["detail"].str.endswith("let through by ana").all()


def test_hostile_names_in_a_refusal_stay_one_line() -> None:
    """A zone may hold any bytes as an owner name (rule R11)."""
    name = "evil\x1b[2J\n.example.lan."
    made = planned([dns_row(1, owner=name)])
    there = standing(10, zone_records=[in_zone(host(1), "A", "10.0.1.1"), in_zone(name, "TXT", "x")])
    assert all(line.isprintable() for line in refusals(judged(made, there=there)))


def test_an_approval_reads_as_it_is_written() -> None:
    """What the refusal prints is what the command takes."""
    assert asked([str(Approval("0123456789ab", "deletes-per-zone"))]) == {Approval("0123456789ab", "deletes-per-zone")}

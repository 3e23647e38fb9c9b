"""Laws of the guards, over the same small networks as the plans, a month into a ledger's life."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipelines import network as network_file
from pipelines.plan.approval import stop_refused
from pipelines.plan.evidence import NEVER, NOT_SEEN, SHRANK, STALE
from pipelines.plan.guards import guards
from pipelines.plan.past import Past
from tests.networks import AT, NETWORK_TOML, Tables, census
from tests.properties.hours import hours
from tests.properties.test_plans import LAW, OLD
from tests.properties.test_withdraw import PASTS, later

NOTHING_MAY = network_file.parse(
    NETWORK_TOML
    + "[guards]\n"
    + "".join(f"{kind} = {{max_count = 0}}\n" for kind in ("creates", "updates", "deletes")),
    "network.toml",
)
LIMITS = st.builds(
    lambda few, most, share: f"[guards]\ndeletes = {{few = {few}, max_count = {most}, max_share = {share}}}",
    st.integers(0, 3), st.integers(0, 4), st.sampled_from([0.0, 0.3, 1.0]),
)  # fmt: skip


@LAW
@given(hours(), LIMITS)
def test_a_plan_that_passed_deletes_no_more_than_the_limits(given_hour: tuple[Tables, pd.DataFrame], toml: str) -> None:
    """Whatever the tables hold: in no zone more names than `max_count`, nor than both `few` and `max_share` of ours."""
    parsed, applied = given_hour
    network = network_file.parse(NETWORK_TOML + toml, "network.toml")
    made = census(parsed, later(applied), network, OLD)
    found = guards(made, parsed, later(applied), network=network, past=OLD, now=AT)
    if (found["verdict"] == "refused").any():
        return
    limit, plan, ours = network.guards.deletes, made["dns_plan"], applied[~applied["is_adopted"]]
    for zone, rows in plan[plan["action"] == "delete"].groupby("zone"):
        names = parsed["zone_records"].loc[parsed["zone_records"]["zone"] == zone, "owner"]
        standing = len(set(names) & set(ours["subject"]))
        assert rows["owner"].nunique() <= min(limit.max_count, max(limit.few, limit.max_share * standing))


@LAW
@given(hours(), st.sampled_from([OLD, *PASTS]))
def test_our_plans_are_all_judged_and_never_what_nobody_may_let_through(
    given_hour: tuple[Tables, pd.DataFrame], past: Past
) -> None:
    """Neither a missing source nor the never-list is planned past; where nothing may change, each change is refused."""
    parsed, applied = given_hour
    made = census(parsed, later(applied), past=past)
    found = guards(made, parsed, later(applied), network=NOTHING_MAY, past=past, now=AT)
    assert not set(found["guard"]) & {NEVER, NOT_SEEN, SHRANK, STALE}
    assert set(found["verdict"]) <= {"refused"}
    if found.empty:
        stop_refused(found, made["ipam_plan"], made["dns_plan"])

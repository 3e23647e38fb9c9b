"""All sources of an hour together: what was not even asked is missing, too."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from pipelines.network import parse
from pipelines.parse.every import parse_all
from pipelines.reconcile.trust import frozen_sites
from pipelines.snapshots import Snapshot, missing
from tests.networks import NETWORK, NETWORK_TOML

ARP = b"? (10.0.0.5) at 52:54:00:00:00:0a on em0 expires in 1199 seconds [ethernet]\n"


def test_a_site_without_any_answer_is_frozen() -> None:
    """A gateway came into network.toml after the census whose answers this run uses: nothing is known of its site."""
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    sources = parse_all([missing("home", "arp", at, "no answer")], network=NETWORK)["sources"]
    assert frozen_sites(sources).keys() == {"home", "cabin"}
    assert "run a census" in frozen_sites(sources)["cabin"]


@pytest.mark.parametrize(
    ("minutes_ago", "says"),
    [
        (150, None),
        (151, "arp was last asked 151 minutes ago, so nothing new follows from it; run a census"),
        (-14, None),  # asked after phpIPAM, in the same run
        (-16, "arp was last asked by a clock that was 16 minutes ahead, so nothing new follows from it"),
        (-525_600, "arp was last asked by a clock that was 525600 minutes ahead"),
    ],
)
def test_how_old_an_answer_is_tell_the_targets(minutes_ago: int, says: str | None) -> None:
    """Every run reads them; a gateway's answer that is too old beside them, or of a time to come, is none."""
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    asked = Snapshot("home", "arp", now - timedelta(minutes=minutes_ago), ARP)
    sources = parse_all([asked, missing("*", "phpipam.addresses", now, "is away")], network=NETWORK)["sources"]
    (reason,) = sources.loc[sources["source"] == "arp", "reason"]
    assert pd.isna(reason) if says is None else says in reason


def test_a_site_that_is_asked_less_often_has_answers_that_hold_for_longer() -> None:
    """Two of its own intervals and half an hour."""
    rare = parse(NETWORK_TOML.replace('label = "cabin"', 'label = "cabin"\nevery_hours = 6'), "network.toml")
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    asked = [Snapshot(site, "arp", now - timedelta(hours=12), ARP) for site in ("home", "cabin")]
    sources = parse_all([*asked, missing("*", "phpipam.addresses", now, "is away")], network=rare)["sources"]
    assert frozen_sites(sources).keys() == {"home"}

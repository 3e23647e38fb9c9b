"""All sources of an hour together: what was not even asked is missing, too."""

from datetime import UTC, datetime

from pipelines.parse.every import parse_all
from pipelines.reconcile.trust import frozen_sites
from pipelines.snapshots import missing
from tests.networks import NETWORK


def test_a_site_without_any_answer_is_frozen() -> None:
    """A gateway came into network.toml after the census whose answers this run uses: nothing is known of its site."""
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    sources = parse_all([missing("home", "arp", at, "no answer")], network=NETWORK)["sources"]
    assert frozen_sites(sources).keys() == {"home", "cabin"}
    assert "run a census" in frozen_sites(sources)["cabin"]

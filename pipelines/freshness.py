"""Whether each site and target was refreshed lately, also when no run happened at all (rule R10)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

import pandas as pd

from pipelines.network import Network

PHPIPAM, DNS = "phpipam", "dns"


_SLACK_MINUTES = 15  # a clock that was set by so much since has been corrected, not wrong


class Freshness(NamedTuple):
    """One site or target: when it was last refreshed, and whether that is recent."""

    subject: str
    at: pd.Timestamp | None
    is_fresh: bool
    reason: str


def freshness(
    sites: Mapping[str, pd.Timestamp], targets: Mapping[str, pd.Timestamp], *, network: Network, now: pd.Timestamp
) -> list[Freshness]:
    """Every site with a gateway, and both targets.

    `sites` were last read whole, `targets` (`PHPIPAM`, `DNS`) last loaded, at these times. Each site by its own
    interval.
    """
    looked = [(name, sites.get(name), "read whole", network.stale_after(name)) for name in network.gateways]
    loaded = [(name, targets.get(name), "loaded", network.stale_after()) for name in (PHPIPAM, DNS)]
    return [_judged(*one, now) for one in [*looked, *loaded]]


def _judged(subject: str, at: pd.Timestamp | None, done: str, limit: timedelta, now: pd.Timestamp) -> Freshness:
    if at is None:
        return Freshness(subject, None, is_fresh=False, reason=f"{subject} was never {done}")
    told = f"{subject} was last {done} at {at:%Y-%m-%d %H:%M} UTC"
    minutes = int((now - at).total_seconds() // 60)
    if minutes < -_SLACK_MINUTES:
        return Freshness(subject, at, is_fresh=False, reason=f"{told}, which has not come yet: a clock was wrong")
    is_fresh = now - at <= limit
    return Freshness(subject, at, is_fresh, told if is_fresh else f"{told}, {minutes} minutes ago")

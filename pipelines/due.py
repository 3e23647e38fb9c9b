"""Which gateways a scheduled census asks: all but those whose own interval ([sites.<site>] every_hours) is not over."""

from collections.abc import Mapping

import pandas as pd

from pipelines.network import Network


def not_due(stored: Mapping[str, pd.DataFrame], *, network: Network, now: pd.Timestamp) -> dict[str, str]:
    """The sites that a census begun at `now` does not ask, and why.

    `stored` are the last answers (`tables.SNAPSHOTS`) by site, of sites that have any. Only whole answers stand for a
    site that is not asked; one that could not be read is asked again by the next census.
    """
    found = {}
    for site, answers in stored.items():
        at, every = answers["read_at"].min(), network.interval(site)
        if len(answers) and answers["is_complete"].all() and _is_recent(now - at, site, network):
            hours = every // pd.Timedelta(hours=1)
            found[site] = f"{site} was asked at {at:%Y-%m-%d %H:%M} UTC, and is asked every {hours} h"
    return found


def _is_recent(age: pd.Timedelta, site: str, network: Network) -> bool:
    """Whether answers of that age are from the interval that runs.

    A census takes its time, so half of one's interval is allowed for; an answer that is younger than none is of a clock
    that was ahead, and worth nothing (a tick that was missed is made up for at most one interval late).
    """
    census = network.interval()
    return bool(-census <= age < network.interval(site) - census / 2)

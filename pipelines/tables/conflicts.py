"""The tables of what contradicts itself, and of the address ranges and how full they are: also made by reconcile."""

from pipelines.contract import INSTANT, INTEGER, NUMBER, Column, Table
from pipelines.tables.columns import SITE, optional, text

CONFLICTS = Table(
    "conflicts",
    "one contradiction in the network, with the evidence; for a person: nothing is changed because of it",
    (
        SITE,
        text(
            "family", "what it is about: the asset check that tells it", "addresses", "names", "dns", "phpipam", "pools"
        ),
        text("kind", "the conflict's short name (docs/decisions/0013-conflicts.md lists them)", pattern=r"[a-z0-9-]+"),
        text("subject", "the address, absolute name, subnet, zone or range it is about"),
        text(
            "severity",
            "notice: may well be meant, and turns no check red; warning: somebody should look; error: clients suffer",
            "notice",
            "warning",
            "error",
        ),
        text("evidence", "what the sources say, with the times (UTC) they say it for"),
        text("advice", "what to do about it"),
        optional("seen_at", "the latest evidence; null for what bears no time", INSTANT),
    ),
    key=("site", "kind", "subject"),
)
POOLS = Table(
    "pools",
    "one range of addresses that are handed out: of a DHCP server, or named under [pools] in network.toml",
    (
        SITE,
        optional("name", "its name in network.toml; null for a DHCP server's"),
        text("subnet", "the subnet it lies in"),
        text("first", "its first address"),
        text("last", "its last address"),
        Column("size", INTEGER, "addresses in it"),
        optional("used", "addresses of it in use; null while the site cannot be read", INTEGER),
        optional("free", "the others", INTEGER),
        text("counted", "what counts as in use"),
        optional("trend_per_day", "addresses more in use from day to day; null with fewer than 7 days known", NUMBER),
        optional(
            "full_on", "the day (UTC) it will be full at that pace, at most a year ahead", pattern=r"\d{4}-\d\d-\d\d"
        ),
        text("forecast", "the same for a person, or why there is none"),
    ),
    key=("site", "first", "last"),
)
POOL_USE = Table(
    "pool_use",
    "how many addresses of a range the day's first census found in use; a day on which it was as before has no row",
    (
        SITE,
        text("first", "the range's first address"),
        text("last", "its last address"),
        text("day", "the day, UTC", pattern=r"\d{4}-\d\d-\d\d"),
        Column("used", INTEGER, "addresses in use"),
    ),
    key=("site", "first", "last", "day"),
)

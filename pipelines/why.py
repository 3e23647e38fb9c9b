"""Why an address bears its name: the claim that won, those that lost, the rule, and the times of the evidence.

One answer for a person, out of the tables of the last census; the command line and Dagster's UI show the same text.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping

import pandas as pd

from pipelines import tables
from pipelines.contract import Table
from pipelines.errors import ConfigError
from pipelines.plan.bookkeeping import work
from pipelines.terminal import plain
from pipelines.values import mac

Tables = Mapping[str, pd.DataFrame]
READ: tuple[Table, ...] = (
    tables.SOURCES, tables.SIGHTINGS, tables.BINDINGS, tables.NAME_CLAIMS, tables.ADDRESSES, tables.RECORDS,
    tables.REGISTRATIONS, tables.IPAM_ADDRESSES, tables.ZONE_RECORDS, tables.IPAM_PLAN, tables.DNS_PLAN,
    tables.WITHHELD,
)  # fmt: skip
"""The tables an answer is made from."""
MOST_ANSWERS = 10
_RULE = (
    "a person's entry in phpIPAM > static list > reservation or WireGuard peer > service > active lease > PTR; "
    "what is contested counts for nothing"
)
_WIDE = 400
_VERDICTS = ["granted", "agrees", "outranked", "contested"]
_POINTER = ".arpa."


def why(subject: str, known: Tables) -> str:
    """The answer for an address, a MAC or a name, bare or absolute; `known` are the last tables by name (`READ`)."""
    asked = subject.strip()
    if not asked:
        raise ConfigError("subject", "nothing was asked for", "Write an address, a name or a MAC")
    found = sorted(_addresses(asked, known), key=_in_order)
    answers = [_about(ip, known) for ip in found]
    answers = answers or [_about_name(owner, known) for owner in sorted(_owners(asked, known))]
    more = len(answers) - MOST_ANSWERS
    shown = answers[:MOST_ANSWERS] + ([f"... and {more} more: ask for one of them"] if more > 0 else [])
    return "\n\n".join(shown or [_unknown(asked, known)])


# --- what is asked for ---------------------------------------------------------------------------------------------


def _in_order(ip: str) -> tuple[int, int]:
    address = ipaddress.ip_address(ip)
    return address.version, int(address)


def _addresses(asked: str, known: Tables) -> set[str]:
    """The addresses that are meant: the one that is written, those of a MAC, or those that bear or want a name."""
    for read, column in ((ipaddress.ip_address, "ip"), (mac, "mac")):
        try:
            value = str(read(asked))
        except ValueError:
            continue
        return _where(known, ("sightings", "bindings", "addresses", "name_claims", "ipam_addresses"), column, value)
    return _bearers(asked, known)


def _where(known: Tables, names: Iterable[str], column: str, value: str) -> set[str]:
    rows = [known[name] for name in names if column in known[name]]
    return {ip for one in rows for ip in one.loc[one[column] == value, "ip"]}


def _bearers(asked: str, known: Tables) -> set[str]:
    columns = {
        "addresses": ["name"], "name_claims": ["name", "wanted"], "records": ["owner"], "registrations": ["name"],
        "ipam_addresses": ["hostname"],
    }  # fmt: skip
    return {
        ip
        for name, those in columns.items()
        for column in those
        for ip in known[name].loc[_is_called(known[name][column], asked), "ip"]
    }


def _owners(asked: str, known: Tables) -> set[str]:
    records = known["zone_records"]
    return set(records.loc[_is_called(records["owner"], asked), "owner"])


def _is_called(names: "pd.Series[str]", asked: str) -> "pd.Series[bool]":
    """Whether each name is the one that is asked for: the whole of it, or its first label where that is all we got."""
    wanted, lower = asked.lower().rstrip("."), names.str.lower().str.rstrip(".")
    same = lower == wanted
    return same if "." in wanted else same | (lower.str.replace(r"\..*", "", regex=True) == wanted)


def _unknown(asked: str, known: Tables) -> str:
    sources = known["sources"]
    lacking = sources.loc[~sources["is_complete"], ["site", "source"]].agg(" ".join, axis=1)
    unread = f" Not read then: {', '.join(lacking)}." if len(lacking) else ""
    at = f" of {_time(sources['read_at'].max())}" if len(sources) else ""
    return (
        f"{plain(asked)}: nothing is known of it. No source of the census{at} names it, and neither phpIPAM nor a zone "
        f"of network.toml holds it.{unread} Run a census if it is newer than that."
    )


# --- one answer ----------------------------------------------------------------------------------------------------


def _about(ip: str, known: Tables) -> str:
    sections: list[tuple[str, Callable[[pd.DataFrame], Iterator[str]], str]] = [
        ("Seen", _seen, "sightings"),
        ("Claims", _claimed, "name_claims"),
        ("DNS should hold", _wanted, "records"),
        ("At Kea's D2", _registered, "registrations"),
        ("phpIPAM holds", _held, "ipam_addresses"),
        ("To change in phpIPAM", _planned, "ipam_plan"),
    ]
    lines = [_headline(ip, known)]
    for title, told, name in sections:
        lines += _section(title, told(known[name][known[name]["ip"] == ip]))
    owners = set(known["records"].loc[known["records"]["ip"] == ip, "owner"])
    names = set(known["name_claims"].loc[known["name_claims"]["ip"] == ip, "name"].dropna())
    return "\n".join([*lines, *_in_dns(owners | names | _pointers(ip, known), {ip}, known)])


def _about_name(owner: str, known: Tables) -> str:
    """A name that stands in a zone, and that no address of the census bears or wants."""
    headline = f"{plain(owner)} is in DNS only: no source of the census names it"
    return "\n".join([headline, *_in_dns({owner}, set(), known)])


def _section(title: str, lines: Iterable[str]) -> list[str]:
    told = [f"    {line}" for line in lines]
    return [f"  {title}", *told] if told else []


def _headline(ip: str, known: Tables) -> str:
    addresses, bindings = (known[name][known[name]["ip"] == ip] for name in ("addresses", "bindings"))
    site = next(iter([*addresses["site"], *bindings["site"]]), None)
    where = f"{ip} ({site})" if site else f"{ip} (of no site this hour)"
    for row in addresses.itertuples(index=False):
        if pd.notna(row.name):
            return f"{where} is {plain(row.name)}, named by {row.named_by}{_holder(bindings)}"
    return f"{where} bears no name{_holder(bindings)}"


def _holder(bindings: pd.DataFrame) -> str:
    for row in bindings.itertuples(index=False):
        who = row.mac if pd.notna(row.mac) else f"client {row.client_id}" if pd.notna(row.client_id) else "nobody seen"
        return f"; held by {plain(who)} ({row.kind}, last seen {_time(row.last_seen_at)})"
    return "; nobody holds it"


def _seen(rows: pd.DataFrame) -> Iterator[str]:
    for row in rows.sort_values("last_seen_at", ascending=False).itertuples(index=False):
        yield f"{_time(row.last_seen_at)}  {plain(row.mac):<17}  by {row.source}"


def _claimed(rows: pd.DataFrame) -> Iterator[str]:
    if len(rows):
        yield f"rule: {_RULE}"
    order = rows["verdict"].map(_VERDICTS.index)
    for row in rows.assign(order=order).sort_values(["order", "rank"]).itertuples(index=False):
        yield f"{row.verdict:<9}  {plain(row.wanted)}  by {row.source} (rank {row.rank}): {plain(row.reason, _WIDE)}"


def _wanted(rows: pd.DataFrame) -> Iterator[str]:
    for row in rows.sort_values(["type", "owner"]).itertuples(index=False):
        yield f"{plain(row.owner)} {row.ttl_s} {row.type} {plain(row.rdata)}  written by {row.writer}"


def _registered(rows: pd.DataFrame) -> Iterator[str]:
    for row in rows.itertuples(index=False):
        yield f"{row.verdict}: {plain(row.reason, _WIDE)}"


def _held(rows: pd.DataFrame) -> Iterator[str]:
    for row in rows.itertuples(index=False):
        yield (
            f"hostname {plain(row.hostname)}, mac {plain(row.mac)}, tag {plain(row.tag)}, "
            f"last seen {_time(row.last_seen_at)}"
        )


def _planned(rows: pd.DataFrame) -> Iterator[str]:
    for row in work(rows).itertuples(index=False):
        yield f"{row.action} {row.field}: {plain(row.before)} -> {plain(row.after)}  {plain(row.reason, _WIDE)}"


def _in_dns(owners: set[str], subjects: set[str], known: Tables) -> list[str]:
    """What the zones hold at these names, what is to change there, and what was left alone although it differs."""
    held = known["zone_records"][known["zone_records"]["owner"].isin(owners)]
    changes = known["dns_plan"][known["dns_plan"]["owner"].isin(owners)]
    left = known["withheld"][known["withheld"]["subject"].isin(owners | subjects)]
    return [
        *_section("DNS holds", _recorded(held)),
        *_section("To change in DNS", _changed(changes)),
        *_section("Withheld", _left(left)),
    ]


def _pointers(ip: str, known: Tables) -> set[str]:
    """The names of the PTRs of an address, in the zones or wanted there."""
    address = ipaddress.ip_address(ip)
    wanted = known["records"]
    there = wanted.loc[(wanted["ip"] == ip) & wanted["owner"].str.endswith(_POINTER), "owner"]
    return {f"{address.reverse_pointer}.", *there}


def _recorded(rows: pd.DataFrame) -> Iterator[str]:
    for row in rows.sort_values(["owner", "type"]).itertuples(index=False):
        yield f"{plain(row.owner)} {row.ttl_s} {row.type} {plain(row.rdata)}"


def _changed(rows: pd.DataFrame) -> Iterator[str]:
    for row in work(rows).itertuples(index=False):
        change = f"{row.action} {plain(row.owner)} {row.type}: {plain(row.before)} -> {plain(row.after)}"
        yield f"{change}  {plain(row.reason, _WIDE)}"


def _left(rows: pd.DataFrame) -> Iterator[str]:
    for row in rows.itertuples(index=False):
        yield f"{row.target} {row.field}, {row.rule}: {plain(row.reason, _WIDE)}"


def _time(instant: object) -> str:
    return "never" if pd.isna(instant) else f"{instant:%Y-%m-%d %H:%M} UTC"

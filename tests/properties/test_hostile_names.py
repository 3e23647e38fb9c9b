"""Thousands of hostile names by every door in one census: what is published and said, and what others notice (R11).

There is no CSV exit: netcensus writes none (`test_no_module_writes_csv`).
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from pipelines import tables
from pipelines.alerts import Message, Trouble, for_chat, metrics, text
from pipelines.contract import TEXT
from pipelines.parse.phpipam import decimal_of
from pipelines.report import report
from pipelines.values import host_name
from pipelines.why import why
from resources.preview import MOST_ROWS, markdown
from tests.hostile import ALL
from tests.hostile_census import DOORS, HONEST, NETWORK, Comer, as_label, comers, made, parsed
from tests.networks import AT, Tables
from tests.properties.test_damage import EACH as EACH_DAMAGED
from tests.properties.test_damage import whole

EACH = 850
"""Hostile names at each door."""
ROOT = Path(__file__).parents[2]
LDH = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
HOST = re.compile(rf"(?=.{{1,254}}\Z){LDH}example\.lan\.")
POINTER = re.compile(r"(?:\d{1,3}\.){4}in-addr\.arpa\.")
RDATA = {"A": r"\d+(?:\.\d+){3}", "PTR": rf"{LDH}example\.lan\.", "DHCID": r"[A-Za-z0-9+/]+=*"}
IN_IPAM = {
    "hostname": re.compile(r"[a-z0-9.-]{1,253}"),
    "mac": re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}"),
    "lastSeen": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
}
ACTIVE = re.compile(r"[<>\"'`*_{}\[\]()!|~:/@\\]")
"""What Markdown or HTML could give a meaning to, in a cell; `#` and `&` stand in the entities themselves."""


@dataclass(frozen=True)
class Flood:
    """The honest devices alone, and the same among the hostile names."""

    present: list[Comer]
    calm: Tables
    flooded: Tables

    @property
    def hostile(self) -> list[Comer]:
        """Who came with a hostile name."""
        return [one for one in self.present if one not in HONEST]


@pytest.fixture(scope="module")
def flood() -> Flood:
    """Two censuses."""
    present = [*HONEST, *comers(EACH)]
    calm, flooded = (parsed(who) for who in (HONEST, present))
    return Flood(present, calm | made(calm), flooded | made(flooded))


def test_there_are_thousands_at_every_door(flood: Flood) -> None:
    """With the damaged answers of test_damage.py, more than ten thousand inputs."""
    assert len(flood.hostile) + EACH_DAMAGED * len(list(whole())) >= 10_000
    assert len(flood.hostile) >= 5_800
    for door in DOORS:
        assert sum(one.door == door for one in flood.hostile) >= 800, door
    assert flood.flooded["sources"]["is_complete"].all(), "no hostile row costs the others their source"


def test_only_host_names_of_our_domain_are_published(flood: Flood) -> None:
    """Whatever the names are, what is written to DNS is letters, digits and hyphens below our domain, and addresses."""
    plan = flood.flooded["dns_plan"]
    assert len(plan) > 200
    assert {name for name in plan["owner"] if not (HOST.fullmatch(name) or POINTER.fullmatch(name))} == set()
    lines = {
        (rtype, line) for rtype, after in zip(plan["type"], plan["after"], strict=True) for line in after.split("\n")
    }
    assert {one for one in lines if not re.fullmatch(RDATA[one[0]], one[1])} == set()


def test_only_host_names_and_macs_go_to_phpipam(flood: Flood) -> None:
    """PhpIPAM shows a host name unescaped: only canonical host names, MACs and times are planned for it."""
    plan = flood.flooded["ipam_plan"]
    written = plan[plan["action"] != "adopt"]
    assert set(written["field"]) <= IN_IPAM.keys()
    assert len(written) > 1000
    assert {
        after
        for field, after in zip(written["field"], written["after"], strict=True)
        if not IN_IPAM[field].fullmatch(after)
    } == set()


def test_no_client_takes_a_reserved_name_or_another_s(flood: Flood) -> None:
    """Nobody is granted `wpad` or `ns1` by asking; the honest devices' names stay with the addresses they are on."""
    claims = flood.flooded["name_claims"]
    granted = claims[claims["verdict"] == "granted"]
    by_anybody = granted[granted["source"].isin({"kea4.leases", "dnsmasq.leases", "kubernetes"})]
    assert set(by_anybody["name"].str.partition(".")[0]).isdisjoint(NETWORK.forbidden_names)
    for one in HONEST:
        assert set(granted.loc[granted["name"] == f"{one.name}.example.lan.", "ip"]) == {one.ip}, one


def test_nothing_of_another_device_changes(flood: Flood) -> None:
    """Every row about an honest address or name is the same with six thousand hostile names beside it as without."""
    ips, names = {one.ip for one in HONEST}, {f"{one.name}.example.lan." for one in HONEST}
    for name, calm in flood.calm.items():
        column = next((key for key in ("ip", "owner", "subject") if key in calm), None)
        if column is None or name == "rejects":
            continue
        pointers = {".".join(reversed(ip.split("."))) + ".in-addr.arpa." for ip in ips}
        theirs = [
            rows[rows[column].isin({*ips, *names, *pointers})].reset_index(drop=True)
            for rows in (calm, flood.flooded[name])
        ]
        pd.testing.assert_frame_equal(*theirs)
    assert len(flood.calm["dns_plan"]) > 0


def test_no_name_is_passed_over_in_silence(flood: Flood) -> None:
    """Each is granted as its own device's, or contested with the reason, or a reject with the line it stood in."""
    claims, rejects = flood.flooded["name_claims"], flood.flooded["rejects"]
    assert claims["reason"].notna().all()
    told = {*claims["ip"], *re.findall(r"[\d.]+", "\n".join(rejects["excerpt"]))}
    silent = [one for one in flood.hostile if not {one.ip, decimal_of(one.ip)} & told]
    is_none = {one for one in silent if (one.door == "ptr" and as_label(one.name) is None) or one.name == "*"}
    assert set(silent) == is_none, "what no zone can hold, and dnsmasq's word for no name"


def test_a_granted_name_is_the_one_that_was_asked_for(flood: Flood) -> None:
    """Nothing is scrubbed into a name: two clients' texts never become one by our doing."""
    asked = {one.ip: one for one in flood.present}
    claims = flood.flooded["name_claims"]
    granted = claims[claims["verdict"].isin({"granted", "agrees"})]
    for ip, site, wanted, name in granted[["ip", "site", "wanted", "name"]].itertuples(index=False):
        assert name == host_name(wanted, NETWORK.suffix(site))
        if asked[ip].door != "kubernetes":  # a service that asks for no host name bears its own
            assert wanted.lower().removesuffix(".example.lan.") in asked[ip].name.lower()


def test_no_table_shows_markup(flood: Flood) -> None:
    """In the UI's previews of every table, page by page, no cell holds a character with a meaning, or one unseen."""
    for frame in flood.flooded.values():
        texts = frame.select_dtypes(TEXT)
        for at in range(0, len(texts) if len(texts.columns) else 0, MOST_ROWS):
            for line in markdown(texts.iloc[at : at + MOST_ROWS]).split("\n")[2:]:
                shown = line.removeprefix("| ").removesuffix(" |").replace(" | ", "")
                assert not ACTIVE.search(shown), line
                assert shown.replace("\u200b", "").isprintable(), line


def test_no_terminal_obeys_the_report(flood: Flood) -> None:
    """Printable ASCII, line for line, and no line that a name began."""
    said = report({**flood.flooded, "conflicts": tables.CONFLICTS.empty(), "guards": tables.GUARDS.empty()})
    assert said.isascii()
    assert all(line.isprintable() for line in said.split("\n"))
    assert not re.search(r"^\W*(netcensus: )?FORGED", said, re.MULTILINE)


def test_no_terminal_obeys_an_answer_to_why(flood: Flood) -> None:
    """Asked for an address with a hostile name, or for the name itself."""
    for one in [*flood.hostile[::700], *(Comer("kea", name, name) for name in ALL[::60])]:
        said = why(one.ip, flood.flooded)
        assert said.isascii(), one
        assert all(line.isprintable() for line in said.split("\n")), one
        assert not re.search(r"^\W*(netcensus: )?FORGED", said, re.MULTILINE)


def test_no_alert_is_more_than_a_line_of_text() -> None:
    """Each name as what is wrong: one line for a log and a mail; for a chat no mention and no link; JSON; one label."""
    for name in ALL:
        message = Message("new", f"check {name}", f"{name} is red.", AT, f"Look at {name}.", "docs/runbook.md#x")
        assert re.fullmatch(r"[ -~]+", text(message))
        said = text(message, for_chat)
        assert not re.search(r"[<>]|@(?=\w)|://|\]\(|www\.|\n", said, re.IGNORECASE), said
        (sample,) = metrics([Trouble(f"check {name}", name, "", "", AT)], {}).split("\n")[2:3]
        assert re.fullmatch(r'netcensus_trouble\{key="(?:[^"\\\n]|\\["\\n])*"\} 1', sample)
        assert metrics([Trouble(f"check {name}", name, "", "", AT)], {}).encode().count(b"\n") == 5, "it can be sent"


def test_no_module_writes_csv() -> None:
    """A table of names that is opened in a spreadsheet runs its formulas: nothing of ours makes one."""
    folders = ("pipelines", "assets", "resources", "schedules")
    files = [*ROOT.glob("*.py"), *(file for folder in folders for file in (ROOT / folder).rglob("*.py"))]
    assert len(files) > 100
    assert [
        file for file in files if re.search(r"csv\.(?:w|DictW)riter|to_csv|to_excel", file.read_text(), re.MULTILINE)
    ] == []

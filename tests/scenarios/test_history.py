"""The history of the lab: what censuses remember, and `netcensus who` as an operator asks it."""

import csv
import json
import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.test_utils import BasicLoadingContext

from composition import build_defs
from tests.scenarios.lab_world import Lab, running_lab
from tests.scenarios.world import ROOT, World

ALL_SITES = {"sofia", "valchedrym", "london"}


def test_censuses_remember_who_held_what_and_who_answers(tmp_path: Path) -> None:
    """A rehearsal remembers nothing, a census everybody, a second one only that it looked, and not where it did not.

    From the archive alone, with nobody there to be asked, `replay` makes the same history again.
    """
    with running_lab(tmp_path / "lab") as lab:
        world = lab.world(tmp_path / "census").judged()
        world.run("rehearse")
        assert not looks(world)
        world.run()
        first = world.ledger("binding_history")
        assert looks(world) == dict.fromkeys(ALL_SITES, 1)
        lab.break_down({"london": "refused"})
        world.run()
        world.run("dns_sync")
        assert world.ledger("binding_history") == first
        assert set(hours_in_the_ui(world).values()) == {StaleStatus.FRESH}
        lab.break_down({})
        devices_leave_and_a_person_types(lab)
        world.run()
    assert looks(world) == {"sofia": 3, "valchedrym": 3, "london": 2}
    assert {row[1] for row in first} == ALL_SITES
    a_replay_gives_the_same_history(world)
    holder = next(row for row in first if row[4] and row[6])
    answers_are_about(world, str(holder[0]), str(holder[4]), str(holder[6]))


def hours_in_the_ui(world: World) -> dict[str, StaleStatus]:
    """Each hour there is a square of: whether the UI calls it "Unsynced", though younger answers change no past."""
    with world.entered(), dg.DagsterInstance.get() as instance:
        hours = instance.get_materialized_partitions(dg.AssetKey("hours"))
        graph = build_defs().resolve_asset_graph()
        shown = CachingStaleStatusResolver(instance, graph, BasicLoadingContext(instance))
        return {hour: shown.get_status(dg.AssetKey("hours"), hour) for hour in hours}


def devices_leave_and_a_person_types(lab: Lab) -> None:
    """A third of Kea's leases end, and a name that netcensus wrote into phpIPAM becomes another."""
    place = lab.folder / "leases.json"
    kept = json.loads(place.read_text(encoding="utf-8"))
    (lab.folder / "leases.new").write_text(json.dumps(kept | {"leases": kept["leases"][::3]}), encoding="utf-8")
    (lab.folder / "leases.new").rename(place)
    ip = "SELECT max(ip_addr) FROM ipaddresses WHERE hostname IS NOT NULL"
    lab.sql(f"UPDATE ipaddresses SET hostname = 'typed-by-hand' WHERE ip_addr = ({ip})")  # noqa: S608 - our own text


def a_replay_gives_the_same_history(world: World) -> None:
    """All of it, row by row, after both tables were emptied; and once more nothing new."""
    before = history(world)
    with closing(sqlite3.connect(world.folder / "ledger.sqlite")) as database, database:
        database.executescript("DELETE FROM looks; DELETE FROM binding_history")
    looks = [row[1] for row in before if len(row) == 2]
    ends = (datetime.fromtimestamp(at, UTC) for at in (min(looks), max(looks)))
    hours = [option for name, at in zip(("--from", "--to"), ends, strict=True) for option in (name, at.isoformat())]
    for new in (8, 0):
        answer = world.command("replay", *hours)
        assert (answer.returncode, answer.stderr) == (0, "")
        found = re.findall(r"(\d+) of them new", answer.stdout)
        assert sum(map(int, found)) == new
        assert history(world) == before


def history(world: World) -> list[tuple[Any, ...]]:
    """Both tables: the looks, then the rows."""
    with closing(sqlite3.connect(world.folder / "ledger.sqlite")) as database:
        looks = database.execute("SELECT * FROM looks ORDER BY site, at").fetchall()
        return looks + database.execute("SELECT * FROM binding_history ORDER BY ip, site, from_at").fetchall()


def answers_are_about(world: World, ip: str, mac: str, name: str) -> None:
    """`who` answers for an address, a MAC and a name, as text, CSV and JSON; a wrong time is the question's fault."""
    for subject in (ip, mac, name):
        answer = world.command("who", subject)
        assert answer.returncode == 0, answer.stderr
        assert all(text in answer.stdout for text in (ip, mac, name, "last found so"))
    (row,) = csv.DictReader(world.command("who", ip, "--csv").stdout.splitlines())
    assert (row["mac"], row["name"], row["to_at"]) == (mac, name, "")
    assert json.loads(world.command("who", ip, "--at", "2001-01-01", "--json").stdout)["rows"] == []
    assert world.command("who", ip, "--at", "noon").returncode == 2


def looks(world: World) -> dict[str, int]:
    """How often each site was looked at."""
    with closing(sqlite3.connect(world.folder / "ledger.sqlite")) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'looks'").fetchone():
            return {}
        return dict(Counter(site for (site,) in database.execute("SELECT site FROM looks")))


def test_a_ledger_that_cannot_be_read_is_told_without_its_password(tmp_path: Path) -> None:
    """One line: network.toml's path, what it is about and what to do; never the database's URL."""
    network_toml = tmp_path / "network.toml"
    shipped = (ROOT / "network.toml").read_text(encoding="utf-8")
    url = "postgresql+psycopg2://u:hunter2@127.0.0.1:1/x"
    network_toml.write_text(shipped.replace("sqlite:///var/ledger.sqlite", url), encoding="utf-8")
    answer = World(tmp_path, {"NETCENSUS_NETWORK": str(network_toml)}).command("who", "10.0.0.5")
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"netcensus: {network_toml}: the [state] ledger cannot be read")
    assert "hunter2" not in answer.stderr + answer.stdout

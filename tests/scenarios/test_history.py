"""The history of the lab: what censuses remember, and `netcensus who` as an operator asks it."""

import csv
import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.scenarios.lab_world import running_lab
from tests.scenarios.world import ROOT, World

ALL_SITES = {"sofia", "valchedrym", "london"}


def test_censuses_remember_who_held_what_and_who_answers(tmp_path: Path) -> None:
    """A rehearsal remembers nothing, a census everybody, a second one only that it looked, and not where it did not."""
    with running_lab(tmp_path / "lab") as lab:
        world = lab.world(tmp_path / "census")
        world.run("rehearse")
        assert not looks(world)
        world.run()
        first = world.ledger("binding_history")
        assert looks(world) == dict.fromkeys(ALL_SITES, 1)
        lab.break_down({"london": "refused"})
        world.run()
        world.run("dns_sync")
    assert world.ledger("binding_history") == first
    assert looks(world) == {"sofia": 2, "valchedrym": 2, "london": 1}
    assert {row[1] for row in first} == ALL_SITES
    holder = next(row for row in first if row[4] and row[6])
    answers_are_about(world, str(holder[0]), str(holder[4]), str(holder[6]))


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

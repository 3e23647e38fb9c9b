"""The sources beside the gateways: read whole, or missing with the reason; and what that freezes."""

import os
from pathlib import Path

import pandas as pd
import pytest

from pipelines import network as network_file
from pipelines.network import Network
from pipelines.parse.every import parse_all
from pipelines.reconcile.trust import faults, frozen_sites, unread_targets
from pipelines.snapshots import Snapshot
from resources.files import LIMIT_BYTES
from resources.listed import Listed
from tests.networks import NETWORK_TOML, cells

HOSTS = "ip,name\n10.0.0.5,nas\n10.9.0.8,stove\n"


def listed(folder: Path, more: str = "") -> tuple[Network, list[Snapshot]]:
    """The network with one list in this folder, and what was read of it."""
    text = f'{NETWORK_TOML}[sources.house]\nkind = "static-list"\npath = "hosts.csv"\n{more}'
    network = network_file.parse(text, "x")
    return network, Listed(network, str(folder / "network.toml")).read()


def of_the_list(sources: pd.DataFrame) -> pd.DataFrame:
    """The rows of `sources` but for those of the gateways, which nobody asks here."""
    return sources[sources["source"] != "gateway"]


def test_a_list_is_one_answer_that_tells_of_every_site(tmp_path: Path) -> None:
    """One snapshot; among the sources it stands once for each site, with that site's rows."""
    (tmp_path / "hosts.csv").write_text(HOSTS, encoding="utf-8")
    network, snapshots = listed(tmp_path)
    assert [(one.site, one.source, one.is_complete) for one in snapshots] == [("*", "static-list/house", True)]
    parsed = parse_all(snapshots, network=network)
    assert cells(of_the_list(parsed["sources"]), "site", "is_complete", "rows") == [
        ("cabin", True, 1),
        ("home", True, 1),
    ]
    assert len(parsed["hosts"]) == 2


def make_a_pipe(path: Path) -> None:
    """A pipe to which nobody writes."""
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (str, "cannot be read (No such file or directory)"),
        (make_a_pipe, "is no regular file"),
        (Path.mkdir, "Is a directory"),
        (lambda path: path.write_bytes(b"#" * (LIMIT_BYTES + 1)), "is longer than 16 MiB"),
        (lambda path: path.write_text("nonsense"), "is not TOML"),
    ],
)
def test_what_cannot_be_read_freezes_its_sites(tmp_path: Path, make: object, says: str) -> None:
    """The reason names the source, the file and the remedy; no target counts as unread for it."""
    make(tmp_path / "hosts.csv")  # type: ignore[operator]  # one of the makers above
    network, snapshots = listed(tmp_path, 'sites = ["cabin"]\n')
    sources = of_the_list(parse_all(snapshots, network=network)["sources"])
    (reason,) = faults(sources)
    assert says in reason
    assert reason.startswith("cabin: ")
    assert set(frozen_sites(sources)) == {"cabin"}
    assert unread_targets(sources).empty


def test_a_file_that_nobody_renews_is_stale(tmp_path: Path) -> None:
    """Where network.toml says how old it may be: its rows are evidence, and its sites are frozen."""
    (tmp_path / "hosts.csv").write_text(HOSTS, encoding="utf-8")
    os.utime(tmp_path / "hosts.csv", (1, 1))
    network, snapshots = listed(tmp_path, "max_age_minutes = 150\n")
    parsed = parse_all(snapshots, network=network)
    assert len(parsed["hosts"]) == 2
    sources = of_the_list(parsed["sources"])
    assert set(frozen_sites(sources)) == {"home", "cabin"}
    assert "max_age_minutes is 150" in faults(sources)[0]


def test_a_source_that_network_toml_lists_no_longer_is_left_out(tmp_path: Path) -> None:
    """A run between two censuses has its answer still, and nobody wants it."""
    (tmp_path / "hosts.csv").write_text(HOSTS, encoding="utf-8")
    _, snapshots = listed(tmp_path)
    parsed = parse_all(snapshots, network=network_file.parse(NETWORK_TOML, "x"))
    assert parsed["hosts"].empty
    assert of_the_list(parsed["sources"]).empty

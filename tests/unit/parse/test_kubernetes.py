"""Kubernetes' services: which addresses they have, by which name, and how little of the answer is kept."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines import network as network_file
from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import kubernetes
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot
from tests.networks import NETWORK_TOML, cells

ANSWER = (Path(__file__).parents[2] / "fixtures" / "kubernetes" / "services.json").read_bytes()
NETWORK = network_file.parse(NETWORK_TOML + '[sources.k8s]\nkind = "kubernetes"\npath = "x"\n', "x")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def parsed(content: bytes) -> Parsed:
    """The services that an answer tells of."""
    return kubernetes.parse(Snapshot("*", "kubernetes/k8s", AT, content), NETWORK)


@pytest.mark.parametrize("content", [ANSWER, kubernetes.essence(ANSWER)], ids=["whole", "essence"])
def test_each_address_of_each_service_is_a_row(content: bytes) -> None:
    """By its annotation's name in our domain, else by service and namespace; what has no address has no row."""
    table = parsed(content).table
    assert tables.SERVICES.violations(table) == []
    assert cells(table, "site", "ip", "service", "hostname", "is_annotated") == [
        ("*", "fd00:20::203", "postgres", "postgres-db", False),
        ("home", "10.0.1.200", "traefik", "apps.example.lan", True),
        ("home", "10.0.1.201", "web", "web-nextcloud", False),
        ("home", "10.0.1.202", "pihole-tcp", "pihole-tcp-dns", False),
        ("home", "10.0.1.202", "pihole-udp", "pihole.example.lan", True),
        ("home", "10.0.1.203", "postgres", "postgres-db", False),
        ("home", "10.0.1.204", "two", "two-edge", False),
        ("home", "10.0.1.205", "two", "two-edge", False),
        ("home", "10.0.1.206", "proxy", "wpad.example.lan", True),
        ("home", "10.0.1.207", "script", "script-evil", False),
    ]
    assert parsed(content).rejects.empty


def test_what_is_kept_changes_only_with_what_is_used() -> None:
    """Another order, other versions, other labels: the same bytes, so nothing new is archived (R9)."""
    read = json.loads(ANSWER)
    read["items"].reverse()
    read["kind"], read["metadata"] = "ServiceList", {"resourceVersion": "4711"}
    for item in read["items"]:
        item["metadata"]["resourceVersion"] = "1"
    kept = kubernetes.essence(json.dumps(read).encode())
    assert kept == kubernetes.essence(ANSWER)
    assert len(kept) < len(ANSWER) / 5
    assert b"last-applied" not in kept


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "it is cut or no JSON"),
        (ANSWER[:4000], "it is cut or no JSON"),
        (b"[" * 100_000, "it is cut or no JSON"),
        (b'{"kind": "Status", "status": "Failure"}', "it is no list of services"),
        (b'{"kind": "PodList", "items": []}', "it is no list of services"),
        (b'{"items": {}}', "it is no list of services"),
        (b'{"metadata": {"continue": "x"}, "items": []}', "it is one page of several"),
    ],
)
def test_an_answer_that_is_not_all_of_it_is_none(answer: bytes, says: str) -> None:
    """What was cut, or is something else, tells nothing of services that are gone."""
    with pytest.raises(ValueError, match=says):
        kubernetes.essence(answer)


def test_rows_that_cannot_be_are_told() -> None:
    """Each with its place and why; the others count."""
    items = [
        7,
        {"metadata": {"namespace": "x", "name": "a/b"}},
        {"metadata": {"namespace": "x", "name": "y"}, "status": {"loadBalancer": {"ingress": [{"ip": "10.0.1.300"}]}}},
        {"metadata": {"namespace": "x", "name": "y"}, "status": {"loadBalancer": {"ingress": [{"ip": "10.0.1.255"}]}}},
        {"metadata": {"namespace": "x", "name": "y"}, "status": {"loadBalancer": {"ingress": {"ip": "10.0.1.5"}}}},
        {"metadata": {"namespace": "x", "name": "y"}, "status": {"loadBalancer": {"ingress": [{"ip": "10.0.1.5"}]}}},
    ]
    read = parsed(json.dumps({"items": items}).encode())
    assert cells(read.table, "ip") == [("10.0.1.5",)]
    assert sorted(read.rejects["line"]) == [1, 2, 3, 4, 5]


def test_an_unreadable_answer_is_a_parse_error() -> None:
    """So its sites are frozen."""
    with pytest.raises(ParseError, match="kubernetes/k8s: cannot be read"):
        parsed(b"{}")

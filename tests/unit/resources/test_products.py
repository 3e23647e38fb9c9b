"""The lists of what can be read agree with each other: a new gateway, or source of one, is in all of them."""

from pipelines import tables
from pipelines.gateways import KINDS, SYSTEMS
from pipelines.network.listed import SOURCE_KINDS
from pipelines.parse.every import PARSED
from pipelines.parse.kinds import KINDS as SOURCES
from pipelines.parse.kinds import LISTED, kind_of, read_by
from resources.gateways import PRODUCTS
from tests.networks import NETWORK


def test_every_kind_of_gateway_can_be_read_and_its_answers_parsed() -> None:
    """What network.toml may name has a reader, and each of its sources a parser."""
    assert set(PRODUCTS) == set(KINDS)
    for site in NETWORK.sites.values():
        assert site.gateway is not None
        assert set(site.gateway.systems) <= set(SYSTEMS)
        for source in PRODUCTS[site.gateway.kind].sources_of(site.gateway):
            assert kind_of(source).read_by == "gateways"


def test_what_the_parsers_fill_are_the_stages_tables() -> None:
    """No parser fills a table that the stage does not hand on, and each table but the rejects has a parser."""
    filled = {table for kind in SOURCES.values() for table in kind.parsers}
    assert filled == {table.name for table in PARSED} - {tables.REJECTS.name}
    assert read_by("leases") == {"gateways"}
    assert read_by("rejects") == frozenset()


def test_every_kind_of_listed_source_has_a_parser() -> None:
    """What may stand under [sources] in network.toml, and what is parsed of it, are the same list."""
    assert {kind for kind, one in SOURCES.items() if one.read_by == LISTED} == set(SOURCE_KINDS)

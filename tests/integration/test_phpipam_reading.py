"""PhpIPAM read: both tables of one instant, or an error; never an empty table for a closed door."""

import re
from collections.abc import Callable  # noqa: TC003 - as in every module

import pytest

from pipelines.errors import NetcensusError, SourceUnavailable, TargetError
from resources.phpipam import Phpipam
from tests.integration.phpipam_case import (
    AT,
    CIDR,
    PASSWORD,
    Case,
    create,
    mysql_settings,
    plan,
)
from tests.integration.phpipam_wire import Wire, through
from tests.services.ports import free_port

pytestmark = pytest.mark.services("mariadb")

IP = "10.0.10.50"


def test_an_unreachable_server_is_no_empty_table(case: Case) -> None:
    """Could not look: an error for read, preflight and apply, naming the place."""
    nowhere = Phpipam(mysql_settings(free_port()), lambda: PASSWORD, "network.toml")
    acts: list[Callable[[], object]] = [
        lambda: nowhere.read(AT),
        lambda: nowhere.preflight(AT),
        lambda: nowhere.apply(plan(*create(IP, hostname="nas")), AT),
    ]
    for act in acts:
        with pytest.raises((SourceUnavailable, TargetError), match=r"phpIPAM at 127\.0\.0\.1:\d+/phpipam") as caught:
            act()
        assert "wörd" not in str(caught.value)
    assert case.changelog() == []


def test_a_missing_file_is_no_empty_table() -> None:
    """The lab's database is not made by looking for it."""
    settings = mysql_settings(1, driver="sqlite", database="nothing.sqlite", host=None, user=None)
    with pytest.raises(SourceUnavailable, match=r"nothing\.sqlite"):
        Phpipam(settings, lambda: PASSWORD, "/nowhere/network.toml").read(AT)


def test_the_password_is_fetched_at_each_connect(case: Case) -> None:
    """It rotates: what was right an hour ago is asked for again."""
    asked: list[str] = []

    def password() -> str:
        asked.append("asked")
        return PASSWORD

    phpipam = Phpipam(case.settings, password, "network.toml")
    assert asked == []
    phpipam.read(AT)
    phpipam.read(AT)
    assert len(asked) == 2


def test_both_tables_are_of_one_instant(case: Case, wire: Wire) -> None:
    """What is committed between the two queries is in neither: the addresses agree with the subnets."""
    done: list[bool] = []

    def between(request: bytes) -> bool:
        if b"FROM ipaddresses" in request and not done:
            done.append(True)
            case.root.execute("INSERT INTO subnets (id, subnet, mask, sectionId) VALUES (99, '167837696', '24', 3)")
            case.root.execute("INSERT INTO ipaddresses (subnetId, ip_addr) VALUES (99, '167837697')")
        return False

    wire.on_request = between
    subnets, addresses = through(wire).read(AT)
    assert done
    assert b'"id":99' not in subnets.content
    assert b"167837697" not in addresses.content


def test_equal_rows_give_equal_bytes(case: Case) -> None:
    """A second read of an unchanged phpIPAM is the first: nothing new for the archive."""
    first, second = case.phpipam.read(AT), case.phpipam.read(AT)
    assert [one.digest for one in first] == [one.digest for one in second]
    assert re.search(rb'\n\{"rows":\d+\}\n\Z', first[0].content)


def test_every_error_of_ours_is_one_line_with_a_remedy() -> None:
    """Place, fault and remedy, and no line break anywhere."""
    nowhere = Phpipam(mysql_settings(free_port()), lambda: PASSWORD, "network.toml")
    with pytest.raises(NetcensusError) as caught:
        nowhere.read(AT)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert CIDR not in str(caught.value)

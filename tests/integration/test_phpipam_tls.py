"""PhpIPAM's database over TLS: under `phpipam.ca` nothing is said to a server that cannot prove who it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import ConfigError, SourceUnavailable
from resources.phpipam import Phpipam
from tests.integration.phpipam_case import AT, PASSWORD, mysql_settings, on_mariadb
from tests.services.certificate import certificate
from tests.services.mariadb import Database, running_mariadb

pytestmark = pytest.mark.services("mariadb")


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of the server, and its key."""
    return certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture(scope="module")
def over_tls(pinned: Path) -> Iterator[Database]:
    """A server with that certificate, and our user on it, whom it lets in by TLS alone."""
    with running_mariadb(f"--ssl-cert={pinned}", f"--ssl-key={pinned}") as server:
        database = server.database()
        on_mariadb(database)
        database.execute("ALTER USER netcensus@'%' REQUIRE SSL")
        yield database


def test_the_database_is_read_over_tls(over_tls: Database, pinned: Path) -> None:
    """The server lets our user in by TLS alone, and its certificate is the one that is pinned."""
    settings = mysql_settings(over_tls.port, ca=str(pinned))
    assert all(one.is_complete for one in Phpipam(settings, lambda: PASSWORD, "network.toml").read(AT))


def test_another_certificate_is_not_believed(over_tls: Database, tmp_path: Path) -> None:
    """Somebody in between is found before the password is sent."""
    settings = mysql_settings(over_tls.port, ca=str(certificate(tmp_path, "127.0.0.1")))
    with pytest.raises(SourceUnavailable, match="certificate"):
        Phpipam(settings, lambda: PASSWORD, "network.toml").read(AT)


def test_a_server_without_tls_is_not_talked_to(phpipam_database: Database, pinned: Path) -> None:
    """With `ca`, no attacker can talk us out of TLS."""
    settings = mysql_settings(on_mariadb(phpipam_database).settings.port, ca=str(pinned))
    with pytest.raises(SourceUnavailable, match="SSL is required"):
        Phpipam(settings, lambda: PASSWORD, "network.toml").read(AT)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_cannot_be_read_is_our_mistake(tmp_path: Path, content: str | None) -> None:
    """The file is named, and what belongs there; nobody is contacted."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=r"ca\.pem.*authority that signed"):
        Phpipam(mysql_settings(1, ca=str(file)), lambda: PASSWORD, "network.toml").read(AT)

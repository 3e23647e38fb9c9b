"""PhpIPAM is not written to where it is not what it must be; each refusal names the thing and the remedy."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pymysql.err import MySQLError

from pipelines.errors import AccessDenied, NetcensusError, PreflightFailed
from tests.integration.phpipam_case import AT, ROOT, Case, grants, mysql_settings, on_mariadb, on_sqlite
from tests.services.mariadb import Database


@pytest.fixture(params=[pytest.param("mariadb", marks=pytest.mark.services("mariadb")), "sqlite"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """The same phpIPAM on both kinds of database."""
    if request.param == "sqlite":
        return on_sqlite(tmp_path)
    return on_mariadb(request.getfixturevalue("phpipam_database"))


def refusal(case: Case, kind: type[NetcensusError] = PreflightFailed) -> str:
    """The error preflight raises; nothing was written for it."""
    before = case.everything()
    with pytest.raises(kind) as caught:
        case.phpipam.preflight(AT)
    assert case.everything() == before
    return str(caught.value)


def active(case: Case, local: datetime, *used: datetime) -> None:
    """Somebody's last activity by phpIPAM's clock, and when sessions were used."""
    case.root.execute("UPDATE users SET lastActivity = %s WHERE id = 1", [f"{local:%Y-%m-%d %H:%M:%S}"])
    for number, instant in enumerate(used):
        row = [f"s{number}", int(instant.timestamp()), "", "127.0.0.1"]
        case.root.execute("INSERT INTO php_sessions (id, access, data, remote_ip) VALUES (%s, %s, %s, %s)", row)


def test_a_sound_phpipam_passes_and_says_what_was_looked_at(case: Case) -> None:
    """All is verified but the time zone, of which a new installation tells nothing."""
    before = case.everything()
    found = case.phpipam.preflight(AT)
    assert found.version == "1.74 (dbversion 43)"
    assert "our rights in it" in found.verified
    assert len(found.unverified) == 1
    assert "Europe/Sofia could not be verified" in found.unverified[0]
    assert case.everything() == before


@pytest.mark.parametrize(
    "change", ["version = '1.4'", "version = '1.91'", "version = NULL", "dbversion = 47", "dbversion = 25"]
)
def test_an_unknown_version_is_refused(case: Case, change: str) -> None:
    """What is known is said, and that nothing overrides it."""
    case.root.execute(f"UPDATE settings SET {change}")  # noqa: S608 - the test's own text
    said = refusal(case)
    assert "known are 1.5 to 1.8 with dbversion 26 to 46" in said
    assert "Nothing overrides this" in said


@pytest.mark.parametrize(("version", "number"), [("1.5", 37), ("1.62", 40), ("1.74", 43), ("1.82", 46)])
def test_the_known_versions_pass(case: Case, version: str, number: int) -> None:
    """1.5 to 1.8 are let through."""
    case.root.execute("UPDATE settings SET version = %s, dbversion = %s", [version, number])
    assert version in case.phpipam.preflight(AT).version


def test_no_settings_is_no_phpipam(case: Case) -> None:
    """An empty settings table is another database, or a half-installed one."""
    case.root.execute("DELETE FROM settings")
    assert "settings is empty" in refusal(case)


def test_a_missing_changelog_user_is_refused(case: Case) -> None:
    """Under a number that is no user's, phpIPAM's pages would hide our entries."""
    case.root.execute("DELETE FROM users WHERE username = 'netcensus'")
    assert "no user 'netcensus'" in refusal(case)


def test_a_missing_tag_is_refused(case: Case) -> None:
    """Without the tag Used a new row would have none."""
    case.root.execute("UPDATE ipTags SET type = 'Online' WHERE id = 2")
    assert "no tag 'Used'" in refusal(case)


def test_a_missing_column_is_refused(case: Case) -> None:
    """A column phpIPAM should have is named."""
    case.root.execute("ALTER TABLE subnets DROP COLUMN isPool")
    assert "isPool" in refusal(case, NetcensusError)


def test_a_missing_table_is_refused(case: Case) -> None:
    """A table phpIPAM should have is named."""
    case.root.execute("DROP TABLE vrf")
    assert "vrf" in refusal(case, NetcensusError)


@pytest.mark.services("mariadb")
def test_a_narrowed_column_is_refused(phpipam_database: Database) -> None:
    """What we may write would not fit."""
    case = on_mariadb(phpipam_database)
    case.root.execute("ALTER TABLE ipaddresses MODIFY hostname VARCHAR(64)")
    assert "ipaddresses.hostname holds 64 characters, phpIPAM's holds 255" in refusal(case)


def test_a_session_used_at_our_zones_time_verifies_the_zone(case: Case) -> None:
    """The last page view of a logged-in user, on both clocks."""
    active(case, datetime(2026, 1, 15, 13, 0), datetime(2026, 1, 15, 11, 0, 1, tzinfo=UTC))  # noqa: DTZ001 - as kept
    found = case.phpipam.preflight(AT)
    assert found.unverified == ()
    assert "its time zone: somebody was active at 2026-01-15 13:00:00" in found.verified[-1]


@pytest.mark.parametrize(("zone", "fitting"), [("UTC", "UTC+00:00, such as UTC"), ("Asia/Kolkata", "UTC+05:30")])
def test_another_zone_is_refused_with_the_one_that_fits(case: Case, zone: str, fitting: str) -> None:
    """The difference of the two clocks is the offset to set."""
    instant = datetime(2026, 1, 15, 11, 0, tzinfo=UTC)
    active(case, instant.astimezone(ZoneInfo(zone)), instant)
    said = refusal(case)
    assert f"the zone that fits is {fitting}" in said
    assert "Set phpipam.time_zone" in said


def test_summer_time_counts_at_the_time_of_the_page_view(case: Case) -> None:
    """A last activity in July is compared with July's offset, though we ask in January."""
    active(case, datetime(2025, 7, 1, 13, 0), datetime(2025, 7, 1, 10, 0, tzinfo=UTC))  # noqa: DTZ001 - as kept
    assert case.phpipam.preflight(AT).unverified == ()


def test_strangers_sessions_prove_nothing(case: Case) -> None:
    """Sessions of people who never logged in neither verify the zone nor refuse it."""
    instants = [datetime(2026, 1, 15, 8, 7, 11, tzinfo=UTC) + timedelta(minutes=7 * step) for step in range(20)]
    active(case, datetime(2026, 1, 15, 13, 0), *instants)  # noqa: DTZ001 - as kept
    assert "could not be verified" in case.phpipam.preflight(AT).unverified[0]


def test_a_last_seen_ahead_of_our_clock_is_refused(case: Case) -> None:
    """Where only lastSeen tells, a time that has not come yet means another zone."""
    case.add("10.0.10.50", lastSeen="2026-01-15 17:30:00")  # 15:30 UTC by our setting, and it is 12:00 UTC
    said = refusal(case)
    assert "2026-01-15 17:30:00, has not come yet in Europe/Sofia" in said
    assert "UTC+05:30" in said


def test_a_last_seen_years_ahead_is_no_matter_of_zones(case: Case) -> None:
    """One row with a typing error does not stop the census."""
    case.add("10.0.10.50", lastSeen="2062-01-15 17:30:00")
    assert "could not be verified" in case.phpipam.preflight(AT).unverified[0]


@pytest.mark.services("mariadb")
def test_the_zone_is_read_right_where_the_server_has_another(phpipam_database: Database) -> None:
    """LastActivity may be a TIMESTAMP: it is read in the server's zone, in which phpIPAM's connection wrote it."""
    case = on_mariadb(phpipam_database)
    case.root.execute("SET GLOBAL time_zone = '+05:00'")
    try:
        active(case, datetime(2026, 1, 15, 13, 0), datetime(2026, 1, 15, 11, 0, 1, tzinfo=UTC))  # noqa: DTZ001 - as kept
        found = case.phpipam.preflight(AT)
    finally:
        case.root.execute("SET GLOBAL time_zone = '+00:00'")
    assert found.unverified == ()


def without(statement: str) -> str:
    """The grants file with one statement less."""
    statements = re.sub(r"^--.*$", "", grants(), flags=re.MULTILINE).split(";")
    kept = [one for one in statements if statement not in one]
    assert len(kept) == len(statements) - 1
    return ";".join(kept)


@pytest.mark.services("mariadb")
@pytest.mark.parametrize("table", ["subnets", "sections", "vrf", "ipTags", "settings", "ipaddresses", "changelog"])
def test_each_missing_grant_is_refused(phpipam_database: Database, table: str) -> None:
    """Without any one of the file's grants preflight refuses, before any write, and names the file."""
    case = on_mariadb(phpipam_database, without(f"phpipam.{table} "))
    said = refusal(case, AccessDenied)
    assert f"'{table}'" in said.replace("`", "'").replace("phpipam'.'", "'")
    assert "deploy/mysql-grants.sql" in said


@pytest.mark.services("mariadb")
def test_without_the_optional_grants_only_the_zone_is_unverified(phpipam_database: Database) -> None:
    """The two last lines of the file are a choice."""
    text = grants()
    case = on_mariadb(phpipam_database, text[: text.index("-- Optional")])
    active(case, datetime(2026, 1, 15, 13, 0), datetime(2026, 1, 15, 13, 0, tzinfo=UTC))  # noqa: DTZ001 - as kept
    assert "could not be verified" in case.phpipam.preflight(AT).unverified[0]


@pytest.mark.services("mariadb")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT password FROM users",
        "SELECT token FROM users",
        "SELECT data FROM php_sessions",
        "SELECT siteURL FROM settings",
        "SELECT cdiff FROM changelog",
        "DELETE FROM ipaddresses",
        "UPDATE ipaddresses SET note = ''",
        "UPDATE ipaddresses SET is_gateway = 1",
        "DELETE FROM changelog",
        "UPDATE subnets SET description = ''",
        "DROP TABLE vrf",
    ],
)
def test_the_grants_give_no_more_than_is_used(phpipam_database: Database, sql: str) -> None:
    """Secrets, deletion, a person's own columns and other tables stay closed to our user."""
    on_mariadb(phpipam_database, grants("plain"))
    with phpipam_database.connect("netcensus", "plain") as connection, pytest.raises(MySQLError, match="denied"):
        connection.cursor().execute(sql)


@pytest.mark.services("mariadb")
def test_a_wrong_password_is_told_and_not_repeated(phpipam_database: Database) -> None:
    """AccessDenied names the user and the remedy; neither password is in it. Reading raises it, too."""
    on_mariadb(phpipam_database, grants("another"))
    case = Case(phpipam_database, mysql_settings(phpipam_database.port))
    for act in (case.phpipam.preflight, case.phpipam.read):
        with pytest.raises(AccessDenied, match="NETCENSUS_PHPIPAM_PASSWORD_FILE") as caught:
            act(AT)
        assert "wörd" not in str(caught.value)
        assert "another" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_the_grants_file_holds_no_password() -> None:
    """Only the words that ask for one."""
    assert "PUT-A-PASSWORD-HERE" in (ROOT / "deploy/mysql-grants.sql").read_text()

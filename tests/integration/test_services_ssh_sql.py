"""OpenSSH and MariaDB as the other tests stand on them: they really answer, and refuse what they should."""

import subprocess
from pathlib import Path

import pymysql
import pytest

from tests.services.dhcp_client import Device
from tests.services.kea import Kea
from tests.services.mariadb import SQL_MODE, Database
from tests.services.openssh import Sshd
from tests.services.process import PATIENCE_S

REDO = "Innodb_os_log_written"
LAPTOP = Device("02:00:00:00:00:01", relay="10.0.10.1", hostname="Laptop")

# --- OpenSSH -------------------------------------------------------------------------------------------------


def _ssh(
    host: Sshd, known_hosts: Path, *command: str, script: str = "", options: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    known_hosts.write_text(host.known_hosts)
    settings = ["BatchMode=yes", "StrictHostKeyChecking=yes", f"UserKnownHostsFile={known_hosts}", *options]
    flags = [word for setting in settings for word in ("-o", setting)]
    argv = ["ssh", "-F", "none", "-T", "-i", str(host.client_key), "-p", str(host.port), *flags]
    argv.append(f"{host.user}@{host.host}")
    return subprocess.run(
        [*argv, *command], input=script, text=True, capture_output=True, check=False, timeout=PATIENCE_S
    )


def test_sshd_runs_a_script_given_on_stdin(gateway_host: Sshd, tmp_path: Path) -> None:
    """`/bin/sh -s` reads its script from stdin; output, error output and exit status come back apart."""
    result = _ssh(gateway_host, tmp_path / "known_hosts", "/bin/sh -s", script="echo out; echo err >&2; exit 7\n")
    assert (result.returncode, result.stdout, result.stderr) == (7, "out\n", "err\n")


@pytest.mark.services("tcsh")
def test_the_same_script_runs_behind_tcsh(gateway_host: Sshd, tmp_path: Path) -> None:
    """Where the login shell is tcsh a bare sh command fails, and the script on stdin does not."""
    gateway_host.login_shell("tcsh")
    assert "Illegal variable name" in _ssh(gateway_host, tmp_path / "known_hosts", "echo $(id -u)").stderr
    assert _ssh(gateway_host, tmp_path / "known_hosts", "/bin/sh -s", script="echo $(echo hi)").stdout == "hi\n"


def test_without_a_command_there_is_the_menu(gateway_host: Sshd, tmp_path: Path) -> None:
    """A login that asks for nothing gets pfSense's menu, not a shell."""
    assert "8) Shell" in _ssh(gateway_host, tmp_path / "known_hosts", script="echo unseen\n").stdout


def test_the_real_kea_is_reached_through_ssh(dhcp: Kea, gateway_host: Sshd, tmp_path: Path) -> None:
    """One login reads the lease through nc and the ARP table from the stand-in."""
    dhcp.client().lease(LAPTOP)
    gateway_host.arp_table('{"arp": "as JSON"}\n', text="as text\n")
    before = gateway_host.login_count()
    ask = f"""printf %s '{{"command":"lease4-get-all"}}' | nc -NU {dhcp.control_socket}"""
    result = _ssh(gateway_host, tmp_path / "known_hosts", "/bin/sh -s", script=f"arp --libxo json -an; arp -an; {ask}")
    assert result.returncode == 0
    assert result.stdout.startswith('{"arp": "as JSON"}\nas text\n')
    assert LAPTOP.mac in result.stdout
    assert gateway_host.login_count() - before == 1


def test_an_old_arp_knows_no_libxo(gateway_host: Sshd, tmp_path: Path) -> None:
    """Without libxo the JSON form fails as FreeBSD's does, and the text form works; or both fail, if told so."""
    gateway_host.arp_table(text="as text\n", has_libxo=False)
    result = _ssh(gateway_host, tmp_path / "known_hosts", "arp --libxo json -an || arp -an")
    assert (result.returncode, result.stdout) == (0, "as text\n")
    gateway_host.arp_table(text="as te", exit_status=3)
    assert _ssh(gateway_host, tmp_path / "known_hosts", "arp -an").returncode == 3


def test_sshd_lets_in_one_key_only(gateway_host: Sshd, tmp_path: Path) -> None:
    """Another key, or a host key we do not know, ends the connection before any command."""
    stranger = tmp_path / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stranger)], check=True)
    argv = ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i", str(stranger)]
    known = ["-o", f"UserKnownHostsFile={tmp_path / 'known_hosts'}", "-p", str(gateway_host.port)]
    (tmp_path / "known_hosts").write_text(gateway_host.known_hosts)
    result = subprocess.run(
        [*argv, *known, f"{gateway_host.user}@{gateway_host.host}", "true"], capture_output=True, check=False
    )
    assert (result.returncode, b"Permission denied" in result.stderr) == (255, True)


# --- MariaDB -------------------------------------------------------------------------------------------------


def test_the_database_is_phpipams(phpipam_database: Database) -> None:
    """The tables are there with their first rows, and the settings say version 1.74, schema 43."""
    tables = {"ipaddresses", "subnets", "sections", "vrf", "vlans", "ipTags", "settings", "users", "changelog", "logs"}
    assert tables <= set(phpipam_database.table_names())
    assert phpipam_database.execute("SELECT version, dbversion FROM settings") == [{"version": "1.74", "dbversion": 43}]
    tracked = phpipam_database.execute("SELECT INET_NTOA(subnet) AS prefix FROM subnets WHERE id >= 7 ORDER BY id")
    networks = ["10.0.10.0", "10.0.20.0", "192.168.1.0", "10.3.2.0", "192.168.0.0", "192.168.8.0"]
    assert [row["prefix"] for row in tracked] == networks


def test_the_database_is_strict(phpipam_database: Database) -> None:
    """MySQL 8.4's sql_mode holds: a text too long is an error, not cut."""
    assert phpipam_database.execute("SELECT @@sql_mode AS mode") == [{"mode": SQL_MODE}]
    with pytest.raises(pymysql.err.DataError, match="1406"):
        phpipam_database.execute("UPDATE ipaddresses SET description = %s WHERE id = 1", ["x" * 65])
    with pytest.raises(pymysql.err.IntegrityError, match="sid_ip_unique"):
        phpipam_database.execute(
            "INSERT INTO ipaddresses (subnetId, ip_addr) SELECT subnetId, ip_addr FROM ipaddresses"
        )


def test_edit_date_moves_with_changes_only(phpipam_database: Database) -> None:
    """An INSERT leaves editDate empty, an UPDATE that changes something sets it, one that names it does not."""
    phpipam_database.execute("INSERT INTO ipaddresses (id, subnetId, ip_addr) VALUES (99, 7, '167774730')")
    phpipam_database.execute("UPDATE ipaddresses SET lastSeen = '2026-01-01', editDate = editDate WHERE id = 99")
    (row,) = phpipam_database.execute("SELECT state, lastSeen, editDate FROM ipaddresses WHERE id = 99")
    assert (row["state"], str(row["lastSeen"]), row["editDate"]) == (2, "2026-01-01 00:00:00", None)
    phpipam_database.execute("UPDATE ipaddresses SET hostname = 'nas' WHERE id = 99")
    assert phpipam_database.execute("SELECT editDate FROM ipaddresses WHERE id = 99")[0]["editDate"] is not None


def test_a_user_may_do_what_he_is_granted_and_no_more(phpipam_database: Database) -> None:
    """Who may read a table and a column can neither read nor write anything else."""
    grants = """-- reads only
      GRANT SELECT ON phpipam.subnets TO 'reader'@'%';
      GRANT SELECT (id) ON phpipam.users TO 'reader'@'%';"""
    phpipam_database.create_user("reader", "a password", grants)
    with phpipam_database.connect("reader", "a password") as connection, connection.cursor() as cursor:
        assert cursor.execute("SELECT id FROM subnets") == 12
        assert cursor.execute("SELECT id FROM users") == 2
        for refused in ("SELECT password FROM users", "UPDATE subnets SET mask = '1'", "DELETE FROM ipaddresses"):
            with pytest.raises(pymysql.err.OperationalError, match="denied"):
                cursor.execute(refused)
    for user, password in (("reader", "another"), ("root", "")):
        with pytest.raises(pymysql.err.OperationalError, match="1045"):
            phpipam_database.connect(user, password)


def test_counters_tell_a_write_from_none(phpipam_database: Database) -> None:
    """Statements and rows are counted by the server, reading adds none of them; writing adds to the redo log too."""
    before = phpipam_database.counters()
    phpipam_database.execute("SELECT * FROM ipaddresses")
    moved = _written(before, phpipam_database.counters())
    assert moved.keys() <= {REDO}, "InnoDB's own clean-up adds to the redo log when it likes"
    phpipam_database.execute("UPDATE ipaddresses SET note = 'seen' WHERE subnetId = 3")
    written = _written(before, phpipam_database.counters())
    assert (written["Com_update"], written["Handler_update"]) == (1, 5)
    assert written[REDO] > 0


def _written(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """The counters that moved, but for those of reading."""
    return {name: after[name] - before[name] for name in before if after[name] != before[name] and name != "Com_select"}


def test_the_database_is_put_back(phpipam_database: Database) -> None:
    """`restore` undoes rows and custom columns alike; `truncate` empties what it is told to."""
    phpipam_database.execute("ALTER TABLE ipaddresses ADD COLUMN `custom_my field` VARCHAR(10) NULL")
    phpipam_database.truncate("ipaddresses")
    assert phpipam_database.execute("SELECT COUNT(*) AS n FROM ipaddresses") == [{"n": 0}]
    phpipam_database.restore()
    assert phpipam_database.execute("SELECT COUNT(*) AS n, MAX(id) AS last FROM ipaddresses") == [{"n": 10, "last": 10}]
    assert not phpipam_database.execute("SHOW COLUMNS FROM ipaddresses LIKE 'custom\\_%'")

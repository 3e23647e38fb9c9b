"""Kea's leases from its own files, over a real OpenSSH server, when a real Kea does not answer."""

from pathlib import Path

import pandas as pd
import pytest

from pipelines.parse import kea_leases, kea_memfile
from pipelines.snapshots import Snapshot
from resources.gateways import read_site
from tests.integration.test_gateway import Read, gateway_at, now, site_of, stub_nc
from tests.services.kea import Kea
from tests.services.openssh import Sshd


@pytest.fixture
def read(dhcp: Kea, gateway_host: Sshd, tmp_path: Path) -> Read:
    """Reads the gateway, by source."""
    (tmp_path / "known_hosts").write_text(gateway_host.known_hosts)
    first = {"kea_sockets": (dhcp.control_socket,), "kea_lease_files": ("/nonexistent/leases", str(dhcp.lease_file))}

    def read_gateway(**settings: object) -> dict[str, Snapshot]:
        site = site_of(gateway_at(gateway_host.port, **(first | settings)))
        key = gateway_host.client_key.read_text
        return {one.source: one for one in read_site(site, str(tmp_path / "network.toml"), key, now)}

    return read_gateway


def add(kea: Kea, number: int, name: str, command: str = "lease4-add") -> None:
    """Let Kea hold a lease."""
    lease = {"ip-address": f"10.0.10.{number}", "hw-address": f"02:00:00:00:00:{number:02x}", "hostname": name}
    kea.command(command, lease)


def told(table: pd.DataFrame) -> list[tuple[object, ...]]:
    """The leases by address, without the source that told of them."""
    plain = table.drop(columns="source").sort_values("ip").astype("object").fillna("none")
    return list(plain.itertuples(index=False, name=None))


def test_a_stopped_kea_is_read_from_its_lease_file(read: Read, dhcp: Kea) -> None:
    """Killed, Kea's file tells just what its socket told, marked stale; the socket's being out is red, and says so."""
    for number, name in ((21, "one"), (22, "old"), (23, "comma,in-it")):
        add(dhcp, number, name)
    add(dhcp, 22, "new", "lease4-update")
    add(dhcp, 24, "gone")
    dhcp.command("lease4-del", {"ip-address": "10.0.10.24"})
    answered = read()
    assert list(answered) == ["kea4.leases", "kea4.config", "arp"]
    dhcp.dhcp4.child.kill()
    dhcp.dhcp4.child.wait()
    stale = read()
    assert [name for name, one in stale.items() if one.is_complete] == ["arp"]
    assert "Kea's socket gave no connection" in str(stale["kea4.leases"].reason)
    assert "Start Kea" in str(stale["kea4.leases"].reason)
    assert "nothing of this site is changed, aged or taken back" in str(stale["kea4.memfile"].reason)
    by_file = kea_memfile.parse(stale["kea4.memfile"])
    assert told(by_file.table) == told(kea_leases.parse(answered["kea4.leases"]).table)
    assert set(by_file.table["hostname"]) == {"one", "new", "comma,in-it"}


def test_a_kea_without_its_hook_is_read_from_its_lease_file(read: Read, dhcp: Kea) -> None:
    """Where lease_cmds is not loaded the socket answers, but not for leases: the file does, stale all the same."""
    add(dhcp, 21, "one")
    dhcp.configure(has_lease_commands=False)
    found = read()
    assert [name for name, one in found.items() if one.is_complete] == ["kea4.config", "arp"]
    assert "lease_cmds is not loaded" in str(found["kea4.leases"].reason)
    assert kea_memfile.parse(found["kea4.memfile"]).table["hostname"].tolist() == ["one"]


def test_a_clean_up_during_the_reading_is_waited_for(read: Read, dhcp: Kea, gateway_host: Sshd) -> None:
    """When the files change places while they are read, they are read again; `.1` and `.2` come with the file."""
    add(dhcp, 21, "one")
    stub_nc(gateway_host, "exit 1")
    main = dhcp.lease_file
    head = main.read_text().split("\n")[0] + "\n"
    old, merged = (main.with_name(main.name + suffix) for suffix in (".1", ".2"))
    merged.write_text(head + "10.0.10.30,02:00:00:00:00:30,,7200,4102444800,1,0,0,two,0,\n")
    # The first look finds `.1` just made: the real program runs behind it.
    gateway_host.program("ls", f'#!/bin/sh\n[ -f {old} ] || printf %s "{head}\n" > {old}.new; /bin/ls "$@"\n'
                               f"[ ! -f {old}.new ] || mv {old}.new {old}\n")  # fmt: skip
    try:
        found = read()["kea4.memfile"]
    finally:
        for one in (old, merged):
            one.unlink(missing_ok=True)
    assert found.content.startswith(b'{"": ')
    assert b'".1": ' in found.content
    assert kea_memfile.parse(found).table.set_index("ip")["hostname"].to_dict() == {
        "10.0.10.30": "two",
        "10.0.10.21": "one",
    }


def test_no_lease_file_says_where_it_was_looked_for(read: Read, dhcp: Kea) -> None:
    """Neither socket nor file: both are missing, each with its remedy, and nothing is empty."""
    dhcp.dhcp4.stop()
    found = read(kea_lease_files=("/nonexistent/dhcp4.leases",))["kea4.memfile"]
    assert (found.is_complete, found.content) == (False, b"")
    assert "/nonexistent/dhcp4.leases" in str(found.reason)
    assert "gateway.kea_lease_files" in str(found.reason)

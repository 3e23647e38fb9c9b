"""`python -m lab --dir DIR`: everything on loopback, in the foreground, until SIGTERM or SIGINT."""

import argparse
import asyncio
import base64
import json
import secrets
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import dns.name
import dns.tsig

from lab import gateway, leases, neighbours, phpipam, records, routers, shell
from lab.d2 import D2
from lab.folder import DATA, Folder, FolderInUseError, read_json, write_whole
from lab.kea import Kea
from lab.nameserver import POLICY, Keyring, NameServer

SECRET_BYTES = 32


def main() -> int:
    """Exit status 0 after a signal, 2 when the folder is in use."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="the lab's folder; what it holds is continued with")
    root: Path = parser.parse_args().dir.resolve()
    root.mkdir(parents=True, exist_ok=True)
    try:
        held = Folder(root).lock()
    except FolderInUseError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    with held:
        asyncio.run(run(Folder(root)))
    return 0


async def run(folder: Folder) -> None:
    """Lay the folder out, open every port, say so, and wait for a signal."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with folder.kea_socket() as kea_socket:
        lay_out(folder, kea_socket)
        keys = keyring(folder)
        nameserver = NameServer(folder, records.lay_out(folder), keys)
        await nameserver.open()
        kea = Kea(folder, kea_socket, D2(nameserver.port, keys[dns.name.from_text("kea-ddns")]).register)
        kea.open()
        ssh = gateway.Gateway(folder, kea.obey_faults, routers.doors(routers.all_of(folder)))
        ssh.open()
        announce(folder, ssh, nameserver, kea_socket)
        await stopped.wait()
        kea.close()


def lay_out(folder: Folder, kea_socket: Path) -> None:
    """Everything the servers read, made on the first start and kept on the later ones."""
    now = time.time()
    leases.lay_out(folder, str(kea_socket), now)
    neighbours.lay_out(folder, now)
    phpipam.lay_out(folder, now)
    gateway.lay_out(folder)
    shell.lay_out(folder)
    for router in routers.all_of(folder):
        router.lay_out(now)


def keyring(folder: Folder) -> Keyring:
    """The TSIG keys by name, their secrets made on the first start."""
    keys: Keyring = {}
    for name in POLICY:
        file = folder.tsig_secret(name)
        if not file.exists():
            write_whole(file, base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode() + "\n", mode=0o600)
        keys[dns.name.from_text(name)] = dns.tsig.Key(name, file.read_text(encoding="ascii").strip())
    return keys


def announce(folder: Folder, ssh: gateway.Gateway, nameserver: NameServer, kea_socket: Path) -> None:
    """Write what production needs to find the lab, then the one line on stdout that says it may look."""
    template = (DATA / "network.toml").read_text(encoding="utf-8")
    places = {
        "ssh_port": ssh.port,
        "dns_port": nameserver.port,
        "kea_socket": json.dumps(str(kea_socket)),
        "first_day": datetime.fromtimestamp(read_json(folder.leases)["as_of"], UTC).date(),
    }
    write_whole(folder.network_toml, template.format(**places))
    remote = [router.known_hosts_line() for router in routers.all_of(folder)]
    write_whole(folder.known_hosts, "".join([ssh.known_hosts_line(), *remote]))
    variables = {
        "NETCENSUS_NETWORK": folder.network_toml,
        "NETCENSUS_SSH_KEY_FILE": folder.client_key,
        "NETCENSUS_JUMP_KEY_FILE": folder.jump_key,
        "NETCENSUS_TSIG_SECRET_FILE": folder.tsig_secret("netcensus"),
    }
    write_whole(folder.environment, "".join(f"{name}={value}\n" for name, value in variables.items()))
    if kea_socket.parent != folder.root:
        sys.stderr.write(f"{folder.root} is too long or too odd a path for a unix socket: Kea's is at {kea_socket}\n")
    sys.stdout.write(f"ready {folder.root}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""The old cron jobs in a few lines: a client process per row, a message per record, all of it at every run.

    python -m bench.contenders.naive RECORDS.csv HOST PORT KEY-SECRET [HOSTS.csv SOCKET]

It reads no zone and compares nothing. With the last two arguments phpIPAM's rows are written too.
"""

import csv
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import dns.query
import dns.rcode
import dns.tsig
import dns.update

from bench.records import TTL_S


def push(records: Path, host: str, port: int, secret: str) -> None:
    """Put every record in place of whatever stands there, one message and one connection each."""
    key = dns.tsig.Key("netcensus", secret, algorithm="hmac-sha256")
    with records.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            message = dns.update.UpdateMessage(row["zone"], keyring=key)
            message.replace(row["owner"], TTL_S, row["type"], row["rdata"])
            answer = dns.query.tcp(message, host, port=port, timeout=10)
            if answer.rcode() != dns.rcode.NOERROR:
                raise SystemExit(f"{row['owner']}: {dns.rcode.to_text(answer.rcode())}")


def enter(hosts: Path, socket: str) -> None:
    """Insert or refresh every row, one mariadb process each."""
    with hosts.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            values = f"{row['subnet_id']}, '{int(ip_address(row['ip']))}', '{row['name']}', '{row['mac']}', 2, NOW()"
            sql = (
                f"INSERT INTO ipaddresses (subnetId, ip_addr, hostname, mac, state, lastSeen) VALUES ({values})"  # noqa: S608 - as they did
                " ON DUPLICATE KEY UPDATE lastSeen = NOW()"
            )
            subprocess.run(["mariadb", f"--socket={socket}", "--user=root", "phpipam", "-e", sql], check=True)


if __name__ == "__main__":
    if len(sys.argv) > 5:  # noqa: PLR2004 - rows as well
        enter(Path(sys.argv[5]), sys.argv[6])
    push(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])

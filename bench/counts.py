"""What the servers counted while something was measured: their own figures, and the kernel's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.bind import Bind
from tests.services.mariadb import Database, MariaDB

Counts = dict[str, int]
_STATEMENTS = ("Com_select", "Com_insert", "Com_update", "Com_delete", "Com_replace")
_ROWS = {"rows inserted": "Handler_write", "rows updated": "Handler_update", "rows deleted": "Handler_delete"}


def of_dns(bind: Bind) -> Counts:
    """Messages by opcode and kind, and bytes on the disk: by the kernel without BIND's own log, and as journals."""
    asked = bind.question_counts()
    journals = sum(file.stat().st_size for file in bind.log.parent.glob("*.jnl"))
    return {
        "UPDATE messages": bind.update_count(),
        "SOA queries": asked.get("SOA", 0),
        "transfers": asked.get("AXFR", 0) + asked.get("IXFR", 0),
        "bytes of journals": journals,
        "bytes by BIND": _written(bind.process.child.pid) - bind.log.stat().st_size,
    }


def of_ipam(database: Database, server: MariaDB) -> Counts:
    """Statements and rows, bytes of redo, and bytes on the disk, redo among them."""
    found = database.counters()
    statements = {"SQL statements": sum(found[name] for name in _STATEMENTS)}
    rows = {name: found[counter] for name, counter in _ROWS.items()}
    written = {"bytes by MariaDB": _written(server.process.child.pid)}
    return statements | rows | {"bytes of redo": found["Innodb_os_log_written"]} | written


def serials(bind: Bind) -> int:
    """The sum of all zones' serials: what it grows by is how often one was raised."""
    return sum(bind.serial(zone.name) for zone in bind.zones)


@contextmanager
def counting(bind: Bind, ipam: tuple[Database, MariaDB] | None = None) -> Iterator[Counts]:
    """What the block made the servers count; there when it has ended."""
    counted: Counts = {}
    raised = serials(bind)
    before = _now(bind, ipam)
    yield counted
    after = _now(bind, ipam)
    # The kernel counts whole pages, the log is taken off by the byte: less than nothing is nothing.
    counted |= {name: max(after[name] - before[name], 0) for name in after}
    counted["serials raised"] = serials(bind) - raised


def _now(bind: Bind, ipam: tuple[Database, MariaDB] | None) -> Counts:
    return of_dns(bind) | (of_ipam(*ipam) if ipam is not None else {})


def _written(pid: int) -> int:
    """Bytes a process caused to be written to a disk, in whole pages: proc(5), /proc/pid/io."""
    return io_of(pid)["write_bytes"]


def io_of(pid: int | str) -> Counts:
    """The kernel's account of what a process (`self`: this one) read and wrote."""
    lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    return {name: int(value) for name, value in (line.split(": ") for line in lines)}

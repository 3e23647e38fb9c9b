"""A list of hosts that a person keeps, as `tables.HOSTS`. TOML, or CSV with a line of column names.

[[host]]                          ip,name,mac,comment
ip = "10.0.10.5"                  10.0.10.5,proxmox,bc:24:11:00:0a:02,in the rack
name = "proxmox"
mac = "bc:24:11:00:0a:02"         # mac and comment may be left out
comment = "in the rack"
"""

import csv
import tomllib
from collections.abc import Iterator, Mapping

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.network import Network
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.parse.places import site_of
from pipelines.snapshots import Snapshot
from pipelines.values import Ip, host_name, ip, is_device_mac, mac

_COLUMNS = ("ip", "name", "mac", "comment")
_REMEDY = "Mend the file; docs/adding-a-source.md shows both forms"
Row = Mapping[str, object]


def parse(snapshot: Snapshot, network: Network) -> Parsed:
    """Every host of the list, in its order; of an address that is there twice the first row counts.

    Raises `ParseError` for a file that is neither form, or empty: a list without hosts says so (`host = []`, or the
    line of column names alone).
    """
    rejects = Rejects(snapshot)
    rows: dict[Ip, tuple[object, ...]] = {}
    for line, row in _hosts(snapshot, rejects):
        try:
            host = _host(snapshot, row, network)
            if host[2] in rows:
                raise ValueError(f"{host[2]} is there before already")  # noqa: TRY301 - the row's fault like any other
        except ValueError as error:
            rejects.add(line, error, row)
            continue
        rows[Ip(str(host[2]))] = host
    return Parsed(tables.HOSTS.rows(list(rows.values())), rejects.table())


def _hosts(snapshot: Snapshot, rejects: Rejects) -> Iterator[tuple[int, Row]]:
    """The rows with their lines; in TOML, where lines are not told, with their position among the hosts."""
    try:
        lines = snapshot.content.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise _unreadable(snapshot, f"is not UTF-8 ({error.reason} at byte {error.start})") from None
    told = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not told:
        raise _unreadable(snapshot, "is empty")
    if "," in told[0] and "=" not in told[0]:
        return _csv(snapshot, lines, rejects)
    return iter(enumerate(_toml(snapshot, "\n".join(lines)), start=1))


def _toml(snapshot: Snapshot, text: str) -> list[Row]:
    try:
        read = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise _unreadable(snapshot, f"is not TOML: {error}") from None
    hosts = read.pop("host", None)
    if read or not isinstance(hosts, list):
        raise _unreadable(
            snapshot, f"has {', '.join(map(ascii, read))[:80] or 'no hosts'} where [[host]] tables belong"
        )
    return [one if isinstance(one, dict) else {"host": one} for one in hosts]


def _csv(snapshot: Snapshot, lines: list[str], rejects: Rejects) -> Iterator[tuple[int, Row]]:
    # A comment is no row, wherever it stands; blanked out, it leaves the lines their numbers.
    reader = csv.reader(["\n" if line.lstrip().startswith("#") else f"{line}\n" for line in lines], strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        raise _unreadable(snapshot, f"is not CSV: {error} in line {reader.line_num}") from None
    names = [cell.lower() for cell in rows[0][1]]
    if len(set(names)) < len(names) or not {"ip", "name"} <= set(names) <= set(_COLUMNS):
        raise _unreadable(
            snapshot, f"has the columns {names!r:.120}, not ip, name and perhaps {', '.join(_COLUMNS[2:])}"
        )
    for line, cells in rows[1:]:
        if len(cells) > len(names):
            rejects.add(line, f"it has {len(cells)} fields, and there are {len(names)} columns", cells)
        else:
            yield line, {name: cell for name, cell in zip(names, cells, strict=False) if cell}


def _unreadable(snapshot: Snapshot, fault: str) -> ParseError:
    return ParseError(snapshot.source, fault, _REMEDY)


def _host(snapshot: Snapshot, row: Row, network: Network) -> tuple[object, ...]:
    """One row in the order of `tables.HOSTS`. Raises `ValueError` for what cannot be."""
    others = [key for key in row if key not in _COLUMNS]
    texts = {key: value.strip() for key, value in row.items() if isinstance(value, str) and value.strip()}
    if others or len(texts) < len(row) or not {"ip", "name"} <= texts.keys():
        why = f"{others[0]!r:.40} is no column" if others else "ip and name must be there, and all be texts"
        raise ValueError(f"{why}: ip, name, mac, comment")
    address = ip(texts["ip"])
    site = _site(snapshot, address, network)
    host_name(texts["name"], network.suffix(site))
    hardware = mac(texts["mac"]) if "mac" in texts else None
    if hardware is not None and not is_device_mac(hardware):
        raise ValueError(f"{hardware} is no device's own MAC address")
    return site, snapshot.source, address, texts["name"], hardware, texts.get("comment")


def _site(snapshot: Snapshot, address: Ip, network: Network) -> str:
    """The site of the subnet a host is in. Raises `ValueError` where it can be in none."""
    site = site_of(address, network)
    if site is None:
        raise ValueError(f"{address} lies in no subnet of network.toml")
    if site not in network.told_by(snapshot.source):
        raise ValueError(f"{address} is of {site}, which is not among the list's sites in network.toml")
    return site

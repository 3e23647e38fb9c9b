"""octoDNS with octodns-bind: records as YAML on one side (as JSON, which is YAML), the name server on the other."""

import json
from pathlib import Path

import pandas as pd

from bench import layout
from bench.records import TTL_S
from tests.services.dns_server import DnsServer


def prepared(records: pd.DataFrame, server: DnsServer, folder: Path) -> Path:
    """The configuration file; the records stand beside it, one file a zone."""
    (folder / "zones").mkdir(parents=True, exist_ok=True)
    by_zone = dict(list(records.groupby("zone")))
    for zone in layout.ZONES:
        rows = by_zone.get(f"{zone}.", records.head(0))
        (folder / "zones" / f"{zone}.yaml").write_text(_yaml(rows, zone), encoding="utf-8")
    file = folder / "config.yaml"
    file.write_text(json.dumps(_config(server, folder)), encoding="utf-8")
    return file


def argv(python: Path, config: Path) -> list[str]:
    """Everything is carried out at once: `--force` lets large plans pass."""
    return [str(python.with_name("octodns-sync")), f"--config-file={config}", "--doit", "--force", "--quiet"]


def _config(server: DnsServer, folder: Path) -> dict[str, object]:
    bind = {
        "class": "octodns_bind.Rfc2136Provider", "host": server.host, "port": server.port, "key_name": "netcensus",
        "key_secret": server.secrets["netcensus"], "key_algorithm": "hmac-sha256", "timeout": 120,
    }  # fmt: skip
    files = {
        "class": "octodns.provider.yaml.YamlProvider", "directory": str(folder / "zones"), "default_ttl": TTL_S,
        "enforce_order": False,
    }  # fmt: skip
    zones = {f"{zone}.": {"sources": ["files"], "targets": ["bind"]} for zone in layout.ZONES}
    return {"providers": {"files": files, "bind": bind}, "zones": zones}


def _yaml(rows: pd.DataFrame, zone: str) -> str:
    """One zone's records; its NS is given, for octoDNS would else take it away."""
    found: dict[str, list[dict[str, object]]] = {"": [{"type": "NS", "ttl": 3600, "values": ["ns.invalid."]}]}
    for owner, rr_type, rdata in rows[["owner", "type", "rdata"]].itertuples(index=False, name=None):
        name = owner.removesuffix(f".{zone}.")
        found.setdefault(name, []).append({"type": rr_type, "ttl": TTL_S, "value": rdata})
    return json.dumps(found)

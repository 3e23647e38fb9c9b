"""network.toml on the disk: which file it is, and what it means. Imports no Dagster: `who` answers at once."""

import os
from pathlib import Path

from pipelines import network
from pipelines.errors import ConfigError
from pipelines.network import Network

ROOT = Path(__file__).parents[1]


def network_path() -> Path:
    """The network file to use: `NETCENSUS_NETWORK`, else the one beside definitions.py."""
    return Path(os.environ.get("NETCENSUS_NETWORK") or ROOT / "network.toml").absolute()


def read_network(path: Path) -> Network:
    """The network a file describes. Raises `ConfigError` naming the file, the key and the remedy."""
    try:
        return network.parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read ({error.strerror})", "Set NETCENSUS_NETWORK to it") from None

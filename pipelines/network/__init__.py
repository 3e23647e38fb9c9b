"""What network.toml means: sites, subnets, zones and policies, checked whole and frozen.

The file's form is declared here once; pydantic checks it. Nothing is read from disk here, and no secret is held.
"""

import tomllib
from pathlib import PurePosixPath

from pydantic import ValidationError

from pipelines.errors import ConfigError
from pipelines.gateways import KINDS
from pipelines.network.alerts import Alerts, Email
from pipelines.network.cadence import Cadence
from pipelines.network.devices import Devices
from pipelines.network.dns import Dns, Secondary, Ttl
from pipelines.network.listed import SOURCE_KINDS, Sources
from pipelines.network.phpipam import IMPORTED, Phpipam
from pipelines.network.policies import RESERVED_WORDS, Budget, Conflicts, Guards, Limit, Names, State, Withdraw
from pipelines.network.ranges import Range, address_range
from pipelines.network.site import Site
from pipelines.network.texts import Subnet
from pipelines.network.whole import Network

__all__ = [
    "IMPORTED", "RESERVED_WORDS", "Alerts", "Budget", "Cadence", "Conflicts", "Devices", "Dns", "Email", "Guards",
    "Limit", "Names", "Network", "Phpipam", "Range", "Secondary", "Site", "Sources", "State", "Subnet", "Ttl",
    "Withdraw", "address_range", "beside", "parse",
]  # fmt: skip


def parse(text: str, place: str) -> Network:
    """The network that the text of a network.toml describes; `place` is the file's name for errors.

    Raises `ConfigError` naming the file, the key and the remedy.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            place, f"is not TOML: {error}", "Mend that line; the shipped network.toml shows the form"
        ) from None
    for name, site in raw.get("sites", {}).items() if isinstance(raw.get("sites"), dict) else ():
        if isinstance(site, dict):
            site["name"] = name
    try:
        return Network.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(place, "; ".join(_sentence(one) for one in error.errors()[:5]), _REMEDY) from None


_REMEDY = "Compare with the shipped network.toml, which shows every key"


def _sentence(error: object) -> str:
    detail: dict[str, object] = dict(error)  # type: ignore[call-overload]  # pydantic's ErrorDetails is a TypedDict
    where = _path(detail["loc"])  # type: ignore[arg-type]  # a tuple
    if detail["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return f"{where}.kind is none of {', '.join(SOURCE_KINDS if where.startswith('sources.') else KINDS)}"
    if detail["type"] == "extra_forbidden":
        return f"{where} is no key netcensus knows"
    if detail["type"] == "missing":
        return f"{where} is missing"
    text = str(detail["msg"]).removeprefix("Value error, ")
    return f"{where}: {text}" if where else text


def _path(keys: tuple[object, ...]) -> str:
    """The key's path as it stands in the file: pydantic puts the kind of a gateway, or source, between it and its keys.

    And `listed` before a source's name, for that is where they are kept.
    """
    if keys[:2] == ("sources", "listed") and len(keys) > 2:  # noqa: PLR2004 - the two, and a name
        keys = ("sources", *keys[2:3], *(key for key in keys[3:] if key not in SOURCE_KINDS))
    pairs = zip(("", *keys), keys, strict=False)
    return ".".join(str(key) for before, key in pairs if before != "gateway" or key not in KINDS)


def beside(place: str, path: str) -> str:
    """A path from network.toml as it is meant: a relative one starts in the folder of the file `place`."""
    return str(PurePosixPath(place).parent / path)

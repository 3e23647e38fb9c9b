"""Secrets, read from the environment or from a file it names, at the moment they are needed (passwords rotate)."""

import os
from pathlib import Path

from pipelines.errors import ConfigError


def secret(name: str) -> str:
    """The secret `name`: the content of the file `NETCENSUS_<name>_FILE` names, or of the variable `NETCENSUS_<name>`.

    Raises `ConfigError` naming both variables when neither is set, and the file when it cannot be read.
    """
    variable = f"NETCENSUS_{name}"
    path = os.environ.get(f"{variable}_FILE")
    if path is not None:
        return _read(f"{variable}_FILE", path)
    value = os.environ.get(variable)
    if value is None:
        raise ConfigError("environment", f"{variable} is not set", f"Set {variable}_FILE to a file that holds it")
    return value


def secret_or(name: str, other: str) -> str:
    """The secret `name` where it is set, by either variable, else the secret `other`. Raises `ConfigError`."""
    is_set = any(variable in os.environ for variable in (f"NETCENSUS_{name}_FILE", f"NETCENSUS_{name}"))
    return secret(name if is_set else other)


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        fault = f"{variable} names it, but it cannot be read ({error.strerror})"
        raise ConfigError(path, fault, "Check the path and who may read the file") from None

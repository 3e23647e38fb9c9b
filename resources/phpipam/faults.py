"""What the database's driver raises, sorted by what to do about it.

Numbers: MySQL 8.4 Reference Manual, "Server Error Message Reference"; 1698, 1927 are MariaDB's.
"""

import re
import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError

_LOGIN_REFUSED = {1044, 1045, 1698}
_RIGHT_MISSING = {1142, 1143, 1370}
_NOT_THERE = {1054, 1146}  # no such column, no such table
_TRANSIENT = {1205, 1213}  # lock wait timeout, deadlock
_DUPLICATE = 1062
_CONNECTION_LOST = {1053, 1317, 1927, 2006, 2013, 2055}
_CONTROL = re.compile(r"[^ -~]")
_LONGEST = 200


def code(error: DBAPIError) -> int | None:
    """The server's number for what happened; None from SQLite."""
    arguments: tuple[Any, ...] = error.orig.args if error.orig is not None else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def words(error: DBAPIError) -> str:
    """The server's own words, in printable ASCII and not many: they may quote what a device called itself."""
    arguments: tuple[Any, ...] = error.orig.args if error.orig is not None else ()
    said = " ".join(str(argument) for argument in arguments)
    return _CONTROL.sub("?", said)[:_LONGEST].rstrip(".") or type(error.orig).__name__


def is_login_refused(error: DBAPIError) -> bool:
    """Whether it was the user or the password."""
    return code(error) in _LOGIN_REFUSED


def is_right_missing(error: DBAPIError) -> bool:
    """Whether the user may not do that."""
    return code(error) in _RIGHT_MISSING or "readonly database" in words(error)


def is_not_there(error: DBAPIError) -> bool:
    """Whether a table or a column is missing."""
    return code(error) in _NOT_THERE or "no such" in words(error)


def is_transient(error: DBAPIError) -> bool:
    """Whether the same transaction, tried again, may well go through: somebody else held a lock."""
    return code(error) in _TRANSIENT or "database is locked" in words(error)


def is_connection_lost(error: DBAPIError) -> bool:
    """Whether the connection is gone, and with it what was not committed."""
    return error.connection_invalidated or code(error) in _CONNECTION_LOST


def is_about_a_row(error: DBAPIError) -> bool:
    """Whether one row was refused for what it is; others may go in."""
    return not (is_transient(error) or is_connection_lost(error) or is_right_missing(error) or is_not_there(error))


def is_duplicate(error: DBAPIError) -> bool:
    """Whether a row with that key is there already."""
    name = error.orig.sqlite_errorname if isinstance(error.orig, sqlite3.Error) else None
    return code(error) == _DUPLICATE or name == "SQLITE_CONSTRAINT_UNIQUE"

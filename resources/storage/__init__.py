"""Dagster's own storage on SQLite that spares the disk: in dagster.yaml, `module: resources.storage`.

Stock SQLite storage opens a connection per event, and closing it checkpoints, fsyncs and deletes the write-ahead log:
31 MB and 1,430 flushes for one small run (docs/decisions/0003). Here a process keeps one connection per database,
commits ten seconds of events together and packed, under fewer indexes, and keeps the daemon's heartbeats in memory.
What belongs here: where bytes go, and when. What does not: what they mean. Every SQL statement but for pragmas and
indexes is Dagster's own.

It rests on modules Dagster calls private, so Dagster is pinned exactly and tests/integration/test_storage.py holds
this storage against stock's.
"""

from resources.storage.sqlite_storage import PooledSqliteStorage, resolve_base_dir

__all__ = ["PooledSqliteStorage", "resolve_base_dir"]

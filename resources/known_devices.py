"""The ledger's memory of devices: which interface was last taken for which device.

In the ledger's database, in a table of its own. When it is lost, devices of one interface get the same ids again, and
what only earlier hours could tell (a MAC that changed) is learned anew.
"""

import pandas as pd
import sqlalchemy as sa

from pipelines import tables
from pipelines.reconcile.identity import changed, forgotten, remembered
from resources.own_database import OwnTables, delete_rows, execute_rows, frame_of, rows_of

_KEY = list(tables.DEVICE_IDS.key)
_metadata = sa.MetaData()
_device_ids = sa.Table(
    "device_ids", _metadata,
    sa.Column("site", sa.String(64), primary_key=True),
    sa.Column("interface", sa.String(160), primary_key=True),
    sa.Column("device_id", sa.String(66), nullable=False),
    sa.Column("client_id", sa.String(160)),
    sa.Column("name", sa.String(255)),
    sa.Column("evidence", sa.String(16), nullable=False),
    sa.Column("former_ids", sa.Text),
    sa.Column("first_seen_at", sa.DateTime),
    sa.Column("last_seen_at", sa.DateTime),
)  # fmt: skip


class KnownDevices(OwnTables):
    """The memory of devices. Every method is one short transaction."""

    _schema = _metadata

    def known(self) -> pd.DataFrame:
        """All of `tables.DEVICE_IDS`, sorted by its key; empty before the first load."""
        columns = [_device_ids.c[name] for name in tables.DEVICE_IDS.names]
        query = sa.select(*columns).order_by(*_device_ids.primary_key.columns)
        with self._engine.connect() as connection:
            return frame_of(tables.DEVICE_IDS, rows_of(connection, query))

    def note(self, interfaces: pd.DataFrame) -> int:
        """Remember the devices of `tables.DEVICE_INTERFACES`, and how many rows that changed; none without news."""
        known = self.known()
        wanted = remembered(interfaces, known)
        news = changed(wanted, known)
        gone = pd.concat([news[_KEY], forgotten(wanted, known)])
        if gone.empty:
            return 0
        with self._engine.begin() as connection:
            delete_rows(connection, _device_ids, gone)
            execute_rows(connection, sa.insert(_device_ids), news)
        return len(gone)

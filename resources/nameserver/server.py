"""The primary name server: its zones read whole, a plan applied to them, and what it answered."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Self

import pandas as pd
from dns.serial import Serial

from pipelines import tables
from pipelines.errors import OutcomeUnknown, PreflightFailed, SourceUnavailable
from pipelines.network import Dns
from pipelines.snapshots import EVERYWHERE, ZONE, Snapshot, missing
from pipelines.values import is_below
from resources.nameserver import faults, rdata, soa
from resources.nameserver.changes import SENT, prepare
from resources.nameserver.connection import Connection
from resources.nameserver.limits import Limits
from resources.nameserver.messages import Group, Owner, message
from resources.nameserver.readback import settle
from resources.nameserver.sending import Sending, Verdict
from resources.nameserver.transfer import Transfer, brought_up, transfer
from resources.nameserver.uncomparable import again

_TRIES = 3
_PREFLIGHT = "netcensus-preflight"
_ABSENT = {
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "PTR": f"{_PREFLIGHT}.invalid.",
    "DHCID": "AAAB" + 43 * "A" + "=",
}


class NameServer:
    """One name server for one run. Use it as a context, or `close` it; `secret` gives the TSIG secret in base64."""

    def __init__(
        self,
        settings: Dns,
        secret: Callable[[], str],
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._limits = limits or Limits()
        self._zones = settings.zones
        self._is_incremental = settings.incremental
        self._connection = Connection(settings, secret, self._limits, clock)

    @property
    def messages(self) -> Counter[str]:
        """How many messages were sent so far, by opcode: QUERY (transfers too) and UPDATE."""
        return self._connection.messages

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def soa(self, zone: str) -> soa.Soa:
        """The zone's SOA; `SourceUnavailable` when this server does not host just this zone, or cannot be asked."""
        return soa.soa(self._connection, zone)

    def read(self, zone: str, last: Snapshot | None, at: datetime) -> Snapshot:
        """The zone as it is: what `last` holds while its serial is the zone's, else transferred.

        Any other serial means another state: a zone that was made anew starts again at a lower one.
        """
        source = ZONE + zone.rstrip(".")
        try:
            serial = self.soa(zone).serial
            if last is not None and last.version == str(serial):
                return replace(last, read_at=at)
            return self._settled(zone, source, at, last, serial)
        except SourceUnavailable as error:
            return missing(EVERYWHERE, source, at, str(error))

    def _settled(self, zone: str, source: str, at: datetime, last: Snapshot | None, serial: int) -> Snapshot:
        """A transfer during which the zone stayed as it was: Technitium lists it without a lock."""
        for _ in range(_TRIES):
            copy = self._transferred(zone, last, serial)
            serial = self.soa(zone).serial
            if serial == copy.serial:
                return Snapshot(EVERYWHERE, source, at, copy.content, version=str(copy.serial))
        fault = f"zone {zone.rstrip('.')} changed during each of {_TRIES} transfers"
        raise SourceUnavailable(self._connection.place, fault, "It is asked again at the next run")

    def _transferred(self, zone: str, last: Snapshot | None, serial: int) -> Transfer:
        """The zone, from `last` on where [dns] says so and the zone has moved on from there: RFC 1982."""
        known = last.version if last is not None and self._is_incremental else None
        if last is not None and known is not None and Serial(serial) > Serial(int(known)):
            return brought_up(self._connection, zone, last)
        return transfer(self._connection, zone)

    def prove_update(self, zone: str, rtype: str) -> None:
        """Return when the server lets us write records of this type in the zone: `PreflightFailed` otherwise.

        Proved by deleting a record that is not there, which changes nothing, not even the serial.
        """
        try:
            self.soa(zone)
            answer = self._connection.exchange(message(zone, [_nothing(zone, rtype)]), "UPDATE")
        except ValueError as error:
            raise PreflightFailed(self._connection.place, f"zone {zone}: {error}", "Mend [dns] zones") from None
        except (SourceUnavailable, OutcomeUnknown) as error:
            raise PreflightFailed(error.place, error.fault, error.remedy) from error
        if answer.word != "NOERROR":
            fault, remedy = faults.of_update(answer.word, zone, str(self._connection.key.name))
            raise PreflightFailed(self._connection.place, fault, remedy)

    def apply(self, plan: pd.DataFrame, on_batch: Callable[[pd.DataFrame], None] | None = None) -> pd.DataFrame:
        """Carry out the plan's creates, updates and deletions, zone by zone, and return `tables.RECEIPT`.

        `on_batch` gets the receipt of each zone as soon as the zone was read back.
        """
        deadline = time.monotonic() + self._limits.apply_s
        receipts = []
        for zone, rows in plan.reset_index(drop=True).groupby("zone", sort=True):
            changed = rows[rows["action"].isin(SENT)]
            if changed.empty:
                continue
            receipts.append(_receipt(changed, self._apply(str(zone), rows, deadline)))
            if on_batch is not None:
                on_batch(receipts[-1])
        return tables.RECEIPT.concat(receipts)

    def _apply(self, zone: str, rows: pd.DataFrame, deadline: float) -> dict[int, Verdict]:
        """What became of each row of one zone."""
        if zone not in self._zones:
            return dict.fromkeys(rows.index, Verdict("refused", f"not sent: {zone} is not among [dns] zones"))
        try:
            expire_s = self.soa(zone).expire_s
        except SourceUnavailable as error:
            return dict.fromkeys(rows.index, Verdict("refused", f"not sent: {error}"))
        inner = [other for other in self._zones if other != zone and is_below(other, zone)]
        prepared = prepare(rows, zone, expire_s, inner)
        sent = Sending(self._connection, zone, deadline).send(prepared.groups)
        sent = again(self._connection, zone, prepared, sent, deadline)
        settled = settle(self._connection, zone, prepared.changes, sent)
        return settled | {row: Verdict("refused", reason) for row, reason in prepared.refused.items()}


def _nothing(zone: str, rtype: str) -> Group:
    """The deletion of a record that is not there."""
    owner = Owner(f"{_PREFLIGHT}.{zone}", zone)
    rdata.name(owner.name)
    return Group((), (), (owner.delete(rtype, rdata.wire(rtype, _ABSENT[rtype])),))


def _receipt(changed: pd.DataFrame, verdicts: dict[int, Verdict]) -> pd.DataFrame:
    found = [verdicts[row] for row in changed.index]
    return tables.RECEIPT.frame(
        changed.rename(columns={"zone": "scope", "owner": "subject", "type": "field"}).assign(
            target="dns", outcome=[one.outcome for one in found], detail=[one.detail for one in found]
        )
    )

"""A zone transfer that is plainly in order, to `zone_records` by columns: in an ordinary hour nearly every zone.

Of any other it says nothing: increments, a record that is there twice, or of another zone or class, and what is no
whole transfer are looked at record by record (`zone`), where the faults have names.
"""

import numpy as np
import pandas as pd

from pipelines import tables
from pipelines.parse import dns_columns, dns_wire
from pipelines.parse.dns_columns import Answers, Texts
from pipelines.parse.dns_wire import SOA, Malformed


def in_columns(stream: bytes, apex: str) -> pd.DataFrame | None:
    """The records of a zone that came whole, in the order of the transfer, its SOA first; None for what is unusual."""
    try:
        answers = dns_columns.answers(stream)
    except (Malformed, IndexError):
        return None
    return _table(answers, apex) if _is_whole(answers, apex) and _belongs(answers, apex) else None


def _is_whole(answers: Answers, apex: str) -> bool:
    """Whether the zone's SOA opens and closes these records, and stands nowhere between: RFC 5936 section 2.2."""
    soas = np.flatnonzero(answers.rtype == SOA)
    is_whole = soas.tolist() == [0, len(answers.rtype) - 1]
    return is_whole and answers.owner[0] == answers.owner[-1] == apex and answers.rdata[0] == answers.rdata[-1]


def _belongs(answers: Answers, apex: str) -> bool:
    """Whether all records are of class IN and in the zone."""
    end = f".{apex}"
    others = [owner for owner in answers.owner if not owner.endswith(end) or "\\" in owner]
    is_in_zone = all(dns_wire.is_in_zone(owner, apex) for owner in others)
    return is_in_zone and bool((answers.rclass == dns_wire.IN).all())


def _table(answers: Answers, apex: str) -> pd.DataFrame | None:
    """`zone_records` but for the closing SOA; None when a record is there twice."""
    owner, rtype, _, ttl, rdata = (column[:-1] for column in answers)
    if len(set(zip(owner, rtype.tolist(), rdata, strict=True))) < len(owner):
        return None
    types, places = np.unique(rtype, return_inverse=True)
    mnemonics: Texts = np.array([dns_wire.type_text(one) for one in types.tolist()], dtype="object")
    columns = {"zone": [apex] * len(owner), "owner": owner, "type": mnemonics[places], "ttl_s": ttl, "rdata": rdata}
    return tables.ZONE_RECORDS.frame(columns)

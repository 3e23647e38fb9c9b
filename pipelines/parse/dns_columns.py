"""The answers of many DNS messages as columns: what `dns_wire` says record by record, at a fifth of the price.

A zone is read every hour, and nearly all of it is A, PTR and DHCID: their names and data are made for all messages at
once. Nothing is mended or refused here. Where anything is unusual nothing comes back but an error, and what is to be
had of the messages is for `dns_wire` to say.
"""

from binascii import b2a_base64
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from dns.rdatatype import RdataType
from numpy.typing import NDArray

from pipelines.parse import dns_wire
from pipelines.parse.dns_wire import (
    ANSWER,
    HEADER_LENGTH,
    LONGEST_NAME,
    MOST_HOPS,
    MOST_TTL,
    Malformed,
    Message,
    Record,
    label_text,
)

Numbers = NDArray[np.int64]
Texts = NDArray[np.object_]
_LENGTH = 2  # bytes before each message of a stream
_LONGEST_LABEL = 63  # RFC 1035 section 4.1.4: a byte above it begins a pointer, of two bytes
_POINTER = 0xC000
_TO_DATA = 10  # bytes of a record between its owner and its data: type, class, TTL, length
_IPV4_LENGTH = 4
_IS_ODD = np.array([not dns_wire.is_plain(bytes([octet])) for octet in range(256)])
_DOTTED: Texts = np.array([f"{octet}." for octet in range(256)], dtype="object")
_UNDOTTED: Texts = np.array([str(octet) for octet in range(256)], dtype="object")


class Answers(NamedTuple):
    """The records of all answer sections; `rdata` in presentation form, names absolute and in lower case."""

    owner: Texts
    rtype: Numbers
    rclass: Numbers
    ttl: Numbers
    rdata: Texts


def answers(stream: bytes) -> Answers:
    """The answers of a TCP stream's messages. Raises `Malformed` or `IndexError` when anything in it is unusual.

    So is a message that is an error or truncated.
    """
    return _Columns(stream).answers()


class _Columns:
    """A stream as numbers and as text, so that many names of it can be read at once."""

    def __init__(self, stream: bytes) -> None:
        self._stream = stream
        self._messages = [Message(wire) for wire in dns_wire.messages(stream)]
        if any(message.rcode or message.is_truncated for message in self._messages):
            raise Malformed("a message is an error, or truncated")
        self._ends = np.cumsum([_LENGTH + len(message.wire) for message in self._messages], dtype=np.int64)
        self._begins = self._ends - np.array([len(message.wire) for message in self._messages], dtype=np.int64)
        self._octets: Numbers = np.frombuffer(stream, dtype=np.uint8).astype(np.int64)
        self._text = stream.decode("latin-1").lower()
        self._odd_before = np.concatenate([[0], np.cumsum(_IS_ODD[self._octets])])

    def answers(self) -> Answers:
        """The answer sections; of the others it is seen that their records are whole, and have names."""
        starts, heads, is_answer = self._places()
        owners, _, _ = self._names(starts)
        starts, heads, owners = starts[is_answer], heads[is_answer], owners[is_answer]
        rtype, rclass, high, low, length = (self._number(heads + at) for at in range(0, _TO_DATA, 2))
        ttl = (high << 16) + low
        ttl[ttl > MOST_TTL] = 0
        owners[owners == ""] = "."
        fields = (rtype, rclass, ttl, heads + _TO_DATA, length)
        return Answers(owners, rtype, rclass, ttl, self._data(starts, owners, *fields))

    def _places(self) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
        """Where each record begins, where its owner ends, and whether it is of an answer section."""
        starts: list[int] = []
        heads: list[int] = []
        for message, begin, end in zip(self._messages, self._begins.tolist(), self._ends.tolist(), strict=True):
            if _walked(self._stream, begin + HEADER_LENGTH, message.counts, starts, heads) != end:
                raise Malformed("a message does not end with its last record")
        counts = [count for message in self._messages for count in message.counts[ANSWER:]]
        is_answer = np.repeat([True, False, False] * len(self._messages), counts)
        return np.array(starts, dtype=np.int64), np.array(heads, dtype=np.int64), is_answer

    def _number(self, at: Numbers) -> Numbers:
        """The numbers of two bytes at these places."""
        return (self._octets[at] << 8) + self._octets[at + 1]

    def _names(self, at: Numbers, hops: int = 0) -> tuple[Texts, Numbers, Numbers]:
        """The names at these places (the root: empty), their lengths uncompressed, and where what follows starts."""
        text, here = self._labels(at)
        is_pointer = self._octets[here] > 0
        size, end = here - at + ~is_pointer, here + 1 + is_pointer
        message = np.searchsorted(self._ends, at, side="right")
        if (end > self._ends[message]).any():
            raise Malformed("a name goes beyond its message")
        if is_pointer.any():
            begin = self._begins[message[is_pointer]]
            target = self._number(here[is_pointer]) - _POINTER + begin
            if (target < begin).any() or (target >= at[is_pointer]).any() or hops >= MOST_HOPS:
                raise Malformed("a name's pointer does not lead back")
            targets, which = np.unique(target, return_inverse=True)
            suffix, suffix_size, _ = self._names(targets, hops + 1)
            text[is_pointer] += suffix[which]
            size[is_pointer] += suffix_size[which]
        if (size > LONGEST_NAME).any():
            raise Malformed(f"a name is longer than {LONGEST_NAME} bytes")
        return text, size, end

    def _labels(self, at: Numbers) -> tuple[Texts, Numbers]:
        """The labels from these places on, as text, and where something else than a label stands."""
        text, here = np.full(len(at), "", dtype="object"), at.copy()
        left = np.arange(len(at))
        for _ in range(LONGEST_NAME // 2 + 1):
            length = self._octets[here[left]]
            is_label = (length > 0) & (length <= _LONGEST_LABEL)
            left, start = left[is_label], here[left][is_label] + 1
            if not len(left):
                return text, here
            here[left] = start + length[is_label]
            text[left] += self._label_texts(start, here[left])
        raise Malformed("a name has more labels than it has room for")

    def _label_texts(self, starts: Numbers, ends: Numbers) -> Texts:
        """Labels as text, each with its dot."""
        places = zip(starts.tolist(), ends.tolist(), strict=True)
        found: Texts = np.array([f"{self._text[start:end]}." for start, end in places], dtype="object")
        for odd in np.flatnonzero(self._odd_before[ends] > self._odd_before[starts]):
            found[odd] = label_text(self._stream[starts[odd] : ends[odd]])
        return found

    def _data(self, starts: Numbers, owners: Texts, *fields: Numbers) -> Texts:
        """The data's text of records with these fields, those of `dns_wire.Record` from its second on."""
        rtype, _, _, at, length = fields
        text = np.full(len(rtype), "", dtype="object")
        is_ipv4 = (rtype == RdataType.A) & (length == _IPV4_LENGTH)
        is_name = (rtype == RdataType.PTR) | (rtype == RdataType.CNAME)
        is_dhcid = (rtype == RdataType.DHCID) & (length > 0)
        text[is_ipv4] = self._ipv4(at[is_ipv4])
        text[is_name] = self._only_names(at[is_name], (at + length)[is_name])
        text[is_dhcid] = self._base64(at[is_dhcid], (at + length)[is_dhcid])
        rest = ~(is_ipv4 | is_name | is_dhcid)
        columns = [column[rest].tolist() for column in (starts, owners, *fields)]
        text[rest] = [self._by_itself(Record(ANSWER, *one)) for one in zip(*columns, strict=True)]
        return text

    def _by_itself(self, record: Record) -> str:
        """The data's text of a record whose places are those in the stream."""
        number = int(np.searchsorted(self._ends, record.start, side="right"))
        begin = int(self._begins[number])
        here = record._replace(start=record.start - begin, data_at=record.data_at - begin)
        return self._messages[number].text(here)

    def _ipv4(self, at: Numbers) -> Texts:
        first, second, third, last = (self._octets[at + byte] for byte in range(_IPV4_LENGTH))
        found: Texts = _DOTTED[first] + _DOTTED[second] + _DOTTED[third] + _UNDOTTED[last]
        return found

    def _only_names(self, at: Numbers, ends: Numbers) -> Texts:
        text, _, found_ends = self._names(at)
        if (found_ends != ends).any():
            raise Malformed("the data of a record is not one name")
        text[text == ""] = "."
        return text

    def _base64(self, at: Numbers, ends: Numbers) -> list[str]:
        places = zip(at.tolist(), ends.tolist(), strict=True)
        return [b2a_base64(self._stream[start:end], newline=False).decode() for start, end in places]


def _walked(stream: bytes, at: int, counts: Sequence[int], starts: list[int], heads: list[int]) -> int:
    """Note where each record of a message starts and where its owner ends, and say where the last one ends.

    The one loop over records: where the next one stands, only the one before it tells.
    """
    questions, *records = counts
    for _ in range(questions):
        at = _behind_name(stream, at) + 4
    for _ in range(sum(records)):
        starts.append(at)
        at = _behind_name(stream, at)
        heads.append(at)
        at += _TO_DATA + (stream[at + 8] << 8) + stream[at + 9]
    return at


def _behind_name(wire: bytes, at: int) -> int:
    """Where what follows the name at `at` starts."""
    while 0 < (length := wire[at]) <= _LONGEST_LABEL:
        at += 1 + length
    return at + (2 if length else 1)

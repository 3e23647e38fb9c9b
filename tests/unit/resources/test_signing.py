"""TSIG on what we send and on what we are sent."""

import base64
import time
from typing import Any

import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TSIG
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import ConfigError
from pipelines.parse import dns_wire
from resources.nameserver import signing
from resources.nameserver.signing import Answers, Distrusted

KEY = signing.key("netcensus.", base64.b64encode(bytes(32)).decode(), "hmac-sha256")
OTHER_KEY = signing.key("netcensus.", base64.b64encode(b"another secret").decode(), "hmac-sha256")
REQUEST_MAC = bytes(range(32))


def conversation(pattern: str, key: dns.tsig.Key = KEY) -> list[bytes]:
    """A server's answer of many messages as dnspython makes it: `s` is a signed one, `u` an unsigned one."""
    context: Any = None
    wires = []
    for number, letter in enumerate(pattern):
        message = dns.message.Message(id=number)
        message.use_tsig(key)
        message.request_mac = REQUEST_MAC
        if letter == "u":
            wire = dns.message.Message(id=number).to_wire()
            context.update(wire)
        else:
            wire = message.to_wire(multi=True, tsig_ctx=context)
            context = message.tsig_ctx
        wires.append(wire)
    return wires


def taken(wires: list[bytes], clock: float | None = None) -> Answers:
    """The verifier after it took these messages."""
    answers = Answers(KEY, REQUEST_MAC, lambda: clock or time.time())
    for wire in wires:
        message = dns_wire.Message(wire)
        answers.take(message, list(message.records()))
    return answers


def test_a_signed_message_is_what_dnspython_accepts() -> None:
    """The signature we append is verified by dnspython's own reading, and holds for these bytes alone."""
    query = dns.message.make_query("example.lan.", "SOA").to_wire()
    signed, mac = signing.sign(query, KEY, int(time.time()))
    read = dns.message.from_wire(signed, keyring=KEY)
    assert read.had_tsig
    assert read.mac == mac
    assert len(signed) - len(query) == signing.size(KEY)
    with pytest.raises(dns.tsig.BadSignature):
        dns.message.from_wire(signed.replace(b"example", b"exampla"), keyring=KEY)


def test_a_transfer_may_leave_messages_unsigned_in_between() -> None:
    """RFC 8945 section 5.3.1: up to 99 unsigned messages are covered by the next signature."""
    assert taken(conversation("s")).is_proved
    assert taken(conversation("s" + 99 * "u" + "s")).is_proved
    assert not taken(conversation("ssu")).is_proved
    with pytest.raises(Distrusted):
        taken(conversation("s" + 100 * "u" + "s"))


def test_an_altered_message_is_found_by_the_next_signature() -> None:
    """An unsigned message is believed only once a signature has covered it."""
    wires = conversation("sus")
    wires[1] = dns.message.Message(id=77).to_wire()
    with pytest.raises(Distrusted, match="BadSignature"):
        taken(wires)


def test_a_lost_or_doubled_message_is_found() -> None:
    """The signatures build on each other: none can be left out or played again."""
    first, second, third = conversation("sss")
    for wires in ([first, third], [first, second, second], [second]):
        with pytest.raises(Distrusted):
            taken(wires)


def test_the_first_message_must_be_signed_by_our_key() -> None:
    """An unsigned first message, another secret, or an answer of another time is not the server's."""
    with pytest.raises(Distrusted, match="not signed, and says NOERROR"):
        taken([dns.message.Message(id=1).to_wire()])
    with pytest.raises(Distrusted, match="BadSignature"):
        taken(conversation("s", key=OTHER_KEY))
    with pytest.raises(Distrusted, match="BadTime"):
        taken(conversation("s"), clock=time.time() + 3600)


@given(st.lists(st.tuples(st.integers(2, 200), st.integers(0, 255)), min_size=1, max_size=5))
def test_no_damage_is_believed_and_none_breaks_the_reader(damage: list[tuple[int, int]]) -> None:
    """Whatever happens to an answer's bytes, it is refused by one of three errors or is the answer as it was signed."""
    (whole,) = conversation("s")
    wire = bytearray(whole)
    for at, value in damage:
        wire[at % len(whole)] = value
    try:
        answers = taken([bytes(wire)])
    except (Distrusted, dns_wire.Malformed, signing.PeerError):
        return
    assert answers.is_proved
    assert bytes(wire[2:12]).lower() == whole[2:12].lower()


@pytest.mark.parametrize("secret", ["", "not base64!", "AAA", "пароль"])
def test_a_malformed_secret_is_named_and_not_shown(secret: str) -> None:
    """The error says which secret is wrong, and nothing of it."""
    with pytest.raises(ConfigError, match="netcensus is not base64") as caught:
        signing.key("netcensus", secret, "hmac-sha256")
    assert not secret or secret not in str(caught.value)

"""Canonical values: every documented form, and what must not pass for one."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import values
from pipelines.values import Mac, host_name, ip, is_below, is_device_mac, mac, owner_name, reverse_name

LONG_LABEL = "a" * 63


def test_the_documented_examples_are_true() -> None:
    """Every example in a docstring of `values` gives what it says."""
    results = doctest.testmod(values)
    assert results.attempted >= 6
    assert results.failed == 0


@pytest.mark.parametrize(
    "text",
    ["00:11:22:aa:bb:cc", "00-11-22-AA-BB-CC", "0011.22aa.bbcc", "001122AABBCC", "0:11:22:aa:bb:cc", " 001122aabbcc\n"],
)
def test_every_usual_form_of_a_mac_is_read(text: str) -> None:
    """Colons, hyphens, Cisco's words, bare digits and BSD's missing zeros mean the same address."""
    assert mac(text) == "00:11:22:aa:bb:cc"


@pytest.mark.parametrize(
    "text",
    [
        "", "00:11:22:aa:bb", "00:11:22:aa:bb:cc:dd", "00:11:22:aa:bb:cg", "00:11-22:aa-bb:cc",
        "0.0.1.1.2.2.a.a.b.b.c.c", "00::11:22:aa:bb:cc", "001122aabbc\uff10", "00:11:22:aa:bb:cc\0",
        "000:11:22:aa:bb:cc",
    ],
)  # fmt: skip
def test_what_is_no_mac_is_refused(text: str) -> None:
    """Other lengths, other digits and mixed separators are no MAC."""
    with pytest.raises(ValueError, match="not a 48-bit MAC address"):
        mac(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (" 10.0.0.1\n", "10.0.0.1"), ("FE80::1%em0", "fe80::1"), ("2001:0db8:0:0:0:0:0:1", "2001:db8::1"),
    ],
)  # fmt: skip
def test_an_address_has_one_text(text: str, canonical: str) -> None:
    """Zeros, case, zone index and white space go."""
    assert ip(text) == canonical


@pytest.mark.parametrize(
    "text", ["", "10.0.0", "10.0.0.01", "10.0.0.1/24", "10.0.0.1%em0", "\u0661.0.0.1", "10.0.0.256"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Leading zeros (octal to some), prefixes, foreign digits and an IPv4 zone index are no address."""
    with pytest.raises(ValueError, match="is not an IP address"):
        ip(text)


@pytest.mark.parametrize(
    "address",
    [
        "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:fb", "33:33:00:00:00:01", "00:00:5e:00:01:07",
        "00:00:5e:00:02:07", "00:00:0c:07:ac:01", "00:00:0c:9f:f0:01", "00:05:73:a0:00:01", "00:07:b4:00:01:02",
    ],
)  # fmt: skip
def test_no_device_owns_a_shared_mac(address: str) -> None:
    """Zero, broadcast, multicast and what VRRP, CARP, HSRP and GLBP share tell no device from another."""
    assert not is_device_mac(Mac(address))


def test_a_randomised_mac_is_a_device() -> None:
    """A locally administered address, as phones make them, is a device's all the same."""
    assert is_device_mac(mac("02:00:00:00:00:01"))


@pytest.mark.parametrize("text", ["NAS", "nas.example.lan", "nas.EXAMPLE.lan.", " nas ", "nas."])
def test_a_host_name_has_one_text(text: str) -> None:
    """Bare or full, in any case, with or without its final dot, it is the same name."""
    assert host_name(text, "example.lan") == "nas.example.lan."


@pytest.mark.parametrize("text", ["a", "3com", "a-b", "xn--nas-abc", LONG_LABEL, "10-0-0-5"])
def test_letters_digits_and_inner_hyphens_make_a_host_name(text: str) -> None:
    """RFC 1123 lets a label begin with a digit."""
    assert host_name(text, "example.lan") == f"{text}.example.lan."


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "..", "nas..", "nas..example.lan", "-nas", "nas-", "my nas", "my_nas", "*", "*.example.lan", "n\0s",
        "nas\nevil", "\N{KELVIN SIGN}itchen", "küche", "nas\u202e", "\ud800", LONG_LABEL + "a", "12345", "10.0.0.5",
        "5.example.lan", "<script>alert(1)</script>", "'; DROP TABLE ipaddresses; --", "nas\\.x", "x" * 70000,
        ".".join(["a" * 60] * 5),
    ],
)  # fmt: skip
def test_what_is_no_host_name_is_refused_and_never_mended(text: str) -> None:
    """Nothing illegal is scrubbed into a legal name, and no error repeats more than 80 characters of it."""
    with pytest.raises(ValueError, match="is not a host name") as caught:
        host_name(text, "example.lan")
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_a_name_below_is_told_from_one_that_only_ends_so() -> None:
    """`badexample.lan` does not lie under `example.lan`; a name lies under itself."""
    assert is_below("example.lan.", "example.lan")
    assert is_below("a.b.example.lan", "example.lan.")
    assert not is_below("badexample.lan.", "example.lan.")


def test_reverse_names_are_those_of_the_rfcs() -> None:
    """RFC 1035 for IPv4, nibbles by RFC 3596 for IPv6."""
    assert reverse_name("10.0.1.2") == "2.1.0.10.in-addr.arpa."
    assert reverse_name("2001:db8::1") == "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa."


@given(st.text())
def test_canonical_is_canonical(text: str) -> None:
    """Whatever a function of `values` lets through, it gives back unchanged the next time."""
    for read in (mac, ip, owner_name, lambda one: host_name(one, "example.lan")):
        try:
            once = read(text)
        except ValueError:
            continue
        assert read(once) == once


@given(st.binary(min_size=6, max_size=6))
def test_every_48_bits_are_a_mac(octets: bytes) -> None:
    """All forms of the same six octets give the same text."""
    assert {mac(octets.hex()), mac(octets.hex("-")), mac(octets.hex(".", 2)), mac(octets.hex(":").upper())} == {
        octets.hex(":")
    }

"""What a MAC address tells of its interface."""

import doctest

import pytest

from pipelines import hardware
from pipelines.values import Mac, is_device_mac


def test_the_documented_examples_are_true() -> None:
    """Every example in a docstring of `hardware` gives what it says."""
    results = doctest.testmod(hardware)
    assert results.attempted >= 2
    assert results.failed == 0


@pytest.mark.parametrize(
    ("address", "kind", "platform"),
    [
        ("00:11:32:00:00:08", "universal", None),
        ("b8:27:eb:01:00:50", "universal", None),
        ("d2:10:22:33:00:44", "random", None),
        ("66:16:22:33:06:44", "random", None),
        ("8a:13:22:33:03:44", "random", None),
        ("5e:19:22:33:09:44", "random", None),
        ("02:42:ac:11:00:02", "virtual", "Docker"),
        ("02:43:ac:11:00:02", "random", None),
        ("52:54:00:10:00:10", "virtual", "KVM or QEMU"),
        ("00:16:3e:00:00:01", "virtual", "Xen or LXC"),
        ("00:0c:29:00:00:72", "virtual", "VMware"),
        ("00:15:5d:00:00:09", "virtual", "Hyper-V"),
        ("bc:24:11:3a:00:01", "virtual", "Proxmox VE"),
        ("08:00:27:00:00:01", "virtual", "VirtualBox"),
    ],
)
def test_random_and_virtual_are_told_apart(address: str, kind: str, platform: str | None) -> None:
    """Both may be locally administered; a virtual machine's address says so by how it begins, whoever registered it."""
    assert (hardware.kind(Mac(address)), hardware.platform(Mac(address))) == (kind, platform)
    assert is_device_mac(Mac(address))

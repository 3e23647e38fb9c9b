"""What a MAC address tells of its interface: burnt in by a maker, made up at random, or a virtual machine's.

Sources: IEEE Std 802c-2017 clause 8.4 (the U/L bit), the IEEE registry of OUIs, and what each product documents of the
addresses it makes.
"""

UNIVERSAL, RANDOM, VIRTUAL, UNKNOWN = "universal", "random", "virtual", "unknown"

TELLING = 9
"""Characters that tell what an address is: three octets and their colons."""
_LOCAL_BIT = 0x02
_PLATFORMS = {
    "02:42:": "Docker",
    "52:54:00:": "KVM or QEMU",
    "00:16:3e:": "Xen or LXC",
    "00:05:69:": "VMware",
    "00:0c:29:": "VMware",
    "00:1c:14:": "VMware",
    "00:50:56:": "VMware",
    "00:15:5d:": "Hyper-V",
    "bc:24:11:": "Proxmox VE",
    "08:00:27:": "VirtualBox",
    "0a:00:27:": "VirtualBox",
    "00:1c:42:": "Parallels",
    "fa:16:3e:": "OpenStack",
    "50:6b:8d:": "Nutanix AHV",
    "0a:58:": "Kubernetes CNI",
    "58:9c:fc:": "bhyve or a FreeBSD jail",
}
"""By the three octets (or two) its addresses begin with, the product that makes them; not all are registered."""


def platform(address: str) -> str | None:
    """The product whose virtual machines or containers bear such addresses; None for other hardware.

    The first `TELLING` characters of an address are enough.

    >>> platform("02:42:ac:11:00:02")
    'Docker'
    """
    return _PLATFORMS.get(address[:TELLING]) or _PLATFORMS.get(address[:6])


def kind(address: str) -> str:
    """`virtual` for a known platform's address, `random` for another locally administered one, else `universal`.

    A random address is no stable key: phones and laptops make a new one for each network, or each fortnight. The first
    `TELLING` characters of an address are enough.

    >>> kind("da:a1:19:00:00:01"), kind("00:11:32:00:00:08")
    ('random', 'universal')
    """
    if platform(address) is not None:
        return VIRTUAL
    return RANDOM if int(address[:2], 16) & _LOCAL_BIT else UNIVERSAL

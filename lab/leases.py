"""What Kea holds in the lab: the captured leases and configuration, made the lab's own on its first start.

The capture's clock is moved to the lab's first start and written down, so that a census minutes later sees the same
leases. Devices that were there then renew at half their lease's time, as clients do; the others stay as they are.
"""

import ipaddress
from typing import Any

from lab.folder import DATA, Folder, read_json, write_json

Lease = dict[str, Any]

CAPTURED_AT = 1795387289  # the clock of data/lease4-get-all.json
INFINITE_S = 4294967295
K8S_SUBNET_ID = 2  # 10.0.20.0/24, where DDNS is off
DOMAIN = "viktorbarzin.lan"


def lay_out(folder: Folder, kea_socket: str, now: float) -> None:
    """Write the lab's leases and Kea's configuration, unless they are there from an earlier start."""
    if not folder.leases.exists():
        write_json(folder.leases, {"as_of": int(now), "leases": first_leases(int(now))})
    config = read_json(folder.kea_config) if folder.kea_config.exists() else read_json(DATA / "config-get.json")
    dhcp4 = config.get("Dhcp4") or _first_config(config)["Dhcp4"]
    dhcp4["control-socket"]["socket-name"] = kea_socket
    write_json(folder.kea_config, {"Dhcp4": dhcp4})


def _first_config(answer: dict[str, Any]) -> dict[str, Any]:
    """The captured configuration with DDNS off for the k8s subnet, as a save in pfSense's GUI leaves it."""
    config: dict[str, Any] = answer["arguments"]
    for subnet in config["Dhcp4"]["subnet4"]:
        if subnet["id"] == K8S_SUBNET_ID:
            subnet["ddns-send-updates"] = False
    return config


def first_leases(now: int) -> list[Lease]:
    """The captured leases and the awkward ones of data/odd-leases.json, by address, their times moved to `now`."""
    captured = read_json(DATA / "lease4-get-all.json")["arguments"]["leases"]
    moved = [{**lease, "cltt": lease["cltt"] + now - CAPTURED_AT} for lease in captured]
    odd = [{**lease, "cltt": now - lease.pop("age_s")} for lease in read_json(DATA / "odd-leases.json")]
    leases = [_without_ddns(lease) if lease["subnet-id"] == K8S_SUBNET_ID else lease for lease in moved + odd]
    return sorted(leases, key=lambda lease: int(ipaddress.IPv4Address(lease["ip-address"])))


def _without_ddns(lease: Lease) -> Lease:
    """The lease as Kea keeps it where DDNS is off: the name bare, as the client sent it in option 12."""
    bare = str(lease["hostname"]).removesuffix(f".{DOMAIN}")
    return {**lease, "hostname": bare, "fqdn-fwd": False, "fqdn-rev": False}


def as_of(held: dict[str, Any], now: float) -> list[Lease]:
    """The leases in `held` at `now`: each one active when the file was written has since been renewed at half time."""
    return [_renewed(lease, held["as_of"], int(now)) for lease in held["leases"]]


def _renewed(lease: Lease, since: int, now: int) -> Lease:
    lifetime = lease["valid-lft"]
    if lifetime == INFINITE_S or not is_active(lease, since) or now <= lease["cltt"]:
        return lease
    half_time = lifetime // 2
    return {**lease, "cltt": lease["cltt"] + (now - lease["cltt"]) // half_time * half_time}


def is_active(lease: Lease, now: float) -> bool:
    """Whether the lease is assigned and runs at `now`: neither declined nor reclaimed nor over."""
    return bool(lease["state"] == 0 and lease["cltt"] + lease["valid-lft"] > now)

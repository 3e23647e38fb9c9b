"""The systems outside: declared so that the lineage runs from the firewall's lease to the record in DNS."""

import dagster as dg

from pipelines.gateways import SYSTEMS
from pipelines.network import Network


def source(*parts: str) -> dg.AssetKey:
    """The key of a system that is read, such as source/kea_sofia; the UI shows the last part only."""
    return dg.AssetKey(["source", _part("_".join(parts))])


def target(*parts: str) -> dg.AssetKey:
    """The key of a system that is written, such as target/zone_example_lan."""
    return dg.AssetKey(["target", _part("_".join(parts))])


def _part(text: str) -> str:
    return text.rstrip(".").replace(".", "_").replace("-", "_")


def external_assets(network: Network) -> list[dg.AssetSpec]:
    """Every gateway, zone and database of network.toml, as what is read and as what is written."""
    read = [
        _spec(source(system, name), "sources", f"{SYSTEMS[system]} of {gateway.host} ({name}).", "ssh")
        for name, gateway in network.gateways.items()
        for system in gateway.systems
    ]
    read += [
        _spec(source(one.kind, name), "sources", f"{one.meaning} (sources.{name}).", "file")
        for name, one in network.sources.listed.items()
    ]
    read.append(
        _spec(source("phpipam"), "sources", "phpIPAM's subnets and addresses, as the census finds them.", "mysql")
    )
    read += [
        _spec(source("zone", zone), "sources", f"The zone {zone} as the census finds it.", "dns")
        for zone in network.dns.zones
    ]
    written = [
        _spec(target("phpipam"), "targets", "phpIPAM's addresses, as the census leaves them.", "mysql", "ipam_receipt")
    ]
    written += [
        _spec(target("zone", zone), "targets", f"The zone {zone} as the census leaves it.", "dns", "dns_receipt")
        for zone in network.dns.zones
    ]
    return [*read, *written]


def _spec(key: dg.AssetKey, group: str, description: str, kind: str, *deps: str) -> dg.AssetSpec:
    return dg.AssetSpec(key, group_name=group, description=description, kinds={kind}, deps=list(deps))

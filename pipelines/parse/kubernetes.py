"""Kubernetes' services that have addresses of their own (type LoadBalancer) as `tables.SERVICES`.

Source: `kubectl get svc -A -o json`, or GET /api/v1/services (core/v1 ServiceList; ServiceStatus.loadBalancer).
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.network import Network
from pipelines.parse.parsed import Parsed, Rejects
from pipelines.parse.places import site_of
from pipelines.snapshots import EVERYWHERE, Snapshot
from pipelines.values import host_name, ip, is_below

ANNOTATION = "external-dns.alpha.kubernetes.io/hostname"
"""Where external-dns looks for names: one, or several behind commas."""
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")  # RFC 1123, as Kubernetes has it


def essence(answer: bytes) -> bytes:
    """A list of services cut down to what is used of it, always in the same order, as JSON.

    The rest changes by the minute (resourceVersion), is large, and is nobody's business for the years that snapshots
    are kept. Raises `ValueError` when the answer is not all of a list of services.
    """
    read = _list(answer)
    if _at(read, "metadata", "continue"):
        raise ValueError("it is one page of several")
    kept = [
        _kept(item)
        for item in read["items"]
        if _at(item, "spec", "type") == "LoadBalancer" or not isinstance(item, dict)
    ]
    return json.dumps({"items": sorted(kept, key=json.dumps)}, sort_keys=True).encode() + b"\n"


def _list(answer: bytes) -> dict[str, Any]:
    """The answer, whose `items` are a list. Raises `ValueError`."""
    try:
        read = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is cut or no JSON ({error!s:.80})") from None
    is_list = isinstance(read, dict) and read.get("kind") in ("List", "ServiceList", None)
    if not is_list or not isinstance(read.get("items"), list):
        raise ValueError("it is no list of services")
    return dict(read)


def _kept(item: object) -> object:
    if not isinstance(item, dict):
        return item
    annotation = _at(item, "metadata", "annotations", ANNOTATION)
    names = {key: _at(item, "metadata", key) for key in ("namespace", "name")}
    return {
        "metadata": {**names, "annotations": {} if annotation is None else {ANNOTATION: annotation}},
        "status": {"loadBalancer": {"ingress": _at(item, "status", "loadBalancer", "ingress")}},
    }


def _at(value: object, *path: str) -> Any:
    """What stands at a path of keys; None where the path ends before."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def parse(snapshot: Snapshot, network: Network) -> Parsed:
    """A row for each address of each service. One that has none yet, or a host name in its place, has no row.

    An address in no subnet of ours, or in one of which this cluster does not tell, is at site `*`. Raises `ParseError`.
    """
    try:
        items = _list(snapshot.content)["items"]
    except ValueError as error:
        raise ParseError(
            snapshot.source, f"cannot be read: {error}", "Ask again: `kubectl get svc -A -o json`"
        ) from None
    rejects = Rejects(snapshot)
    rows: dict[tuple[object, ...], tuple[object, ...]] = {}
    for line, item in enumerate(items, start=1):
        try:
            for row in _rows(snapshot, item, network):
                rows[row[2:5]] = row
        except ValueError as error:
            rejects.add(line, error, item)
    return Parsed(tables.SERVICES.rows(list(rows.values())), rejects.table())


def _rows(snapshot: Snapshot, item: object, network: Network) -> Iterator[tuple[object, ...]]:
    """The rows of one service. Raises `ValueError` for what cannot be."""
    namespace, service = _label(item, "namespace"), _label(item, "name")
    ingress = _at(item, "status", "loadBalancer", "ingress") or []
    if not isinstance(ingress, list):
        raise ValueError("ingress is no list")  # noqa: TRY004 - the row's fault like any other
    for text in filter(None, (_at(one, "ip") for one in ingress)):
        address = ip(str(text))
        site = site_of(address, network)
        if site not in network.told_by(snapshot.source):
            site = None
        named = _annotated(item, network)
        hostname = named or f"{service}-{namespace}"
        yield site or EVERYWHERE, snapshot.source, address, namespace, service, hostname, named is not None


def _label(item: object, key: str) -> str:
    label = _at(item, "metadata", key)
    if not isinstance(label, str) or not _LABEL.match(label):
        raise ValueError(f"metadata.{key} is {label!r:.80}, no name of Kubernetes'")
    return label


def _annotated(item: object, network: Network) -> str | None:
    """The first name in our domain that the service asks external-dns for; None where there is none."""
    text = _at(item, "metadata", "annotations", ANNOTATION)
    for name in text.split(",") if isinstance(text, str) else ():
        try:
            full = host_name(name, "")
        except ValueError:  # a wildcard, or no host name: external-dns may have its use for it
            continue
        if is_below(full, network.domain) and full != network.domain:
            return full.rstrip(".")
    return None

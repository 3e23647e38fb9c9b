"""The tables of the sources beside the gateways (docs/adding-a-source.md): also of the stage parse."""

from pipelines import contract
from pipelines.contract import FLAG, INTEGER, Column, Table
from pipelines.tables.columns import IP, MAC, OWNER, RR_TYPE, SITE, SOURCE, optional, text

HOSTS = Table(
    "hosts",
    "one host that a person lists, with its address and name",
    (
        SITE,
        SOURCE,
        IP,
        text("hostname", "its name, as the list has it"),
        MAC,
        optional("comment", "what the list says about it, for people"),
    ),
    key=("source", "ip"),
)
SERVICES = Table(
    "services",
    "one address of one Kubernetes service",
    (
        SITE,
        SOURCE,
        IP,
        text("namespace", "the service's namespace"),
        text("service", "its name there"),
        text("hostname", "the name its address should bear: its annotation's in our domain, else service-namespace"),
        Column("is_annotated", FLAG, "whether the name is its annotation's"),
    ),
    key=("source", "ip", "namespace", "service"),
)
OUTSIDE_RECORDS = Table(
    "outside_records",
    "one resource record of a zone that somebody else publishes: evidence, never written to",
    (
        SOURCE,
        optional(
            "zone",
            "the zone's apex, absolute; null where it is not known",
            pattern=contract.ABSOLUTE,
        ),
        OWNER,
        RR_TYPE,
        optional("ttl_s", "the TTL; null where the file has none", INTEGER),
        text("rdata", "the record data in presentation form, names absolute and lower-case"),
    ),
    key=("source", "owner", "type", "rdata"),
)

"""The tables of the sources beside the gateways (docs/adding-a-source.md): also of the stage parse."""

from pipelines.contract import Table
from pipelines.tables.columns import IP, MAC, SITE, SOURCE, optional, text

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

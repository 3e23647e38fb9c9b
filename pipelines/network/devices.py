"""What network.toml says of devices: which interfaces a person knows to be one device, or two."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from pipelines.gateways import Part
from pipelines.values import Mac, mac


def _several(macs: tuple[Mac, ...]) -> tuple[Mac, ...]:
    if len(set(macs)) < 2 or len(set(macs)) < len(macs):  # noqa: PLR2004 - one alone has nothing to be joined with
        raise ValueError(f"{', '.join(macs) or 'an empty list'}: write two or more different MACs")
    return macs


Macs = Annotated[tuple[Annotated[str, AfterValidator(mac)], ...], AfterValidator(_several)]


class Devices(Part):
    """Interfaces that are one device (`merge`), and such as never are (`split`), whatever the evidence says.

    From `proxy_arp_addresses` on, a MAC that answers for so many addresses on one interface of the gateway is a proxy.
    """

    merge: tuple[Macs, ...] = ()
    split: tuple[Macs, ...] = ()
    proxy_arp_addresses: Annotated[int, Field(ge=3, le=65536)] = 16

    @model_validator(mode="after")
    def _do_not_contradict_each_other(self) -> Self:
        for apart in self.split:
            joined = next((together for together in _merged(self.merge) if len(together & set(apart)) > 1), None)
            if joined is not None:
                both = ", ".join(sorted(joined & set(apart)))
                raise ValueError(f"split: {both} are one device by `merge`; take them out of one of the two")
        return self


def _merged(lists: tuple[Macs, ...]) -> list[set[str]]:
    """The lists as sets, those that share a MAC made one."""
    found: list[set[str]] = []
    for macs in lists:
        touching = [one for one in found if one & set(macs)]
        found = [one for one in found if one not in touching] + [set(macs).union(*touching)]
    return found

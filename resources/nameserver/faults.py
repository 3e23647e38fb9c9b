"""What a name server's refusals mean and what to do about each: the codes of RFC 1035, 2136 and 8945 in plain words."""

_WRITE = (
    "Allow updates signed by key {key}: in BIND `update-policy {{ grant {key} zonesub A AAAA PTR DHCID; }};`, in "
    "Technitium the zone's Options, Dynamic Updates, with a security policy of key {key}, domain *.{zone}, types A, "
    "AAAA, PTR, DHCID. A secondary of {zone} refuses too: [dns] server must be its primary"
)
_READ = (
    "Check that {zone} stands on this very server, and allow key {key} to query and transfer it (BIND `allow-transfer "
    "{{ key {key}; }};`, Technitium the zone's Options, Zone Transfer)"
)
_KEY = "Compare name, secret and algorithm of key {key} in network.toml and NETCENSUS_TSIG_SECRET with the server's"
_CLOCK = "Check NTP on both: the clocks of this machine and of the name server differ by more than 300 s"
_PRIMARY = "Point [dns] server at the primary of {zone}, and check that the zone is not disabled there"

_TSIG = {
    "BADKEY": ("does not know key {key} with this algorithm (BADKEY)", _KEY),
    "BADSIG": ("says that key {key} has another secret (BADSIG)", _KEY),
    "BADTIME": ("says that our clock is wrong (BADTIME)", _CLOCK),
    "BADTRUNC": ("wants a longer signature (BADTRUNC)", _KEY),
}
_QUERY = {
    "REFUSED": ("refuses {zone} (REFUSED): it is not hosted there, or key {key} may not read it", _READ),
    "NOTAUTH": ("is not authoritative for {zone} (NOTAUTH)", _PRIMARY),
    "SERVFAIL": ("cannot serve {zone} (SERVFAIL)", "Look into the server's log: the zone did not load or has expired"),
}
_UPDATE = {
    "REFUSED": ("refuses updates of {zone} (REFUSED)", _WRITE),
    "NOTAUTH": ("is not the primary of {zone} (NOTAUTH)", _PRIMARY),
    "NOTZONE": (
        "says that a name is not in {zone} (NOTZONE)",
        "List the deeper zone that holds it under [dns] zones, so that the name is written there",
    ),
    "FORMERR": ("cannot read the update of {zone} (FORMERR)", "Report it, with the plan and the server's version"),
    "SERVFAIL": (
        "failed to update {zone} (SERVFAIL)",
        "Look into the server's log; BIND says so above max-records-per-type and when its journal cannot be written",
    ),
}
_OTHER = ("answers {word} for {zone}", "Look into the server's log")
ACCESS = frozenset(_TSIG) - {"BADTIME"}


def of_query(word: str, zone: str, key: str) -> tuple[str, str]:
    """Fault and remedy of a query or transfer that was answered with `word`."""
    return _said(_QUERY | _TSIG, word, zone, key)


def of_update(word: str, zone: str, key: str) -> tuple[str, str]:
    """Fault and remedy of an update that was answered with `word`."""
    return _said(_UPDATE | _TSIG, word, zone, key)


def _said(table: dict[str, tuple[str, str]], word: str, zone: str, key: str) -> tuple[str, str]:
    fault, remedy = table.get(word, _OTHER)
    facts = {"word": word, "zone": zone.rstrip("."), "key": key.rstrip(".")}
    return fault.format(**facts), remedy.format(**facts)


LOST = {
    "YXDOMAIN": "a record stands at the name by now (in Technitium it may be a disabled one, which no query shows)",
    "YXRRSET": (
        "by now such a record (in Technitium perhaps a disabled one, which no query shows), a CNAME or a DHCID stands "
        "at the name"
    ),
    "NXRRSET": (
        "the records no longer read as planned (Technitium before 15.2 also says so of records its web API made, until "
        "it is restarted, where a TTL would change too; and of those beside a disabled one, which no query shows)"
    ),
    "NXDOMAIN": "the name is gone",
}
"""The answers of a prerequisite that does not hold (RFC 2136 section 2.4), in a person's words."""

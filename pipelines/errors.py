"""Everything that can go wrong, as a tree. Each error names the thing, the place and the remedy.

NetcensusError
├── ConfigError           network.toml or the environment is wrong          -> mend it, nothing was contacted
├── SourceUnavailable     could not look: "not there" must not be concluded -> what rests on it is frozen
│   ├── HostKeyRejected   the gateway's host key is unknown or has changed
│   └── AccessDenied      the credentials were refused
├── PlanRefused           a guard was met, or no guard has looked          -> a person lets it through, or mends it
├── ParseError            looked, but the answer cannot be read             -> as SourceUnavailable
├── HourLost              nothing of an hour is archived, or no longer     -> leave that hour out
├── StateError            our own archive, tables or ledger cannot be written -> nothing is sent without a record
└── TargetError           a target cannot be written
    ├── PreflightFailed   found out before the first write
    └── OutcomeUnknown    no answer came back: it must be read again before deciding
"""


class NetcensusError(Exception):
    """What every error of ours shares: a place, a fault and a remedy, in one line.

    `place` is a file, host or table; `fault` says what is wrong there; `remedy` is the first thing to try.
    What cannot be printed stands in it as its escape: a fault may repeat a server's words, and a terminal, a log or
    a mail header would obey them (rule R11).
    """

    def __init__(self, place: str, fault: str, remedy: str) -> None:
        said = f"{place}: {fault}. {remedy}"
        super().__init__("".join(one if one.isprintable() else ascii(one)[1:-1] for one in said))
        self.place = place
        self.fault = fault
        self.remedy = remedy


class ConfigError(NetcensusError):
    """`network.toml` or the environment is missing something, or holds what cannot be."""


class SourceUnavailable(NetcensusError):
    """A source could not be looked at. This is never the same as an empty source (rule R1)."""


class HostKeyRejected(SourceUnavailable):
    """A gateway showed a host key that is not the pinned one, or none is pinned."""


class AccessDenied(SourceUnavailable):
    """A source or target refused our credentials. Not retried: gateways block hosts that keep trying."""


class ParseError(NetcensusError):
    """An answer came, but it is not what its format says; the whole answer is then worth nothing."""


class PlanRefused(NetcensusError):
    """A plan would change more than it may, or nobody has judged it. Nothing was sent (rule R8)."""


class HourLost(NetcensusError):
    """An hour cannot be replayed: nobody read anything in it, or what was read is kept no longer."""


class StateError(NetcensusError):
    """Our own archive, tables or ledger cannot be written or read: its disk is full, or its database is away."""


class TargetError(NetcensusError):
    """A target refused a write, or cannot be reached for one."""


class PreflightFailed(TargetError):
    """The target is not what it must be (version, column, grant, zone). Nothing has been written."""


class OutcomeUnknown(TargetError):
    """A write was sent and no answer came back. It may or may not have taken effect: read again (rule R6)."""

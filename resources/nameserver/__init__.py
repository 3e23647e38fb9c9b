"""The primary name server over DNS: read by SOA and AXFR, written by dynamic update (RFC 2136), signed by TSIG."""

from resources.nameserver.limits import Limits
from resources.nameserver.serials import Serials
from resources.nameserver.server import NameServer
from resources.nameserver.soa import Soa

__all__ = ["Limits", "NameServer", "Serials", "Soa"]

"""A stand-in for Technitium's DNS server, in the tests' own process: only what differs from BIND, as its source has it.

Technitium itself is not run here. What the stand-in does is read from the source of 14.3 (and 15.2 where that differs);
each rule names the paragraph of our notes on it. It writes nothing to disk.
"""

from tests.services.technitium.records import TechnitiumZone
from tests.services.technitium.server import Secondary, Technitium, running_technitium, secondary_of

__all__ = ["Secondary", "Technitium", "TechnitiumZone", "running_technitium", "secondary_of"]

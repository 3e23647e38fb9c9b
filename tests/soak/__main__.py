"""`python -m tests.soak --minutes 10`: both soaks on servers of their own, and what came out of them."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.conftest import ZONES
from tests.scenarios.real_world import RealNetwork, real_network
from tests.services.bind import running_bind
from tests.services.kea import running_kea
from tests.services.mariadb import running_mariadb
from tests.services.openssh import running_sshd
from tests.services.programs import missing_packages
from tests.soak.runner import Soak


@contextmanager
def servers() -> Iterator[RealNetwork]:
    """Kea, BIND, MariaDB and OpenSSH, started for this alone."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="netcensus-soak-")))
        kea = stack.enter_context(running_kea(stack.enter_context(running_bind(ZONES))))
        database = stack.enter_context(running_mariadb()).database()
        ssh = stack.enter_context(running_sshd())
        ssh.restore()
        yield real_network(folder / "own", kea, database, ssh)


def main() -> int:
    """Exit status 1 when anything was not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--person", choices=["with", "without", "both"], default="both")
    options = parser.parse_args()
    if missing := missing_packages(["bind", "kea", "mariadb", "sshd"]):
        sys.stderr.write(f"Not installed: apt-get install {' '.join(missing)}\n")
        return 2
    wanted = {"with": [True], "without": [False], "both": [False, True]}[options.person]
    return max(_one(options.minutes, options.seed, has_person=person) for person in wanted)


def _one(minutes: float, seed: int, *, has_person: bool) -> int:
    with servers() as network:
        outcome = Soak(network, minutes * 60, seed, has_person).run()
    who = "Kea's D2, netcensus and a person" if has_person else "Kea's D2 and netcensus"
    sys.stdout.write(f"\n{who}, seed {seed}: {outcome}\n")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""`netcensus who`, asked as an operator asks it: who held an address at a time that somebody looked."""

import json
import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from tests.scenarios.world import World
from tests.soak.day.truth import Holders

_AFTER = timedelta(minutes=2)  # by then the census that looked is over


def wrong_answers(
    world: World, looks: Iterable[tuple[datetime, Holders]], chance: random.Random, count: int
) -> Iterator[str]:
    """Questions, drawn from all that was seen, which the command answers with another device or name."""
    seen = [(at, ip, who) for at, held in looks for ip, who in held.items()]
    for at, ip, who in chance.sample(seen, count):
        asked = world.command("who", ip, "--at", (at + _AFTER).isoformat(), "--json")
        rows = json.loads(asked.stdout)["rows"] if asked.returncode == 0 else []
        if [(row["mac"], row["name"]) for row in rows] != [who]:
            yield f"who {ip} at {at}: was {who}, the answer is {rows or asked.stderr}"

"""`netcensus who`, asked as an operator asks it: who held an address at a time that somebody looked."""

import json
import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from tests.scenarios.world import World
from tests.soak.day.truth import Holders

_QUESTIONS = 5


def wrong_answers(
    world: World, looks: Iterable[tuple[datetime, Holders]], chance: random.Random, slack: timedelta
) -> Iterator[str]:
    """Questions, drawn from all that was seen, which the command answers with another device or name.

    A census looks at most `slack` after its begin.
    """
    seen = [(at, ip, who) for at, held in looks for ip, who in held.items()]
    for at, ip, who in chance.sample(seen, _QUESTIONS):
        asked = world.command("who", ip, "--at", (at + slack).isoformat(), "--json")
        rows = json.loads(asked.stdout)["rows"] if asked.returncode == 0 else []
        if [(row["mac"], row["name"]) for row in rows] != [who]:
            yield f"who {ip} at {at}: was {who}, the answer is {rows or asked.stderr}"

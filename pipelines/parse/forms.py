"""Whether many texts are each of one canonical form, asked once of all: a tenth of what asking each of them costs."""

import re
from collections.abc import Sequence

from pipelines.values import CANONICAL_IPV4, CANONICAL_MAC


def _of_many(form: str) -> re.Pattern[str]:
    """The form of many texts with a comma behind each, and none inside.

    What matched is never given back (`*+`): a million texts would be as many places to come back to.
    """
    return re.compile(rf"(?:(?:{form}),)*+")


IPV4 = _of_many(CANONICAL_IPV4)
MAC = _of_many(CANONICAL_MAC)
MAC_OR_EMPTY = _of_many(rf"(?:{CANONICAL_MAC})?")
OCTETS_OR_EMPTY = _of_many(r"(?:[0-9a-f]{2}(?::[0-9a-f]{2})*)?")


def have_form(texts: Sequence[str], form: re.Pattern[str]) -> bool:
    """Whether every text has the form that is given here."""
    joined = ",".join([*texts, ""])
    return form.fullmatch(joined) is not None and joined.count(",") == len(texts)

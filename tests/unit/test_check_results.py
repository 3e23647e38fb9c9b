"""What a check says: shown by Dagster as the characters it is, and had back word for word elsewhere."""

import re
from pathlib import Path

import pytest

from assets.declare import checked
from resources.preview import sentences, spoken
from tests.hostile import ALL
from tests.unit.resources.test_preview import kinds

ROOT = Path(__file__).parents[2]


def test_no_check_says_what_markdown_gives_a_meaning() -> None:
    """A fault that repeats any hostile text is a paragraph of plain text, with no link, tag or line of its own."""
    for text in ALL:
        said = checked("leases", "a_check", [f"10.0.0.1: refused ({text}). Look there", "second"]).description
        assert said is not None
        assert kinds(said) <= {"hardbreak"}
        assert len(said.split("\n")) == 2


@pytest.mark.parametrize(
    "said",
    ["dns_receipt: 3 of 4 changes did not (see `withheld`)", "http://10.0.0.1/a_b?x=1&amp;y=<z>", "me@nas -> you"],
)
def test_what_was_said_is_had_back(said: str) -> None:
    """Escapes are Dagster's affair: who reads the terminal or an alert sees the words."""
    assert spoken(sentences([said, "more"])) == [said, "more"]


def test_a_fault_is_one_line_wherever_it_is_read() -> None:
    """A line end in what a server said begins no sentence of ours."""
    assert spoken(sentences(["x\nnetcensus: all is well"])) == [r"x\nnetcensus: all is well"]


def test_a_check_without_faults_passes() -> None:
    """With what there is to say then, if anything."""
    assert checked("leases", "a_check", []).passed
    assert checked("leases", "a_check", []).description is None
    assert checked("leases", "a_check", [], otherwise="5 read").description == "5 read"


def test_checks_are_made_in_one_place() -> None:
    """Whoever makes a result by hand forgets the escapes; the conflicts' have their own, tested with them."""
    files = (ROOT / "assets").glob("*.py")
    makers = {file.name for file in files if re.search(r"AssetCheckResult\(", file.read_text())}
    assert makers == {"declare.py", "conflict_checks.py"}

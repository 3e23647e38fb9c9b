"""Counts beside their nouns."""

from pipelines.counted import counted


def test_one_is_one_and_all_else_are_many() -> None:
    """As in English: of nothing there are many; a word that ends in a hiss gets a syllable more."""
    assert [counted(number, "row") for number in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert [counted(2, one) for one in ("census", "address", "other zone")] == [
        "2 censuses",
        "2 addresses",
        "2 other zones",
    ]

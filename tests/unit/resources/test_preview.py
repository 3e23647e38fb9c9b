"""What the UI shows: hostile text stays text."""

import html
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from resources.preview import MOST_BYTES, MOST_CHARACTERS, MOST_ROWS, inert, markdown, verbatim

NASTY = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "&lt;b&gt;", "a|b", "a\\|b", "`code`", "``x",
    "**bold**", "_em_", "~~gone~~", "[x](javascript:alert(1))", "![x](http://evil/x.png)", "[x]: http://evil",
    "<http://evil>",
    "http://evil.com", "HTTPS://EVIL.com/a_b", "www.evil.com", "me@evil.com", "mailto:me@evil.com", "# head",
    "> quote", "- item", "1. item", "---", "===", "| a | b |\n|---|---|", "two\nlines", "\r\n\r\n# head", "    code",
    "\tcode",
    "\\", "\\\\`", "[^1]", "[ ] task", ":smile:", "$x$", "&copy;", "&#60;script&#62;", "]]>", "<!-- -->", "<?php ?>",
]  # fmt: skip
LINK = re.compile(r"https?://|www\.|(?<=[-.\w+])@(?=[-\w])", re.IGNORECASE)
"""What GFM makes a link of in text whose entities are resolved already (mdast-util-gfm-autolink-literal)."""
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HARMLESS = {
    "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open", "tr_close",
    "th_open", "th_close", "td_open", "td_close", "paragraph_open", "paragraph_close", "inline", "text", "text_special",
}  # fmt: skip


def kinds(text: str) -> set[str]:
    """What a Markdown renderer makes of a text, beside tables, paragraphs and plain text."""
    tokens = MARKDOWN.parse(text)
    return {token.type for one in tokens for token in (one, *(one.children or []))} - HARMLESS


@pytest.mark.parametrize("text", NASTY)
def test_no_markup_survives(text: str) -> None:
    """A cell of any nasty text is read back as that text, with no tag, link, image, emphasis or row of its own."""
    page = markdown(pd.DataFrame({"a": [text], "b": ["next"]}))
    assert kinds(page) == set()
    assert len(page.split("\n")) == 3
    assert not LINK.search(html.unescape(inert(text)))


@given(st.text(st.characters(exclude_categories=[]), max_size=60))
def test_no_text_at_all_becomes_markup(text: str) -> None:
    """Whatever the text, there is one row of two cells, nothing but text in it, and it can be written as UTF-8."""
    page = markdown(pd.DataFrame({"a": [text], "b": ["next"]}))
    assert kinds(page) == set()
    assert page.encode().count(b"\n") == 2
    assert sum(token.type == "td_open" for token in MARKDOWN.parse(page)) == 2
    assert not LINK.search(html.unescape(inert(text)))


@pytest.mark.parametrize(
    "text", ["\u202egnp.exe", "a\u200bb", "\x1b[31mred", "\0", "\u2066x\u2069", "\ufeff", "\ud800", "\x9b"]
)
def test_what_cannot_be_seen_is_shown(text: str) -> None:
    """Control, zero-width and bidirectional characters and half surrogate pairs stand as their escapes."""
    shown = html.unescape(inert(text))
    assert shown.isprintable()
    assert "\\" in shown


def test_plain_values_stay_readable() -> None:
    """Numbers, flags and instants as they are, nulls as a dash."""
    at = pd.Timestamp("2026-03-01T12:00:00Z")
    assert html.unescape(inert(at)) == "2026-03-01 12:00:00+00:00"
    assert [inert(value) for value in (None, pd.NA, float("nan"), pd.NaT)] == ["–"] * 4  # noqa: RUF001 - the dash itself
    assert [inert(value) for value in (7, True)] == ["7", "True"]


def test_no_more_than_twenty_rows_are_shown() -> None:
    """The rest is counted."""
    page = markdown(pd.DataFrame({"a": range(50)}))
    assert page.count("\n| ") == MOST_ROWS + 1
    assert page.endswith("… and 30 more")


@pytest.mark.parametrize("character", ["x", "|", "\N{GRINNING FACE}", "\0"])
def test_no_more_than_ten_kilobytes_are_shown(character: str) -> None:
    """Long cells are cut, so that one of them neither fills the page nor hides the other rows."""
    page = markdown(pd.DataFrame({name: [character * 70_000] * 30 for name in "abcd"}))
    assert len(page.encode()) <= MOST_BYTES
    assert page.count("\n| ") > 2
    assert re.search(r"and \d+ more", page)


def test_a_cut_cell_says_so() -> None:
    """An ellipsis stands where text was left out."""
    assert inert("x" * 1000) == "x" * (MOST_CHARACTERS - 1) + "…"


def test_an_empty_table_shows_its_columns() -> None:
    """Empty is a normal case."""
    assert markdown(pd.DataFrame({"a": [], "b": []})) == "| a | b |\n| --- | --- |"


def test_lines_of_ours_are_shown_as_code_and_cut_at_a_line() -> None:
    """Every line is indented, so that no renderer gives it a meaning; what is left out is said."""
    shown = verbatim("\n".join(["# a heading", "<b>bold</b>"] + ["x" * 80] * 200)).splitlines()
    assert shown[:2] == ["    # a heading", "    <b>bold</b>"]
    assert all(line.startswith("    ") for line in shown)
    assert len("\n".join(shown)) <= MOST_BYTES
    assert "netcensus why" in shown[-1]

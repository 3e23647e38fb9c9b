"""Hostile names: what a client, a careless person or an attacker may put wherever a host name can stand (rule R11).

One corpus for every door and every exit. `MATRIX` is what real clients sent to a real Kea and a real dnsmasq, and what
each made of it; `NAMES` is by intent; `names` makes any number of others out of both, the same in every run.
"""

import json
import random
from pathlib import Path

_FIXTURE = Path(__file__).parent / "fixtures" / "hostile" / "hostname_matrix.json"
_ROWS = json.loads(_FIXTURE.read_text(encoding="utf-8"))
MATRIX = tuple(
    dict.fromkeys(
        text
        for row in _ROWS
        for text in (bytes.fromhex(row["sent_hex"]).decode("utf-8", "replace"), row["kea_plain"], row["dnsmasq"])
        if text
    )
)
OTHERS = ("nas", "NAS", "nas.example.lan", "nas.example.lan.", "printer", "laptop.cabin.example.lan", "door", "desk")
"""Names of the honest devices of tests/properties/test_hostile_names.py, which every client may claim as well."""
NAMES: dict[str, tuple[str, ...]] = {
    "html": (
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><svg onload=alert(1)>',
        "' onmouseover='x",
        "</title><script>x</script>",
        "<!-- -->",
        "&lt;b&gt;",
        "&#60;script&#62;",
        "javascript:alert(1)",
        "<b>bold",
        "]]>",
        "<?php system('id') ?>",
        "{{7*7}}",
        "${7*7}",
        "<iframe src=//evil.example>",
    ),
    "sql": (
        "'; DROP TABLE ipaddresses; -- ",
        "x' OR '1'='1",
        "\\'; DELETE FROM changelog; #",
        "1); UPDATE users SET role=1",
        "%s",
        "%(host)s",
        ":bind",
        "?",
        "x\\",
        "`id`",
        "0x6e6173",
        "admin'/*",
        "NULL",
        "\u02bc; DROP TABLE x",
    ),
    "markdown": (
        "[x](javascript:alert(1))",
        "[x](//evil.example)",
        "![x](http://evil.example/x.png)",
        "<http://evil.example>",
        "http://evil.example/a_b",
        "www.evil.example",
        "me@evil.example",
        "[x]: http://evil.example",
        "# head",
        "**b**",
        "~~gone~~",
        "a|b",
        "a\\|b",
        "``x",
        "```\nx\n```",
        "---",
        "| a |\n|---|",
        "> quote",
        "1. item",
        "[^1]",
        ":smile:",
        "<!channel>",
        "<http://evil.example|click>",
        "@channel",
        "@all",
    ),
    "terminal": (
        "\x1b[2J\x1b[H",
        "\x1b]0;owned\x07",
        "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
        "\x9b31m",
        "\x08\x08\x08ok",
        "\x1b[1A\x1b[2Kall is well",
        "\r all is well",
        "\x07",
        "\x1bP1;1|x\x1b\\",
        "\x7f",
        "\x0e",
        "\x85",
    ),
    "csv": (
        "=1+1",
        "=cmd|'/c calc'!A0",
        "@SUM(1)",
        "+1",
        "-1",
        "\t=1",
        "a,b",
        'a"b',
        "a;b",
        '=HYPERLINK("//evil.example")',
    ),
    "lines": (
        "a\r\nnetcensus: FORGED",
        "a\nnetcensus: FORGED",
        "x\r\nBcc: all@evil.example",
        "a\x0bFORGED",
        "a\x0cFORGED",
        "a\u2028FORGED",
        "a\u2029FORGED",
        "a\n0 02:00:00:00:00:01 10.0.0.5 nas *",
        "a\r\n[owner]: b => c",
        "\n",
        "\0",
        "a\0b",
    ),
    "unseen": (
        "\u202egnp.exe",
        "\u2066x\u2069",
        "n\u200bas",
        "nas\u200d",
        "\ufeffnas",
        "\xadnas",
        "\u061cx",
        "\u180ex",
        "\U000e0041x",
    ),
    "alike": (
        "n\u0430s",
        "\uff4e\uff41\uff53",
        "\u212aea",
        "na\u017f",
        "xn--ns-7kc",
        "xn--",
        "xn--\u0430",
        "\u00f1as",
        "NA\u0131",
        "\U0001d5fb\U0001d5ee\U0001d600",
    ),
    "dns": (
        ".",
        "..",
        "*",
        "*.example.lan",
        "@",
        "$ORIGIN evil.",
        "$INCLUDE /etc/passwd",
        "a\\.b",
        "a\\046b",
        "\\000",
        "a..b",
        ".nas",
        "nas.",
        "nas..",
        "-nas",
        "nas-",
        "_ldap._tcp",
        "_dmarc",
        "a b",
        "example.lan",
        "example.lan.",
        "0.0.10.in-addr.arpa",
        "nas.example.lan.evil.example",
        "evil.example.",
        "nas.example.org",
        'x TXT "v=spf1"',
        "x 0 IN A 6.6.6.6",
        "; comment",
        "(",
        "\\# 4 0a000001",
        "a/b",
        "0/25.0.0.10.in-addr.arpa",
        "ns1",
        "gateway",
        "ns1.example.lan",
        "a.*.example.lan",
    ),
    "reserved": (
        "wpad",
        "WPAD",
        "wpad.",
        "wpad.example.lan",
        "isatap",
        "localhost",
        "localhost.localdomain",
        "localdomain",
        "broadcasthost",
        "unknown",
        "null",
        "any",
        "wpad.cabin.example.lan",
    ),
    "numbers": (
        "1",
        "007",
        "10.0.0.1",
        "10.0.0.1.",
        "::1",
        "0x7f.1",
        "1e9",
        "4294967296",
        "127.1",
        "1.example.lan",
        "inf",
        "nan",
        "None",
    ),
    "long": ("a" * 63, "a" * 64, "a" * 300, ".".join(["a" * 60] * 5), "a." * 130, "\u00e9" * 90, "a" * 70_000),
    "emoji": (
        "\U0001f480",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "phone\U0001f600",
        "\U0001f1e7\U0001f1ec",
        "\u2603",
    ),
    "bytes": ("caf\xc3\xa9", "\xff\xfe", "\ud800", "\udfff\ud800", "\ufffd", "\ufffe", "\xc0\xae\xc0\xae"),
    "code": (
        "$(reboot)",
        "`reboot`",
        "| reboot",
        "; reboot",
        "&& reboot",
        "../../etc/passwd",
        "%2e%2e%2f",
        "~root",
        "-rf",
        "--help",
        "/dev/null",
    ),
}
ALL = tuple(dict.fromkeys([*MATRIX, *(text for kind in NAMES.values() for text in kind)]))
_JOINTS = ("", "-", ".", " ", "\\", "\x1b", "\n", "'", '"', "<", "\u202e", "\0", "nas", "a")


def names(count: int, seed: int) -> list[str]:
    """The whole corpus, then as many texts made of it as are wanted: pieces joined, cut, doubled, in another case."""
    chance, short = random.Random(seed), [text for text in ALL if len(text) < 100]  # noqa: S311 - not a secret
    made = dict.fromkeys(ALL[:count])
    while len(made) < count:
        made[_mixed(chance, chance.choice(short), chance.choice(short))] = None
    return list(made)


def _mixed(chance: random.Random, one: str, other: str) -> str:
    where = chance.randrange(len(one) + 1)
    joint = chance.choice(_JOINTS)
    match chance.randrange(5):
        case 0:
            return one[:where] + joint + other + one[where:]
        case 1:
            return f"{one}{joint}{other}"
        case 2:
            return f"host{chance.randrange(9999)}{joint}{other}"
        case 3:
            return f"{one[where:]}{joint}{other.swapcase()}.example.lan"
        case _:
            return f"{one}{chr(chance.choice([*range(0x100), 0x202E, 0x200B, 0x2028, 0xD800, 0x1F480]))}{other[:where]}"

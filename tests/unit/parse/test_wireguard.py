"""WireGuard's peers from the two views that hold no secret."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from pipelines import tables
from pipelines.errors import ParseError
from pipelines.parse import wireguard
from pipelines.parse.parsed import Parsed
from pipelines.snapshots import Snapshot
from tests.networks import cells

FIXTURES = Path(__file__).parents[2] / "fixtures" / "wireguard"
AT = datetime(2026, 11, 22, 22, 41, 29, tzinfo=UTC)
KEYS = {n: f"RklYVFVSRS1QRUVSLT{key}tUFVCTElDLUtFWS0tLS0tLS0=" for n, key in ((1, "E"), (2, "I"), (3, "M"))}
SECRET = "RklYVFVSRS1OT1QtQS1QUklWQVRFLUtFWS0tLS0tLS0="


def captured(view: str) -> str:
    """What `wg show all VIEW` printed."""
    return (FIXTURES / f"wg_show_all_{view}.txt").read_text()


def parse(text: str, offset_s: int = 0) -> Parsed:
    """The peers in this answer."""
    return wireguard.parse(Snapshot("sofia", "wireguard", AT, text.encode(), clock_offset_s=offset_s))


def answer(handshakes: str, ranges: str) -> str:
    """Both views, as they come."""
    return f"# latest-handshakes\n{handshakes}# allowed-ips\n{ranges}"


def one_peer(epoch: str, ranges: str = "10.3.2.2/32") -> str:
    """One peer's two lines."""
    return answer(f"tun_wg0\t{KEYS[1]}\t{epoch}\n", f"tun_wg0\t{KEYS[1]}\t{ranges}\n")


def test_the_captured_peers_are_read() -> None:
    """Each range is a row with its peer's last handshake; one without ranges is one row, one never met has no date."""
    parsed = parse(answer(captured("latest-handshakes"), captured("allowed-ips")))
    assert tables.PEERS.violations(parsed.table) == []
    assert parsed.rejects.empty
    met = pd.Timestamp(1795387002, unit="s", tz="UTC")
    assert cells(parsed.table, "public_key", "cidr", "last_handshake_at") == sorted(
        [
            (KEYS[1], "10.3.2.3/32", None),
            (KEYS[1], "192.168.0.0/24", None),
            (KEYS[2], None, None),
            (KEYS[3], "10.3.2.2/32", met),
            (KEYS[3], "192.168.8.0/24", met),
            (KEYS[3], "fd00:3:2::2/128", met),
        ],
        key=str,
    )


def test_a_handshake_is_by_our_clock_and_never_after_we_asked() -> None:
    """A gateway an hour ahead tells times an hour ahead."""
    epoch = int(AT.timestamp()) + 3600
    assert list(parse(one_peer(str(epoch)), 3660).table["last_handshake_at"]) == [
        pd.Timestamp(AT) - pd.Timedelta("1min")
    ]
    assert list(parse(one_peer(str(epoch))).table["last_handshake_at"]) == [pd.Timestamp(AT)]


def test_no_peers_is_an_answer() -> None:
    """Both views may be empty."""
    assert parse(answer("", "")).table.empty


@pytest.mark.parametrize("text", ["", "# latest-handshakes\n", "# allowed-ips\n# latest-handshakes\n", "# dump\n"])
def test_an_answer_without_both_views_is_none(text: str) -> None:
    """What is missing is not empty."""
    with pytest.raises(ParseError, match="and not latest-handshakes and allowed-ips"):
        parse(text)


@pytest.mark.parametrize(
    "text", [one_peer("x"), one_peer("1", "10.3.2.2/33"), answer("", f"tun_wg0\t{KEYS[1]}\t(none)\n")]
)
def test_a_peer_that_cannot_be_read_is_rejected(text: str) -> None:
    """No time, no range, or no handshake for a peer: the row is told."""
    parsed = parse(text)
    assert parsed.table.empty
    assert len(parsed.rejects) == 1


def test_a_secret_that_comes_unasked_is_not_repeated() -> None:
    """A wg that printed a private key where none belongs does not get it into the rejects."""
    parsed = parse(answer(f"tun_wg0\t{SECRET}\t{KEYS[1]}\t51820\toff\n", ""))
    assert len(parsed.rejects) == 1
    assert SECRET not in parsed.rejects.to_csv()

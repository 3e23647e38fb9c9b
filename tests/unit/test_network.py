"""network.toml: what is wrong with it is said in one line that names the file, the key and what to do."""

from pathlib import Path

import pytest

from pipelines import network
from pipelines.errors import ConfigError
from pipelines.values import Ip
from tests.networks import ALICE, BOB, CAROL, NETWORK, NETWORK_TOML

SHIPPED = Path(__file__).parents[2] / "network.toml"
A_B = f'["{ALICE}", "{BOB}"]'
REMEDY = "Compare with the shipped network.toml, which shows every key"


def fault(text: str) -> str:
    """The whole message about a file of this text."""
    with pytest.raises(ConfigError) as caught:
        network.parse(text, "/etc/network.toml")
    return str(caught.value)


def test_the_shipped_file_describes_three_sites() -> None:
    """The default network.toml is valid, and means what the README says."""
    shipped = network.parse(SHIPPED.read_text(), str(SHIPPED))
    assert list(shipped.sites) == ["sofia", "valchedrym", "london"]
    assert len(shipped.site_of_subnet) == 6
    assert shipped.suffix("london") == "london.viktorbarzin.lan"
    assert shipped.suffix("sofia") == "viktorbarzin.lan"
    assert shipped.zone_of("1.8.168.192.in-addr.arpa.") is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('domain = "example.lan"', ""), "domain is missing"),
        (("changelog_user", "changelog_usr"), "phpipam.changelog_usr is no key netcensus knows"),
        (
            ("[phpipam]", "[withdraw]\nmax_count = 5\n[phpipam]"),
            (
                "withdraw: max_count moved to [guards]: delete it here, and where the default is not right write "
                "deletes = {max_count = 100, max_share = 0.3} there"
            ),
        ),
        (("[phpipam]", "[guards]\ndeletes = {most = 5}\n[phpipam]"), "guards.deletes.most is no key netcensus knows"),
        (('database = "phpipam"', "database = 5"), "phpipam.database: Input should be a valid string"),
        (('host = "10.0.0.2"\n', ""), "phpipam: host must be there for mysql+pymysql"),
        (("Europe/Sofia", "Sofia"), "phpipam.time_zone: 'Sofia' is no time zone; write one such as Europe/Sofia"),
        (
            ('zones = ["example.lan", ', 'zones = ["other.lan", '),
            "dns.zones: none of them holds the domain example.lan.",
        ),
        (('"0.0.10.in-addr.arpa"', '"10.0.0/24 x"'), "dns.zones.1: '10.0.0/24 x' is no domain name; write one such as"),
        (('"10.9.0.0/24"', '"10.0.0.128/25"'), "sites.cabin.subnets: 10.0.0.128/25 overlaps 10.0.0.0/24 of home"),
        (('"10.9.0.0/24"', '"10.9.0.1/24"'), "sites.cabin.subnets.0: 10.9.0.1/24 has host bits set; write a subnet"),
        (('"pfsense", host = "10.9', '"other", host = "10.9'), "sites.cabin.gateway.kind is none of pfsense, openwrt"),
        (
            ('"10.9.0.1", user = "admin"', '"10.9.0.1", user = "admin", via = "attic"'),
            "sites.cabin.gateway.via: 'attic' is no site whose gateway is reached directly",
        ),
        (
            ('"10.9.0.1", user = "admin"', '"10.9.0.1", user = "admin", via = "cabin"'),
            "sites.cabin.gateway.via: 'cabin' is no site whose gateway is reached directly",
        ),
        (('"10.9.0.1", user = "admin"', '"10.9.0.1", usr = "admin"'), "sites.cabin.gateway.user is missing"),
        (('{kind = "pfsense", host = "10.9', '{host = "10.9'), "sites.cabin.gateway.kind is none of pfsense, openwrt"),
        (
            ('{kind = "pfsense", host = "10.9', '{kind = "openwrt", lease_s = 1, host = "10.9'),
            "sites.cabin.gateway.lease_s: Input should be greater than or equal to 120",
        ),
        (
            ("[sites.cabin]", f'[sites.home.wireguard_peers]\n"{"a" * 43}=" = "phone"\n[sites.cabin]'),
            "sites.home: wireguard_peers have names, but nobody reads them: set gateway.wireguard = true",
        ),
        (
            ("[phpipam]", '[sources.house]\nkind = "static-lst"\npath = "x"\n[phpipam]'),
            "house.kind is none of static",
        ),
        (("[phpipam]", '[sources.house]\nkind = "static-list"\n[phpipam]'), "sources.house.path is missing"),
        (
            ("[phpipam]", '[sources.k8s]\nkind = "kubernetes"\nserver = "https://10.0.0.9:6443"\n[phpipam]'),
            "sources.k8s: write either server and ca, or path",
        ),
        (
            ("[phpipam]", '[sources.k8s]\nkind = "kubernetes"\nserver = "http://x"\n[phpipam]'),
            "sources.k8s.server: Str",
        ),
        (("[phpipam]", "[sources]\nlisted = 5\n[phpipam]"), "sources.listed: Input should be a valid dictionary"),
        (("[phpipam]", "[sources]\nhold_minute = 5\n[phpipam]"), "sources.hold_minute is no key netcensus knows"),
        (
            ("[phpipam]", '[sources.house]\nkind = "static-list"\npath = "x"\nsites = ["attic"]\n[phpipam]'),
            "sources.house.sites: 'attic' is no site; name one of home, cabin",
        ),
        (("[sites.cabin]", '[sites."log cabin"]'), "is no site name: assets bear it"),
        (('["ns1", "gateway"]', '["ns1.example.lan"]'), "'ns1.example.lan' is not one label; write the part before"),
        (('label = "cabin"', 'label = "my cabin"'), "sites.cabin.label: 'my cabin' is not a host name"),
        (("[names]", "[devices]\nmerged = []\n[names]"), "devices.merged is no key netcensus knows"),
        (
            ("[names]", '[devices]\nmerge = [["00:11:22:33:44"]]\n[names]'),
            "devices.merge.0.0: '00:11:22:33:44' is not a",
        ),
        (
            ("[names]", f'[devices]\nsplit = [["{ALICE}", "{ALICE.upper()}"]]\n[names]'),
            f"devices.split.0: {ALICE}, {ALICE}: write two or more different MACs",
        ),
        (
            ("[names]", f'[devices]\nmerge = [{A_B}, ["{BOB}", "{CAROL}"]]\nsplit = [["{CAROL}", "{ALICE}"]]\n[names]'),
            f"devices: split: {ALICE}, {CAROL} are one device by `merge`; take them out of one of the two",
        ),
        (('server = "10.0.0.3"', 'server = "10.0.0.3"\nport = 70000'), "dns.port: Input should be less than 65536"),
    ],
)
def test_a_wrong_key_is_named_in_one_line(change: tuple[str, str], says: str) -> None:
    """A missing, misspelt, mistyped or impossible key is named with its place, its fault and the remedy."""
    assert NETWORK_TOML.count(change[0]) == 1
    message = fault(NETWORK_TOML.replace(*change))
    assert message.startswith("/etc/network.toml: ")
    assert says in message
    assert message.endswith(f". {REMEDY}")
    assert "\n" not in message


def test_a_file_that_is_no_toml_says_where() -> None:
    """The line is named, for that is where to look."""
    assert "is not TOML" in fault("[dns\n")
    assert "line 1" in fault("[dns\n")


@pytest.mark.parametrize("text", ["", "sites = 5", "sites = []", "[sites]\nhome = 5", "dns = 7"])
def test_whatever_toml_it_is_the_error_is_ours(text: str) -> None:
    """No shape of file raises anything but a `ConfigError`."""
    assert REMEDY in fault(text)


def test_the_longest_zone_holds_a_name() -> None:
    """A zone delegated out of another of ours is the one to write to."""
    nested = network.parse(NETWORK_TOML.replace('"example.lan", ', '"example.lan", "cabin.example.lan", '), "x")
    assert nested.zone_of("tv.cabin.example.lan.") == "cabin.example.lan."
    assert nested.zone_of("tv.example.lan.") == "example.lan."


def test_an_address_belongs_to_the_subnet_that_holds_it() -> None:
    """Subnets never overlap, so there is one or none."""
    assert str(NETWORK.subnet_of(Ip("10.0.1.77"))) == "10.0.1.0/24"
    assert NETWORK.subnet_of(Ip("10.77.0.1")) is None


def test_reserved_words_need_not_be_listed() -> None:
    """Names that proxy or resolve for everybody are forbidden on every network."""
    assert {"wpad", "isatap", "localhost", "ns1"} <= NETWORK.forbidden_names


def test_relative_paths_start_beside_the_file() -> None:
    """The ledger's and the known_hosts' place do not depend on where netcensus is started."""
    assert network.beside("/etc/netcensus/network.toml", "known_hosts") == "/etc/netcensus/known_hosts"
    assert NETWORK.state.ledger_url(Path("/srv")) == "sqlite:////srv/var/ledger.sqlite"

"""One SSH connection to a gateway, by a hop where there is one: host keys pinned, a limit on every wait and every byte.

What is asked over it stands with the product that is asked (resources/pfsense.py).
"""

import logging
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import paramiko
from paramiko.common import OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

from pipelines.errors import AccessDenied, NetcensusError, SourceUnavailable
from pipelines.gateways import Gateway
from resources import ssh_keys

CONNECT_LIMIT_S = 10.0
"""For each of: the TCP connection, the server's first line, the key exchange, the login, opening a channel."""

ANSWER_LIMIT_BYTES = 64 * 2**20  # all commands of one connection together: 250 000 leases
_COMMANDS = 5  # so many times a command's limit is the limit of all of one connection's
_CHUNK = 2**16
_LOGGER = "paramiko.gateway"
_UNREACHABLE = "Check that the gateway is up, that its SSH is enabled, and that its firewall lets this host in"


class Connection:
    """An open connection to a gateway, on which scripts can be run one after the other."""

    def __init__(self, client: paramiko.SSHClient, place: str, limit_s: float) -> None:
        self.place = place
        self._client = client
        self._limit_s = limit_s
        self._until = time.monotonic() + _COMMANDS * limit_s
        self._room = ANSWER_LIMIT_BYTES

    def run(self, script: str) -> bytes:
        """All that the gateway's /bin/sh printed when it read `script`: both streams, and perhaps not to the end.

        Raises `SourceUnavailable` when the connection breaks, or a limit of time or size is passed.
        """
        limit_s = max(min(self._limit_s, self._until - time.monotonic()), 0)
        has_run_out = threading.Event()
        watchdog = threading.Timer(limit_s, self._give_up, (has_run_out,))
        watchdog.daemon = True
        watchdog.start()
        try:
            answer, fault = self._answer(script), ""
        except Exception as error:  # noqa: BLE001 - paramiko hands on whatever ended its thread, of any type
            answer, fault = b"", f"the connection broke ({words(error)})"
        finally:
            watchdog.cancel()
        if has_run_out.is_set():
            fault = f"the command did not end within {limit_s:.0f} s"
        if fault:
            raise SourceUnavailable(self.place, fault, "Run the census again; if it stays so, log in by hand and try")
        return answer

    def _give_up(self, has_run_out: threading.Event) -> None:
        """End every wait on this connection: some of paramiko's know no limit (Channel._wait_for_event)."""
        has_run_out.set()
        self._client.close()

    def _answer(self, script: str) -> bytes:
        transport = self._client.get_transport()
        if transport is None:
            raise EOFError("it was closed before")
        with transport.open_session(timeout=CONNECT_LIMIT_S) as channel:
            channel.set_combine_stderr(True)
            # The script goes in by stdin: whatever the login shell is (tcsh, a menu), it has nothing to quote.
            channel.exec_command("/bin/sh -s")
            channel.sendall(script.encode())
            channel.shutdown_write()
            return b"".join(self._chunks(channel))

    def _chunks(self, channel: paramiko.Channel) -> Iterator[bytes]:
        while chunk := channel.recv(_CHUNK):
            self._room -= len(chunk)
            if self._room < 0:
                raise paramiko.SSHException(f"more than {ANSWER_LIMIT_BYTES >> 20} MiB came")
            yield chunk


@dataclass(frozen=True)
class Hop:
    """A gateway through which another one is reached: it forwards one TCP connection, and reads nothing of it."""

    gateway: Gateway
    known_hosts: str
    private_key: Callable[[], str]


class _Stream:
    """A hop's channel as another connection's socket. Its closing never fails.

    paramiko closes it in a thread, perhaps when the hop is gone already, and would print the error with its stack.
    """

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def close(self) -> None:
        """Close the channel, if there still is one."""
        with suppress(Exception):
            self._channel.close()


@dataclass(frozen=True)
class _Leg:
    """One SSH connection of the one or two there are; `place` says which, `scan` how its host key can be looked at."""

    gateway: Gateway
    known_hosts: str
    key: paramiko.PKey
    place: str
    scan: str = ""
    stream: "_Stream | None" = None


@contextmanager
def connected(
    gateway: Gateway,
    known_hosts: str,
    private_key: Callable[[], str],
    connect_limit_s: float = CONNECT_LIMIT_S,
    hop: Hop | None = None,
) -> Iterator[Connection]:
    """A connection to the gateway, through `hop` where there is one; all of it is closed at the end of the block.

    Raises `SourceUnavailable` (`HostKeyRejected`, `AccessDenied`) when there is none to be had, and `ConfigError` when
    our key or the file `known_hosts` cannot be used. Nothing is tried twice: gateways block hosts that keep trying.
    """
    leg = _Leg(gateway, known_hosts, ssh_keys.user_key(private_key()), _place(gateway))
    # Our own errors say what failed; paramiko's threads would print each failure as a traceback of theirs.
    logging.getLogger(_LOGGER).setLevel(logging.CRITICAL)
    with ExitStack() as opened:
        if hop is not None:
            leg = opened.enter_context(_through(hop, leg, connect_limit_s))
        client = opened.enter_context(_client(leg, connect_limit_s))
        yield Connection(client, leg.place, gateway.command_limit_s)


def _place(gateway: Gateway) -> str:
    return f"{gateway.host} port {gateway.port}"


@contextmanager
def _through(hop: Hop, leg: _Leg, limit_s: float) -> Iterator[_Leg]:
    """The leg with the hop's channel to its gateway (RFC 4254 section 7.2, direct-tcpip), open until the block ends."""
    gateway = hop.gateway
    to_hop = f"{_place(gateway)} (the hop to {_place(leg.gateway)})"
    first = _Leg(gateway, hop.known_hosts, ssh_keys.user_key(hop.private_key()), to_hop)
    with _client(first, limit_s) as client, _channel(client, to_hop, leg.gateway, limit_s) as channel:
        scan = f"ssh -p {gateway.port} {shlex.quote(f'{gateway.user}@{gateway.host}')} "
        yield replace(leg, place=f"{leg.place} (by the hop {_place(gateway)})", scan=scan, stream=_Stream(channel))


@contextmanager
def _channel(client: paramiko.SSHClient, hop: str, target: Gateway, limit_s: float) -> Iterator[paramiko.Channel]:
    transport = client.get_transport()
    aim = f"{target.host}:{target.port}"
    try:
        if transport is None:
            raise EOFError("it was closed before")  # noqa: TRY301 - as if the hop had hung up
        channel = transport.open_channel("direct-tcpip", (target.host, target.port), ("127.0.0.1", 0), timeout=limit_s)
    except paramiko.ChannelException as error:
        if error.code == OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED:
            fault = f"it does not forward to {aim} (administratively prohibited)"
            raise SourceUnavailable(hop, fault, _permit(aim)) from None
        fault = f"it gets no connection to {aim} ({words(error.text)})"
        raise SourceUnavailable(hop, fault, f"Check that {target.host} is up and its SSH enabled") from None
    except Exception as error:  # noqa: BLE001 - paramiko hands on whatever ended its thread, of any type
        fault = f"it got no connection to {aim} within {limit_s:.0f} s ({words(error)})"
        raise SourceUnavailable(
            hop, fault, f"Check the route from the hop to {target.host}, and that it is up"
        ) from None
    with channel:
        yield channel


def _permit(aim: str) -> str:
    return (
        f'Write restrict,port-forwarding,permitopen="{aim}",permitlisten="localhost:1" before our key in the hop\'s '
        "authorized keys, and let its sshd_config say AllowTcpForwarding yes"
    )


@contextmanager
def _client(leg: _Leg, limit_s: float) -> Iterator[paramiko.SSHClient]:
    with paramiko.SSHClient() as client:
        client.set_log_channel(_LOGGER)
        ssh_keys.pin(client, leg.known_hosts, leg.place, leg.scan)
        _connect(client, leg, limit_s)
        yield client


def _connect(client: paramiko.SSHClient, leg: _Leg, limit_s: float) -> None:
    gateway = leg.gateway
    try:
        client.connect(
            gateway.host,
            gateway.port,
            gateway.user,
            pkey=leg.key,
            allow_agent=False,
            look_for_keys=False,
            compress=False,
            timeout=limit_s,
            banner_timeout=limit_s,
            auth_timeout=limit_s,
            sock=leg.stream,  # type: ignore[arg-type]  # it has all of a socket that paramiko asks for
        )
    except paramiko.BadHostKeyException as error:
        raise ssh_keys.changed(gateway.host, gateway.port, leg.known_hosts, error, leg.place) from None
    except paramiko.AuthenticationException as error:
        shown = f"the {leg.key.get_name()} key {leg.key.fingerprint} ({words(error)})"
        fault = f"the user {gateway.user!r} was not let in with {shown}"
        remedy = "Add its public half to that user's authorized keys on the gateway"
        raise AccessDenied(leg.place, fault, remedy) from None
    except TimeoutError:
        raise SourceUnavailable(leg.place, f"no TCP connection within {limit_s:.0f} s", _UNREACHABLE) from None
    except NetcensusError:  # the host key's, by ssh_keys.pin
        raise
    except Exception as error:  # noqa: BLE001 - paramiko hands on whatever ended its thread, of any type
        fault = f"no SSH session within {limit_s:.0f} s ({words(error)})"
        raise SourceUnavailable(leg.place, fault, _UNREACHABLE) from None


def words(error: object, limit: int = 200) -> str:
    """What an error, or a gateway, says: one line of printable characters, and not too many of them."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:limit] or type(error).__name__

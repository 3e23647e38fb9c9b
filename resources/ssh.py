"""One SSH connection to a gateway: its key pinned, ours from the secret, and a limit on every wait and on every byte.

What is asked over it stands with the product that is asked (resources/pfsense.py).
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import paramiko

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


@contextmanager
def connected(
    gateway: Gateway, known_hosts: str, private_key: Callable[[], str], connect_limit_s: float = CONNECT_LIMIT_S
) -> Iterator[Connection]:
    """A connection to the gateway, closed at the end of the block.

    Raises `SourceUnavailable` (`HostKeyRejected`, `AccessDenied`) when there is none to be had, and `ConfigError` when
    our key or the file `known_hosts` cannot be used. Nothing is tried twice: gateways block hosts that keep trying.
    """
    key = ssh_keys.user_key(private_key())
    # Our own errors say what failed; paramiko's threads would print each failure as a traceback of theirs.
    logging.getLogger(_LOGGER).setLevel(logging.CRITICAL)
    with paramiko.SSHClient() as client:
        client.set_log_channel(_LOGGER)
        ssh_keys.pin(client, known_hosts)
        _connect(client, gateway, known_hosts, key, connect_limit_s)
        yield Connection(client, f"{gateway.host} port {gateway.port}", gateway.command_limit_s)


def _connect(
    client: paramiko.SSHClient, gateway: Gateway, known_hosts: str, key: paramiko.PKey, limit_s: float
) -> None:
    place = f"{gateway.host} port {gateway.port}"
    try:
        client.connect(
            gateway.host,
            gateway.port,
            gateway.user,
            pkey=key,
            allow_agent=False,
            look_for_keys=False,
            compress=False,
            timeout=limit_s,
            banner_timeout=limit_s,
            auth_timeout=limit_s,
        )
    except paramiko.BadHostKeyException as error:
        raise ssh_keys.changed(gateway.host, gateway.port, known_hosts, error) from None
    except paramiko.AuthenticationException as error:
        fault = (
            f"the user {gateway.user!r} was not let in with the {key.get_name()} key {key.fingerprint} ({words(error)})"
        )
        raise AccessDenied(place, fault, "Add its public half to that user's authorized keys on the gateway") from None
    except TimeoutError:
        raise SourceUnavailable(place, f"no TCP connection within {limit_s:.0f} s", _UNREACHABLE) from None
    except NetcensusError:  # the host key's, by ssh_keys.pin
        raise
    except Exception as error:  # noqa: BLE001 - paramiko hands on whatever ended its thread, of any type
        raise SourceUnavailable(
            place, f"no SSH session within {limit_s:.0f} s ({words(error)})", _UNREACHABLE
        ) from None


def words(error: object, limit: int = 200) -> str:
    """What an error, or a gateway, says: one line of printable characters, and not too many of them."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:limit] or type(error).__name__

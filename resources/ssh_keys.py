"""The two keys of an SSH connection: the gateway's, which must be the pinned one, and ours, which comes as a secret."""

import io
import shlex

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from pipelines.errors import ConfigError, HostKeyRejected

_OURS = "the gateway's private key"
_FORMS = "Give an Ed25519, ECDSA or RSA private key in OpenSSH or PEM form, made by `ssh-keygen -t ed25519 -N ''`"
_KINDS: tuple[tuple[type, type[paramiko.PKey]], ...] = (
    (Ed25519PrivateKey, paramiko.Ed25519Key),
    (EllipticCurvePrivateKey, paramiko.ECDSAKey),
    (RSAPrivateKey, paramiko.RSAKey),
)


def user_key(text: str) -> paramiko.PKey:
    """Our private key. Raises `ConfigError`, which never quotes the text, for what is none or has a passphrase."""
    loaded = _loaded(text.strip().encode() + b"\n")
    kind = next((ours for theirs, ours in _KINDS if isinstance(loaded, theirs)), None)
    if kind is None:
        raise ConfigError(_OURS, f"is of a kind SSH here does not use ({type(loaded).__name__})", _FORMS)
    # One form for all: paramiko reads PKCS #8 for none of the three, and PEM for two.
    openssh = loaded.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return kind.from_private_key(io.StringIO(openssh.decode()))


def _loaded(content: bytes) -> serialization.ssh.SSHPrivateKeyTypes:
    is_openssh = b"BEGIN OPENSSH PRIVATE KEY" in content
    load = serialization.load_ssh_private_key if is_openssh else serialization.load_pem_private_key
    try:
        return load(content, password=None)  # type: ignore[return-value]  # PEM's other kinds are refused by user_key
    except TypeError:  # cryptography's word for "a password is needed"
        remedy = f"{_FORMS}, and let the rights on its file protect it"
        raise ConfigError(_OURS, "has a passphrase, and nobody is there to type it", remedy) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(_OURS, "cannot be read as a private key", _FORMS) from None


def pin(client: paramiko.SSHClient, known_hosts: str, place: str, scan: str) -> None:
    """Let the client accept the host keys in the file `known_hosts`, and no other. A missing file pins none.

    `place` is what errors say of where that host is, `scan` what stands before ssh-keyscan in their remedy.
    """
    client.set_missing_host_key_policy(_RejectUnknown(known_hosts, place, scan))
    try:
        client.load_system_host_keys(known_hosts)  # "system": paramiko never writes to it
    except FileNotFoundError:
        return
    except (OSError, ValueError, paramiko.SSHException) as error:
        fault = f"cannot be read as a known_hosts file ({type(error).__name__})"
        raise ConfigError(
            known_hosts, fault, "Check its rights and lines: `ssh-keygen -lf` lists what it holds"
        ) from None


class _RejectUnknown(paramiko.MissingHostKeyPolicy):
    """Refuses a host that is not in the file, and says how to pin it."""

    def __init__(self, known_hosts: str, place: str, scan: str) -> None:
        self._known_hosts = known_hosts
        self._place = place
        self._scan = scan

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Raises `HostKeyRejected` with the fingerprint that was shown."""
        del client
        host, port = _host_and_port(hostname)
        remedy = (
            f"Pin it: {self._scan}ssh-keyscan -p {port} {shlex.quote(host)} >> {shlex.quote(self._known_hosts)} ; "
            "then compare what `ssh-keygen -lf` says of that file, and of /etc/ssh/ssh_host_*_key.pub on the gateway's "
            "own console"
        )
        shown = f"{key.get_name()} key {key.fingerprint}"
        fault = f"the host is unknown: it shows the {shown}, and {self._known_hosts} has none"
        raise HostKeyRejected(self._place, fault, remedy)


def _host_and_port(name: str) -> tuple[str, int]:
    """Host and port of a name as known_hosts has it: `host`, or `[host]:port` where the port is not 22."""
    if not name.startswith("["):
        return name, paramiko.config.SSH_PORT
    host, _, port = name[1:].rpartition("]:")
    return host, int(port)


def changed(host: str, port: int, known_hosts: str, error: paramiko.BadHostKeyException, place: str) -> HostKeyRejected:
    """The error for a host that shows another key than the pinned one; `place` says where that host is."""
    shown, pinned = error.key, error.expected_key
    name = host if port == paramiko.config.SSH_PORT else f"[{host}]:{port}"
    fault = (
        f"the host key has changed: it shows the {shown.get_name()} key {shown.fingerprint}, "
        f"pinned is the {pinned.get_name()} key {pinned.fingerprint}"
    )
    remedy = (
        "Somebody may stand in between. If the gateway was set up anew, compare on its console, then "
        f"ssh-keygen -R {shlex.quote(name)} -f {shlex.quote(known_hosts)} and pin the new one"
    )
    return HostKeyRejected(place, fault, remedy)

"""Our private key, in every form people keep one in."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from pipelines.errors import ConfigError
from resources.ssh_keys import user_key

OPENSSH, PKCS8 = serialization.PrivateFormat.OpenSSH, serialization.PrivateFormat.PKCS8
PEM = serialization.PrivateFormat.TraditionalOpenSSL
PLAIN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"passphrase")
ED25519, ECDSA = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
Key = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | dsa.DSAPrivateKey


def text_of(key: Key, form: serialization.PrivateFormat, lock: serialization.KeySerializationEncryption = PLAIN) -> str:
    """The key as a file holds it."""
    return key.private_bytes(serialization.Encoding.PEM, form, lock).decode()


@pytest.mark.parametrize(
    ("key", "form", "name"),
    [
        (ED25519, OPENSSH, "ssh-ed25519"),
        (ED25519, PKCS8, "ssh-ed25519"),
        (ECDSA, OPENSSH, "ecdsa-sha2-nistp256"),
        (ECDSA, PKCS8, "ecdsa-sha2-nistp256"),
        (ECDSA, PEM, "ecdsa-sha2-nistp256"),
        (RSA, OPENSSH, "ssh-rsa"),
        (RSA, PKCS8, "ssh-rsa"),
        (RSA, PEM, "ssh-rsa"),
    ],
)
def test_every_usual_form_is_read(key: Key, form: serialization.PrivateFormat, name: str) -> None:
    """OpenSSH's own form, PKCS #8 and the old PEM forms, with or without a line's end, signed with alike."""
    loaded = user_key(text_of(key, form).strip())
    assert loaded.get_name() == name
    assert loaded.can_sign()


@pytest.mark.parametrize(("key", "form"), [(ED25519, OPENSSH), (ED25519, PKCS8), (RSA, PEM)])
def test_a_locked_key_is_told(key: Key, form: serialization.PrivateFormat) -> None:
    """A key with a passphrase cannot be used unattended, in whatever form."""
    with pytest.raises(ConfigError, match="has a passphrase"):
        user_key(text_of(key, form, LOCKED))


@pytest.mark.parametrize(
    "text", ["", "hunter2", "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n", "ssh-ed25519 hunter2"]
)
def test_what_is_no_key_is_told_and_not_shown(text: str) -> None:
    """The text may be a secret of another kind: it is in no error."""
    with pytest.raises(ConfigError, match="cannot be read as a private key") as caught:
        user_key(text)
    assert "hunter2" not in str(caught.value)


def test_a_kind_ssh_gave_up_is_told() -> None:
    """DSA is named as what it is."""
    with pytest.raises(ConfigError, match="DSA"):
        user_key(text_of(dsa.generate_private_key(2048), PKCS8))

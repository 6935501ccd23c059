"""Bytes that only the holder of a key can read, and that nobody else can make: AES-256-GCM of `cryptography`.

Needs the extra ``tokens``: nothing imports this module until somebody makes `PagingTokens`.

Each message has a key and a nonce of its own, derived from the given key and 16 random bytes by HKDF. With the given
key itself, 96 random bits of nonce would be enough for 2**32 messages only (NIST SP 800-38D, section 8.3).
"""

from __future__ import annotations

from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SALT_BYTES = 16
_KEY_BYTES = 32
_NONCE_BYTES = 12


def seal(key: bytes, message: bytes, purpose: bytes) -> bytes:
    """Return *message* encrypted and authenticated; each time in other bytes.

    Args:
        key: 32 random bytes.
        message: What nobody else may read.
        purpose: What the message is for; it can be unsealed for nothing else.
    """
    salt = token_bytes(_SALT_BYTES)
    cipher, nonce = _cipher(key, salt, purpose)
    return salt + cipher.encrypt(nonce, message, purpose)


def unseal(key: bytes, sealed: bytes, purpose: bytes) -> bytes | None:
    """Return the message that *sealed* holds, or None if it was not sealed with this key for this purpose."""
    salt, encrypted = sealed[:_SALT_BYTES], sealed[_SALT_BYTES:]
    cipher, nonce = _cipher(key, salt, purpose)
    try:
        return cipher.decrypt(nonce, encrypted, purpose)
    except InvalidTag:
        return None


def _cipher(key: bytes, salt: bytes, purpose: bytes) -> tuple[AESGCM, bytes]:
    derived = HKDF(SHA256(), _KEY_BYTES + _NONCE_BYTES, salt, purpose).derive(key)
    return AESGCM(derived[:_KEY_BYTES]), derived[_KEY_BYTES:]

"""Seals what may hold secrets: encrypted in the vault, so that undo can read it and nobody else.

Each incident has a key of its own (256 random bits). It lies in the incident's evidence, wrapped by
the house key: a file in the home, or a key in AWS KMS (`firedoor.keyring`). Documents are encrypted
with AES-256-GCM under it and bound to their incident and to what they are about, so that one cannot
be put in another's place. What is kept is ciphertext: its SHA-256 in the custody record and the
journal can be checked anywhere, without any key.
Source: NIST SP 800-38D, https://csrc.nist.gov/pubs/sp/800/38/d/final
"""

from __future__ import annotations

import base64
import hmac
import os
from typing import Protocol

import msgspec

from firedoor.errors import StoreUnavailable
from firedoor.runbook import Json

KEY_BYTES = 32
NONCE_BYTES = 12
SUFFIX = ".sealed"
"""How the file name of a sealed artefact ends."""


class Sealed(bytes):
    """Ciphertext: kept as it is, since there is nothing in it to mask."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, tag="envelope", tag_field="sealed"):
    """A sealed document as it lies in the vault. `nonce` and `ciphertext` are base64; `key` is the
    name of the incident's key that it was sealed with."""

    version: int = 1
    algorithm: str = "AES-256-GCM"
    key: str
    about: str
    nonce: str
    ciphertext: str


class WrappedKey(msgspec.Struct, frozen=True, kw_only=True, tag="key", tag_field="sealed"):
    """An incident's key as it lies in the vault. `by`: which house key opens it."""

    version: int = 1
    name: str
    by: str
    wrapped: str


class HouseKey(Protocol):
    """What wraps the keys of incidents."""

    def wrap(self, incident: str, key: bytes) -> tuple[str, bytes]:
        """Which house key wraps it, and the wrapped key; StoreUnavailable when none can now."""
        ...

    def unwrap(self, incident: str, by: str, wrapped: bytes) -> bytes:
        """The key again; StoreUnavailable says which house key is missing."""
        ...


class Seal:
    """The key of one incident, open."""

    def __init__(self, incident: str, key: bytes) -> None:
        self._incident = incident
        self._key = key

    @classmethod
    def made(cls, incident: str, house: HouseKey) -> tuple[Seal, WrappedKey]:
        """A new one, and its key as it is kept."""
        key = os.urandom(KEY_BYTES)
        seal = cls(incident, key)
        by, wrapped = house.wrap(incident, key)
        return seal, WrappedKey(name=seal.name, by=by, wrapped=text(wrapped))

    @classmethod
    def kept(cls, incident: str, house: HouseKey, wrapped: WrappedKey) -> Seal:
        """One that was made before; StoreUnavailable when its key does not open."""
        return cls(incident, house.unwrap(incident, wrapped.by, base64.b64decode(wrapped.wrapped)))

    @property
    def name(self) -> str:
        """What its key is called: it tells nothing of the key."""
        return hmac.new(self._key, b"name", "sha256").hexdigest()[:16]

    def close(self, content: Json, about: str) -> Sealed:
        """A document, sealed; `about` (a run and its step) is bound to it."""
        raw = msgspec.json.encode(content, order="sorted")
        nonce = os.urandom(NONCE_BYTES)
        closed = encrypt(self._key, nonce, raw, self._bound(about))
        return Sealed(
            msgspec.json.encode(
                Envelope(key=self.name, about=about, nonce=text(nonce), ciphertext=text(closed))
            )
        )

    def open(self, found: Envelope, about: str) -> Json:
        """The document; StoreUnavailable when it is not the one that was sealed about this."""
        try:
            nonce, closed = base64.b64decode(found.nonce), base64.b64decode(found.ciphertext)
        except ValueError:
            raise StoreUnavailable(f"what was sealed about {about} is no sealed document") from None
        opened: Json = msgspec.json.decode(decrypt(self._key, nonce, closed, self._bound(about)))
        return opened

    def mark(self, value: Json) -> str:
        """A fingerprint by which two values can be compared, and which tells nothing of them."""
        raw = b"mark\0" + msgspec.json.encode(value, order="sorted")
        return hmac.new(self._key, raw, "sha256").hexdigest()[:32]

    def _bound(self, about: str) -> bytes:
        return f"{self._incident}\n{about}".encode()


def encrypt(key: bytes, nonce: bytes, raw: bytes, bound: bytes) -> bytes:
    """AES-256-GCM; `bound` is not in it and has to be the same when it is opened."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # lazy: few runs need it

    return AESGCM(key).encrypt(nonce, raw, bound)


def decrypt(key: bytes, nonce: bytes, closed: bytes, bound: bytes) -> bytes:
    """What was encrypted so; StoreUnavailable when anything of it, or the key, is another."""
    from cryptography.exceptions import InvalidTag  # lazy: few runs need it
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(nonce, closed, bound)
    except (InvalidTag, ValueError):
        raise StoreUnavailable(
            "what was sealed does not open: it was changed, or sealed about something else, or "
            "with another key"
        ) from None


def text(raw: bytes) -> str:
    """Base64."""
    return base64.b64encode(raw).decode()

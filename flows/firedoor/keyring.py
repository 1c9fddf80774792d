"""The house key, under which the keys of incidents lie: a file in the home, or a key in AWS KMS.

    <home>/keys/vault.key     32 random bytes as base64, 0600, made when it is first needed

Whoever can read the home can read that file: it keeps what is exported or backed up elsewhere from
being read there. FIREDOOR_VAULT_KEY names a KMS key instead (its ARN); then AWS says who may open.
Source: https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from firedoor.errors import AwsError, BadInput, StoreUnavailable
from firedoor.sealing import KEY_BYTES, NONCE_BYTES, decrypt, encrypt, text

FILE = "vault.key"
_KMS = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:(?:key|alias)/[A-Za-z0-9/_-]{1,250}")


class Calls(Protocol):
    """What is asked of AWS: `firedoor.actions.contract.Aws`."""

    def call(
        self, service: str, operation: str, /, *, region: str | None = None, **given: Any
    ) -> dict[str, Any]: ...


class FileKey:
    """The key in a file: of the first of these folders that can be written, read from any."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [folder / "keys" for folder in folders]

    def wrap(self, incident: str, key: bytes) -> tuple[str, bytes]:
        """See `firedoor.sealing.HouseKey`."""
        house = self._made()
        nonce = os.urandom(NONCE_BYTES)
        return _name(house), nonce + encrypt(house, nonce, key, incident.encode())

    def unwrap(self, incident: str, by: str, wrapped: bytes) -> bytes:
        """See `firedoor.sealing.HouseKey`."""
        for house in self._found():
            if _name(house) == by:
                nonce, closed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
                return decrypt(house, nonce, closed, incident.encode())
        raise StoreUnavailable(
            f"what was sealed in {incident} opens with the key {by}, which is not in "
            f"{self._folders[0]}: put it back there"
        )

    def _found(self) -> list[bytes]:
        found = []
        for folder in self._folders:
            # One that is not there, or is none, is not the one that is looked for.
            with contextlib.suppress(OSError, ValueError):
                raw = (folder / FILE).read_bytes().strip()
                key = base64.b64decode(raw, validate=True)
                if len(key) == KEY_BYTES:
                    found.append(key)
        return found

    def _made(self) -> bytes:
        known = self._found()
        if known:
            return known[0]
        why = ""
        for folder in self._folders:
            try:
                return _make(folder)
            except OSError as error:
                why = why or f"{folder / FILE} cannot be written: {error.strerror}"
        raise StoreUnavailable(f"{why}, and without a key nothing that holds secrets is kept")


class KmsKey:
    """A key in AWS KMS, named by its ARN: wrapping and unwrapping are calls of the responder's."""

    def __init__(self, arn: str, aws: Calls) -> None:
        named = _KMS.fullmatch(arn)
        if named is None:
            raise BadInput(
                f"FIREDOOR_VAULT_KEY is {arn!r}, and not the ARN of a KMS key: "
                "arn:aws:kms:REGION:ACCOUNT:key/ID (or alias/NAME)"
            )
        self._arn = arn
        self._region = named[1]
        self._aws = aws

    def wrap(self, incident: str, key: bytes) -> tuple[str, bytes]:
        """See `firedoor.sealing.HouseKey`."""
        answer = self._call("encrypt", incident, KeyId=self._arn, Plaintext=key)
        return str(answer["KeyId"]), bytes(answer["CiphertextBlob"])

    def unwrap(self, incident: str, by: str, wrapped: bytes) -> bytes:
        """See `firedoor.sealing.HouseKey`."""
        answer = self._call("decrypt", incident, KeyId=by, CiphertextBlob=wrapped)
        return bytes(answer["Plaintext"])

    def _call(self, operation: str, incident: str, **given: Any) -> dict[str, Any]:
        context = {"firedoor:incident": incident}
        try:
            return self._aws.call(
                "kms", operation, region=self._region, EncryptionContext=context, **given
            )
        except AwsError as error:
            raise StoreUnavailable(f"the key of the vault, {self._arn}, answers: {error}") from None


class EitherKey:
    """Wraps with the first that can, and unwraps with the one that wrapped."""

    def __init__(self, kms: KmsKey, file: FileKey, *, spare: bool) -> None:
        self._kms = kms
        self._file = file
        self._spare = spare

    def wrap(self, incident: str, key: bytes) -> tuple[str, bytes]:
        """With KMS; in break-glass (`spare`) with the file when KMS does not answer."""
        try:
            return self._kms.wrap(incident, key)
        except StoreUnavailable:
            if not self._spare:
                raise
            return self._file.wrap(incident, key)

    def unwrap(self, incident: str, by: str, wrapped: bytes) -> bytes:
        """See `firedoor.sealing.HouseKey`."""
        kept = self._kms if by.startswith("arn:") else self._file
        return kept.unwrap(incident, by, wrapped)


def house_key(
    named: str, aws: Calls, folders: Sequence[Path], *, spare: bool = False
) -> FileKey | EitherKey:
    """The house key: in KMS where `named` (FIREDOOR_VAULT_KEY) says so, else a file in the first
    of the folders. `spare`: the file may stand in for KMS."""
    file = FileKey(folders)
    return EitherKey(KmsKey(named, aws), file, spare=spare) if named else file


def _make(folder: Path) -> bytes:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / FILE
    draft = folder / f".{FILE}-{os.getpid()}-{os.urandom(4).hex()}"
    key = os.urandom(KEY_BYTES)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text(key).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # A link fails where somebody was first: his is the key then.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return base64.b64decode(path.read_bytes())


def _name(key: bytes) -> str:
    """What a key is called: it tells nothing of the key."""
    return "file:" + hashlib.sha256(b"firedoor vault key\0" + key).hexdigest()[:16]

"""Temporary credentials: what AssumeRole, GetSessionToken and GetFederationToken hand out.

They are kept apart from the keys they were minted with, as AWS does: deactivating or deleting a
long-term key does not end the sessions made with it.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

SessionKind = Literal["role", "session_token", "federated", "root", "auditor"]
_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SECRET_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@dataclass(frozen=True)
class Session:
    """Temporary credentials. `owner_*` is the role, or the user whose session it is.

    `policies` are the session policies passed when it was made; None when none were passed.
    `delivered`: for credentials that AWS itself hands to an instance or a function, the condition
    keys that come with them (`ec2:SourceInstanceARN`); None for all others.
    """

    access_key_id: str
    secret_access_key: str
    token: str
    kind: SessionKind
    account: str
    owner_name: str
    owner_id: str
    owner_arn: str
    name: str
    issued: datetime
    expires: datetime
    policies: tuple[dict[str, Any], ...] | None = None
    mfa: bool = False
    tags: Mapping[str, str] | None = None
    delivered: Mapping[str, str] | None = None

    @property
    def arn(self) -> str:
        """The ARN that GetCallerIdentity shows."""
        if self.kind == "role":
            return f"arn:aws:sts::{self.account}:assumed-role/{self.owner_name}/{self.name}"
        if self.kind == "federated":
            return f"arn:aws:sts::{self.account}:federated-user/{self.name}"
        if self.kind == "auditor":
            return f"arn:aws:sts::{self.account}:assumed-role/auditor/{self.name}"
        return self.owner_arn

    @property
    def user_id(self) -> str:
        """The value of `aws:userid`."""
        if self.kind == "role":
            return f"{self.owner_id}:{self.name}"
        return f"{self.account}:{self.name}" if self.kind == "federated" else self.owner_id


class Sessions:
    """All temporary credentials handed out, by access key id."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)
        self._by_key: dict[str, Session] = {}

    def get(self, access_key_id: str) -> Session | None:
        """The session of an `ASIA…` key, expired or not."""
        return self._by_key.get(access_key_id)

    def mint(self, **given: Any) -> Session:
        """A new session with fresh credentials; the arguments are the other fields of Session."""
        session = Session(
            access_key_id="ASIA" + self._text(_ID_ALPHABET, 16),
            secret_access_key=self._text(_SECRET_ALPHABET, 40),
            token=base64.b64encode(self._random.randbytes(192)).decode(),
            **given,
        )
        self._by_key[session.access_key_id] = session
        return session

    def _text(self, alphabet: str, length: int) -> str:
        return "".join(self._random.choice(alphabet) for _ in range(length))

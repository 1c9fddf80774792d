"""Who is calling: the simulated AWS's own authentication.

An unknown, deleted or inactive key, a wrong signature, a token of another key and an expired
session are refused before anything else is looked at, with the codes AWS uses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firedoor.simulator import accounts
from firedoor.simulator.refusals import refusal
from firedoor.simulator.sessions import Session, Sessions
from firedoor.simulator.signature import read_signature, signature_holds
from firedoor.simulator.wire import ApiError, Call


@dataclass(frozen=True)
class Credentials:
    """Credentials of a simulated principal; the secret and the token are never shown."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None
    arn: str

    def __repr__(self) -> str:
        return f"Credentials(access_key_id={self.access_key_id!r}, arn={self.arn!r})"


@dataclass(frozen=True)
class Caller:
    """An authenticated principal; `entity` is moto's user or role, None for an anonymous one."""

    kind: str  # user, role, session_token, federated, root, auditor, anonymous
    account: str
    arn: str
    user_id: str
    access_key_id: str
    entity: Any = None
    session: Session | None = None
    key: Any = None

    @property
    def user_name(self) -> str | None:
        """The IAM user's name, for his own calls and those of his GetSessionToken sessions."""
        return self.entity.name if self.kind in ("user", "session_token") else None

    @property
    def principal_arn(self) -> str:
        """The value of `aws:PrincipalArn`: a role session's is the role's."""
        return str(self.entity.arn) if self.kind == "role" else self.arn

    @property
    def names(self) -> frozenset[str]:
        """Everything a scenario may call this principal by: ARN, name, key id."""
        own = {self.arn, self.principal_arn, self.access_key_id}
        return frozenset(own | ({self.entity.name} if self.entity is not None else set()))


ANONYMOUS = Caller(kind="anonymous", account="", arn="*", user_id="anonymous", access_key_id="")


def authenticate(
    call: Call, sessions: Sessions, known_accounts: Iterable[str], now: datetime
) -> Caller:
    """The caller of a request; ApiError when his credentials are not good."""
    signed = read_signature(call)
    if signed is None:
        if call.header("authorization").startswith("AWS ") or "AWSAccessKeyId=" in call.query:
            raise ApiError(
                "InvalidRequest",
                "The authorization mechanism you have provided is not supported. "
                "Please use AWS4-HMAC-SHA256.",
            )
        if (call.service == "s3" or call.drill) and not call.header("authorization"):
            return ANONYMOUS
        raise refusal(call, "missing")
    session = sessions.get(signed.access_key_id)
    if session is None:
        found = accounts.find_key(known_accounts, signed.access_key_id)
        if found is None or found[1].status != "Active":
            raise refusal(call, "unknown_key")
        user, key = found
        if not signature_holds(call, signed, key.secret_access_key):
            raise refusal(call, "bad_signature")
        if signed.token:
            raise refusal(call, "bad_token")
        kind = "root" if isinstance(user, accounts.Root) else "user"
        return Caller(kind, user.account_id, user.arn, user.id, key.access_key_id, user, key=key)
    if not signature_holds(call, signed, session.secret_access_key):
        raise refusal(call, "bad_signature")
    if signed.token != session.token:
        raise refusal(call, "bad_token")
    if now >= session.expires:
        raise refusal(call, "expired")
    entity = _owner(session)
    if entity is None and session.kind != "auditor":
        raise refusal(call, "unknown_key")
    return Caller(
        session.kind,
        session.account,
        session.arn,
        session.user_id,
        session.access_key_id,
        entity,
        session,
    )


def _owner(session: Session) -> Any | None:
    """The role or user of a session, if it is still the one the session was made for."""
    if session.kind == "auditor":
        return None
    if session.kind == "root":
        return accounts.root(session.account)
    backend = accounts.iam(session.account)
    if session.kind == "role":
        return backend.roles.get(session.owner_id)
    return next((user for user in backend.users.values() if user.id == session.owner_id), None)


def refuse_what_sessions_may_not(call: Call, caller: Caller) -> None:
    """Calls that AWS refuses to temporary credentials, whatever their policies say.

    Sessions of GetFederationToken, and those of GetSessionToken made without MFA, cannot call IAM;
    of STS they may ask only who they are (and GetSessionToken sessions may assume roles).
    """
    if call.service == "iam" and (
        caller.kind == "federated"
        or (caller.kind == "session_token" and caller.session and not caller.session.mfa)
    ):
        raise refusal(call, "unknown_key")
    if call.service != "sts" or caller.session is None:
        return
    if call.operation in ("GetSessionToken", "GetFederationToken") or (
        caller.kind == "federated" and call.operation.startswith("AssumeRole")
    ):
        raise refusal(call, "denied", f"Cannot call {call.operation} with session credentials")

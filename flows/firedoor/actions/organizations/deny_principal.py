"""Deny one user, role or root everything, by a service control policy on the account.

The strongest single call against somebody who can write IAM: nothing that he may do in his account
takes it back. A policy of ours, named after the case and the principal, denies every action where
`aws:PrincipalArn` is the principal's; nothing else is touched, nobody else is denied. It binds a
member account's root as well, never the management account, and no service-linked role. A session
of GetFederationToken has an ARN of its own, which this does not name: the deny on the user reaches
it. It needs credentials where the organization is administered (FIREDOOR_ORGANIZATION_ROLE).
Undoing it takes exactly this policy off again and deletes it.
Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Reopens
from firedoor.actions.organizations import _scp
from firedoor.errors import BadInput, Refused
from firedoor.kinds import Arn

PERMISSIONS = _scp.writing()
EXAMPLE = {"principal": "arn:aws:iam::111122223333:user/ci-deployer"}
REOPENS = Reopens(
    "sessions minted before the deny live up to 36 h and would work again", timedelta(hours=36)
)
RESERVED = ("/aws-service-role/", "/aws-reserved/")
"""Paths of roles that AWS keeps for itself: those of services are not bound, those of Identity
Center are shared by the innocent."""


class Input(Given, frozen=True, kw_only=True):
    """The IAM user, role or root of this account, by ARN, with its path."""

    principal: Arn


def observe(aws: Aws, given: Input, case: Case) -> _scp.Found:
    """Our policy, if it is attached; Refused where no such policy binds, and for our own."""
    _refuse(aws, given.principal)
    return _scp.observe(aws, case, _account(given, case), name_of(case, given.principal))


def changes(given: Input, before: _scp.Found, case: Case) -> list[Change]:
    """Our policy on the account."""
    return _scp.changes(before, name_of(case, given.principal), _policy(given.principal))


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Attach our policy, or take it off; RunFailed when the account has no room for it."""
    _refuse(aws, given.principal)
    _scp.apply(aws, change)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Our policy is attached as it was written."""
    name, account = name_of(case, given.principal), _account(given, case)
    return _scp.verify(aws, case, account, name, _policy(given.principal), given.principal)


def name_of(case: Case, principal: str) -> str:
    """What our policy is called: `firedoor-INC-2026-0042-deny-user-ci-deployer`."""
    kind, _, rest = principal.rpartition(":")[2].partition("/")
    return case.name("-".join(["deny", kind, rest.rsplit("/", 1)[-1]]).rstrip("-"))


def _policy(principal: str) -> dict[str, Any]:
    return _scp.deny({"ArnEquals": {"aws:PrincipalArn": _scp.literal(principal)}})


def _account(given: Input, case: Case) -> str:
    parts = given.principal.split(":", 5)
    whom = parts[5] == "root" or parts[5].startswith(("user/", "role/"))
    if parts[2] != "iam" or parts[4] != case.account or not whom:
        raise BadInput(
            f"{given.principal!r} is no user, role or root of account {case.account}: run this "
            "where it is at home"
        )
    return case.account


def _refuse(aws: Aws, principal: str) -> None:
    kind, _, rest = principal.rpartition(":")[2].partition("/")
    if kind == "role" and f"/{rest}".startswith(RESERVED):
        raise Refused(
            f"{principal} belongs to AWS: the innocent use it as well, or nothing binds it",
            rule="AWS's own role",
            instead="For Identity Center, deny the person: runbook identity-center-user",
        )
    acting, _, path = aws.principal.rpartition(":")[2].partition("/")
    own = path.split("/", 1)[0] if acting == "assumed-role" else path.rsplit("/", 1)[-1]
    same = {"assumed-role": "role", "federated-user": "user"}.get(acting, acting) == kind
    if same and own.lower() == rest.rsplit("/", 1)[-1].lower():
        raise Refused(
            f"{principal} is what firedoor acts as: shutting it out would end the response",
            rule="own principal",
            instead="Use other credentials for this",
        )


commands = _scp.commands

"""AWS's policy evaluation on plain documents: may this principal do this, and in AWS's words, why.

An explicit deny anywhere wins. Then every level of service control policies must allow, the
permissions boundary and the session policies must allow, and an identity-based policy or (in the
same account) a resource-based policy must allow. Pure: it knows no store and no network.

Documents are trusted to be policies, as IAM has accepted them; where one cannot be read (an
operator that does not exist) a Deny applies and an Allow does not.
Source: IAM User Guide, "Policy evaluation logic" and "Interpreting access denied messages".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from firedoor.simulator import policy_conditions
from firedoor.simulator.policy_conditions import UnknownOperator, listed
from firedoor.simulator.policy_patterns import (
    VERSION_WITH_VARIABLES,
    Context,
    Folded,
    arn_glob,
    glob,
    resolved,
)

Document = Mapping[str, Any]
Effect = Literal["Allow", "Deny"]
# How a resource-based policy names the caller: himself, the role behind his session, everybody,
# or his whole account.
Naming = Literal["self", "role", "everybody", "account"]

_IDENTITY = "identity-based policy"
_RESOURCE = "resource-based policy"
_SCP = "service control policy"
_BOUNDARY = "permissions boundary"
_SESSION = "session policy"
_SESSION_ARN = re.compile(r"^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([^/]+)/.+$")
_ROOT_ARN = re.compile(r"^arn:aws[a-z-]*:iam::(\d{12}):root$")


@dataclass(frozen=True)
class Request:
    """One thing that a principal asks for.

    `action` is like `iam:GetUser`; `resource` an ARN, or `*` for an action without one;
    `principal` the caller's ARN (a session's own for a role session) or a service's name;
    `context` the condition keys as AWS writes them, in any case.
    """

    action: str
    resource: str
    principal: str
    context: Context


@dataclass(frozen=True)
class PolicySet:
    """The policies that bear on a request; None means that there is no such policy.

    `scps`: one tuple of documents per level (root, organizational unit, account).
    `resource_owner`: the account of the resource; when it is the caller's own, a resource policy
    that names the whole account only hands the decision to the identity policies.
    """

    identity: tuple[Document, ...]
    boundary: Document | None = None
    session: tuple[Document, ...] | None = None
    scps: tuple[tuple[Document, ...], ...] = ()
    resource: tuple[Document, ...] = ()
    resource_owner: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether it is allowed; `why` is how AWS's access-denied message ends, "" when allowed."""

    allowed: bool
    why: str


ALLOWED = Verdict(allowed=True, why="")


def decide(request: Request, policies: PolicySet) -> Verdict:
    """AWS's decision on a request under these policies."""
    asked = _Asked(request)
    for documents, kind in (
        ([one for level in policies.scps for one in level], _SCP),
        (policies.identity, _IDENTITY),
        ([policies.boundary] if policies.boundary is not None else [], _BOUNDARY),
        (policies.session or (), _SESSION),
    ):
        if asked.says("Deny", documents):
            return _explicit(kind)
    if any(True for _ in asked.namings("Deny", policies.resource)):
        return _explicit(_RESOURCE)
    if not all(asked.says("Allow", level) for level in policies.scps):
        return _implicit(_SCP, request)
    named = set(asked.namings("Allow", policies.resource))
    if request.principal.split(":")[4:5] == [policies.resource_owner]:
        named -= {"account"}
    is_session = request.principal.split(":")[2:3] == ["sts"]
    if "self" in named or (named and not is_session):
        return ALLOWED
    if not named and not asked.says("Allow", policies.identity):
        return _implicit(_IDENTITY, request)
    if policies.boundary is not None and not asked.says("Allow", [policies.boundary]):
        return _implicit(_BOUNDARY, request)
    if policies.session is not None and not asked.says("Allow", policies.session):
        return _implicit(_SESSION, request)
    return ALLOWED


def trusts(document: Document, principal: str, action: str, context: Context) -> bool:
    """Whether a role's trust policy lets `principal` do `action` (`sts:AssumeRole` and its kin).

    `principal` is an ARN, a service (`ec2.amazonaws.com`) or an identity provider. A trust in the
    account's root is a trust in everyone of that account whose own policies allow the action.
    """
    asked = _Asked(Request(action, "*", principal, context))
    if any(True for _ in asked.namings("Deny", [document])):
        return False
    return any(True for _ in asked.namings("Allow", [document]))


def _explicit(kind: str) -> Verdict:
    article = "an" if kind[0] in "aeiou" else "a"
    return Verdict(allowed=False, why=f"with an explicit deny in {article} {kind}")


def _implicit(kind: str, request: Request) -> Verdict:
    return Verdict(allowed=False, why=f"because no {kind} allows the {request.action} action")


class _Asked:
    """A request, made ready for being compared with many statements."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.context = Folded(request.context)
        # ListBuckets has no bucket, but policies allow it on all buckets: AWS's own examples do.
        listing = request.action.lower() == "s3:listallmybuckets" and request.resource == "*"
        self.resource = "arn:aws:s3:::*" if listing else request.resource

    def says(self, effect: Effect, documents: Iterable[Document]) -> bool:
        """Whether a statement of that effect applies; for policies without principals."""
        return any(self._applies(effect, document, s) for document, s in _statements(documents))

    def namings(self, effect: Effect, documents: Iterable[Document]) -> Iterator[Naming]:
        """How each applying statement of resource-based policies names the principal."""
        for document, statement in _statements(documents):
            naming = self._named(statement)
            if naming and self._applies(effect, document, statement):
                yield naming

    def _applies(self, effect: Effect, document: Document, statement: Document) -> bool:
        if statement.get("Effect") != effect:
            return False
        variables = document.get("Version") == VERSION_WITH_VARIABLES
        if not self._covers_action(statement) or not self._covers_resource(statement, variables):
            return False
        try:
            condition = statement.get("Condition") or {}
            return policy_conditions.holds(condition, self.context, variables=variables)
        except (UnknownOperator, AttributeError):
            return effect == "Deny"

    def _covers_action(self, statement: Document) -> bool:
        if "NotAction" in statement:
            return not any(self._is_action(one) for one in listed(statement["NotAction"]))
        return any(self._is_action(one) for one in listed(statement.get("Action", [])))

    def _is_action(self, pattern: Any) -> bool:
        return glob([(str(pattern), False)], self.request.action, any_case=True)

    def _covers_resource(self, statement: Document, variables: bool) -> bool:
        if "NotResource" in statement:
            unwanted = listed(statement["NotResource"])
            return not any(self._is_resource(one, variables) for one in unwanted)
        # Trust policies name no resource: they are about the role that carries them.
        wanted = listed(statement.get("Resource", "*"))
        return any(self._is_resource(one, variables) for one in wanted)

    def _is_resource(self, pattern: Any, variables: bool) -> bool:
        pieces = resolved(str(pattern), self.context, variables=variables)
        return pieces is not None and arn_glob(pieces, self.resource)

    def _named(self, statement: Document) -> Naming | None:
        if "NotPrincipal" in statement:
            return "everybody" if self._naming_in(statement["NotPrincipal"]) is None else None
        return self._naming_in(statement.get("Principal"))

    def _naming_in(self, principal: Any) -> Naming | None:
        if principal == "*":
            return "everybody"
        if not isinstance(principal, Mapping):
            return None
        found = [
            naming
            for kind, names in principal.items()
            for name in listed(names)
            if (naming := self._naming(str(kind), str(name)))
        ]
        order: tuple[Naming, ...] = ("self", "role", "everybody", "account")
        return next((naming for naming in order if naming in found), None)

    def _naming(self, kind: str, name: str) -> Naming | None:
        caller = self.request.principal
        if kind != "AWS":
            return "self" if name == caller else None
        if name == "*":
            return "everybody"
        if name == caller or (name.startswith("AIDA") and name == self._unique_id()):
            return "self"
        if name in self._roles() or (name.startswith("AROA") and name == self._unique_id()):
            return "role"
        root = _ROOT_ARN.match(name)
        account = root[1] if root else name
        return "account" if caller.split(":")[4:5] == [account] else None

    def _roles(self) -> set[str]:
        """The ARN of the role behind a role session; with its path where the context has it."""
        session = _SESSION_ARN.match(self.request.principal)
        if session is None:
            return set()
        known = self.context.key("aws:PrincipalArn")
        bare = f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
        return {known} if isinstance(known, str) else {bare}

    def _unique_id(self) -> str:
        found = self.context.key("aws:userid")
        return found.split(":")[0] if isinstance(found, str) else ""


def _statements(documents: Iterable[Document]) -> Iterator[tuple[Document, Document]]:
    for document in documents:
        for statement in listed(document.get("Statement", [])):
            if isinstance(statement, Mapping):
                yield document, statement

"""Whether a caller may do what he asks: the policies that apply to him, put to the evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from firedoor.simulator import accounts, functions, kms, public
from firedoor.simulator.credentials import Caller
from firedoor.simulator.policy import PolicySet, Request, Verdict, decide, trusts
from firedoor.simulator.refusals import refusal
from firedoor.simulator.requests import Asked, asked, context
from firedoor.simulator.wire import Call

Document = dict[str, Any]
Scps = Mapping[str, tuple[tuple[Document, ...], ...]]
_BUCKETS = "arn:aws:s3:::"
# Authentication calls that need no permission; AWS allows them even under an explicit deny.
_FREE = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})


def authorise(call: Call, caller: Caller, scps: Scps, now: datetime) -> None:
    """Return if the call is allowed; raise the protocol's access-denied error if it is not."""
    # What only drills have is decided where it is carried out.
    if call.name in _FREE or caller.kind == "auditor" or call.drill:
        return
    given = context(call, caller, now)
    for one in asked(call, caller):
        request = Request(
            action=one.action, resource=one.resource, principal=caller.arn, context=given
        )
        verdict = _decide(call, caller, one, request, scps)
        if not verdict.allowed:
            raise denial(call, caller, one, verdict.why)


def denial(call: Call, caller: Caller, one: Asked, why: str) -> Exception:
    """AWS's access-denied error, in AWS's words."""
    who = "anonymous" if caller.kind == "anonymous" else caller.arn
    resource = f'"{one.resource}"' if call.service == "s3" else one.resource
    text = f"User: {who} is not authorized to perform: {one.action} on resource: {resource} {why}"
    if call.protocol == "ec2":
        text = f"You are not authorized to perform this operation. {text}"
    return refusal(call, "denied", text)


def policies_of(
    caller: Caller, scps: Scps, resource: tuple[Document, ...] = (), owner: str = ""
) -> PolicySet:
    """All policies that bear on a caller, with those of the resource, which is `owner`'s."""
    if caller.entity is None:
        return PolicySet(identity=(), resource=resource, resource_owner=owner)
    return PolicySet(
        identity=accounts.identity_policies(caller.entity),
        boundary=accounts.boundary(caller.entity),
        session=caller.session.policies if caller.session else None,
        scps=scps.get(caller.account, ()),
        resource=resource,
        resource_owner=owner,
    )


def _decide(call: Call, caller: Caller, one: Asked, request: Request, scps: Scps) -> Verdict:
    if call.name == "sts:AssumeRole":
        return _decide_assume(caller, request, scps)
    if call.service == "s3" and one.resource.startswith(_BUCKETS):
        name, _, key = one.resource[len(_BUCKETS) :].partition("/")
        bucket = accounts.bucket(name)
        if bucket is not None:
            return _decide_bucket(caller, request, scps, bucket, key)
    if call.service == "lambda" and ":function:" in one.resource:
        return _decide_function(caller, request, scps)
    own = policies_of(caller, scps)
    return kms.authorised(call, caller, request, own) or decide(request, own)


def _decide_function(caller: Caller, request: Request, scps: Scps) -> Verdict:
    """A function's policy lets somebody in by itself; somebody of another account has to be let in
    by it, and by his own policies too."""
    owner = request.resource.split(":")[4]
    policies = functions.policies(request.resource)
    verdict = decide(request, policies_of(caller, scps, policies, owner))
    if caller.account == owner or not verdict.allowed:
        return verdict
    theirs = decide(request, PolicySet(identity=(), resource=policies, resource_owner=owner))
    return verdict if theirs.allowed else _not_by_resource(request)


def _decide_bucket(caller: Caller, request: Request, scps: Scps, bucket: Any, key: str) -> Verdict:
    """Identity and bucket policies; from another account both must allow, or a public ACL."""
    owner = str(bucket.account_id)
    policies = public.effective_policies(bucket, caller.account)
    verdict = decide(request, policies_of(caller, scps, policies, owner))
    if caller.account == owner or "explicit deny" in verdict.why:
        return verdict
    own = decide(request, policies_of(caller, scps)) if caller.account else verdict
    theirs = decide(request, PolicySet(identity=(), resource=policies, resource_owner=owner))
    if not theirs.allowed and public.acl_allows(
        bucket, request.action, key, anonymous=not caller.account
    ):
        theirs = Verdict(allowed=True, why="")
    if not caller.account or (own.allowed and theirs.allowed):
        return theirs
    return own if not own.allowed else _not_by_resource(request)


def _decide_assume(caller: Caller, request: Request, scps: Scps) -> Verdict:
    """AssumeRole: the trust policy must allow it whatever else does; a role that trusts a whole
    account, or one of another account, needs the caller's own policies too."""
    role = accounts.role_by_arn(request.resource)
    if role is None:
        return _not_by_resource(request)
    trust = accounts.document(role.assume_role_policy_document)
    verdict = decide(request, policies_of(caller, scps, (trust,), role.account_id))
    if not trusts(trust, request.principal, request.action, request.context):
        return verdict if "explicit deny" in verdict.why else _not_by_resource(request)
    if caller.account == role.account_id:
        return verdict
    return decide(request, policies_of(caller, scps))


def _not_by_resource(request: Request) -> Verdict:
    return Verdict(
        allowed=False, why=f"because no resource-based policy allows the {request.action} action"
    )

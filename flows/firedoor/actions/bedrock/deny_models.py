"""Deny a user or a role every call that asks a model, and leave the rest of its work alone.

A user's long-term API keys for Bedrock, which are service-specific credentials and in no credential
report, are made inactive as well.

An inline policy denies what really authorises it: Converse has no permission of its own and is
covered by InvokeModel, Bedrock's API keys act through CallWithBearerToken (of both endpoints), and
SageMaker's endpoints are asked by InvokeEndpoint. Sessions and keys stay good for everything else:
when they are stolen, contain the principal as a whole too. Nothing is left out of it; a policy
whose room is taken fails loudly.
Source: https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-permissions.html
"""

from __future__ import annotations

import json
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.iam._user import (
    GONE,
    document,
    listed,
    name_of,
    refuse_own,
    set_status,
)
from firedoor.actions.wanted import changes_to, compact, holding
from firedoor.errors import AwsError, BadInput, Refused, RunFailed
from firedoor.kinds import IamRoleName, IamUserName
from firedoor.runbook import Json

USER = "arn:{partition}:iam::{account}:user/{user}"
ROLE = "arn:{partition}:iam::{account}:role/{role}"
PERMISSIONS = (
    Permission("iam:GetUser", USER, "whether he is there"),
    Permission("iam:GetUserPolicy", USER),
    Permission("iam:PutUserPolicy", USER),
    Permission("iam:DeleteUserPolicy", USER, "undo"),
    Permission("iam:ListServiceSpecificCredentials", USER, "his API keys for Bedrock"),
    Permission("iam:UpdateServiceSpecificCredential", USER),
    Permission("iam:GetRole", ROLE, "whose role it is: its path says so"),
    Permission("iam:GetRolePolicy", ROLE),
    Permission("iam:PutRolePolicy", ROLE),
    Permission("iam:DeleteRolePolicy", ROLE, "undo"),
)
EXAMPLE = {"user": "ml-batch"}
REOPENS = Reopens("whoever holds the credentials could ask models again")
WHAT = "asking models is denied"
API_KEY = "API key for Bedrock"
SERVICE = "bedrock.amazonaws.com"
ACTIONS = (
    "bedrock:InvokeModel",
    "bedrock:InvokeModelWithResponseStream",
    "bedrock:CallWithBearerToken",
    "bedrock:CreateModelInvocationJob",
    "bedrock:InvokeAgent",
    "bedrock-mantle:CreateInference",
    "bedrock-mantle:CallWithBearerToken",
    "sagemaker:InvokeEndpoint",
    "sagemaker:InvokeEndpointAsync",
    "sagemaker:InvokeEndpointWithResponseStream",
)
"""What asks a model, under every name that it is authorised by."""
POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "FiredoorDenyModels", "Effect": "Deny", "Action": list(ACTIONS), "Resource": "*"}
    ],
}
NOT_OURS = ("/aws-service-role/", "/aws-reserved/")


class Input(Given, frozen=True, kw_only=True):
    """The user or the role: exactly one."""

    user: IamUserName | None = None
    role: IamRoleName | None = None


class Found(State, frozen=True, kw_only=True):
    """Our policy; `gone`: there is no such user or role."""

    gone: bool = False


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Our policy, if it stands, and a user's keys; Refused when it may not be touched."""
    kind, name = _whom(given)
    _refuse(aws, kind, name)
    try:
        keys = _api_keys(aws, name, case) if kind == "user" else {}
    except AwsError as error:
        if error.code not in GONE:
            raise
        return Found(parts={}, gone=True)
    named = {f"{kind.title()}Name": name, "PolicyName": case.name("deny-models")}
    try:
        answer = aws.call("iam", f"get_{kind}_policy", **named)
    except AwsError as error:
        if error.code not in GONE:
            raise
        return Found(parts=dict(keys), gone=_gone(aws, kind, name))
    return Found(parts={**keys, _resource(given, case): document(answer["PolicyDocument"])})


def _api_keys(aws: Aws, user: str, case: Case) -> dict[str, str]:
    return listed(
        aws,
        "list_service_specific_credentials",
        "ServiceSpecificCredentials",
        "ServiceSpecificCredentialId",
        case=case,
        user=user,
        kind="service-credential",
        ServiceName=SERVICE,
    )


def _gone(aws: Aws, kind: str, name: str) -> bool:
    try:
        aws.call("iam", f"get_{kind}", **{f"{kind.title()}Name": name})
    except AwsError as error:
        if error.code not in GONE:
            raise
        return True
    return False


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Our policy, unless it stands as we write it, and each key that is active."""
    if before.gone:
        return []
    return [
        *changes_to(before.parts, {_resource(given, case): POLICY}, WHAT),
        *changes_to(before.parts, _shut(before), API_KEY),
    ]


def _shut(found: Found) -> dict[str, Json]:
    """The user's keys as they should be: an expired one stays so."""
    keys = {r: status for r, status in found.parts.items() if "#service-credential/" in r}
    return {r: "Inactive" if status == "Active" else status for r, status in keys.items()}


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Put or remove our policy, or set a key's status. Who is gone asks no models."""
    kind, name = _whom(given)
    _refuse(aws, kind, name)
    if "#service-credential/" in change.resource:
        set_status(
            aws,
            "update_service_specific_credential",
            user=name,
            status=change.to,
            ServiceSpecificCredentialId=name_of(change.resource),
        )
        return
    named = {f"{kind.title()}Name": name, "PolicyName": case.name("deny-models")}
    try:
        if change.to is None:
            aws.call("iam", f"delete_{kind}_policy", **named)
        else:
            aws.call("iam", f"put_{kind}_policy", **named, PolicyDocument=compact(change.to))
    except AwsError as error:
        if error.code.startswith("LimitExceeded"):
            raise RunFailed(
                f"{kind} {name!r} is NOT denied models: {error.message}. Its inline policies are "
                "full: contain it as a whole (compromised-credentials, compromised-role)"
            ) from error
        if error.code not in GONE:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Our policy reads as we write it, and no key is active."""
    kind, name = _whom(given)
    found = observe(aws, given, case)
    if found.gone:
        return [Check(what=f"{name} asks no models", holds=True, seen=f"the {kind} is gone")]
    return [
        *holding(found.parts, {_resource(given, case): POLICY}, WHAT),
        *holding(found.parts, _shut(found), API_KEY),
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    if "#service-credential/" in change.resource:
        return [
            [
                *("iam", "update-service-specific-credential", "--status", str(change.to)),
                *("--user-name", change.resource.partition("#")[0].rpartition("/")[2]),
                *("--service-specific-credential-id", name_of(change.resource)),
            ]
        ]
    holder, _, policy = change.resource.partition("#inline-policy/")
    kind, _, name = holder.rpartition(":")[2].partition("/")
    words = [f"--{kind}-name", name, "--policy-name", policy]
    if change.to is None:
        return [["iam", f"delete-{kind}-policy", *words]]
    return [["iam", f"put-{kind}-policy", *words, "--policy-document", json.dumps(change.to)]]


def _whom(given: Input) -> tuple[str, str]:
    if (given.user is None) == (given.role is None):
        raise BadInput("name either a user or a role")
    return ("user", given.user) if given.user is not None else ("role", str(given.role))


def _refuse(aws: Aws, kind: str, name: str) -> None:
    if kind == "user":
        refuse_own(aws, name)
        return
    if aws.principal.rpartition(":")[2].split("/")[:2] == ["assumed-role", name]:
        raise Refused(
            f"{name!r} is the role that firedoor acts as",
            rule="own principal",
            instead="Use other credentials for this",
        )
    try:
        arn = str(aws.call("iam", "get_role", RoleName=name)["Role"]["Arn"])
    except AwsError as error:
        if error.code not in GONE:
            raise
        return
    if any(path in arn for path in NOT_OURS):
        raise Refused(
            f"{name!r} belongs to AWS: IAM cannot edit it",
            rule="service-linked role",
            instead="In Identity Center, end the person's session",
        )


def _resource(given: Input, case: Case) -> str:
    kind, name = _whom(given)
    holder = f"arn:{case.partition}:iam::{case.account}:{kind}/{name}"
    return f"{holder}#inline-policy/{case.name('deny-models')}"

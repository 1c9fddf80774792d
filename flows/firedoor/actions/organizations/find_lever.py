"""Find out what holds against somebody: whether he can write IAM, and whether an SCP can be used.

Whoever may write IAM takes a deny in IAM back within seconds; a service control policy he cannot
take back. IAM's own simulation says what he may; what it does not say counts as "he may". A service
control policy can be used when the account is in an organization, is not its management account,
has room for one more, and firedoor can act where the organization is administered.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
"""

from __future__ import annotations

from firedoor.actions import contract
from firedoor.actions.contract import Aws, Case, Given, Permission
from firedoor.actions.iam._user import GONE
from firedoor.actions.organizations import _scp
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import Arn

PERMISSIONS = (
    Permission("iam:SimulatePrincipalPolicy", "{principal}", "whether he can write IAM"),
    *_scp.reading(),
)
EXAMPLE = {"principal": "arn:aws:iam::111122223333:user/ci-deployer"}
WRITES = (
    *("iam:DeleteUserPolicy", "iam:DetachUserPolicy", "iam:DeleteUserPermissionsBoundary"),
    *("iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:UpdateAssumeRolePolicy"),
    *("iam:UpdateAccessKey", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreateUser"),
    *("iam:AttachUserPolicy", "iam:AttachRolePolicy", "iam:PutUserPolicy", "iam:PutRolePolicy"),
)
"""With any of these he takes a deny away, or goes on as somebody else."""
ROOM = 5
"""How many service control policies an account may have attached; more where AWS raised it."""


class Input(Given, frozen=True, kw_only=True):
    """The IAM user, role or root, by ARN, with its path."""

    principal: Arn


class Output(contract.Output, frozen=True, kw_only=True):
    """`writes_iam`: he may take a deny in IAM back; `scp`: one can be put on his account.

    `why` says in words why one can or cannot be used.
    """

    writes_iam: bool
    scp: bool
    why: str
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """What he may, and what can be used against him. The organization is asked only if need be."""
    unknown: list[str] = []
    writes = _writes_iam(aws, given.principal, unknown)
    if not writes:
        return Output(writes_iam=False, scp=False, why="he cannot write IAM", unknown=(*unknown,))
    why = _hindrance(aws, case.account)
    usable = not why
    return Output(
        writes_iam=True,
        scp=usable,
        why=why or "the organization can deny him what he cannot take back",
        unknown=(*unknown, *([] if usable else [f"no service control policy is used: {why}"])),
    )


def _writes_iam(aws: Aws, principal: str, unknown: list[str]) -> bool:
    if principal.endswith(":root"):
        return True
    try:
        answer = aws.call(
            "iam",
            "simulate_principal_policy",
            PolicySourceArn=principal,
            ActionNames=list(WRITES),
            ResourceArns=["*", principal],
        )
    except NoCredentials:
        raise
    except AwsError as error:
        if error.code in GONE:
            return False
        unknown.append(f"whether {principal} can write IAM: {error.message}")
        return True
    return any(
        "allowed" in (each.get("EvalDecision"), *_by_resource(each))
        for each in answer.get("EvaluationResults", ())
    )


def _by_resource(result: dict[str, object]) -> list[object]:
    listed = result.get("ResourceSpecificResults")
    return [each.get("EvalResourceDecision") for each in listed] if isinstance(listed, list) else []


def _hindrance(aws: Aws, account: str) -> str:
    """Why no service control policy can be used; "" when one can."""
    try:
        organization = _scp.describe(aws)
        if organization is None:
            return "the account is in no organization"
        if organization["MasterAccountId"] == account:
            return "it is the management account, which such policies do not bind"
        if len(_scp.attached_to(aws, account)) >= ROOM:
            return f"the account has {ROOM} already"
    except NoCredentials:
        raise
    except AwsError as error:
        return f"the organization cannot be asked ({error.message}); see FIREDOOR_ORGANIZATION_ROLE"
    return ""

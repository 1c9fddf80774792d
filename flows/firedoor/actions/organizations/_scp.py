"""A service control policy of ours on one account: how it is found, attached and taken off.

Organizations lets one change of its policies through at a time and refuses the others for a moment;
those were not carried out, and are made again after a pause.
Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
"""

from __future__ import annotations

import json
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, State
from firedoor.actions.iam._user import document
from firedoor.errors import AwsError, Refused, RunFailed

SCP = "SERVICE_CONTROL_POLICY"
ACCOUNT = "arn:{partition}:organizations::*:account/*/{account}"
POLICY = "arn:{partition}:organizations::*:policy/*/service_control_policy/*"
ONLY_SCPS = {"StringEquals": {"organizations:PolicyType": SCP}}
ROLE = "arn:{partition}:iam::*:role/firedoor-*"
WHERE = "where the organization is administered"
ORGANIZATION = (
    Permission("sts:AssumeRole", ROLE, f"to act {WHERE}"),
    Permission("organizations:DescribeOrganization", why="whether there is one, and whose"),
)


def reading(account: str = "{account}") -> tuple[Permission, ...]:
    """What reading an account's service control policies needs; `account` is a place of Input's."""
    on = ACCOUNT.replace("{account}", account)
    listing = Permission("organizations:ListPoliciesForTarget", on, WHERE, ONLY_SCPS)
    return (*ORGANIZATION, listing)


def writing(account: str = "{account}") -> tuple[Permission, ...]:
    """What putting one on an account needs, undo included."""
    on = ACCOUNT.replace("{account}", account)
    return (
        *reading(account),
        Permission("organizations:DescribePolicy", POLICY, WHERE, ONLY_SCPS),
        Permission("organizations:ListPolicies", why="ours, when a crash came before attaching it"),
        Permission("organizations:CreatePolicy", why=WHERE, condition=ONLY_SCPS),
        Permission("organizations:UpdatePolicy", POLICY, WHERE, ONLY_SCPS),
        Permission("organizations:AttachPolicy", POLICY, WHERE, ONLY_SCPS),
        Permission("organizations:AttachPolicy", on, WHERE, ONLY_SCPS),
        Permission("organizations:DetachPolicy", POLICY, "undo", ONLY_SCPS),
        Permission("organizations:DetachPolicy", on, "undo", ONLY_SCPS),
        Permission("organizations:DeletePolicy", POLICY, "undo", ONLY_SCPS),
    )


BUSY = frozenset({"ConcurrentModificationException", "PolicyChangesInProgressException"})
"""Organizations' words for "not now": the change was not carried out."""
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
NO_ORGANIZATION = "AWSOrganizationsNotInUseException"
GONE = frozenset({"PolicyNotFoundException", "PolicyNotAttachedException"})
FULL = "ConstraintViolationException"


class Found(State, frozen=True, kw_only=True):
    """Our policy where it is attached to the account; `arn`: the account's in the organization."""

    arn: str = ""


def observe(aws: Aws, case: Case, account: str, name: str) -> Found:
    """Our policy, if it is attached; Refused for an account that no such policy binds."""
    organization = describe(aws)
    if organization is None:
        raise Refused(
            f"account {account} is in no organization: no service control policy binds it",
            rule="no organization",
            instead="Deny the principal in IAM",
        )
    management = str(organization["MasterAccountId"])
    if management == account:
        raise Refused(
            f"{account} is the management account, which service control policies do not bind",
            rule="management account",
            instead="Deny the principal in IAM",
        )
    arn = f"arn:{case.partition}:organizations::{management}:account/{organization['Id']}/{account}"
    attached = _attached(aws, account, name)
    if attached is None:
        return Found(parts={}, arn=arn)
    return Found(parts={resource(arn, name): _content(aws, attached)}, arn=arn)


def describe(aws: Aws) -> dict[str, Any] | None:
    """The organization of the account; None when it is in none."""
    try:
        found: dict[str, Any] = aws.call("organizations", "describe_organization")["Organization"]
    except AwsError as error:
        if error.code != NO_ORGANIZATION:
            raise
        return None
    return found


def resource(arn: str, name: str) -> str:
    """The stable name of our policy on an account."""
    return f"{arn}#service-control-policy/{name}"


def changes(before: Found, name: str, wanted: dict[str, Any]) -> list[Change]:
    """Our policy on the account, unless it stands there as it is wanted."""
    what = resource(before.arn, name)
    found = before.parts.get(what)
    if found == wanted:
        return []
    return [Change(resource=what, what="service control policy", from_=found, to=wanted)]


def apply(aws: Aws, change: Change) -> None:
    """Attach our policy to the account, or take it off and delete it.

    RunFailed when the account has as many policies as it may have.
    """
    account = change.resource.split("#", 1)[0].rsplit("/", 1)[-1]
    name = change.resource.rpartition("/")[2]
    if change.to is None:
        _take_off(aws, account, name)
        return
    text = json.dumps(change.to, separators=(",", ":"))
    attached = _attached(aws, account, name)
    number = attached or _made(aws, name, text)
    if _content(aws, number) != change.to:
        serial(aws, "update_policy", PolicyId=number, Content=text)
    if attached:
        return
    try:
        serial(aws, "attach_policy", PolicyId=number, TargetId=account)
    except AwsError as error:
        if error.code == "DuplicatePolicyAttachmentException":
            return
        if error.code != FULL:
            raise
        raise RunFailed(
            f"account {account} has as many service control policies as it may have: "
            f"{error.message}. Detach one that another level has too, and run this again; the "
            "deny in IAM does not depend on it"
        ) from error


def _made(aws: Aws, name: str, text: str) -> str:
    """The id of our policy, made now; or of the one that was made before a crash."""
    try:
        made = serial(
            aws,
            "create_policy",
            Name=name,
            Description="Made by firedoor: shuts out one principal during an incident.",
            Type=SCP,
            Content=text,
        )
    except AwsError as error:
        if error.code != "DuplicatePolicyException":
            raise
        return _by_name(aws, name)
    return str(made["Policy"]["PolicySummary"]["Id"])


def _by_name(aws: Aws, name: str) -> str:
    policies = aws.organization().pages("organizations", "list_policies", "Policies", Filter=SCP)
    found = next((str(each["Id"]) for each in policies if each["Name"] == name), None)
    if found is None:
        raise RunFailed(
            f"Organizations says that there is a policy {name!r}, and does not list it: look at it "
            "in the console, and run this again"
        )
    return found


def _take_off(aws: Aws, account: str, name: str) -> None:
    number = _attached(aws, account, name)
    if number is None:
        return
    for operation, named in (
        ("detach_policy", {"PolicyId": number, "TargetId": account}),
        ("delete_policy", {"PolicyId": number}),
    ):
        try:
            serial(aws, operation, **named)
        except AwsError as error:
            if error.code not in GONE:
                raise


def serial(aws: Aws, operation: str, **given: Any) -> dict[str, Any]:
    """A change in Organizations, made again while others are making theirs."""
    organization = aws.organization()
    for pause in PAUSES:
        try:
            return organization.call("organizations", operation, **given)
        except AwsError as error:
            if error.code not in BUSY:
                raise
            aws.wait(pause)
    return organization.call("organizations", operation, **given)


def verify(
    aws: Aws, case: Case, account: str, name: str, wanted: dict[str, Any], who: str
) -> list[Check]:
    """Our policy is attached as it was written."""
    state = observe(aws, case, account, name)
    found = state.parts.get(resource(state.arn, name))
    seen = "our policy has been changed" if found else "our policy is not attached"
    return [
        Check(
            what=f"{who} is denied everything in account {account} by the organization",
            holds=found == wanted,
            seen="our service control policy is attached" if found == wanted else seen,
        )
    ]


def attached_to(aws: Aws, account: str) -> list[dict[str, Any]]:
    """The service control policies that are attached to an account itself; at most ten."""
    return list(
        aws.organization().pages(
            "organizations", "list_policies_for_target", "Policies", TargetId=account, Filter=SCP
        )
    )


def _attached(aws: Aws, account: str, name: str) -> str | None:
    policies = attached_to(aws, account)
    return next((str(each["Id"]) for each in policies if each["Name"] == name), None)


def _content(aws: Aws, number: str) -> dict[str, Any]:
    found = aws.organization().call("organizations", "describe_policy", PolicyId=number)
    return document(found["Policy"]["Content"])


def literal(text: str) -> str:
    """A text as a policy's pattern that means itself: a path may hold `*`, `?` and `$`."""
    return "".join(f"${{{each}}}" if each in "*?$" else each for each in text)


def deny(condition: dict[str, Any]) -> dict[str, Any]:
    """A policy that denies everything to whom the condition names."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "FiredoorDenyAll",
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": condition,
            }
        ],
    }


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words; with credentials of the organization's management account."""
    account = change.resource.split("#", 1)[0].rsplit("/", 1)[-1]
    name = change.resource.rpartition("/")[2]
    number = "$(aws organizations list-policies --filter SERVICE_CONTROL_POLICY --query "
    number += f"\"Policies[?Name=='{name}'].Id\" --output text)"
    on = ["--policy-id", number]
    if change.to is None:
        return [
            ["organizations", "detach-policy", *on, "--target-id", account],
            ["organizations", "delete-policy", *on],
        ]
    made = ["organizations", "create-policy", "--name", name, "--description", "firedoor"]
    text = json.dumps(change.to, separators=(",", ":"))
    return [
        [*made, "--type", SCP, "--content", text],
        ["organizations", "attach-policy", *on, "--target-id", account],
    ]

"""Delete a sending authorization policy of an SES identity.

Such a policy lets somebody else, also another account, send as your domain; it stays when every
user and key of the attacker's is gone. What it says is kept in the journal, and undoing puts it
back.
Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DeleteEmailIdentityPolicy.html
"""

from __future__ import annotations

import json

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.wanted import compact, holding
from firedoor.errors import AwsError
from firedoor.kinds import Region, SesIdentity

IDENTITY = "arn:{partition}:ses:{region}:{account}:identity/{identity}"
PERMISSIONS = (
    Permission("ses:GetEmailIdentityPolicies", IDENTITY),
    Permission("ses:DeleteEmailIdentityPolicy", IDENTITY),
    Permission("ses:CreateEmailIdentityPolicy", IDENTITY, "undo"),
)
EXAMPLE = {"identity": "example.com", "policy": "partner", "region": "eu-central-1"}
REOPENS = Reopens("whom the policy names could send as this identity again")
GONE = frozenset({"NotFoundException"})


class Input(Given, frozen=True, kw_only=True):
    """The identity, the policy's name, the Region."""

    identity: SesIdentity
    policy: str
    region: Region


def observe(aws: Aws, given: Input, case: Case) -> State:
    """What the policy says; no part when it is not there."""
    try:
        found = aws.call(
            "sesv2",
            "get_email_identity_policies",
            region=given.region,
            EmailIdentity=given.identity,
        ).get("Policies")
    except AwsError as error:
        if error.code not in GONE:
            raise
        found = {}
    text = (found or {}).get(given.policy)
    return State(parts={_resource(case, given): json.loads(text)} if text else {})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """There → gone."""
    return [
        Change(resource=resource, what="sending policy", from_=value, to=None)
        for resource, value in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Delete it, or put it back as it was; what is so already is done."""
    named = {"EmailIdentity": given.identity, "PolicyName": given.policy}
    if change.to is not None:
        if not observe(aws, given, case).parts:
            text = compact(change.to)
            aws.call(
                "sesv2", "create_email_identity_policy", region=given.region, Policy=text, **named
            )
        return
    try:
        aws.call("sesv2", "delete_email_identity_policy", region=given.region, **named)
    except AwsError as error:
        if error.code not in GONE:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is not there."""
    wanted = {_resource(case, given): None}
    return holding(observe(aws, given, case).parts, wanted, "no sending policy")


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    identity, _, policy = change.resource.partition(":identity/")[2].partition("#policy/")
    words = ["--email-identity", identity, "--policy-name", policy]
    where = ["--region", change.resource.split(":")[3]]
    if change.to is None:
        return [["sesv2", "delete-email-identity-policy", *words, *where]]
    text = ["--policy", compact(change.to)]
    return [["sesv2", "create-email-identity-policy", *words, *text, *where]]


def _resource(case: Case, given: Input) -> str:
    identity = f"arn:{case.partition}:ses:{given.region}:{case.account}:identity/{given.identity}"
    return f"{identity}#policy/{given.policy}"

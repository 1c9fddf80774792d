"""Delete an identity that SES sends as: a domain or an address that somebody added.

Nothing can be sent as it any more. For one that the attacker verified: his domain, or an address of
his. One that was yours before needs its DNS records or a click to be verified again, which takes
hours; so it cannot be brought back. What SES knew of it is kept before (ses.capture_sending).
Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DeleteEmailIdentity.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.actions.wanted import holding
from firedoor.errors import AwsError, Refused
from firedoor.kinds import Region, SesIdentity

IDENTITY = "arn:{partition}:ses:{region}:{account}:identity/{identity}"
PERMISSIONS = (
    Permission("ses:GetEmailIdentity", IDENTITY),
    Permission("ses:DeleteEmailIdentity", IDENTITY),
)
EXAMPLE = {"identity": "example.com", "region": "eu-central-1"}
IRREVERSIBLE = "an identity has to be verified again, by DNS records or by a click in a message"
DESTROYS = ("ses.identity",)
GONE = frozenset({"NotFoundException"})


class Input(Given, frozen=True, kw_only=True):
    """The identity and its Region."""

    identity: SesIdentity
    region: Region


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Whether it is there, and verified."""
    try:
        found = aws.call(
            "sesv2", "get_email_identity", region=given.region, EmailIdentity=given.identity
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return State(parts={})
    verified = "verified" if found.get("VerifiedForSendingStatus") else "not verified"
    return State(parts={_resource(case, given): verified})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """There → deleted."""
    return [
        Change(resource=resource, what="identity", from_=value, to=None, lost=IRREVERSIBLE)
        for resource, value in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Delete it; one that is gone is done."""
    if change.to is not None:
        raise Refused(f"it cannot be brought back: {IRREVERSIBLE}")
    try:
        aws.call(
            "sesv2", "delete_email_identity", region=given.region, EmailIdentity=given.identity
        )
    except AwsError as error:
        if error.code not in GONE:
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It is not there."""
    wanted = {_resource(case, given): None}
    return holding(observe(aws, given, case).parts, wanted, "no identity")


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    if change.to is not None:
        return []
    identity, region = change.resource.partition(":identity/")[2], change.resource.split(":")[3]
    words = ["sesv2", "delete-email-identity", "--email-identity", identity]
    return [[*words, "--region", region]]


def _resource(case: Case, given: Input) -> str:
    return f"arn:{case.partition}:ses:{given.region}:{case.account}:identity/{given.identity}"

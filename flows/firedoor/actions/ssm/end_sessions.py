"""End the sessions that people have on an instance through Systems Manager.

Session Manager goes through the agent on the machine: no security group shuts a session that is
open. Only sessions that are open now are ended; who may start one can start another, until the
machine is isolated or his rights are taken. What was typed is in the session's log, where one is
kept (S3 or CloudWatch Logs, as the account has it set).
Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_TerminateSession.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, State
from firedoor.actions.ec2._instance import OfInstance, region_in, region_of
from firedoor.errors import AwsError, Refused

PERMISSIONS = (
    Permission("ssm:DescribeSessions"),
    Permission("ssm:TerminateSession", "arn:{partition}:ssm:{region}:{account}:session/*"),
)
EXAMPLE = {"instance": "i-0123456789abcdef0"}
IRREVERSIBLE = "a session that was ended cannot be brought back: its owner starts a new one"

Input = OfInstance


def observe(aws: Aws, given: Input, case: Case) -> State:
    """The open sessions, each with who has it."""
    region = region_of(aws, given)
    found = aws.pages(
        "ssm",
        "describe_sessions",
        "Sessions",
        region=region,
        State="Active",
        Filters=[{"key": "Target", "value": given.instance}],
    )
    root = f"arn:{case.partition}:ssm:{region}:{case.account}:session"
    return State(
        parts={f"{root}/{each['SessionId']}": str(each.get("Owner") or "open") for each in found}
    )


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Every open session ends."""
    return [
        Change(resource=resource, what="session", from_=owner, to=None, lost=IRREVERSIBLE)
        for resource, owner in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """End one session; one that has ended by itself does not matter. Refused for the way back."""
    if change.to is not None:
        raise Refused("a session that was ended cannot be brought back: its owner starts a new one")
    try:
        aws.call(
            "ssm",
            "terminate_session",
            region=region_in(change.resource),
            SessionId=change.resource.rpartition("/")[2],
        )
    except AwsError as error:
        if error.code != "DoesNotExistException":
            raise


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """No session is open."""
    state = observe(aws, given, case)
    return [
        Check(
            what=f"nobody has a session of Systems Manager on {given.instance}",
            holds=not state.parts,
            seen=", ".join(state.parts.values()) or "no session",
        )
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    session = change.resource.rpartition("/")[2]
    region = region_in(change.resource)
    return [["ssm", "terminate-session", "--region", region, "--session-id", session]]

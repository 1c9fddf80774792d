"""Have an instance's memory dumped by a document of Systems Manager that you have prepared.

The document is yours: it runs a tool that is on the machine already or that it brings along, and
sends the dump to your evidence bucket with a URL signed beforehand, not with the machine's own
role. Without a document nothing is done. The command is started and not waited for; the later
checks and `firedoor verify` read how it ended. It writes to the machine's memory and disk, which is
why volumes are snapshot before, and it needs the agent to be heard, which is why it comes before
isolation. Where the attacker is root, what the machine says of itself is not to be trusted.
Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions import contract
from firedoor.actions.contract import Aws, Case, Change, Check, Permission
from firedoor.actions.ec2._instance import (
    INSTANCE,
    InstanceState,
    OfInstance,
    name_of,
    region_in,
    region_of,
    root_of,
)
from firedoor.errors import Refused

PERMISSIONS = (
    Permission("ssm:ListCommandInvocations"),
    Permission("ssm:SendCommand", INSTANCE),
    Permission("ssm:SendCommand", "arn:{partition}:ssm:{region}:{account}:document/{document}"),
)
EXAMPLE = {"instance": "i-0123456789abcdef0", "document": "Incident-DumpMemory"}
IRREVERSIBLE = "the dump has run, and has written to the machine's memory and disk"
HOUR = 3600
"""How long the machine has for it, in seconds."""
FAILED = frozenset({"Failed", "TimedOut", "Cancelled", "Undeliverable", "Terminated"})


class Input(OfInstance, frozen=True, kw_only=True):
    """The instance; `document`: the name of your document, none: nothing is done. `bucket`: where
    Systems Manager puts what the command says."""

    document: str | None = None
    bucket: str | None = None


class Found(InstanceState, frozen=True, kw_only=True):
    """`status`: how the command of this incident goes; "" when it was not started."""

    status: str = ""


class Output(contract.Output, frozen=True, kw_only=True):
    """`status`: `asked`, or `none` without a document."""

    status: str


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """Whether the document was sent to the machine for this incident."""
    root = root_of(aws, given, case)
    if not given.document:
        return Found(parts={}, root=root)
    answer = aws.call(
        "ssm",
        "list_command_invocations",
        region=region_of(aws, given),
        InstanceId=given.instance,
    )
    ours = [
        each
        for each in answer.get("CommandInvocations") or ()
        if each.get("Comment") == _comment(case) and each.get("DocumentName") == given.document
    ]
    if not ours:
        return Found(parts={}, root=root)
    part = f"{root}#memory-dump"
    return Found(parts={part: given.document}, root=root, status=str(ours[0].get("Status") or ""))


def _comment(case: Case) -> str:
    return case.name("memory")[:100]


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """The document is sent once an incident; once more when the command has failed."""
    if not given.document or (before.parts and before.status not in FAILED):
        return []
    part = f"{before.root}#memory-dump"
    return [
        Change(resource=part, what="memory dump", from_=None, to=given.document, lost=IRREVERSIBLE)
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Send the document; one that was sent for this incident is not sent again."""
    if change.to is None:
        raise Refused("the dump has run: what it wrote to the machine cannot be brought back")
    now = observe(aws, given, case)
    if now.parts and now.status not in FAILED:
        return
    more: dict[str, Any] = {"OutputS3BucketName": given.bucket} if given.bucket else {}
    aws.call(
        "ssm",
        "send_command",
        region=region_in(change.resource),
        InstanceIds=[name_of(change.resource)],
        DocumentName=str(change.to),
        Comment=_comment(case),
        TimeoutSeconds=HOUR,
        **more,
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The command was sent and has not failed; how far it is."""
    what = f"the memory of {given.instance} is dumped"
    if not given.document:
        return [Check(what=what, holds=True, seen="no document is given: nothing was asked for")]
    state = observe(aws, given, case)
    holds = bool(state.parts) and state.status not in FAILED
    return [Check(what=what, holds=holds, seen=state.status or "not asked for")]


def output(given: Input, before: Found, case: Case) -> Output:
    """What the steps after it wait for."""
    return Output(status="asked" if given.document else "none")


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    return [
        [
            *("ssm", "send-command", "--region", region_in(change.resource)),
            *("--instance-ids", name_of(change.resource), "--document-name", str(change.to)),
        ]
    ]

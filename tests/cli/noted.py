"""A plug-in action whose state before is a secret: a note (a tag) on a user that is taken away.

It stands for those that change a function's environment or an instance's user data.
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, State
from firedoor.kinds import IamUserName

PERMISSIONS = (Permission("iam:TagUser"), Permission("iam:ListUserTags"))
EXAMPLE = {"user": "ci-deployer"}
TAG = "environment"


class Input(Given, frozen=True, kw_only=True):
    """Whose note."""

    user: IamUserName


def observe(aws: Aws, given: Input, case: Case) -> State:
    """The note, if there is one."""
    tags = aws.pages("iam", "list_user_tags", "Tags", UserName=given.user)
    return State(parts={_arn(given, case): tag["Value"] for tag in tags if tag["Key"] == TAG})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """It says nothing any more."""
    return [
        Change(resource=resource, what="environment", from_=found, to="none", secret=True)
        for resource, found in before.parts.items()
        if found != "none"
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Write it."""
    tags = [{"Key": TAG, "Value": change.to}]
    aws.call("iam", "tag_user", UserName=given.user, Tags=tags)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Whether it says nothing."""
    found = observe(aws, given, case).parts.get(_arn(given, case))
    return [Check(what="the note is taken away", holds=found == "none")]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    return [["iam", "tag-user", "--tags", f"Key={TAG},Value={change.to}"]]


def _arn(given: Input, case: Case) -> Any:
    return f"arn:aws:iam::{case.account}:user/{given.user}#environment"

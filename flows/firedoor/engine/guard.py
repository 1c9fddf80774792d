"""Gathers what the guardrails judge by: the freeze, the last hour's changes, the organization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property

from firedoor.actions.contract import Aws, Change
from firedoor.approval import target_of
from firedoor.engine.desk import Desk
from firedoor.errors import AwsError, FiredoorError, StoreUnavailable
from firedoor.freezing import frozen
from firedoor.guardrails import Brake, Known, brakes, forbidden
from firedoor.kinds import parse_time

WINDOW = timedelta(hours=1)
_NO_ORGANIZATION = "AWSOrganizationsNotInUseException"


class Guard:
    """The guardrails of one desk. Everything unasked is judged anew, by what is in force now."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def forbids(self, changes: Sequence[Change]) -> Brake | None:
        """The rule that forbids these changes to everybody."""
        aws = self._desk.aws
        return forbidden(aws.principal, aws.account, changes, self._desk.plan)

    def brakes(self, changes: Sequence[Change]) -> list[Brake]:
        """What turns these changes, preauthorised, into a question."""
        desk = self._desk
        home = desk.recorder.journal.home
        ice = frozen(home)
        known = Known(
            account=desk.aws.account,
            frozen=str(ice) if ice else "",
            changed_lately=changed_lately(desk),
            management=self._management,
            tags=self._tags(changes),
        )
        return brakes(changes, desk.plan, known)

    @cached_property
    def _management(self) -> str | None:
        return management_account(self._desk.aws)

    def _tags(self, changes: Sequence[Change]) -> Mapping[str, Mapping[str, str] | None]:
        if not any(pattern.startswith("tag:") for pattern in self._desk.plan.protect):
            return {}
        targets = dict.fromkeys(target_of(change.resource) for change in changes)
        return {target: tags_of(self._desk.aws, target) for target in targets}


def changed_lately(desk: Desk) -> int | None:
    """How many changes were made in this account within the last hour, in all incidents; None when
    the store cannot be read.

    What this incident has spooled counts too. Each simulated world is an account of its own: there
    only this incident counts.
    """
    journal = desk.recorder.journal
    since = desk.aws.now() - WINDOW
    only = desk.incident if desk.target.get("world") == "simulated" else None
    try:
        made = journal.receipts_since(since, incident=only)
    except StoreUnavailable:
        return None
    made += [
        entry.data
        for entry in desk.recorder.spooled()
        if entry.kind == "step.receipt" and parse_time(entry.at) >= since
    ]
    return sum(_may_be_of(str(data.get("resource")), desk.aws.account) for data in made)


def _may_be_of(resource: str, account: str) -> bool:
    """Whether a change was made in an account. A bucket's ARN does not say of which account it is:
    it counts in all of them, since a budget that is used up only asks."""
    parts = resource.split(":", 5)
    return parts[4:5] in ([account], [""])


def management_account(aws: Aws) -> str | None:
    """The organization's management account; "" when there is no organization, None: unreadable."""
    try:
        found = aws.call("organizations", "describe_organization")["Organization"]
    except AwsError as error:
        return "" if error.code == _NO_ORGANIZATION else None
    return str(found.get("MasterAccountId") or "")


def tags_of(aws: Aws, target: str) -> dict[str, str] | None:
    """The tags of an IAM user or role, or of a bucket; None when they cannot be read."""
    if target.split(":")[2:3] == ["s3"]:
        return _bucket_tags(aws, target)
    kind, _, rest = target.split(":", 5)[-1].partition("/")
    name = rest.rpartition("/")[2]
    try:
        if kind == "user":
            found = aws.pages("iam", "list_user_tags", "Tags", UserName=name)
        elif kind == "role":
            found = aws.pages("iam", "list_role_tags", "Tags", RoleName=name)
        else:
            return None
        return {str(tag["Key"]): str(tag["Value"]) for tag in found}
    except FiredoorError:
        return None


def _bucket_tags(aws: Aws, target: str) -> dict[str, str] | None:
    """Those of the bucket that a bucket or an object is (in)."""
    bucket = target.rpartition(":::")[2].partition("/")[0]
    if not bucket:
        return None
    try:
        found = aws.call("s3", "get_bucket_tagging", Bucket=bucket)["TagSet"]
    except AwsError as error:
        return {} if error.code == "NoSuchTagSet" else None
    except FiredoorError:
        return None
    return {str(tag["Key"]): str(tag["Value"]) for tag in found}

"""Reaches the account that a run is about: with the credentials that are there, or a role in it.

A finding that a delegated administrator's GuardDuty tells of is about a member account: that one is
reached. One that nobody named, in `reach` of the plan or in the organization, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from firedoor.actions.policy import shorter
from firedoor.aws import BotoAws, Way, assumed, connect
from firedoor.engine.door import whoami
from firedoor.errors import AwsError, AwsRefused, Refused
from firedoor.library import Library
from firedoor.program import Program
from firedoor.response_plan import Account, ResponsePlan
from firedoor.runbook import Json
from firedoor.scoping import needed_by

Doing = Sequence[tuple[Program, Mapping[str, Json]]]
"""The programs that are to be run or undone, each with its inputs."""

UNNAMED = "firedoor"
"""The session's name before there is an incident."""


def reach(
    account: str | None,
    region: str | None,
    *,
    incident: str = "",
    doing: Doing = (),
    plan: ResponsePlan | None = None,
    base: BotoAws | None = None,
) -> BotoAws:
    """AWS in an account (the own one by default).

    Refused when the account is not known, or its role does not let us in. `base`: the credentials
    to begin with, those of the environment by default.
    """
    own = base or connect(region=region)
    if not account or own.account == account:
        return own
    rules = plan or Library.open().rules()
    entry = known(own, account, rules)
    policy, narrow = _policy(doing, account, own.partition, rules)
    way = Way(
        role_arn=f"arn:{own.partition}:iam::{account}:role/{entry.role or rules.reach.role}",
        external_id=entry.external_id or rules.reach.external_id or "",
        session=incident or UNNAMED,
        source=whoami().removeprefix("os:"),
        policy=policy,
        narrow=narrow,
        policies=entry.session_policies or rules.reach.session_policies,
    )
    try:
        aws = assumed(own, way, region=region, regions=entry.regions)
    except AwsRefused as error:
        raise Refused(
            f"{way.role_arn} does not let {own.principal} in: {error.message}. Its trust policy "
            "needs sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity for this principal, "
            "and the external id of `reach` in playbooks/plan.yaml"
        ) from None
    if aws.account != account:
        raise Refused(f"account {account} is wanted, and {way.role_arn} leads to {aws.account}")
    return aws


def known(own: BotoAws, account: str, plan: ResponsePlan) -> Account:
    """What the plan, or the organization, says of an account; Refused when neither knows it."""
    entry = plan.reach.accounts.get(account)
    if entry is not None:
        return entry
    why = "`reach.accounts` in playbooks/plan.yaml does not name it"
    if plan.reach.organization:
        try:
            found = own.call("organizations", "describe_account", AccountId=account)["Account"]
        except AwsError as error:
            why += f", and the organization does not know it ({error.code})"
        else:
            if found.get("Status") == "ACTIVE":
                return Account(name=str(found.get("Name") or ""))
            why += f", and in the organization it is {found.get('Status')}"
    raise Refused(
        f"account {account} is wanted, and these credentials are of {own.account} "
        f"({own.principal}); {why}. Somebody has to say that it is yours, and how it is reached"
    )


def renamed(aws: Any, incident: str) -> Any:
    """The same account in a session that is named after the incident, once there is one."""
    way = getattr(aws, "way", None)
    if way is None or way.session == incident:
        return aws
    return aws.again(session=incident)


def at_home(aws: Any) -> Any:
    """The credentials that were there first: keys and topics of ours are theirs to use."""
    return getattr(aws, "base", aws)


def doing_of(entries: Sequence[Any]) -> list[tuple[Program, Mapping[str, Json]]]:
    """The programs of an incident's journal, each with its inputs."""
    return [
        (msgspec.convert(entry.data["program"], Program), entry.data["inputs"])
        for entry in entries
        if entry.kind == "run.started" and "program" in entry.data
    ]


def _policy(
    doing: Doing, account: str, partition: str, plan: ResponsePlan
) -> tuple[Mapping[str, Any] | None, str]:
    if not doing:
        return None, ""
    topic = str(plan.alert.sns or "")
    return shorter(needed_by(doing, account=account, partition=partition, topic=topic))

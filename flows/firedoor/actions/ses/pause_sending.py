"""Pause sending mail with SES: of a whole Region, or of one configuration set.

Without a configuration set everything stops that the account sends from the Region, also what is
legitimate: receipts, passwords, alarms. A message that is sent meanwhile is refused, not kept for
later. Undoing lets it send again, so first make sure that whoever abused it cannot.
Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_PutAccountSendingAttributes.html
"""

from __future__ import annotations

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.actions.wanted import changes_to, holding
from firedoor.errors import AwsError
from firedoor.kinds import Region, SesConfigurationSet

SET = "arn:{partition}:ses:{region}:{account}:configuration-set/{configuration_set}"
HERE = {"StringLike": {"aws:RequestedRegion": "{region}"}}
PERMISSIONS = (
    Permission("ses:GetAccount"),
    Permission("ses:PutAccountSendingAttributes", condition=HERE),
    Permission("ses:GetConfigurationSet", SET),
    Permission("ses:PutConfigurationSetSendingOptions", SET),
)
EXAMPLE = {"region": "eu-central-1"}
REOPENS = Reopens("whoever abused it could send mail in your name again")
WHAT = "sends mail"
GONE = frozenset({"NotFoundException"})


class Input(Given, frozen=True, kw_only=True):
    """The Region, and one configuration set in it rather than all of it."""

    region: Region
    configuration_set: SesConfigurationSet | None = None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """Whether it may send; no part for a configuration set that is not there."""
    if given.configuration_set is None:
        enabled = aws.call("sesv2", "get_account", region=given.region).get("SendingEnabled")
        return State(parts={_resource(case, given): bool(enabled)})
    try:
        found = aws.call(
            "sesv2",
            "get_configuration_set",
            region=given.region,
            ConfigurationSetName=given.configuration_set,
        )
    except AwsError as error:
        if error.code not in GONE:
            raise
        return State(parts={})
    options = found.get("SendingOptions") or {}
    return State(parts={_resource(case, given): bool(options.get("SendingEnabled", True))})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """Sends → paused."""
    return changes_to(before.parts, dict.fromkeys(before.parts, False), WHAT)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Pause it, or let it send."""
    if given.configuration_set is None:
        aws.call(
            "sesv2",
            "put_account_sending_attributes",
            region=given.region,
            SendingEnabled=bool(change.to),
        )
        return
    aws.call(
        "sesv2",
        "put_configuration_set_sending_options",
        region=given.region,
        ConfigurationSetName=given.configuration_set,
        SendingEnabled=bool(change.to),
    )


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """It may not send."""
    parts = observe(aws, given, case).parts
    if not parts:
        return [Check(what="it does not send", holds=True, seen="no such configuration set")]
    return holding(parts, dict.fromkeys(parts, False), "paused")


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    flag = "--sending-enabled" if change.to else "--no-sending-enabled"
    where = ["--region", change.resource.split(":")[3]]
    _, _, name = change.resource.partition("configuration-set/")
    if not name:
        return [["sesv2", "put-account-sending-attributes", flag, *where]]
    words = ["sesv2", "put-configuration-set-sending-options", "--configuration-set-name", name]
    return [[*words, flag, *where]]


def _resource(case: Case, given: Input) -> str:
    owner = f"arn:{case.partition}:ses:{given.region}:{case.account}"
    if given.configuration_set is None:
        return f"{owner}:account/sending"
    return f"{owner}:configuration-set/{given.configuration_set}"

"""How a key was before: from the calls that changed it, from calls that used it, from Config."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from firedoor.actions.contract import Case
from firedoor.actions.kms.lookup_tampering import Input, Output, observe
from tests.actions.scripted import ScriptedAws, refused
from tests.simulator.conftest import ACCOUNT, START

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/{KEY}"
CASE = Case(incident="INC-2026-0042", account=ACCOUNT, now=START)
OLD, NEW = '{"Statement": []}', '{"Statement": [{"Effect": "Allow"}]}'
MALLORY = {"type": "IAMUser", "userName": "mallory", "accessKeyId": "AKIAIOSFODNN7EXAMPLE"}
SERVICE = {"type": "AWSService", "invokedBy": "rds.amazonaws.com"}


def event(name: str, hours_ago: float, **more: Any) -> dict[str, Any]:
    moment = START - timedelta(hours=hours_ago)
    return {
        "eventID": f"{name}-{hours_ago}",
        "eventName": name,
        "eventTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "awsRegion": "eu-central-1",
        "userIdentity": MALLORY,
        "resources": [{"ARN": ARN}],
        "requestParameters": {"keyId": KEY},
        **more,
    }


def look(*events: dict[str, Any], config: Any = None, **given: Any) -> Output:
    def lookup(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        [attribute] = asked["LookupAttributes"]
        name, value = attribute["AttributeKey"], attribute["AttributeValue"]
        found = [
            one
            for one in events
            if (one["eventName"] == value if name == "EventName" else value == ARN)
            and ("EndTime" not in asked or _when(one) <= asked["EndTime"])
        ]
        found.sort(key=lambda one: str(one["eventTime"]), reverse=True)
        return {"Events": [{"CloudTrailEvent": json.dumps(one)} for one in found]}

    aws = ScriptedAws(
        {
            "kms:describe_key": {
                "KeyMetadata": {"KeyId": KEY, "Arn": ARN, "KeyState": "PendingDeletion"}
            },
            "cloudtrail:lookup_events": lookup,
            "config:get_resource_config_history": config or refused("NoAvailableRecorder"),
        }
    )
    return observe(aws, Input(key=KEY, **given), CASE)


def _when(one: dict[str, Any]) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(str(one["eventTime"]).replace("Z", "+00:00"))


@pytest.mark.parametrize(
    ("events", "was"),
    [
        ([event("DisableKey", 3), event("ScheduleKeyDeletion", 2)], True),
        ([event("EnableKey", 3), event("ScheduleKeyDeletion", 2)], False),
        ([event("DisableKey", 400), event("ScheduleKeyDeletion", 2)], False),
        (
            [event("DisableKey", 500), event("EnableKey", 400), event("ScheduleKeyDeletion", 2)],
            True,
        ),
        ([event("CancelKeyDeletion", 400), event("ScheduleKeyDeletion", 2)], False),
        ([event("Decrypt", 5), event("ScheduleKeyDeletion", 2)], True),
        (
            [event("Decrypt", 5, errorCode="DisabledException"), event("ScheduleKeyDeletion", 2)],
            None,
        ),
        ([event("ScheduleKeyDeletion", 2)], None),
    ],
)
def test_whether_it_was_enabled(events: list[dict[str, Any]], was: bool | None) -> None:
    found = look(*events)

    assert (found.was_enabled, found.enabled_unknown) == (was, was is None)


def test_config_tells_what_cloudtrail_does_not() -> None:
    item = {"configuration": json.dumps({"keyState": "Enabled"}), "configurationItemStatus": "OK"}
    found = look(event("ScheduleKeyDeletion", 2), config={"configurationItems": [item]})

    assert (found.was_enabled, found.why) == (True, "AWS Config recorded it")


def test_the_policy_from_before_is_the_last_that_was_put_before_the_time() -> None:
    found = look(
        event("PutKeyPolicy", 900, requestParameters={"keyId": KEY, "policy": "{}"}),
        event("PutKeyPolicy", 800, requestParameters={"keyId": ARN, "policy": OLD}),
        event("PutKeyPolicy", 3, requestParameters={"keyId": KEY, "policy": NEW}),
    )

    assert (found.policy_changed, found.policy_before, found.policy_unknown) == (True, OLD, False)


def test_a_policy_that_nobody_remembers_is_unknown_and_one_that_is_given_counts() -> None:
    changed = event("PutKeyPolicy", 3, requestParameters={"keyId": KEY, "policy": NEW})

    assert look(changed).policy_unknown
    assert look(changed, policy=OLD).policy_before == OLD


def test_grants_made_by_hand_are_told_and_those_of_services_are_not() -> None:
    made = {"responseElements": {"grantId": "abc123"}}
    found = look(
        event("CreateGrant", 3, **made, requestParameters={"keyId": KEY, "granteePrincipal": "x"}),
        event("CreateGrant", 2, responseElements={"grantId": "def456"}, userIdentity=SERVICE),
    )

    assert [(one.id, one.grantee) for one in found.grants] == [("abc123", "x")]
    assert [one.name for one in found.users] == ["mallory"]


def test_what_was_refused_or_done_to_another_key_is_left_out() -> None:
    other = {"requestParameters": {"keyId": "other"}, "resources": []}
    found = look(
        event("ScheduleKeyDeletion", 3, errorCode="AccessDenied"),
        event("DisableKey", 2, **other),
    )

    assert (found.done, found.users) == ((), ())


def test_root_and_other_accounts_are_told_in_words() -> None:
    root = {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}
    found = look(event("DisableKey", 3, userIdentity=root))

    assert any("root did DisableKey" in note for note in found.unknown)

"""Put a KMS key's policy back to what it was before somebody changed it.

The policy is replaced as a whole, with one from before (kms.lookup_tampering finds it) or one that
a person gives; what stands there now is kept in the journal and is what undo puts back. KMS refuses
a policy that would lock its caller out. Where the attacker's policy allows none of your principals
any more, nobody in the account can change it: only AWS Support can.
Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

from __future__ import annotations

import json

from firedoor.actions.contract import (
    Aws,
    Case,
    Change,
    Check,
    Given,
    Permission,
    Reopens,
    State,
)
from firedoor.actions.kms._key import KEY, arn_of, describe, region_in, region_of
from firedoor.errors import AwsError, AwsRefused, BadInput, RunFailed
from firedoor.kinds import KmsKey, Region
from firedoor.runbook import Json

PERMISSIONS = (
    Permission("kms:DescribeKey", KEY),
    Permission("kms:GetKeyPolicy", KEY),
    Permission("kms:PutKeyPolicy", KEY, "the key's own policy has to allow it too"),
)
EXAMPLE = {
    "key": "1234abcd-12ab-34cd-56ef-1234567890ab",
    "policy": '{"Version": "2012-10-17", "Statement": []}',
}
REOPENS = Reopens("the attacker's key policy would stand again, with whoever it lets in")
DESTROYS = ("kms.key_policy",)
NAME = "default"


class Input(Given, frozen=True, kw_only=True):
    """The key, and the policy as it should be, as JSON."""

    key: KmsKey
    policy: str
    region: Region | None = None


def observe(aws: Aws, given: Input, case: Case) -> State:
    """The policy that stands; BadInput when the one to put is no policy."""
    _wanted(given)
    region = region_of(aws, given.key, given.region)
    arn = describe(aws, given.key, region)["Arn"]
    text = aws.call("kms", "get_key_policy", region=region, KeyId=arn, PolicyName=NAME)["Policy"]
    return State(parts={f"{arn}#policy": json.loads(text)})


def changes(given: Input, before: State, case: Case) -> list[Change]:
    """The whole policy, unless it stands."""
    wanted = _wanted(given)
    return [
        Change(resource=resource, what="key policy", from_=policy, to=wanted)
        for resource, policy in before.parts.items()
        if policy != wanted
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Put the policy; RunFailed with what is left to do when the key lets nobody in."""
    arn, region = arn_of(change.resource), region_in(change.resource)
    text = json.dumps(change.to, separators=(",", ":"))
    try:
        aws.call("kms", "put_key_policy", region=region, KeyId=arn, PolicyName=NAME, Policy=text)
    except AwsRefused as error:
        raise AwsRefused(
            f"{error.message}. If the key's policy lets none of your principals change it, open a "
            "case with AWS Support: nobody else can",
            code=error.code,
            operation=error.operation,
        ) from error
    except AwsError as error:
        if error.code != "MalformedPolicyDocumentException":
            raise
        raise RunFailed(
            f"the policy of {arn} is NOT put back: {error.message}. A principal that it names may "
            "have been deleted since: take that one out and give the policy to the runbook"
        ) from error


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """The policy reads as it was put."""
    wanted = _wanted(given)
    stands = list(observe(aws, given, case).parts.values()) == [wanted]
    return [
        Check(
            what=f"key {given.key} has the policy from before",
            holds=stands,
            seen="it stands" if stands else "another policy stands",
        )
    ]


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    text = json.dumps(change.to, separators=(",", ":"))
    words = ["kms", "put-key-policy", "--key-id", arn_of(change.resource)]
    return [
        [*words, "--policy-name", NAME, "--policy", text, "--region", region_in(change.resource)]
    ]


def _wanted(given: Input) -> Json:
    try:
        policy = json.loads(given.policy)
    except ValueError as error:
        raise BadInput(f"the key policy is not JSON: {error}") from None
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise BadInput("the key policy has no Statement: it is no policy")
    return policy

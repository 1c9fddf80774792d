"""Let nobody pull from a repository: its policy gets a statement that denies that to everybody.

ECR's policies know repositories, not single images, so all images of the repository are held back,
good ones too: whatever starts from it fails until it is lifted, which is why to ask. Images stay
where they are, as evidence. The other statements of the policy stay as they are; ours is added to
them. Undoing puts back the policy that was there, or none where none was.
Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
"""

from __future__ import annotations

import json
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Given, Permission, Reopens, State
from firedoor.errors import AwsError, NotFound
from firedoor.kinds import EcrRepository, Region

REPOSITORY = "arn:{partition}:ecr:{region}:{account}:repository/{repository}"
PERMISSIONS = (
    Permission("ecr:GetRepositoryPolicy", REPOSITORY),
    Permission("ecr:SetRepositoryPolicy", REPOSITORY, "and undo"),
    Permission("ecr:DeleteRepositoryPolicy", REPOSITORY, "undo"),
)
EXAMPLE = {"repository": "shop/checkout"}
REOPENS = Reopens("the image could be pulled, and run, again")
SID = "FiredoorDenyPulls"
DENY = {
    "Sid": SID,
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
}
NO_POLICY = "RepositoryPolicyNotFoundException"
GONE = "RepositoryNotFoundException"


class Input(Given, frozen=True, kw_only=True):
    """The repository, and its Region."""

    repository: EcrRepository
    region: Region | None = None


class Found(State, frozen=True, kw_only=True):
    """The policy; absent when there is none. `arn`: "" when there is no repository."""

    arn: str = ""


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The repository's policy."""
    region = given.region or aws.region
    arn = f"arn:{aws.partition}:ecr:{region}:{aws.account}:repository/{given.repository}"
    try:
        answer = aws.call(
            "ecr",
            "get_repository_policy",
            region=given.region,
            repositoryName=given.repository,
        )
    except AwsError as error:
        if error.code == NO_POLICY:
            return Found(parts={}, arn=arn)
        if error.code == GONE:
            return Found(parts={})
        raise
    return Found(parts={_resource(arn): json.loads(answer["policyText"])}, arn=arn)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """The policy with our statement in it."""
    if not before.arn:
        return []
    now: Any = before.parts.get(_resource(before.arn))
    statements = _statements(now)
    if DENY in statements:
        return []
    others = [each for each in statements if each.get("Sid") != SID]
    to = {**(now or {"Version": "2012-10-17"}), "Statement": [*others, DENY]}
    return [Change(resource=_resource(before.arn), what="repository policy", from_=now, to=to)]


def _statements(policy: Any) -> list[dict[str, Any]]:
    found = (policy or {}).get("Statement") or []
    return [found] if isinstance(found, dict) else list(found)


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Write the policy, or take it away; nobody pulls from a repository that is gone."""
    try:
        if change.to is None:
            aws.call(
                "ecr",
                "delete_repository_policy",
                region=given.region,
                repositoryName=given.repository,
            )
        else:
            text = json.dumps(change.to, separators=(",", ":"))
            aws.call(
                "ecr",
                "set_repository_policy",
                region=given.region,
                repositoryName=given.repository,
                policyText=text,
            )
    except AwsError as error:
        if change.to is None and error.code in (NO_POLICY, GONE):
            return
        if error.code != GONE:
            raise
        if DENY not in _statements(change.to):
            raise NotFound(f"repository {given.repository!r} has been deleted since") from None


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """Our statement stands."""
    state = observe(aws, given, case)
    what = f"nobody pulls from {given.repository}"
    if not state.arn:
        return [Check(what=what, holds=True, seen="the repository is gone")]
    stands = DENY in _statements(state.parts.get(_resource(state.arn)))
    seen = "our statement stands" if stands else "our statement does not stand"
    return [Check(what=what, holds=stands, seen=seen)]


def _resource(arn: str) -> str:
    return f"{arn}#policy"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    arn = change.resource.split("#", 1)[0]
    named = ["--repository-name", arn.partition(":repository/")[2], "--region", arn.split(":")[3]]
    if change.to is None:
        return [["ecr", "delete-repository-policy", *named]]
    text = json.dumps(change.to, separators=(",", ":"))
    return [["ecr", "set-repository-policy", *named, "--policy-text", text]]

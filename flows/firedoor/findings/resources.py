"""The resources of Security Hub's findings, in ASFF and in OCSF: a list of typed things."""

from __future__ import annotations

import json
from typing import Any

from firedoor.findings.model import Resource
from firedoor.findings.principal import principal
from firedoor.findings.text import Doubts, at, distinct, mapping, text

# A resource's type, in ASFF's or in CloudFormation's words, without `AWS`, `::` and case.
_KINDS = {
    "iamaccesskey": "access_key",
    "iamuser": "access_key",
    "iamrole": "role",
    "s3bucket": "bucket",
    "s3object": "object",
    "ec2instance": "instance",
    "ekscluster": "eks_cluster",
    "ecscluster": "ecs_cluster",
    "lambdafunction": "function",
    "rdsdbinstance": "database",
    "kmskey": "kms_key",
    "account": "account",
}
# Where a GuardDuty type says which of several resources it is about.
_WANTED = {"IAMUser": "access_key", "S3": "bucket", "EC2": "instance", "Lambda": "function"}


def resource(
    said_type: str, account: str, things: list[Any], service: Any, doubts: Doubts, user: Any = None
) -> Resource:
    """The resource that a finding is about. `user`: an OCSF actor's user, where there is one."""
    kinds = [(kind_of(each), each) for each in things if isinstance(each, dict)]
    wanted = _WANTED.get(said_type.partition(":")[2].partition("/")[0])
    first = next((kind for kind, _ in kinds if kind == wanted), kinds[0][0] if kinds else "other")
    part = text(at(service, "resourceRole"), 20)
    buckets = _names(kinds, "bucket", "bucket_name", doubts)
    return Resource(
        kind=first,
        part=part.lower() if part else None,
        arn=next((_arn(each, doubts) for kind, each in kinds if kind == first), None),
        bucket=buckets[0] if len(buckets) == 1 else None,
        buckets=buckets if len(buckets) > 1 else (),
        instance=_one(kinds, "instance", "instance", doubts),
        cluster=_one(kinds, "eks_cluster", "name", doubts)
        or _one(kinds, "ecs_cluster", "name", doubts),
        function=_one(kinds, "function", "name", doubts),
        database=_one(kinds, "database", "name", doubts),
        **_credentials(kinds, account, user, doubts),
    )


def kind_of(thing: Any) -> str:
    """`AwsIamAccessKey` or `AWS::IAM::AccessKey` → `access_key`; what is not known is `other`."""
    said = (text(at(thing, "type"), 80) or "").lower().replace("::", "")
    return _KINDS.get(said.removeprefix("aws"), "other")


def _credentials(
    kinds: list[tuple[str, Any]], account: str, user: Any, doubts: Doubts
) -> dict[str, Any]:
    for kind, each in kinds:
        if kind != "access_key":
            continue
        details = _details(each)
        key = mapping(details, "awsIamAccessKey")
        if key or "accesskey" in str(at(each, "type")).lower():
            return principal(
                doubts,
                account,
                at(key, "principalType") or at(user, "type"),
                at(key, "principalName") or at(key, "userName") or at(user, "name"),
                at(key, "accessKeyId") or _tail(each) or at(user, "credential_uid"),
                at(key, "principalId") or at(user, "uid_alt") or at(user, "uid"),
            )
        name = at(details, "awsIamUser", "userName") or _tail(each)
        return principal(doubts, account, "IAMUser", name, None, None)
    if isinstance(user, dict):
        return principal(
            doubts, account, at(user, "type"), at(user, "name"), at(user, "credential_uid"), None
        )
    return {}


def _details(thing: Any) -> dict[str, Any]:
    """ASFF has `Details`; OCSF has `data` or `details`, sometimes as JSON text."""
    for name in ("details", "data"):
        found = at(thing, name)
        if isinstance(found, str):
            try:
                found = json.loads(found)
            except (ValueError, RecursionError):
                found = None
        if isinstance(found, dict):
            return found
    return {}


def _identifier(thing: Any) -> str:
    return text(at(thing, "id") or at(thing, "uid") or at(thing, "name"), 512) or ""


def _arn(thing: Any, doubts: Doubts) -> str | None:
    said = _identifier(thing)
    return doubts.of_kind("arn", said, "the resource's ARN") if said.startswith("arn:") else None


def _tail(thing: Any) -> str | None:
    """`AWS::IAM::AccessKey:AKIA…`, `arn:aws:ec2:…:instance/i-…`, `arn:aws:s3:::name` → the name."""
    name = _identifier(thing).rpartition(":")[2].rpartition("/")[2]
    # GuardDuty writes `AWS::IAM::AccessKey:null` for a sign-in to the console.
    return None if name in ("", "null") else name


def _names(kinds: list[tuple[str, Any]], wanted: str, kind: str, doubts: Doubts) -> tuple[str, ...]:
    return distinct(
        doubts.of_kind(kind, _tail(each), f"the {wanted} name")
        for found, each in kinds
        if found == wanted
    )


def _one(kinds: list[tuple[str, Any]], wanted: str, kind: str, doubts: Doubts) -> str | None:
    names = _names(kinds, wanted, kind, doubts)
    return names[0] if names else None

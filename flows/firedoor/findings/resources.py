"""The resources of Security Hub's findings, in ASFF and in OCSF: a list of typed things."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from firedoor.findings.details import one_or_all
from firedoor.findings.model import Kind, Resource
from firedoor.findings.naming import named, several
from firedoor.findings.principal import principal
from firedoor.findings.text import Doubts, at, distinct, mapping, text

# A resource's type, in ASFF's or in CloudFormation's words, without `AWS`, `::` and case.
_KINDS: Mapping[str, Kind] = {
    "iamaccesskey": "access_key",
    "iamuser": "access_key",
    "iamrole": "role",
    "s3bucket": "bucket",
    "s3object": "object",
    "ec2instance": "instance",
    "ec2volume": "volume",
    "ec2snapshot": "snapshot",
    "ec2image": "image",
    "ec2networkinterface": "network_interface",
    "ekscluster": "eks_cluster",
    "ecscluster": "ecs_cluster",
    "ecstask": "ecs_task",
    "container": "container",
    "lambdafunction": "function",
    "rdsdbinstance": "database",
    "rdsdbcluster": "database_cluster",
    "rdsdbsnapshot": "db_snapshot",
    "rdsdbclustersnapshot": "db_cluster_snapshot",
    "kmskey": "kms_key",
    "cloudtrailtrail": "trail",
    "guarddutydetector": "detector",
    "rolesanywheretrustanchor": "trust_anchor",
    "sesemailidentity": "identity",
    "bedrockcustommodel": "model",
    "backuprecoverypoint": "recovery_point",
    "account": "account",
}
# A GuardDuty type says which of several resources it is about.
_WANTED = {"IAMUser": "access_key", "S3": "bucket", "EC2": "instance", "Lambda": "function"}
# Kind → its field, and the list for several.
_FIELDS: Mapping[Kind, tuple[str, str]] = {
    "bucket": ("bucket", "buckets"),
    "instance": ("instance", "instances"),
    "volume": ("volume", "volumes"),
    "snapshot": ("snapshot", "snapshots"),
    "image": ("image", "images"),
    "eks_cluster": ("cluster", "clusters"),
    "ecs_cluster": ("cluster", "clusters"),
    "function": ("function", "functions"),
    "database": ("database", "databases"),
    "database_cluster": ("database_cluster", "database_clusters"),
    "kms_key": ("kms_key", "kms_keys"),
    "model": ("model", "models"),
}
_ALONE: Mapping[Kind, str] = {
    "role": "role",
    "ecs_task": "task",
    "db_snapshot": "db_snapshot",
    "db_cluster_snapshot": "db_cluster_snapshot",
    "trail": "trail",
    "detector": "detector",
    "trust_anchor": "trust_anchor",
    "identity": "identity",
    "recovery_point": "recovery_point",
}


def resource(
    said_type: str, account: str, things: list[Any], service: Any, doubts: Doubts, user: Any = None
) -> Resource:
    """The resource that a finding is about. `user`: an OCSF actor's user, where there is one."""
    kinds = [(kind_of(each), each) for each in things if isinstance(each, dict)]
    wanted = _WANTED.get(said_type.partition(":")[2].partition("/")[0])
    first = next((kind for kind, _ in kinds if kind == wanted), kinds[0][0] if kinds else "other")
    part = text(at(service, "resourceRole"), 20)
    call = at(service, "action", "awsApiCallAction")
    return Resource(
        kind=first,
        part=part.lower() if part else None,
        arn=next((_arn(each, doubts) for kind, each in kinds if kind == first), None),
        **(_named(kinds, call, doubts) | _credentials(kinds, account, user, doubts)),
    )


def _named(kinds: list[tuple[Kind, Any]], call: Any, doubts: Doubts) -> dict[str, Any]:
    """The fields for all things that are listed, by their kind."""
    fields: dict[str, Any] = {}
    for kind, (one, several_) in _FIELDS.items():
        names = (_name(one, each) for found, each in kinds if found == kind)
        fields.update(one_or_all(doubts, one, several_, names))
    for kind, field in _ALONE.items():
        names = (_name(field, each) for found, each in kinds if found == kind)
        found = several(doubts, field, names)
        fields[field] = found[0] if len(found) == 1 else None
    cards = (
        _name("network_interface", each) for kind, each in kinds if kind == "network_interface"
    )
    container = next((each for kind, each in kinds if kind == "container"), None)
    inside = mapping(_details(container), "container")
    affected = mapping(call, "affectedResources")
    fields["network_interfaces"] = several(doubts, "network_interface", cards)
    fields["container"] = text(at(inside, "name"), 255)
    fields["container_image"] = named(doubts, "container_image", at(inside, "imageName"))
    fields["objects"] = distinct(_key_of(each) for kind, each in kinds if kind == "object")
    trail = affected.get("AWS::CloudTrail::Trail")
    fields["trail"] = fields["trail"] or named(doubts, "trail", trail)
    return {name: value for name, value in fields.items() if value}


def _name(field: str, thing: Any) -> Any:
    """The ARN, or the name without what Security Hub writes before it (`AWS::IAM::AccessKey:`)."""
    said = _identifier(thing)
    return said if said.startswith("arn:") else _tail(thing)


def _key_of(thing: Any) -> str | None:
    """`arn:aws:s3:::bucket/a/key` → `a/key`."""
    said = _identifier(thing)
    return text(said.partition("/")[2], 1024) if said.startswith("arn:") else None


def kind_of(thing: Any) -> Kind:
    """`AwsIamAccessKey` or `AWS::IAM::AccessKey` → `access_key`; what is not known is `other`."""
    return kind_of_type(text(at(thing, "type"), 80) or "")


def kind_of_type(said: str) -> Kind:
    """Like `kind_of`, of the type's name by itself."""
    return _KINDS.get(said.lower().replace("::", "").removeprefix("aws"), "other")


def field_of(kind: Kind) -> str:
    """The field of `Resource` for a single thing of a kind; "" when there is none."""
    return _FIELDS[kind][0] if kind in _FIELDS else _ALONE.get(kind, "")


def _credentials(
    kinds: list[tuple[Kind, Any]], account: str, user: Any, doubts: Doubts
) -> dict[str, Any]:
    for kind, each in kinds:
        if kind != "access_key":
            continue
        details = _details(each)
        key = mapping(details, "awsIamAccessKey")
        if key or "accesskey" in str(at(each, "type")).lower():
            issuer = at(key, "sessionContext", "sessionIssuer", "arn")
            return _issued(issuer, doubts) | principal(
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


def _issued(issuer: Any, doubts: Doubts) -> dict[str, Any]:
    arn = named(doubts, "issuer", issuer)
    return {"issuer": arn} if arn else {}


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

"""Take a principal of IAM out of a cluster: its access entry is deleted.

The principal is nobody in Kubernetes then; requests with tokens that it holds are refused as soon
as EKS's authenticator sees it, within a minute. An access entry of type STANDARD only: those that
nodes join by are refused. Its access policies go with it. A principal that the ConfigMap aws-auth
names as well keeps that way in: it is inside Kubernetes. Undoing creates the entry again with its
user name, groups and tags, and associates the same policies with the same scopes.
Source: https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
"""

from __future__ import annotations

import json
from typing import Any

from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.actions.eks._access import ENTRY, OfPrincipal, entry_of, policies_of, refuse_nodes
from firedoor.actions.eks._cluster import CLUSTER, Found, arn_of, ask, cli
from firedoor.errors import AwsError, NotFound

PERMISSIONS = (
    Permission("eks:DescribeAccessEntry", ENTRY),
    Permission("eks:ListAssociatedAccessPolicies", ENTRY),
    Permission("eks:DeleteAccessEntry", ENTRY),
    Permission("eks:CreateAccessEntry", CLUSTER, "undo"),
    Permission("eks:AssociateAccessPolicy", ENTRY, "undo"),
    Permission("eks:TagResource", ENTRY, "undo, where the entry had tags"),
)
EXAMPLE = {"cluster": "production", "principal": "arn:aws:iam::111122223333:role/deployer"}
REOPENS = Reopens("the principal would be let into the cluster again")

Input = OfPrincipal


def observe(aws: Aws, given: OfPrincipal, case: Case) -> Found:
    """The entry with its access policies. Refused for one that nodes join by."""
    entry = entry_of(aws, given, given.principal)
    if entry is None:
        return Found(parts={})
    refuse_nodes(entry)
    value = {
        "type": entry.get("type") or "STANDARD",
        "username": entry.get("username") or "",
        "groups": sorted(entry.get("kubernetesGroups") or ()),
        "tags": dict(entry.get("tags") or {}),
        "policies": policies_of(aws, given, given.principal),
    }
    return Found(parts={_resource(aws, given): value})


def changes(given: OfPrincipal, before: Found, case: Case) -> list[Change]:
    """It to none."""
    return [
        Change(resource=resource, what="access entry", from_=entry, to=None)
        for resource, entry in before.parts.items()
    ]


def apply(aws: Aws, given: OfPrincipal, change: Change, case: Case) -> None:
    """Delete the entry, or create it as it was; NotFound when the cluster is gone."""
    named = {"clusterName": given.cluster, "principalArn": given.principal}
    if change.to is None:
        ask(aws, given, "delete_access_entry", **named)
        return
    entry: dict[str, Any] = dict(change.to)
    _create(aws, given, entry)
    for policy, scope in entry["policies"].items():
        ask(aws, given, "associate_access_policy", **named, policyArn=policy, accessScope=scope)


def _create(aws: Aws, given: OfPrincipal, entry: dict[str, Any]) -> None:
    more = {"tags": entry["tags"]} if entry["tags"] else {}
    try:
        made = ask(
            aws,
            given,
            "create_access_entry",
            clusterName=given.cluster,
            principalArn=given.principal,
            type=entry["type"],
            username=entry["username"],
            kubernetesGroups=entry["groups"],
            **more,
        )
    except AwsError as error:
        # It stands already: a second attempt.
        if error.code != "ResourceInUseException" or entry_of(aws, given, given.principal) is None:
            raise
        return
    if made is None:
        raise NotFound(f"cluster {given.cluster!r} has been deleted since")


def verify(aws: Aws, given: OfPrincipal, case: Case) -> list[Check]:
    """There is no entry."""
    there = entry_of(aws, given, given.principal) is not None
    seen = "it has an access entry" if there else "no access entry; aws-auth was not looked at"
    who = given.principal.rpartition("/")[2]
    return [Check(what=f"{who} has no access entry in {given.cluster}", holds=not there, seen=seen)]


def _resource(aws: Aws, given: OfPrincipal) -> str:
    return f"{arn_of(aws, given)}#access-entry/{given.principal}"


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    who = ["--principal-arn", change.resource.partition("#access-entry/")[2]]
    if change.to is None:
        return [cli(change, "delete-access-entry", *who)]
    entry: dict[str, Any] = dict(change.to)
    words = [*who, "--type", entry["type"], "--username", entry["username"]]
    if entry["groups"]:
        words += ["--kubernetes-groups", *entry["groups"]]
    if entry["tags"]:
        words += ["--tags", json.dumps(entry["tags"], separators=(",", ":"))]
    made = [cli(change, "create-access-entry", *words)]
    for policy, scope in entry["policies"].items():
        text = f"type={scope['type']}"
        if scope.get("namespaces"):
            text += f",namespaces={','.join(scope['namespaces'])}"
        named = [*who, "--policy-arn", policy, "--access-scope", text]
        made.append(cli(change, "associate-access-policy", *named))
    return made

"""IAM Access Analyzer findings: what is open to outside, or granted and never used.

They have neither type nor severity: the type is made here (`AccessAnalyzer:S3/PublicAccess`), and
public access counts as high, access for another account as medium, unused access as low.
https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_FindingDetails.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firedoor.findings.model import Finding, Kind, Occurred, Resource, label_of
from firedoor.findings.naming import named
from firedoor.findings.text import Doubts, at, items, moment, text, truth

# Its resource types → our kind, and the field that the name goes to.
_KINDS: Mapping[str, tuple[Kind, str]] = {
    "AWS::S3::Bucket": ("bucket", "bucket"),
    "AWS::IAM::Role": ("role", "role"),
    "AWS::IAM::User": ("access_key", "user"),
    "AWS::KMS::Key": ("kms_key", "kms_key"),
    "AWS::Lambda::Function": ("function", "function"),
    "AWS::EC2::Snapshot": ("snapshot", "snapshot"),
    "AWS::RDS::DBSnapshot": ("db_snapshot", "db_snapshot"),
    "AWS::RDS::DBClusterSnapshot": ("db_cluster_snapshot", "db_cluster_snapshot"),
}


def is_finding(document: Any) -> bool:
    """Whether this is an Access Analyzer finding without its envelope."""
    return (
        isinstance(at(document, "resourceType"), str)
        and at(document, "analyzedAt") is not None
        and at(document, "status") is not None
    )


def finding(document: Any, envelope: Mapping[str, Any]) -> Finding:
    """The finding in one document."""
    doubts = Doubts()
    kind = text(at(document, "resourceType"), 80) or ""
    details = items(document, "findingDetails")
    public = truth(at(document, "isPublic")) or any(
        truth(at(each, "externalAccessDetails", "isPublic")) for each in details
    )
    what = _what(document, public)
    severity = {"PublicAccess": 7.0, "ExternalAccess": 4.0, "InternalAccess": 4.0}.get(what, 2.0)
    arn = text(at(document, "resource"), 512) or ""
    name = arn.rpartition(":")[2].rpartition("/")[2]
    said_account = at(document, "resourceOwnerAccount") or at(document, "accountId")
    title = f"{name or 'A resource'} ({kind}): {what}"
    return Finding(
        id=text(at(document, "id") or at(document, "findingId"), 200) or "",
        type=f"AccessAnalyzer:{kind.split('::')[1] if kind.count('::') == 2 else kind}/{what}",
        source="access-analyzer",
        account=doubts.of_kind("account_id", said_account, "the account")
        or doubts.of_kind("account_id", at(envelope, "account"), "the account")
        or "",
        region=doubts.of_kind("region", at(document, "region"), "the Region")
        or doubts.of_kind("region", at(envelope, "region"), "the Region")
        or "",
        severity=severity,
        severity_label=label_of(severity),
        title=text(title, 512) or "",
        archived=at(document, "status") in ("ARCHIVED", "RESOLVED")
        or truth(at(document, "isDeleted")),
        resource=_resource(kind, arn, doubts),
        occurred=Occurred(
            first=moment(at(document, "createdAt")), last=moment(at(document, "updatedAt"))
        ),
        updated=moment(at(document, "updatedAt")),
        doubts=doubts.all(),
        raw=document,
    )


def _resource(said: str, arn: str, doubts: Doubts) -> Resource:
    kind, field = _KINDS.get(said, ("other", ""))
    fields: dict[str, Any] = {"kind": kind, "arn": named(doubts, "arn", arn)}
    if field:
        fields[field] = named(doubts, field, arn)
    if field == "user":
        fields["principal"] = "iam_user"
    return Resource(**fields)


def _what(document: Any, public: bool) -> str:
    if at(document, "error"):
        return "NotAnalyzed"
    said = text(at(document, "findingType"), 40) or "ExternalAccess"
    if said == "ExternalAccess":
        return "PublicAccess" if public else "ExternalAccess"
    return said if said == "InternalAccess" else "UnusedAccess"

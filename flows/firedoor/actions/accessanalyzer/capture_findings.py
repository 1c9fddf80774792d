"""Keep what IAM Access Analyzer says of a resource, and prove that nobody outside has access.

It reasons over policies and ACLs, so it also sees access that nobody has used yet. All analyzers of
external access in the Region are asked about the one resource, S3 multi-Region access points and
global roles in the Region given. With `prove`, an active finding breaks the proof, and none holds
it; without an analyzer, or while its last look lies before the last change, the proof stays open:
it analyses again within 30 minutes of a change. Unused-access analyzers are not asked.
Source: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListFindingsV2.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Check, Given, Permission
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import Arn, Region, parse_time, time_text

ANALYZER = "arn:{partition}:access-analyzer:{region}:{account}:analyzer/*"
PERMISSIONS = (
    Permission("access-analyzer:ListAnalyzers"),
    Permission("access-analyzer:ListFindings", ANALYZER, "ListFindingsV2 is authorised by it"),
    Permission("access-analyzer:GetFinding", ANALYZER, "GetFindingV2 is authorised by it"),
    Permission("access-analyzer:GetAnalyzedResource", ANALYZER, "when it last looked"),
)
EXAMPLE = {"resource": "arn:aws:s3:::example-bucket", "region": "eu-central-1"}
EXTERNAL = frozenset({"ACCOUNT", "ORGANIZATION"})
READ = 20
"""How many findings are read in full; the list has all of them."""
NOT_THERE = frozenset({"ResourceNotFoundException"})


class Input(Given, frozen=True, kw_only=True):
    """The resource. `prove`: a finding that is active breaks the containment's proof."""

    resource: Arn
    region: Region | None = None
    prove: bool = False


class Access(contract.Output, frozen=True, kw_only=True):
    """One active finding: who may do what. `public`: everybody."""

    id: str
    public: bool
    principals: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


class Output(contract.Output, frozen=True, kw_only=True):
    """`external` None: no analyzer could tell."""

    external: bool | None
    active: tuple[Access, ...] = ()
    analyzers: int = 0
    checks: tuple[Check, ...] = ()
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Ask every analyzer of external access in the Region about the resource."""
    region = given.region or given.resource.split(":")[3] or aws.region
    try:
        analyzers = [
            str(each["arn"])
            for each in aws.pages("accessanalyzer", "list_analyzers", "analyzers", region=region)
            if each.get("type") in EXTERNAL
        ]
        told = [_ask(aws, region, arn, given.resource) for arn in analyzers]
    except NoCredentials:
        raise
    except AwsError as error:
        return _open(given, f"Access Analyzer in {region} on {given.resource}: {error.message}")
    if not told:
        note = f"there is no analyzer of external access in {region}: whether anybody outside has"
        return _open(given, f"{note} access to {given.resource} is not proven")
    active = tuple(
        _access(finding)
        for each in told
        for finding in each["findings"]
        if finding.get("status") == "ACTIVE"
    )
    since = None if active else _not_since(told, case.changed)
    external = True if active else None if since else False
    seen = f"{len(active)} active findings" if active else since or "no active finding"
    return Output(
        external=external,
        active=active,
        analyzers=len(told),
        checks=_checks(given, None if external is None else not external, seen),
        keep=(
            Artefact(
                name="access-analyzer",
                content=told,
                about=f"IAM Access Analyzer on {given.resource}",
            ),
        ),
        unknown=(f"{given.resource}: {since}",) if since else (),
    )


def _open(given: Input, note: str) -> Output:
    return Output(external=None, checks=_checks(given, None, note), unknown=(note,))


def _checks(given: Input, holds: bool | None, seen: str) -> tuple[Check, ...]:
    if not given.prove:
        return ()
    what = f"nobody outside has access to {given.resource}, as Access Analyzer sees it"
    return (Check(what=what, holds=holds, seen=seen),)


def _ask(aws: Aws, region: str, analyzer: str, resource: str) -> dict[str, Any]:
    """The findings of one analyzer on the resource, the first in full, and when it last looked."""
    listed = list(
        aws.pages(
            "accessanalyzer",
            "list_findings_v2",
            "findings",
            region=region,
            analyzerArn=analyzer,
            filter={"resource": {"eq": [resource]}},
        )
    )
    # What is still open is read first.
    listed.sort(key=lambda each: each.get("status") != "ACTIVE")
    whole = [
        each
        | aws.call(
            "accessanalyzer", "get_finding_v2", region=region, analyzerArn=analyzer, id=each["id"]
        )
        for each in listed[:READ]
    ]
    try:
        looked = aws.call(
            "accessanalyzer",
            "get_analyzed_resource",
            region=region,
            analyzerArn=analyzer,
            resourceArn=resource,
        ).get("resource")
    except NoCredentials:
        raise
    except AwsError as error:
        if error.code not in NOT_THERE:
            raise
        looked = None
    return {"analyzer": analyzer, "findings": [*whole, *listed[READ:]], "analyzed": looked}


def _not_since(told: list[dict[str, Any]], changed: datetime | None) -> str | None:
    """Why no finding proves nothing yet; None when an analyzer has looked since the last change."""
    times = [
        _time(each["analyzed"]["analyzedAt"])
        for each in told
        if (each["analyzed"] or {}).get("analyzedAt")
    ]
    if not times:
        return "no analyzer has analysed it (yet), or it is of a type that none analyses"
    if changed is not None and max(times) < changed:
        return (
            f"it was last analysed at {time_text(max(times))}, before the last change: that takes "
            "up to 30 minutes; look again"
        )
    return None


def _time(found: Any) -> datetime:
    return found if isinstance(found, datetime) else parse_time(str(found))


def _access(finding: dict[str, Any]) -> Access:
    details = [
        each["externalAccessDetails"]
        for each in finding.get("findingDetails") or ()
        if each.get("externalAccessDetails")
    ]
    principals = {str(who) for each in details for who in (each.get("principal") or {}).values()}
    actions = {str(one) for each in details for one in each.get("action") or ()}
    return msgspec.convert(
        {
            "id": str(finding["id"]),
            "public": any(bool(each.get("isPublic")) for each in details),
            "principals": sorted(principals),
            "actions": sorted(actions),
        },
        Access,
    )

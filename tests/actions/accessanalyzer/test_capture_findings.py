"""Access Analyzer: what outsiders can do, and when that proves that they cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from firedoor.actions.accessanalyzer.capture_findings import Input, Output, observe
from firedoor.actions.contract import Case
from tests.actions.scripted import ScriptedAws, refused
from tests.simulator.conftest import ACCOUNT, START

BUCKET = "arn:aws:s3:::example-orders"
ANALYZER = f"arn:aws:access-analyzer:eu-west-1:{ACCOUNT}:analyzer/external"
CASE = Case(incident="INC-2026-0042", account=ACCOUNT, now=START)
GIVEN = Input(resource=BUCKET, region="eu-west-1", prove=True)


def analyzer(type_: str = "ACCOUNT") -> dict[str, Any]:
    return {
        "arn": ANALYZER,
        "name": "external",
        "type": type_,
        "createdAt": START,
        "status": "ACTIVE",
    }


def finding(status: str = "ACTIVE", **details: Any) -> dict[str, Any]:
    return {
        "analyzedAt": START,
        "createdAt": START,
        "updatedAt": START,
        "id": f"finding-{status}",
        "resource": BUCKET,
        "resourceType": "AWS::S3::Bucket",
        "resourceOwnerAccount": ACCOUNT,
        "status": status,
        **details,
    }


OPEN_TO_ALL = {
    "externalAccessDetails": {
        "action": ["s3:GetObject"],
        "condition": {},
        "isPublic": True,
        "principal": {"AWS": "*"},
    }
}


def aws(
    *findings: dict[str, Any],
    type_: str = "ACCOUNT",
    looked: timedelta | None = timedelta(minutes=5),
) -> ScriptedAws:
    analyzed: Any = refused("ResourceNotFoundException")
    if looked is not None:
        analyzed = {
            "resource": {
                "resourceArn": BUCKET,
                "resourceType": "AWS::S3::Bucket",
                "createdAt": START,
                "analyzedAt": START + looked,
                "updatedAt": START,
                "isPublic": bool(findings),
                "resourceOwnerAccount": ACCOUNT,
            }
        }
    return ScriptedAws(
        {
            "accessanalyzer:list_analyzers": {"analyzers": [analyzer(type_)] if type_ else []},
            "accessanalyzer:list_findings_v2": {"findings": list(findings)},
            "accessanalyzer:get_finding_v2": lambda given: next(
                {**one, "findingDetails": [OPEN_TO_ALL]}
                for one in findings
                if one["id"] == given["id"]
            ),
            "accessanalyzer:get_analyzed_resource": analyzed,
        }
    )


def holds(found: Output) -> list[bool | None]:
    return [check.holds for check in found.checks]


def test_an_active_finding_breaks_the_proof_and_says_who_may_do_what() -> None:
    found = observe(aws(finding()), GIVEN, CASE)

    assert (found.external, holds(found)) == (True, [False])
    assert (found.active[0].public, found.active[0].principals) == (True, ("*",))
    assert found.active[0].actions == ("s3:GetObject",)


def test_no_active_finding_since_the_last_change_is_proof() -> None:
    found = observe(aws(finding("RESOLVED")), GIVEN, replace(CASE, changed=START))

    assert (found.external, holds(found), found.unknown) == (False, [True], ())


def test_a_look_from_before_the_last_change_proves_nothing() -> None:
    late = replace(CASE, changed=START + timedelta(minutes=6))
    found = observe(aws(finding("RESOLVED")), GIVEN, late)

    assert (found.external, holds(found)) == (None, [None])
    assert "before the last change" in found.unknown[0]


def test_a_finding_that_is_still_open_counts_however_old() -> None:
    late = replace(CASE, changed=START + timedelta(minutes=6))

    assert holds(observe(aws(finding()), GIVEN, late)) == [False]


def test_a_resource_that_was_never_analysed_proves_nothing() -> None:
    assert holds(observe(aws(looked=None), GIVEN, CASE)) == [None]


def test_without_an_analyzer_it_is_unknown() -> None:
    found = observe(aws(type_=""), GIVEN, CASE)

    assert (found.external, holds(found)) == (None, [None])
    assert "no analyzer of external access" in found.unknown[0]


def test_an_analyzer_of_unused_access_does_not_count() -> None:
    assert observe(aws(type_="ACCOUNT_UNUSED_ACCESS"), GIVEN, CASE).external is None


def test_as_evidence_alone_it_is_no_proof_either_way() -> None:
    evidence = Input(resource=BUCKET, region="eu-west-1")
    found = observe(aws(finding()), evidence, CASE)

    assert found.checks == ()
    assert found.keep[0].content[0]["findings"][0]["findingDetails"]


def test_only_the_one_resource_is_asked_about() -> None:
    world = aws(finding())
    observe(world, GIVEN, CASE)
    [listed] = [given for name, _, given in world.made if name.endswith("list_findings_v2")]

    assert listed["filter"] == {"resource": {"eq": [BUCKET]}}


def test_what_may_not_be_asked_is_unknown() -> None:
    world = ScriptedAws({"accessanalyzer:list_analyzers": refused("AccessDeniedException", "no")})
    found = observe(world, GIVEN, CASE)

    assert holds(found) == [None]
    assert found.unknown == (f"Access Analyzer in eu-west-1 on {BUCKET}: no",)

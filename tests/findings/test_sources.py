"""Security Hub (in both its formats), AWS Health, Access Analyzer and Macie."""

from __future__ import annotations

import msgspec
import pytest

from firedoor.errors import NotAFinding
from firedoor.finding import Finding, parse
from tests.findings.documents import (
    ACCOUNT,
    DETECTOR,
    ID,
    KEY,
    Json,
    access_analyzer,
    asff,
    event,
    health,
    macie,
    ocsf,
)


def one(document: Json) -> Finding:
    """The only finding in a document."""
    (found,) = parse(document)
    return found


def hub(finding: Json, kind: str = "Security Hub Findings - Imported") -> Json:
    return event({"findings": [finding]}, "aws.securityhub", kind)


def test_what_security_hub_hands_on_is_guarddutys_again() -> None:
    found = one(hub(asff()))

    assert (found.id, found.source, found.via) == (ID, "guardduty", "securityhub")
    assert found.type == "Recon:IAMUser/MaliciousIPCaller.Custom"
    assert (found.account, found.severity, found.count) == (ACCOUNT, 5, 3)
    assert (found.resource.user, found.resource.access_key_id) == ("ci-deployer", KEY)
    assert (found.actor.ip, found.actor.apis) == ("198.51.100.7", ("iam:ListUsers",))
    assert found.detector_id == DETECTOR


@pytest.mark.parametrize(
    "kind", ["Security Hub Findings - Imported", "Security Hub Findings - Custom Action"]
)
def test_an_import_and_a_custom_action_are_the_bare_finding(kind: str) -> None:
    assert one(hub(asff(), kind)) == one(asff())


def test_the_label_that_people_set_in_security_hub_leads_over_the_number() -> None:
    found = one(asff(Severity={"Product": 5, "Label": "CRITICAL", "Normalized": 50}))

    assert (found.severity, found.severity_label) == (9.5, "critical")


@pytest.mark.parametrize(
    "change",
    [{"RecordState": "ARCHIVED"}, {"Workflow": {"Status": "SUPPRESSED"}}],
    ids=["archived", "suppressed"],
)
def test_what_people_put_aside_in_security_hub_is_archived(change: dict[str, Json]) -> None:
    assert one(asff(**change)).archived


def test_a_role_in_security_hubs_words_is_no_user() -> None:
    document = asff()
    document["Resources"][0]["Details"]["AwsIamAccessKey"] = {
        "PrincipalId": "AROAIOSFODNN7EXAMPLE:night-batch",
        "PrincipalName": "data-reader",
        "PrincipalType": "AssumedRole",
    }

    found = one(document).resource

    assert (found.user, found.role, found.session) == (None, "data-reader", "night-batch")


def test_a_sign_in_without_a_key_names_none_and_has_no_doubt_about_it() -> None:
    document = asff()
    document["Resources"][0]["Id"] = "AWS::IAM::AccessKey:null"

    found = one(document)

    assert (found.resource.user, found.resource.access_key_id) == ("ci-deployer", None)
    assert found.doubts == ()


def test_an_arn_that_is_none_is_left_out_with_a_doubt() -> None:
    document = asff()
    document["Resources"] = [{"Type": "Other", "Id": "arn:aws::ec2:x"}]

    found = one(document)

    assert found.resource.arn is None
    assert found.doubts == (
        "the resource's ARN 'arn:aws::ec2:x' is not a valid arn; it is left out",
    )


def test_the_newer_security_hubs_finding_is_read_too() -> None:
    found = one(hub(ocsf(), "Findings Imported V2"))

    assert (found.id, found.source, found.via) == (ID, "guardduty", "securityhub")
    assert (found.type, found.severity) == ("Recon:IAMUser/MaliciousIPCaller", 8)
    assert (found.account, found.region) == (ACCOUNT, "eu-central-1")
    assert (found.resource.user, found.resource.access_key_id) == ("ci-deployer", KEY)
    assert (found.actor.ip, found.actor.apis) == ("198.51.100.7", ("iam:ListUsers",))
    assert (found.occurred.first, found.occurred.last) == (
        "2026-03-01T10:00:00.000Z",
        "2026-03-01T10:20:00.000Z",
    )


def test_a_suppressed_finding_of_the_newer_security_hub_is_archived() -> None:
    assert one(ocsf(status="Suppressed")).archived


def test_a_key_that_aws_found_in_public_names_its_user() -> None:
    found = one(event(health(), "aws.health", "AWS Health Event"))

    assert (found.type, found.source) == ("AWS_RISK_CREDENTIALS_EXPOSED", "health")
    assert found.title == "AWS risk credentials exposed"
    assert (found.account, found.region) == (ACCOUNT, "us-east-1")
    assert (found.resource.user, found.resource.access_key_id) == ("ci-deployer", KEY)
    assert found.occurred.first == "2026-03-01T10:00:00.000Z"


def test_news_about_a_service_is_no_finding() -> None:
    news = health(service="EC2", eventTypeCode="AWS_EC2_OPERATIONAL_ISSUE")

    with pytest.raises(NotAFinding, match="news of operation") as caught:
        parse(event(news, "aws.health", "AWS Health Event"))
    assert caught.value.where == "detail"


def test_an_event_of_aws_health_without_a_type_is_no_finding() -> None:
    with pytest.raises(NotAFinding, match="without an event type"):
        parse(event(health(eventTypeCode=None), "aws.health", "AWS Health Event"))


def test_a_macie_finding_is_about_a_bucket_though_its_type_says_user() -> None:
    found = one(event(macie(), "aws.macie", "Macie Finding"))

    assert (found.source, found.type) == ("macie", "Policy:IAMUser/S3BucketPublic")
    assert (found.resource.kind, found.resource.bucket) == ("bucket", "ledger")
    assert (found.severity, found.severity_label) == (8.0, "high")


def test_a_bare_macie_finding_cut_short_is_still_macies() -> None:
    found = one(macie(category=None, resourcesAffected=None))

    assert (found.source, found.resource.kind) == ("macie", "bucket")


def test_a_bucket_open_to_all_is_high_and_one_open_to_an_account_medium() -> None:
    public = one(event(access_analyzer(), "aws.access-analyzer", "Access Analyzer Finding"))
    shared = one(access_analyzer(isPublic=False, principal={"AWS": "444455556666"}))

    assert (public.type, public.severity_label) == ("AccessAnalyzer:S3/PublicAccess", "high")
    assert (shared.type, shared.severity_label) == ("AccessAnalyzer:S3/ExternalAccess", "medium")
    assert public.resource.bucket == "ledger"


def test_unused_access_is_low_and_its_id_is_read() -> None:
    unused = access_analyzer(
        id=None,
        findingId="f-1",
        findingType="UnusedPermission",
        resourceType="AWS::IAM::Role",
        resource=f"arn:aws:iam::{ACCOUNT}:role/service/data-reader",
        isPublic=None,
    )

    found = one(event(unused, "aws.access-analyzer", "Unused Access Finding for IAM entities"))

    assert (found.id, found.severity_label) == ("f-1", "low")
    assert (found.type, found.resource.role) == ("AccessAnalyzer:IAM/UnusedAccess", "data-reader")


@pytest.mark.parametrize("change", [{"status": "RESOLVED"}, {"isDeleted": True}])
def test_access_that_is_closed_again_is_archived(change: dict[str, Json]) -> None:
    assert one(access_analyzer(**change)).archived


@pytest.mark.parametrize("make", [asff, ocsf, health, macie, access_analyzer])
def test_every_finding_can_be_written_as_json(make: Json) -> None:
    found = one(make())

    assert msgspec.json.decode(msgspec.json.encode(found))["account"] == ACCOUNT

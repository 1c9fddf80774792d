"""GuardDuty findings, in every spelling and wrapping that AWS and boto3 give them."""

from __future__ import annotations

import msgspec
import pytest

from firedoor.finding import Finding, Resource, label_of, parse
from tests.findings.documents import (
    ACCOUNT,
    ARN,
    DETECTOR,
    ID,
    KEY,
    OTHER_ACCOUNT,
    SESSION_KEY,
    Json,
    api_call,
    event,
    guardduty,
    key_details,
    pascal,
    sequence,
)


def one(document: Json) -> Finding:
    """The only finding in a document."""
    (found,) = parse(document)
    return found


def without_raw(found: Finding) -> Finding:
    return msgspec.structs.replace(found, raw=None)


def test_a_finding_says_where_what_and_whose() -> None:
    found = one(guardduty())

    assert (found.id, found.type, found.source) == (
        ID,
        "UnauthorizedAccess:IAMUser/MaliciousIPCaller",
        "guardduty",
    )
    assert (found.account, found.region, found.partition) == (ACCOUNT, "eu-central-1", "aws")
    assert (found.arn, found.detector_id, found.count) == (ARN, DETECTOR, 3)
    assert found.resource == Resource(
        kind="access_key",
        part="target",
        principal="iam_user",
        principal_id="AIDAIOSFODNN7EXAMPLE",
        user="ci-deployer",
        access_key_id=KEY,
    )
    assert found.doubts == ()


def test_a_finding_says_who_did_it_and_when() -> None:
    found = one(guardduty())

    assert msgspec.to_builtins(found.actor) == {
        "ip": "198.51.100.7",
        "country": "Exampleland",
        "org": "Example Transit",
        "caller": "Remote IP",
        "apis": ("iam:ListUsers",),
        "error": "AccessDenied",
    }
    assert (found.occurred.first, found.occurred.last) == (
        "2026-03-01T10:00:00.000Z",
        "2026-03-01T10:20:00.000Z",
    )


@pytest.mark.parametrize("document", [guardduty(), sequence()], ids=["key", "sequence"])
def test_the_envelope_and_either_spelling_make_no_difference(document: Json) -> None:
    bare = without_raw(one(document))

    assert without_raw(one(event(document))) == bare
    assert without_raw(one(pascal(document))) == bare
    assert without_raw(one(event(pascal(document)))) == bare


def test_the_account_and_region_of_the_finding_win_over_those_of_the_envelope() -> None:
    found = one(event(guardduty(), account=OTHER_ACCOUNT, region="us-east-1"))

    assert (found.account, found.region) == (ACCOUNT, "eu-central-1")


def test_the_envelope_gives_the_account_when_the_finding_has_none() -> None:
    found = one(event(guardduty(accountId=None), account=OTHER_ACCOUNT))

    assert found.account == OTHER_ACCOUNT


@pytest.mark.parametrize("purpose", ["Policy:S3/BucketPublicAccessGranted", "Stealth:S3/X"])
def test_a_policy_finding_about_s3_is_about_the_bucket_though_it_says_access_key(
    purpose: str,
) -> None:
    resource = {
        "resourceType": "AccessKey",
        "accessKeyDetails": key_details(),
        "s3BucketDetails": [{"name": "ledger", "arn": "arn:aws:s3:::ledger"}],
    }

    found = one(guardduty(purpose, resource=resource)).resource

    assert (found.kind, found.bucket, found.user) == ("bucket", "ledger", "ci-deployer")


def test_several_buckets_are_a_list_and_none_of_them_is_the_bucket() -> None:
    resource = {"resourceType": "S3Bucket", "s3BucketDetails": [{"name": "one1"}, {"name": "two2"}]}

    found = one(guardduty("Exfiltration:S3/MaliciousIPCaller", resource=resource)).resource

    assert (found.bucket, found.buckets) == (None, ("one1", "two2"))


@pytest.mark.parametrize(
    ("said_type", "resource", "field", "name"),
    [
        (
            "Backdoor:EC2/C&CActivity.B!DNS",
            {"resourceType": "Instance", "instanceDetails": {"instanceId": "i-0123456789abcdef0"}},
            "instance",
            "i-0123456789abcdef0",
        ),
        (
            "Execution:Kubernetes/ExecInKubeSystemPod",
            {"resourceType": "EKSCluster", "eksClusterDetails": {"name": "shop"}},
            "cluster",
            "shop",
        ),
        (
            "CredentialAccess:RDS/AnomalousBehavior.SuccessfulLogin",
            {
                "resourceType": "RDSDBInstance",
                "rdsDbInstanceDetails": {"dbInstanceIdentifier": "orders"},
            },
            "database",
            "orders",
        ),
        (
            "UnauthorizedAccess:Lambda/TorClient",
            {"resourceType": "Lambda", "lambdaDetails": {"functionName": "resize"}},
            "function",
            "resize",
        ),
    ],
)
def test_what_is_attacked_is_named(said_type: str, resource: Json, field: str, name: str) -> None:
    found = one(guardduty(said_type, resource=resource))

    assert found.resource.kind in (field, f"eks_{field}")
    assert getattr(found.resource, field) == name


@pytest.mark.parametrize(
    "document",
    [
        guardduty(service={"additionalInfo": {"sample": True}}),
        guardduty(service={"additionalInfo": {"value": '{"sample": true}', "type": "default"}}),
        guardduty(title="[SAMPLE] API ListUsers was called from a known malicious address."),
        pascal(guardduty(service={"additionalInfo": {"sample": True}})),
        guardduty(
            resource={
                "resourceType": "AccessKey",
                "accessKeyDetails": key_details(accessKeyId="GeneratedFindingAccessKeyId"),
            }
        ),
    ],
    ids=["field", "json text", "title", "boto3", "generated id"],
)
def test_a_sample_is_known_however_it_says_so(document: Json) -> None:
    assert one(document).sample


def test_a_user_who_is_called_like_a_sample_makes_no_sample() -> None:
    details = key_details(userName="GeneratedFindingUserName")

    found = one(guardduty(resource={"resourceType": "AccessKey", "accessKeyDetails": details}))

    assert not found.sample


def test_an_archived_finding_says_so() -> None:
    assert one(guardduty(service={"archived": True})).archived
    assert not one(guardduty(service={"archived": False})).archived


def test_an_attack_sequence_lists_all_that_it_names() -> None:
    found = one(sequence())
    chain = found.raw["service"]["detection"]["sequence"]

    assert len(chain["actors"]) == 2
    assert found.resource == Resource(
        kind="attack_sequence",
        principal="unknown",
        users=("ci-deployer",),
        access_key_ids=(KEY,),
        user_keys=(KEY,),
        buckets=("ledger",),
        instances=("i-0123456789abcdef0",),
        accounts=(OTHER_ACCOUNT,),
    )


def test_an_actor_of_another_account_is_not_taken_for_a_role_of_this_one() -> None:
    found = one(sequence())

    assert found.resource.roles == ()
    assert found.doubts == (
        f"the actor 'data-reader' belongs to the account {OTHER_ACCOUNT}; it is left out",
    )


def test_a_sequence_with_one_actor_names_him_by_himself_too() -> None:
    document = sequence()
    chain = document["service"]["detection"]["sequence"]
    del chain["actors"][1]

    found = one(document).resource

    assert (found.user, found.access_key_id, found.principal) == ("ci-deployer", KEY, "iam_user")


def test_a_sequence_with_a_user_and_a_role_of_one_account_names_neither_alone() -> None:
    document = sequence()
    document["service"]["detection"]["sequence"]["actors"][1]["user"]["account"]["uid"] = ACCOUNT

    found = one(document).resource

    assert (found.users, found.roles) == (("ci-deployer",), ("data-reader",))
    assert found.access_key_ids == (KEY, SESSION_KEY)
    assert (found.user, found.role) == (None, None)


def test_a_finding_without_a_severity_is_taken_as_medium_and_says_so() -> None:
    found = one(guardduty(severity=None))

    assert (found.severity, found.severity_label) == (5.0, "medium")
    assert found.doubts == ("no usable severity; taken as medium",)


def test_a_finding_without_an_id_says_that_it_cannot_be_confirmed() -> None:
    assert one(guardduty(id=None)).doubts == (
        "it has no id, so it cannot be confirmed with GuardDuty",
    )


def test_a_port_probe_names_the_first_who_knocked() -> None:
    probes = [{"remoteIpDetails": {"ipAddressV4": "203.0.113.9"}}]
    action = {"actionType": "PORT_PROBE", "portProbeAction": {"portProbeDetails": probes}}

    found = one(guardduty("Recon:EC2/PortProbeUnprotectedPort", service={"action": action}))

    assert (found.actor.ip, found.actor.caller) == ("203.0.113.9", "port_probe")


def test_an_address_that_cannot_be_one_is_left_out() -> None:
    action = api_call(remoteIpDetails={"ipAddressV4": "999.1.1.1"})

    found = one(guardduty(service={"action": action}))

    assert found.actor.ip is None
    assert found.doubts == ("the remote address '999.1.1.1' is not a valid ip; it is left out",)


@pytest.mark.parametrize(
    ("severity", "label"),
    [(0, "informational"), (1, "low"), (3.9, "low"), (4, "medium"), (7, "high"), (9, "critical")],
)
def test_a_number_has_the_word_that_guardduty_gives_it(severity: float, label: str) -> None:
    assert label_of(severity) == label

"""What is not a finding is refused with what it is instead."""

from __future__ import annotations

import pytest

from firedoor.errors import NotAFinding
from firedoor.finding import parse
from tests.findings.documents import ACCOUNT, Json, event, guardduty, sns

TRAIL = {
    "eventVersion": "1.08",
    "userIdentity": {"type": "IAMUser", "userName": "ci-deployer"},
    "eventSource": "iam.amazonaws.com",
    "eventName": "CreateUser",
}
ALARM = {"AlarmName": "cpu", "NewStateValue": "ALARM", "AWSAccountId": ACCOUNT}
CONFIG = {"configurationItem": {"resourceType": "AWS::S3::Bucket"}, "messageType": "X"}
SCAN = "GuardDuty Malware Protection Object Scan Result"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (TRAIL, "it is a CloudTrail event (iam:CreateUser), not a finding"),
        ([TRAIL, TRAIL], "it is a list of 2 CloudTrail records, not findings"),
        (
            {"Records": [TRAIL]},
            "Records: it is a CloudTrail record (iam:CreateUser), not a finding",
        ),
        (
            event(TRAIL, "aws.iam.of.somebody", "AWS API Call by hand"),
            "it is an EventBridge event of another kind, not a finding "
            "(aws.iam.of.somebody, AWS API Call by hand)",
        ),
        (
            event(TRAIL, "our.app", "AWS API Call via CloudTrail"),
            "it is a CloudTrail event (iam:CreateUser), not a finding",
        ),
        (
            event(TRAIL | {"readOnly": True}, "aws.iam", "AWS API Call via CloudTrail"),
            "detail: it is a CloudTrail event (iam:CreateUser) that only reads, no finding",
        ),
        (
            event(
                {"alarmName": "cpu", "state": {"value": "OK"}},
                "aws.cloudwatch",
                "CloudWatch Alarm State Change",
            ),
            "detail: it is a CloudWatch alarm (cpu) in state OK",
        ),
        (
            event(
                {
                    "configRuleName": "buckets",
                    "newEvaluationResult": {"complianceType": "COMPLIANT"},
                },
                "aws.config",
                "Config Rules Compliance Change",
            ),
            "detail: it is a result of AWS Config's rule buckets: COMPLIANT",
        ),
        (
            {"Events": [{"EventId": "1", "CloudTrailEvent": "{}"}]},
            "it is what CloudTrail's LookupEvents answered, not a finding",
        ),
        (
            event({"instance-id": "i-1"}, "aws.ec2", "EC2 Instance State-change Notification"),
            "it is an EventBridge event of another kind, not a finding "
            "(aws.ec2, EC2 Instance State-change Notification)",
        ),
        (
            event({"scanStatus": "COMPLETED"}, "aws.guardduty", SCAN),
            "it is the result of a malware scan of an S3 object, not a finding "
            f"(aws.guardduty, {SCAN})",
        ),
        (
            event({}, "aws.events", "Scheduled Event"),
            "it is a scheduled event, not a finding (aws.events, Scheduled Event)",
        ),
        (
            event({}, "aws.securityhub", "Security Hub Insight Results"),
            "it is a count of findings by Security Hub, not the findings "
            "(aws.securityhub, Security Hub Insight Results)",
        ),
        (sns(ALARM), "Message: it is a CloudWatch alarm"),
        (sns(CONFIG), "Message: it is a change that AWS Config recorded"),
        (
            sns("You have used 80% of your budget", Subject="AWS Budgets"),
            "Message: it is an SNS message of plain text ('AWS Budgets'), not a finding",
        ),
        (
            sns("You have chosen to subscribe", Type="SubscriptionConfirmation"),
            "it is an SNS SubscriptionConfirmation: the topic waits to be confirmed",
        ),
        (
            {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {}}}]},
            "Records: it is a notification of S3 about an object, not a finding",
        ),
        (
            {"FindingIds": ["a", "b"]},
            "it is a list of finding ids; read them with `aws guardduty get-findings`",
        ),
        ({"runbook": "x", "steps": []}, "it is a runbook, not a finding"),
        (
            {"finding": {}, "unasked": [], "runbook": "x"},
            "it is what `firedoor route` printed; give it the finding",
        ),
        ({"Version": "2012-10-17", "Statement": []}, "it is an IAM policy"),
        (
            {"accountid": 1, "type": guardduty()["type"], "resource_type": "Instance"},
            "it is a row of a flattened export (Athena, CSV); give the finding itself",
        ),
        ([], "it is an empty list: no finding in it"),
        ({"Findings": []}, "Findings: it is an empty list: no finding in it"),
        ({}, "it is an empty object"),
        (None, "it is null, no finding"),
        (True, "it is true, no finding"),
        (7, "it is a number, no finding"),
        ('"hello"', "it is a text, not a finding"),
        (
            {"b": 1, "a": 2},
            "it is a JSON object that is not a finding of any source known here (keys: b, a)",
        ),
        ([1, 2], "[0]: none of its 2 entries is a finding; the first: it is a number, no finding"),
        (b"", "it is empty"),
        (b"\x1f\x8b\x08", "it is gzip; unpack it first: gunzip -c FILE | firedoor route -"),
        (b"\x00\xff\xfe", "it is binary, not JSON"),
        (b"caf\xe9", "it is not UTF-8 text: byte 3 is 0xe9"),
        (b"NaN", "it is not JSON: NaN is not a JSON number"),
        (
            "# ours\nrunbook: x\nsteps: []\n",
            "line 1:1: it is not JSON: expecting value "
            "(it looks like a runbook, playbook or scenario in YAML)",
        ),
        (
            "<html>",
            "line 1:1: it is not JSON: expecting value (it looks like HTML or XML)",
        ),
    ],
)
def test_a_stranger_is_named(document: Json, said: str) -> None:
    with pytest.raises(NotAFinding) as caught:
        parse(document)

    assert str(caught.value) == said


def test_what_a_stranger_says_of_himself_is_cut_and_cleaned() -> None:
    with pytest.raises(NotAFinding) as caught:
        parse({"\x1b[2J\u202e" + "k" * 10_000: 1})

    assert "\x1b" not in str(caught.value)
    assert "\u202e" not in str(caught.value)
    assert len(str(caught.value)) < 200

"""Whatever a finding came in is taken off, and an error names the way to it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from firedoor.errors import NotAFinding
from firedoor.finding import parse
from tests.findings.documents import (
    ID,
    Json,
    asff,
    event,
    guardduty,
    macie,
    pascal,
    sns,
    sns_record,
    sqs_received,
    sqs_record,
)


@pytest.mark.parametrize(
    "document",
    [
        guardduty(),
        [guardduty()],
        {"Findings": [pascal(guardduty())], "NextToken": ""},
        {"findings": [guardduty()]},
        event(guardduty()),
        event(json.dumps(guardduty())),
        [event(guardduty())],
        sns(event(guardduty())),
        sns(guardduty()),
        sns_record(event(guardduty())),
        sqs_record(event(guardduty())),
        sqs_record(sns(event(guardduty()))),
        sqs_record(sns_record(event(guardduty()))),
        sqs_received(sns(event(guardduty()))),
        {"Body": json.dumps(event(guardduty())), "ReceiptHandle": "x"},
        json.dumps(json.dumps(guardduty())),
        event({"findings": [asff()]}, "aws.securityhub", "Security Hub Findings - Imported"),
        sns(event({"findings": [asff()]}, "aws.securityhub", "Security Hub Findings - Imported")),
    ],
)
def test_every_wrapping_is_taken_off(document: Json) -> None:
    assert [found.id for found in parse(document)] == [ID]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(guardduty()).encode(),
        b"\xef\xbb\xbf" + json.dumps(guardduty()).encode(),
        json.dumps(guardduty()).encode("utf-16"),
        bytearray(json.dumps(guardduty(), indent=2).encode()),
        json.dumps(guardduty()),
    ],
    ids=["utf-8", "byte order mark", "utf-16", "bytearray", "text"],
)
def test_bytes_and_text_are_read(content: bytes | str) -> None:
    assert [found.id for found in parse(content)] == [ID]


def test_json_lines_are_read_as_several_documents() -> None:
    lines = "\n".join(json.dumps(guardduty(id=f"line-{n}")) for n in range(3)) + "\n\n"

    assert [found.id for found in parse(lines)] == ["line-0", "line-1", "line-2"]


def test_a_list_that_is_partly_findings_gives_those_and_says_what_was_left_out() -> None:
    found = parse([event({}, "aws.ec2", "EC2 Instance State-change Notification"), guardduty()])

    assert [each.id for each in found] == [ID]
    assert found[0].doubts == (
        "1 of 2 entries in the document left out; the first: [0]: it is an EventBridge event of "
        "another kind, not a finding (aws.ec2, EC2 Instance State-change Notification)",
    )


def test_the_event_decides_who_reads_its_detail() -> None:
    (found,) = parse(event(macie(), "aws.macie", "Macie Finding"))

    assert found.source == "macie"


def test_a_detail_that_looks_like_a_finding_in_another_sources_event_is_not_believed() -> None:
    with pytest.raises(NotAFinding, match="another kind"):
        parse(event(guardduty(), "my.app", "GuardDuty Finding"))


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (sns_record({}), "Records[0].Sns.Message"),
        (sqs_record(sns("gone")), "Records[0].body.Message"),
        (sqs_received({}), "Messages[0].Body"),
        ({"Findings": [{"a": 1}]}, "Findings[0]"),
        (
            event({"findings": [{}]}, "aws.securityhub", "Findings Imported V2"),
            "detail.findings[0]",
        ),
        (event({}), "detail"),
        ([1], "[0]"),
        (sns('{"a": '), "Message, line 1:7"),
        (json.dumps(guardduty()) + "\n{]", "line 2:2"),
        ('{"a": 1}\n\n{"b": 2}', "line 1"),
        ({}, None),
    ],
)
def test_an_error_names_the_way_to_what_is_wrong(document: Json, where: str | None) -> None:
    with pytest.raises(NotAFinding) as caught:
        parse(document)

    assert caught.value.where == where


def test_more_than_eight_layers_are_not_opened() -> None:
    document: Json = guardduty()
    for _ in range(8):
        document = sns(document)

    assert parse(document)[0].id == ID
    with pytest.raises(NotAFinding, match="more than 8 envelopes"):
        parse(sns(document))


@pytest.mark.parametrize(
    "document",
    [[{}] * 10_001, "1\n" * 10_001, [[[1] * 5_000], [[1] * 5_000]]],
    ids=["list", "lines", "lists in a list"],
)
def test_more_entries_than_any_source_sends_are_refused(document: Json) -> None:
    with pytest.raises(NotAFinding, match="more than 10000 entries"):
        parse(document)


def test_reading_findings_needs_none_of_the_heavy_libraries() -> None:
    code = "import sys, firedoor.finding; print(*sys.modules, sep='\\n')"

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()

    heavy = {"boto3", "botocore", "prefect", "sqlalchemy", "rich", "pydantic", "moto"}
    assert heavy & set(loaded) == set()

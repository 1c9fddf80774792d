"""Whatever comes in, what comes out is a list of findings or NotAFinding, and nothing else."""

from __future__ import annotations

import json
import re

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firedoor.errors import NotAFinding
from firedoor.finding import Finding, parse
from firedoor.kinds import KINDS
from tests.findings.documents import (
    Json,
    access_analyzer,
    asff,
    event,
    guardduty,
    health,
    macie,
    ocsf,
    pascal,
    sequence,
    sns,
    sns_record,
    sqs_record,
)

SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
VALID = (
    guardduty(),
    pascal(guardduty()),
    sequence(),
    pascal(sequence()),
    asff(),
    ocsf(),
    health(),
    macie(),
    access_analyzer(),
    event(guardduty()),
    event({"findings": [asff(), ocsf()]}, "aws.securityhub", "Findings Imported V2"),
    event(health(), "aws.health", "AWS Health Event"),
    sns(event(guardduty())),
    sns_record(event(guardduty())),
    sqs_record(sns(event(guardduty()))),
)
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def keys_of(value: Json) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(keys_of(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(keys_of(inner) for inner in value))
    return set()


KEYS = sorted(set().union(*(keys_of(document) for document in VALID)))
TEXTS = st.text(st.characters(), max_size=30)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXTS
    | st.sampled_from(["aws.guardduty", "GuardDuty Finding", "AccessKey", "IAMUser", "{", "[]"])
    | st.sampled_from([10**4000, "9" * 5000, "[" * 5000, "\ud800", "0001-01-01T00:00:00+14:00"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | TEXTS, inner, max_size=6)
    ),
    max_leaves=20,
)

SOURCES = [
    ("aws.guardduty", "GuardDuty Finding"),
    ("aws.securityhub", "Findings Imported V2"),
    ("aws.macie", "Macie Finding"),
    ("aws.health", "AWS Health Event"),
    ("aws.access-analyzer", "Access Analyzer Finding"),
]
EVENTS = st.builds(lambda detail, source: event(detail, *source), VALUES, st.sampled_from(SOURCES))


@st.composite
def mutated(draw: st.DrawFn) -> Json:
    """A valid document in which some values were replaced, removed, or moved to another key."""
    document = json.loads(json.dumps(draw(st.sampled_from(VALID))))
    for _ in range(draw(st.integers(1, 6))):
        place = document
        while True:
            steps = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not steps:
                break
            step = draw(st.sampled_from(steps))
            inner = place[step]
            if isinstance(inner, dict | list) and draw(st.booleans()):
                place = inner
                continue
            if draw(st.booleans()):
                place[step] = draw(VALUES)
            elif isinstance(place, dict):
                place[draw(st.sampled_from(KEYS))] = place.pop(step)
            else:
                place.append(place.pop(step))
            break
    return document


def parsed(document: Json) -> list[Finding] | NotAFinding:
    try:
        return parse(document)
    except NotAFinding as error:
        return error


def holds(document: Json) -> None:
    """parse() gives findings in which nothing unsafe stands, or says why not."""
    found = parsed(document)

    if isinstance(found, NotAFinding):
        assert found.message
        assert len(str(found)) < 2_000
        assert not UNSEEN.search(str(found))
        return
    assert found
    for each in found:
        assert isinstance(each, Finding)
        assert each.type
        msgspec.json.encode(each)
        shown = str(msgspec.to_builtins(msgspec.structs.replace(each, raw=None)))
        assert not UNSEEN.search(shown)
        assert 0 <= each.severity <= 10
        for user in (each.resource.user, *each.resource.users):
            assert user is None or re.fullmatch(KINDS["iam_user_name"].pattern or "", user)


@SETTINGS
@given(VALUES | EVENTS)
def test_any_value_and_any_detail_of_an_event_is_findings_or_a_reason(value: Json) -> None:
    holds(value)


@SETTINGS
@given(st.binary(max_size=200) | TEXTS)
def test_any_bytes_and_any_text_are_findings_or_a_reason(content: bytes | str) -> None:
    holds(content)


@SETTINGS
@given(mutated())
def test_a_valid_document_with_changes_is_findings_or_a_reason(document: Json) -> None:
    holds(document)


@SETTINGS
@given(st.sampled_from(VALID), st.data())
def test_a_valid_document_with_bytes_changed_is_findings_or_a_reason(
    document: Json, data: st.DataObject
) -> None:
    content = bytearray(json.dumps(document).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(32, 126) | st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]

    holds(bytes(content))

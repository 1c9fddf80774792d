"""Text that an attacker chose is data: cut, cleaned, and left out where it is no name."""

from __future__ import annotations

import json

import pytest

from firedoor.errors import NotAFinding
from firedoor.finding import Finding, parse
from tests.findings.documents import KEY, Json, api_call, guardduty, key_details


def about(**details: Json) -> Finding:
    """A finding about these credentials."""
    document = guardduty(
        resource={"resourceType": "AccessKey", "accessKeyDetails": key_details(**details)}
    )
    (found,) = parse(document)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "ci deployer",
        "ci-deployer\n",
        "ci-deployer\x00",
        "../ci-deployer",
        "$inputs.user",
        "{{ 7 * 7 }}",
        "<script>alert(1)</script>",
        "\u202eyolped-ic",
        "c\u0456-deployer",
        "x" * 65,
        "",
        7,
        ["ci-deployer"],
        {"name": "ci-deployer"},
    ],
)
def test_a_user_name_that_is_none_is_left_out(name: Json) -> None:
    found = about(userName=name)

    assert (found.resource.principal, found.resource.user) == ("iam_user", None)


def test_what_is_left_out_is_said_in_a_doubt_without_its_control_characters() -> None:
    found = about(userName="ci\x1b[31m-\u202edeployer")

    assert found.doubts == (
        "the user name 'ci [31m- deployer' is not a valid iam user name; it is left out",
    )


def test_a_doubt_about_a_very_long_name_is_short() -> None:
    (doubt,) = about(userName="a" * 10_000).doubts

    assert len(doubt) < 150


def test_control_characters_and_bidi_marks_are_taken_out_of_the_title() -> None:
    (found,) = parse(guardduty(title="call\x1b]0;owned\x07 from\u202e \u2066here\u061c\r\nnow"))

    assert found.title == "call ]0;owned  from   here now"


def test_a_very_long_text_is_cut() -> None:
    (found,) = parse(guardduty(title="t" * 10_000, description="d" * 10_000, id="i" * 10_000))

    assert (len(found.title), len(found.description), len(found.id)) == (512, 2048, 200)
    assert found.title.endswith("…")


def test_an_arn_that_hides_a_mark_is_left_out() -> None:
    (found,) = parse(guardduty(arn="arn:aws:guardduty:eu-central-1:111122223333:detector/\u202ex"))

    assert found.arn is None
    assert len(found.doubts) == 1


def test_a_key_that_is_none_is_left_out() -> None:
    found = about(accessKeyId=f"{KEY}; rm -rf /")

    assert found.resource.access_key_id is None
    assert len(found.doubts) == 1


def test_texts_of_the_call_are_cleaned() -> None:
    action = api_call(api="List\x00Users" + "x" * 500, errorCode="\x1b[2J")

    (found,) = parse(guardduty(service={"action": action}))

    (api,) = found.actor.apis
    assert api.startswith("iam:List Users")
    assert len(api) <= 161
    assert found.actor.error == "[2J"


def test_the_source_document_is_kept_as_it_was() -> None:
    document = guardduty(title="call\x1b[2J")

    (found,) = parse(document)

    assert found.raw == document


def test_a_lone_surrogate_is_replaced_so_that_the_document_can_be_kept() -> None:
    (found,) = parse('{"title": "\\ud800", ' + json.dumps(guardduty())[1:].replace("title", "t"))

    assert found.raw["title"] == "\ufffd"
    assert json.dumps(found.raw, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("value", "kept"),
    [(float("inf"), "inf"), (10**5_000, "a number of 16610 bits"), (10**30, 10**30)],
    ids=["infinite", "thousands of digits", "large"],
)
def test_a_number_that_cannot_be_written_as_json_again_is_kept_as_text(
    value: Json, kept: Json
) -> None:
    (found,) = parse(guardduty(severity=value))

    assert found.raw["severity"] == kept


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        json.dumps("[" * 100_000),
        "1" * 5_000,
        '{"detail": ' + "9" * 5_000 + "}",
        b"[1, NaN]",
        b"-Infinity",
        10**5_000,
        float("nan"),
        "\ud800",
        " " * 100,
        b" " * (4 * 1024 * 1024 + 1),
    ],
    ids=lambda content: type(content).__name__,
)
def test_what_breaks_readers_of_json_is_refused_in_words(content: Json) -> None:
    with pytest.raises(NotAFinding):
        parse(content)


def test_a_finding_that_holds_a_hundred_levels_is_refused() -> None:
    deep: Json = "end"
    for _ in range(101):
        deep = [deep]

    with pytest.raises(NotAFinding, match="nested deeper than 100 levels"):
        parse(guardduty(service={"additionalInfo": deep}))


@pytest.mark.parametrize(
    "severity",
    [1e999, 10**400, 10**5_000, -1, "high", [5], float("nan"), True],
    ids=lambda severity: type(severity).__name__,
)
def test_a_severity_that_is_no_number_is_taken_as_medium(severity: Json) -> None:
    (found,) = parse(guardduty(severity=severity))

    assert found.severity == 5.0
    assert found.doubts == ("no usable severity; taken as medium",)

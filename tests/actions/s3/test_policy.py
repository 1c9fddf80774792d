"""What makes a bucket policy public, whom it lets in, and how one statement of it is changed."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.actions.s3._policy import is_public, merged, name_of, outsiders, taken_out, without

OWN, OTHER, THIRD = "111122223333", "444455556666", "999988887777"


def allow(principal: Any = "*", **more: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*",
        **more,
    }


def when(operator: str, key: str, value: Any) -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    "statement",
    [
        allow(),
        allow({"AWS": "*"}),
        allow({"AWS": ["*", f"arn:aws:iam::{OTHER}:root"]}),
        {"Effect": "Allow", "NotPrincipal": {"AWS": OTHER}, "Action": "s3:*", "Resource": "*"},
        allow(**when("StringEqualsIfExists", "aws:PrincipalOrgID", "o-1")),
        allow(**when("StringNotEquals", "aws:SourceVpce", "vpce-1")),
        allow(**when("StringLike", "aws:PrincipalOrgID", "*")),
        allow(**when("StringEquals", "aws:SourceVpc", "${aws:SourceVpc}")),
        allow(**when("IpAddress", "aws:SourceIp", "0.0.0.0/0")),
        allow(**when("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "0.0.0.0/1"])),
        allow(**when("IpAddress", "aws:SourceIp", "::/0")),
        allow(**when("StringLike", "aws:Referer", "https://example.com/*")),
        allow(**when("StringLike", "aws:UserAgent", "secret-agent")),
        allow(**when("ForAllValues:StringEquals", "aws:PrincipalOrgID", "o-1")),
        allow(**when("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:topic")),
        allow(**when("Bool", "aws:SecureTransport", "true")),
    ],
)
def test_a_statement_is_public(statement: dict[str, Any]) -> None:
    assert is_public(statement)


@pytest.mark.parametrize(
    "statement",
    [
        allow({"AWS": f"arn:aws:iam::{OTHER}:root"}),
        allow({"Service": "cloudfront.amazonaws.com"}),
        {**allow(), "Effect": "Deny"},
        allow(**when("StringEquals", "aws:PrincipalOrgID", "o-1")),
        allow(**when("StringEquals", "AWS:SourceVpce", "vpce-1")),
        allow(**when("IpAddress", "aws:SourceIp", "203.0.113.0/24")),
        allow(**when("IpAddress", "aws:SourceIp", "10.0.0.0/8")),
        allow(**when("IpAddress", "aws:SourceIp", "203.0.113.7")),
        allow(**when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OTHER}:role/*")),
        allow(**when("ArnEquals", "aws:SourceArn", "arn:aws:s3:::other-bucket")),
        allow(**when("StringEquals", "s3:DataAccessPointAccount", OWN)),
    ],
)
def test_a_statement_is_not_public(statement: dict[str, Any]) -> None:
    assert not is_public(statement)


def test_accounts_are_let_in_by_principal_and_by_condition() -> None:
    by_arn = allow({"AWS": [f"arn:aws:iam::{OTHER}:role/x", OWN]})
    by_number = allow({"AWS": OTHER})
    by_condition = allow(**when("StringEquals", "aws:PrincipalAccount", [THIRD, OWN]))
    denied = {**by_arn, "Effect": "Deny"}
    cdn = allow({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"})

    assert outsiders(by_arn, OWN) == {OTHER}
    assert outsiders(by_number, OWN) == {OTHER}
    assert outsiders(by_condition, OWN) == {THIRD}
    assert outsiders(denied, OWN) == outsiders(cdn, OWN) == set()


def test_everybody_goes_and_who_is_named_stays() -> None:
    both = allow({"AWS": ["*", f"arn:aws:iam::{OTHER}:root"], "Service": "x.amazonaws.com"})

    assert without(allow(), public=True, accounts=[]) is None
    assert without(both, public=True, accounts=[]) == allow(
        {"AWS": [f"arn:aws:iam::{OTHER}:root"], "Service": "x.amazonaws.com"}
    )
    assert without(both, public=False, accounts=[OTHER]) == both


def test_an_account_goes_and_the_others_stay() -> None:
    two = allow({"AWS": [f"arn:aws:iam::{OTHER}:root", f"arn:aws:iam::{THIRD}:user/x"]})
    one = allow({"AWS": f"arn:aws:iam::{THIRD}:root"})
    by_condition = allow(**when("StringEquals", "aws:PrincipalAccount", [THIRD]))
    shared = allow(**when("StringEquals", "aws:PrincipalAccount", [THIRD, OTHER]))

    assert without(two, public=False, accounts=[THIRD]) == allow(
        {"AWS": [f"arn:aws:iam::{OTHER}:root"]}
    )
    assert without(one, public=False, accounts=[THIRD]) is None
    assert without(by_condition, public=True, accounts=[THIRD]) is None
    assert without(shared, public=True, accounts=[THIRD]) == shared


def test_a_deny_is_never_taken_out() -> None:
    deny = {**allow(), "Effect": "Deny"}

    assert without(deny, public=True, accounts=[OTHER]) == deny


def test_a_statement_is_put_back_in_its_place_and_the_rest_stays_word_for_word() -> None:
    first, second, third = (allow(Sid=f"s{number}") for number in range(3))
    whole = {"Version": "2008-10-17", "Id": "old", "Statement": [first, second, third]}

    left = taken_out(whole, name_of(second))
    assert left == {"Version": "2008-10-17", "Id": "old", "Statement": [first, third]}
    assert merged(left, {"Version": "2012-10-17", "Statement": [second]}, at=1) == whole
    assert taken_out({"Statement": [first]}, name_of(first)) is None

"""References: one whole `$name.attribute`, or a literal."""

from __future__ import annotations

import pytest

from firedoor.references import names_in, path_of, resolve, wrong

SCOPE = {
    "who": {"user": "ci-deployer", "keys": ["AKIAIOSFODNN7EXAMPLE"], "none": None},
    "sly": "$who.user",
    "inputs": {"user": None},
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("$who.user", "ci-deployer"),
        ("$who.keys", ["AKIAIOSFODNN7EXAMPLE"]),
        ("$who", SCOPE["who"]),
        ("ci-deployer", "ci-deployer"),
        ("$$who.user", "$who.user"),
        ("$$5", "$5"),
        ("$who.nothing", None),
        ("$who.none.more", None),
        ("$who.user.more", None),
        ("$nobody.user", None),
        ("$inputs.user", None),
        (["$who.user", {"a": "$who.user"}], ["ci-deployer", {"a": "ci-deployer"}]),
        (3, 3),
        (None, None),
        (True, True),
    ],
)
def test_a_reference_is_replaced_and_a_literal_is_not(value: object, expected: object) -> None:
    assert resolve(value, SCOPE) == expected


def test_what_a_reference_yields_is_never_read_as_a_reference() -> None:
    assert resolve("$sly", SCOPE) == "$who.user"


@pytest.mark.parametrize(
    "text", ["$Who", "$who.", "$who-is", "$1", "$", "$who user", "$who\n", "$_a"]
)
def test_what_begins_like_a_reference_and_is_none_is_wrong(text: str) -> None:
    assert path_of(text) is None
    assert wrong(text)


@pytest.mark.parametrize("text", ["a $who.user", "arn:aws:iam::$account:user/x", "x${y}"])
def test_a_reference_inside_longer_text_is_wrong(text: str) -> None:
    assert "one whole reference" in wrong(text)


@pytest.mark.parametrize("text", ["$who.user", "$$5", "5 $", "text", ""])
def test_a_literal_or_a_whole_reference_is_right(text: str) -> None:
    assert wrong(text) == ""


def test_the_names_of_a_value_are_those_its_references_begin_with() -> None:
    assert names_in({"a": "$who.user", "b": ["$inputs.user", "$$x"], "c": 1}) == {"who", "inputs"}

"""Patterns with `*`: what they cover, which is closer, and whether two can cover the same text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedoor import globs

_LETTERS = st.text(alphabet="ab:/", max_size=6)
_GLOBS = st.lists(_LETTERS, min_size=1, max_size=4).map("*".join)


@pytest.mark.parametrize(
    ("glob", "text", "covers"),
    [
        ("*:IAMUser/*", "Recon:IAMUser/TorIPCaller", True),
        ("*:iamuser/*", "Recon:IAMUser/TorIPCaller", True),
        ("*:IAMUser/*", "Recon:IAM/TorIPCaller", False),
        ("*", "anything at all", True),
        ("Recon:IAMUser/TorIPCaller", "Recon:IAMUser/TorIPCaller.Custom", False),
        ("Backdoor:EC2/C&CActivity.B!DNS", "Backdoor:EC2/C&CActivity.B!DNS", True),
        ("Backdoor:EC2/C&CActivity.B", "Backdoor:EC2/C&CActivityxB", False),
    ],
)
def test_a_star_stands_for_any_text_and_nothing_else_for_anything(
    glob: str, text: str, covers: bool
) -> None:
    assert globs.matches(glob, text) is covers


def test_an_exact_type_is_closer_than_any_pattern_and_more_letters_than_fewer() -> None:
    ordered = ["*", "*:S3/*", "Policy:S3/*", "Policy:S3/Bucket*", "A:S3/B"]

    mixed = [ordered[place] for place in (3, 0, 4, 2, 1)]

    assert sorted(mixed, key=globs.precision) == ordered


@pytest.mark.parametrize("wrong", ["", "  ", "a**", "a?", "[ab]*", "{a,b}", "a\nb", "x" * 300])
def test_what_is_no_pattern_is_said_to_be_none(wrong: str) -> None:
    assert globs.mistake(wrong)


@given(_GLOBS, _GLOBS, st.text(alphabet="ab:/", max_size=8))
def test_patterns_that_cover_one_text_overlap(one: str, other: str, text: str) -> None:
    both = globs.matches(one, text) and globs.matches(other, text)

    assert globs.overlap(one, other) or not both


@given(_GLOBS, _LETTERS)
def test_a_pattern_and_an_exact_text_overlap_just_when_it_covers_the_text(
    glob: str, text: str
) -> None:
    expected = re.fullmatch(glob.replace("*", ".*"), text) is not None

    assert globs.overlap(glob, text) is expected
    assert globs.overlap(text, glob) is expected


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("Policy:*", "*:S3/*", True),
        ("Policy:*", "Recon:*", False),
        ("*:S3/*", "*:EC2/*", True),  # "a:S3/b:EC2/c" is no type, but a text that both cover
        ("*abc*", "*cde*", True),
    ],
)
def test_two_patterns_overlap_when_some_text_is_covered_by_both(
    one: str, other: str, meet: bool
) -> None:
    assert globs.overlap(one, other) is meet

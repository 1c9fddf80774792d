"""Conditions: what they mean, what they may not be, and what they make sure of."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import ChainableUndefined
from jinja2.sandbox import SandboxedEnvironment

from firedoor.conditions import evaluate, names, present
from firedoor.errors import BadInput
from firedoor.expressions import parse, without_places
from firedoor.tokens import ExpressionError

SCOPE: dict[str, Any] = {
    "who": {"user": "ci-deployer", "key": None, "age": 3, "tags": ["a", "b"], "no": []},
    "seen": {"yes": True, "no": False},
    "skipped": None,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("who.user", True),
        ("who.key", False),
        ("who.nothing", False),
        ("nobody", False),
        ("skipped.user", False),
        ("who.user.more.and_more", False),
        ("not who.key", True),
        ("seen.yes and not seen.no", True),
        ("seen.no or who.key", False),
        ("seen.no or seen.yes and who.key", False),
        ("(seen.no or seen.yes) and who.user", True),
        ("who.user == 'ci-deployer'", True),
        ('who.user != "ci-deployer"', False),
        ("who.age > 2", True),
        ("who.age >= 4", False),
        ("1 < who.age < 5", True),
        ("who.age == -3", False),
        ("who.age < 3.5", True),
        ("who.key == none", True),
        ("who.key is none", True),
        ("who.user is not none", True),
        ("who.user is defined", True),
        ("who.key is defined", False),
        ("who.key is not defined", True),
        ("'a' in who.tags", True),
        ("'c' not in who.tags", True),
        ("who.user in ['ci-deployer', 'x']", True),
        ("'deploy' in who.user", True),
        ("who.tags | length > 1", True),
        ("who.no | length", False),
        ("who.user | upper == 'CI-DEPLOYER'", True),
        ("who.tags | first == 'a' and who.tags | last == 'b'", True),
        ("who.no | first", False),
        ("who.key | default('x') == 'x'", True),
        ("who.no | default(['x'], true)", True),
        ("who.user == 'it\\'s'", False),
        ("true", True),
        ("None", False),
    ],
)
def test_a_condition_holds_or_does_not(text: str, expected: bool) -> None:
    assert evaluate(text, SCOPE) is expected


@pytest.mark.parametrize(
    "text",
    [
        "who.key > 1",
        "who.key < 1",
        "1 > who.key",
        "who.user > 1",
        "'a' in who.key",
        "who.age in 'x'",
    ],
)
def test_what_is_absent_or_of_another_sort_makes_a_comparison_false(text: str) -> None:
    assert evaluate(text, SCOPE) is False


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("", 0, "the expression is empty"),
        ("who.user ==", 11, "the expression ends too early"),
        ("who.user who.key", 9, "'who' is not expected here"),
        ("who.user()", 8, "calls are not allowed"),
        ("who.tags[0]", 8, "subscripts are not allowed; write name.attribute"),
        ("who.age - 1 == 2", 8, "calculations are not allowed"),
        ("who.age + 1 == 2", 8, "'+' cannot be used in an expression"),
        ("who.__class__", 4, "'__class__' is not a name: lower case, digits and underscores,"),
        ("_who", 0, "'_who' is not a name"),
        ("who.tags | join", 11, "no filter 'join'; there are: default, first, last, length,"),
        ("who.tags | lenght", 11, "no filter 'lenght'; did you mean 'length'?"),
        ("who.key | default", 10, "default takes the value to take instead"),
        ("who.key is odd", 11, "'is' is followed by none, defined, or not none"),
        ("who.user = 'x'", 9, "'=' means nothing here; write '=='"),
        ("a && b", 2, "'&' means nothing here; write 'and'"),
        ("!a", 0, "'!' means nothing here; write 'not' or '!='"),
        ("$who.user", 0, "names stand here without '$'"),
        ("{{ who.user }}", 0, "a condition is written without {{ }}"),
        ("'open", 0, "the quote opened here is not closed"),
        ("'\\x41'", 1, "unknown escape \\x"),
        ("[who.user]", 9, "a list holds literals only"),
        ("a if b else c", 2, "'if' is not expected here"),
        ("(" * 100 + "a" + ")" * 100, 26, "nested too deep"),
        ("not " * 100 + "a", 104, "nested too deep"),
        ("a or " * 300 + "a", 0, "an expression has at most 1000 characters"),
        ("1" * 19, 0, "a number of at most 18 digits is expected here"),
    ],
)
def test_anything_else_cannot_be_read_and_says_where(text: str, offset: int, expected: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        parse(text)

    assert raised.value.message.startswith(expected)
    assert raised.value.offset == offset


def test_a_condition_that_cannot_be_read_is_bad_input() -> None:
    with pytest.raises(BadInput, match="calls are not allowed"):
        evaluate("who.user()", SCOPE)
    with pytest.raises(BadInput, match="calls are not allowed"):
        names("who.user()")


def test_the_longest_conditions_are_evaluated() -> None:
    assert evaluate(" or ".join(["a"] * 200), {"a": None}) is False
    assert evaluate("a" + "|last" * 199, {"a": "xy"}) is True


def test_names_are_those_that_paths_begin_with() -> None:
    assert names("who.user == 'x' and (seen.yes or not run.id)") == {"who", "seen", "run"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b", {"a", "a.b"}),
        ("a.b and c", {"a", "a.b", "c"}),
        ("a.b or c", set()),
        ("a.b or a.c", {"a"}),
        ("not a.b", set()),
        ("a.b == 'x'", {"a", "a.b"}),
        ("a.b == none", set()),
        ("a.b != none", {"a", "a.b"}),
        ("a.b != 'x'", set()),
        ("a.b > 3", {"a", "a.b"}),
        ("a.b in ['x']", {"a", "a.b"}),
        ("a.b in ['x', none]", set()),
        ("a.b not in ['x']", set()),
        ("'x' in a.b", {"a", "a.b"}),
        ("a.b is not none", {"a", "a.b"}),
        ("a.b is none", set()),
        ("a.b is defined", {"a", "a.b"}),
        ("not a.b is none", {"a", "a.b"}),
        ("a.b | length > 0", {"a", "a.b"}),
        ("a.b | length >= 0", set()),
        ("a.b | length", {"a", "a.b"}),
        ("a.b | default(true)", set()),
        ("a.b == c", set()),
    ],
)
def test_a_condition_makes_sure_of_what_it_needs(text: str, expected: set[str]) -> None:
    assert {".".join(path) for path in present(parse(text))} == expected


def test_the_same_condition_is_the_same_wherever_it_stands() -> None:
    assert without_places(parse("a.b  and( c )")) == without_places(parse("a.b and c"))
    assert without_places(parse("a.b and c")) != without_places(parse("a.b or c"))


_NAMES = [
    "who.user",
    "who.key",
    "who.age",
    "who.tags",
    "who.no",
    "who.nothing",
    "seen.yes",
    "nobody",
]
_LITERALS = ["'a'", "3", "-1", "none", "true", "['a', 3]"]
_OPERANDS = st.sampled_from([*_NAMES, *_LITERALS])
_FILTERED = st.tuples(
    _OPERANDS, st.sampled_from(["", " | default('z')", " | default(1, true)"])
).map("".join)
_COMPARED = st.one_of(
    _FILTERED,
    st.tuples(_FILTERED, st.sampled_from([" == ", " != "]), _FILTERED).map("".join),
    st.tuples(_OPERANDS, st.sampled_from([" is none", " is not none"])).map("".join),
    st.sampled_from(
        ["who.tags | length > 1", "'a' in who.tags", "3 not in who.no", "1 < who.age < 4"]
    ),
)
_CONDITIONS = st.recursive(
    _COMPARED,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join),
        inner.map(lambda text: f"not {text}"),
        inner.map(lambda text: f"({text})"),
    ),
    max_leaves=8,
)


class _Absent(ChainableUndefined):
    """Jinja's undefined as firedoor means it: none."""

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, _Absent)

    def __hash__(self) -> int:
        return hash(None)


_JINJA = SandboxedEnvironment(undefined=_Absent)
_JINJA.tests["none"] = lambda value: value is None or isinstance(value, _Absent)
_JINJA.filters["default"] = lambda value, instead, also=False: (
    instead if value is None or isinstance(value, _Absent) or (also and not value) else value
)


@settings(max_examples=400, deadline=None)
@given(_CONDITIONS)
def test_a_condition_means_what_jinja_makes_of_it(text: str) -> None:
    theirs = _JINJA.compile_expression(text, undefined_to_none=True)(**SCOPE)

    assert evaluate(text, SCOPE) is bool(theirs)


@settings(max_examples=400, deadline=None)
@given(_CONDITIONS)
def test_what_a_condition_makes_sure_of_is_there(text: str) -> None:
    if not evaluate(text, SCOPE):
        return
    for path in present(parse(text)):
        assert evaluate(f"{'.'.join(path)} is not none", SCOPE)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text("ab.()[]'\"|=<>! \\$-1,", max_size=25)))
def test_no_text_is_more_than_an_error(text: str) -> None:
    try:
        parse(text)
    except ExpressionError as error:
        found = error.offset
    else:
        found = 0

    assert 0 <= found <= len(text)

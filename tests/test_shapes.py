"""Documents as models: every mistake, each at its place."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firedoor.errors import CheckFailed
from firedoor.runbook import Runbook, Said, Step
from firedoor.shapes import shape
from firedoor.yamlio import loads


class Colour(StrEnum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


class Cat(msgspec.Struct, frozen=True, tag_field="type", tag="cat"):
    """A cat."""

    lives: int = 9


class Dog(msgspec.Struct, frozen=True, tag_field="type", tag="dog", forbid_unknown_fields=True):
    """A dog."""

    name: str


class Part(Said, frozen=True, kw_only=True):
    """A part of a thing."""

    name: str


class Thing(Said, frozen=True, kw_only=True):
    """One field of each type."""

    text: Annotated[str, msgspec.Meta(pattern="^[a-z]+$", description="Small letters.")] = "a"
    number: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    ratio: float = 1.0
    flag: bool = False
    colour: Colour = Colour.RED
    mode: Literal["on", "off"] = "on"
    maybe: int | None = 1
    either: int | str = 0
    parts: tuple[Part, ...] = ()
    names: Annotated[list[str], msgspec.Meta(max_length=2)] = msgspec.field(default_factory=list)
    pair: tuple[str, int] = ("a", 1)
    table: dict[Annotated[str, msgspec.Meta(pattern="^[0-9]{12}$")], Colour] = msgspec.field(
        default_factory=dict
    )
    pet: Cat | Dog = Cat()
    moment: datetime | None = None
    free: Any = None
    kept: frozenset[str] = frozenset()
    from_: str = msgspec.field(name="from", default="")

    def __post_init__(self) -> None:
        if self.number == 7:
            raise ValueError("seven is not a number that we like")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text: abc", {"text": "abc"}),
        ("text: yes", {"text": "yes"}),
        ("number: 3", {"number": 3}),
        ("ratio: 0.5", {"ratio": 0.5}),
        ("flag: true", {"flag": True}),
        ("colour: blue", {"colour": Colour.BLUE}),
        ("mode: off", {"mode": "off"}),
        ("maybe: null", {"maybe": None}),
        ("maybe:", {"maybe": None}),
        ("either: 5", {"either": 5}),
        ("either: five", {"either": "five"}),
        ("parts: [{ name: a }]", {"parts": (Part(name="a"),)}),
        ("names: [a, b]", {"names": ["a", "b"]}),
        ("pair: [b, 2]", {"pair": ("b", 2)}),
        ("table: { 012345670123: red }", {"table": {"012345670123": Colour.RED}}),
        ("pet: { type: dog, name: rex }", {"pet": Dog("rex")}),
        ("free: { a: [1] }", {"free": {"a": ["1"]}}),
        ("kept: [a, a]", {"kept": frozenset({"a"})}),
        ("from: here", {"from_": "here"}),
    ],
)
def test_text_becomes_what_the_model_wants(text: str, expected: dict[str, Any]) -> None:
    made, problems = shape(loads(text, "x.yaml"), Thing)

    assert problems == []
    assert made == Thing(**expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("txt: a", "1:1: no key 'txt' here; did you mean 'text'?"),
        ("text: A", "1:7: 'A' does not fit: Small letters."),
        ('text: "a\\n"', "1:7: 'a\\n' does not fit: Small letters."),
        ("text: [a]", "1:7: 'text' has to be text, not a list"),
        ("text:", "1:6: 'text' has no value; it has to be text"),
        ("number: three", "1:9: 'three' is not a whole number, at least 1 and at most 9"),
        ("number: 10", "1:9: 10 is not a whole number, at least 1 and at most 9"),
        ("number: 03", "1:9: '03' is not a whole number, at least 1 and at most 9"),
        (
            "number: '3'",
            "1:9: 'number' has to be a whole number, at least 1 and at most 9, without quotes",
        ),
        ("flag: yes", "1:7: 'yes' is not true or false"),
        ("colour: bleu", "1:9: 'bleu' is not one of red, blue; did you mean 'blue'?"),
        ("mode: auto", "1:7: 'auto' is not one of off, on"),
        ("maybe: x", "1:8: 'x' is not a whole number"),
        ("either: [a]", "1:9: 'either' has to be a whole number or text"),
        ("parts: { name: a }", "1:8: 'parts' has to be a list"),
        ("parts: [{ nam: a }]", "1:11: no key 'nam' here; did you mean 'name'?"),
        ("parts: [{}]", "1:9: 'name' is missing"),
        ("parts: [a]", "1:9: item 1 of 'parts' has to be a mapping (key: value)"),
        ("names: [a, b, c]", "1:8: 'names' has 3; at most 2 are allowed"),
        ("pair: [a]", "1:7: 'pair' has to have 2 items"),
        ("table: { 12: red }", "1:10: '12' does not fit: ^[0-9]{12}$"),
        (
            "table: { 012345670123: rad }",
            "1:24: 'rad' is not one of red, blue; did you mean 'red'?",
        ),
        ("pet: { type: cow }", "1:14: no type 'cow'; there are: cat, dog"),
        ("pet: { name: rex }", "1:6: 'type' is missing"),
        ("number: 7", "1:1: seven is not a number that we like"),
        ("- a", "1:1: the file has to be a mapping (key: value)"),
    ],
)
def test_what_does_not_fit_is_one_problem_at_its_place(text: str, expected: str) -> None:
    made, problems = shape(loads(text, "x.yaml"), Thing)

    assert made is None
    assert [str(problem) for problem in problems] == [f"x.yaml:{expected}"]


_KEYS = st.sampled_from(
    [
        *Runbook.__struct_fields__,
        *Step.__struct_fields__,
        "with",
        "as",
        "finally",
        "type",
        "default",
    ]
)
_SCALARS = st.sampled_from(
    ["a", "$a.b", "$$", "1", "true", "null", "''", "contain", "who", "'{{ a }}'", "'{{ a }'"]
)
_FLOW = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(_KEYS, inner, max_size=6).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"
        ),
    ),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_KEYS, _FLOW, max_size=8))
def test_no_document_is_more_than_problems(pairs: dict[str, str]) -> None:
    text = "\n".join(f"{key}: {value}" for key, value in pairs.items())
    try:
        document = loads(text or "{}", "x.yaml")
    except CheckFailed:
        return
    made, problems = shape(document, Runbook)

    assert (made is None) == bool(problems)

"""Texts for people: rendered once, and nothing in them acts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedoor.errors import BadInput
from firedoor.render import (
    MAX_VALUE,
    clean,
    escape_html,
    escape_markdown,
    escape_slack,
    html,
    markdown,
    names_in_template,
    plain,
    slack,
)

SCOPE = {
    "who": {"user": "ci-deployer", "none": None, "yes": True, "names": ["a", "b"]},
    "sly": "{{ who.user }}",
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Close {{ who.user }}?", "Close ci-deployer?"),
        ("{{who.names|length}} of {{ who.names }}", "2 of a, b"),
        ("{{ who.none }}{{ who.nothing.more }}.", "."),
        ("{{ who.yes }}", "yes"),
        ("{{ who.none | default('nobody') }}", "nobody"),
        ("no template } } { {", "no template } } { {"),
        ("two\n  lines", "two lines"),
        ("{{ who }}", '{"user": "ci-deployer", "none": null, "yes": true, "names": ["a", "b"]}'),
    ],
)
def test_a_template_is_filled_in(template: str, expected: str) -> None:
    assert plain(template, SCOPE) == expected


def test_what_was_filled_in_is_not_a_template() -> None:
    assert plain("{{ sly }}", SCOPE) == "{{ who.user }}"


@pytest.mark.parametrize(
    "template", ["{{ who.user", "{% if who %}", "{# a #}", "{{ f() }}", "{{ }}"]
)
def test_what_cannot_be_read_is_bad_input(template: str) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        plain(template, SCOPE)


def test_the_names_of_a_template_are_known() -> None:
    assert names_in_template("{{ who.user }} {{ sly }} text") == {"who", "sly"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07shown", "shown"),
        ("\x1b]8;;http://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jshown", "shown"),
        ("\x1b]0;never closed", "0;never closed"),
        ("a\r\nb\tc", "a b c"),
        ("a\x00b\x08c\x7f", "abc"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\u200bb\ufeffc", "abc"),
        ("a\u2028b", "a b"),
        ("Zoë 消防 👩‍🚒", "Zoë 消防 👩‍🚒"),
    ],
)
def test_what_acts_on_a_terminal_or_hides_is_taken_out(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_a_long_value_is_cut() -> None:
    shown = plain("{{ long }}", {"long": "x" * 5000})

    assert len(shown) == MAX_VALUE
    assert shown.endswith("…")


SLY = (
    "<img src=x onerror=alert(1)> <!channel> @here [x](http://evil.example) `a` | *b* www.e.example"
)


def test_html_shows_what_an_attacker_chose() -> None:
    assert html("{{ name }} & 'co'", {"name": '<script>"x"'}) == (
        "&lt;script&gt;&quot;x&quot; &amp; &#x27;co&#x27;"
    )


def test_markdown_shows_what_an_attacker_chose() -> None:
    assert markdown("{{ name }}", {"name": SLY}) == (
        "\\<img src\\=x onerror\\=alert\\(1\\)\\> \\<\\!channel\\> \\@here"
        " \\[x\\]\\(http\\://evil.example\\) \\`a\\` \\| \\*b\\* www\\.e.example"
    )
    assert escape_markdown("1. a") == "1\\. a"
    assert escape_markdown("# a") == "\\# a"


def test_slack_shows_what_an_attacker_chose() -> None:
    shown = slack("{{ name }}", {"name": SLY})

    assert "<" not in shown
    assert "@here" not in shown
    assert "http:" not in shown
    assert "www." not in shown
    assert escape_slack("ci_deployer-1") == "ci_deployer-1"


@given(st.text())
def test_nothing_acts_whatever_the_text(text: str) -> None:
    assert "\x1b" not in clean(text)
    assert "\n" not in clean(text)
    assert not set("<>\"'") & set(escape_html(text))
    assert not set("<>") & set(escape_slack(text))

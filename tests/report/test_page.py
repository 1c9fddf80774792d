"""The page stands by itself, and nothing that others chose can act in it."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firedoor import journal
from firedoor.chain import Entry
from firedoor.kinds import time_text
from firedoor.report import build, to_html, to_markdown
from tests.report.page import Page
from tests.report.story import DENY, START, USER, Story, open_story

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title><svg onload=alert(1)>",
    "](javascript:alert(1))",
    "[x](https://evil.example)",
    "`rm -rf /`",
    "a | b | c",
    "# not a heading",
    "{{ 7 * 7 }}",
    "\u202egnp.exe\u200b",
    "\x1b[31mred\x1b[0m\x07",
    "line one\n\n# line two\n| x |",
    "x" * 10_000,
)


def page(story: Story) -> Page:
    return Page(to_html(build(story.entries())))


def hostile(home: Path, text: str) -> Story:
    """An incident in which the attacker chose every text."""
    story = open_story(home, title=text)
    story.at(0).finding(title=text, description=text, id=text, resource={"user": text, text: text})
    story.start(inputs={"user": text}, title=text)
    story.at(1).change(text[:40], "iam.deny_user", text, text, {text: text}, resource=text)
    story.at(2).tell(
        "trail.seen",
        {
            "events": [
                {"when": "2026-03-01T04:00:05Z", **dict.fromkeys(EVENT, text)},
                {"when": text, **dict.fromkeys(EVENT, text), "error": None},
            ],
            "left_out": 0,
        },
        step="activity",
    )
    story.tell(
        "approval.denied", {"id": text, "steps": [text], "reason": text, "how": text}, by=text
    )
    story.note("impact", text, author=text)
    story.tell("error", {"where": text, "kind": text, "message": text})
    return story.finish("not_contained", unknown=[text])


EVENT = ("source", "event", "error", "identity", "ip", "agent", "region", "key", "resource")


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_no_text_becomes_markup(home: Path, text: str) -> None:
    quiet = Page(to_html(build(hostile(home / "a", "harmless").entries())))
    found = Page(to_html(build(hostile(home / "b", text).entries())))

    tags = {each.tag for each in quiet.elements} | {"details", "summary", "pre"}
    assert found.wrong == []
    assert {each.tag for each in found.elements} <= tags
    assert not [name for each in found.elements for name in each.attributes if name[:2] == "on"]
    assert "\u202e" not in found.html
    assert "\x1b" not in found.html


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_no_text_becomes_markdown(home: Path, text: str) -> None:
    quiet = to_markdown(build(hostile(home / "a", "harmless").entries()))
    found = to_markdown(build(hostile(home / "b", text).entries()))

    assert headings(found) == headings(quiet)
    assert not re.search(r"(?<!\\)\]\((?!\\)", found)
    assert not re.search(r"(?<!\\)<", found)
    assert {line.count("|") - line.count("\\|") for line in tables(found)} == {
        line.count("|") for line in tables(quiet)
    }
    assert max(map(len, found.splitlines())) < 25_000


def headings(text: str) -> int:
    return sum(line.startswith("#") for line in text.splitlines())


def tables(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def test_a_page_is_well_formed_and_begins_with_its_doctype(drill: Story) -> None:
    found = page(drill)

    assert found.html.startswith("<!DOCTYPE html>\n")
    assert found.wrong == []


def test_every_link_leads_to_something_in_the_page(drill: Story) -> None:
    found = page(drill)

    ids = {each.attributes["id"] for each in found.elements if "id" in each.attributes}
    links = [each.attributes["href"] for each in found.elements if "href" in each.attributes]
    assert links
    assert [link for link in links if link[:1] != "#" or link[1:] not in ids] == []


def test_every_id_is_there_once(drill: Story) -> None:
    ids = [each.attributes["id"] for each in page(drill).elements if "id" in each.attributes]

    assert sorted(ids) == sorted(set(ids))


def test_a_page_needs_nothing_from_outside(drill: Story) -> None:
    found = page(drill)

    assert not [each for each in found.elements if "src" in each.attributes]
    assert {each.tag for each in found.elements} & {"script", "link", "iframe", "img"} == set()
    assert "url(" not in found.html
    assert "@import" not in found.html


def test_the_verdict_comes_before_everything_else(contained: Story) -> None:
    found = page(contained)

    sections = [each for each in found.elements if each.tag == "section"]
    assert sections[0].attributes["class"] == "verdict good"
    assert "✓" in sections[0].text
    assert "Contained" in sections[0].text


def test_a_drill_says_so_on_top(drill: Story) -> None:
    banner = page(drill).all("p", class_="banner")

    assert [each.text for each in banner] == ["DRILL – simulated AWS, nothing real was touched"]


def test_a_real_incident_carries_no_banner(contained: Story) -> None:
    assert page(contained).all("p", class_="banner") == []


def test_the_picture_has_a_title_a_description_and_four_lanes(contained: Story) -> None:
    found = page(contained)

    picture = found.all("svg")[0]
    assert picture.attributes["role"] == "img"
    assert "four lanes" in found.all("title", id="picture-title")[0].text
    assert "Containment was proven +4 min 06 s" in found.all("desc", id="picture-desc")[0].text
    assert [each.text for each in found.all("text", class_="lane-name")] == [
        "Attacker",
        "Detection",
        "Decision",
        "Action",
    ]


def test_the_containment_is_a_line_in_the_picture(contained: Story) -> None:
    found = page(contained)

    assert len(found.all("line", class_="contained")) == 1
    assert [each.text for each in found.all("text", class_="contained")] == ["Contained"]


def test_what_is_not_proven_gets_no_containment_line(contained: Story) -> None:
    contained.at(900).trail((800, "iam:CreateUser", None))

    found = page(contained)

    assert found.all("line", class_="contained") == []
    assert len(found.all("line", class_="believed")) == 1


def test_denied_and_successful_acts_differ_in_shape_and_colour(drill: Story) -> None:
    html = page(drill).html

    success, denied = drawn(html, "succeeded: iam:CreateUser"), drawn(html, "denied: iam:ListUsers")
    assert success[0] != denied[0], "colour"
    assert success[1] != denied[1], "shape"


def drawn(html: str, title: str) -> tuple[str, str]:
    """The class and the shape of the mark with this text in its title."""
    found = re.search(rf'<title>[^<]*{title}[^<]*</title><g class="(m-\w+)"[^>]*>(.*?)</g>', html)
    assert found, title
    return found[1], found[2]


def test_evidence_shows_its_whole_hash_and_the_command_that_checks_it(contained: Story) -> None:
    text = page(contained).text

    assert f"{1:064x}" in text
    assert f"firedoor evidence verify {contained.incident}" in text


def test_a_large_incident_stays_small_and_its_page_whole(contained: Story) -> None:
    entries = enlarged(contained.entries(), 2000)

    start = time.process_time()
    report = build(entries)
    html = to_html(report)
    took = time.process_time() - start

    assert len(html) < 3_000_000
    assert took < 4.0, "the goal is 2 s; twice that means that something grows with its square"
    assert report.head.chain.text.startswith("The chain of 2,000 entries was checked")
    assert report.left_out
    assert Page(html).wrong == []


def enlarged(entries: list[Entry], size: int) -> list[Entry]:
    """The same journal with changes and look-ups put in before its end, its chain made anew."""
    at = START + timedelta(seconds=300)
    more: list[Entry] = []
    for number in range(size - len(entries)):
        step = f"s{number // 4}"
        resource = f"{USER}{step}"
        change = {"resource": resource, "what": "policy", "from": DENY, "to": {"x": "y" * 3000}}
        kinds: list[tuple[str, dict[str, Any]]] = [
            (
                "step.started",
                {"action": "iam.deny_user", "phase": "contain", "title": "", "given": {}},
            ),
            ("step.intended", {"action": "iam.deny_user", "change": change, "before": {}}),
            ("step.receipt", {"action": "iam.deny_user", "resource": resource, "requests": []}),
            ("trail.seen", {"events": [trace(number, each) for each in range(30)], "left_out": 1}),
        ]
        kind, data = kinds[number % 4]
        more.append(
            msgspec.structs.replace(
                entries[1], at=time_text(at), kind=kind, data=data, run="r1", step=step
            )
        )
    return chained([*entries[:-2], *more, *entries[-2:]])


def trace(number: int, each: int) -> dict[str, Any]:
    """An event of CloudTrail unlike its neighbours."""
    when = time_text(START + timedelta(seconds=number + each * 7 - 3000))
    error = "AccessDenied" if each % 2 else None
    return {**dict.fromkeys(EVENT, "x"), "when": when, "event": f"Call{each}", "error": error}


def chained(entries: list[Entry]) -> list[Entry]:
    """Entries numbered and hashed anew."""
    made: list[Entry] = []
    for seq, entry in enumerate(entries, start=1):
        prev = made[-1].hash if made else journal.START
        draft = msgspec.structs.replace(entry, seq=seq, prev=prev, hash="")
        made.append(msgspec.structs.replace(draft, hash=journal.hash_of(draft)))
    return made

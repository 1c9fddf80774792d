"""What the playbook asks of people stands in the report, with the time by which it is due."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from firedoor.report.build import build
from firedoor.report.model import Report
from tests.report.story import START, Story, open_story

TOLD = {
    "what": "Tell the regulator",
    "who": ["security_lead"],
    "within": "72h",
    "when": "it leaked",
}


def routed(story: Story, **more: object) -> Report:
    """The report of an incident whose finding was routed, with more in the route."""
    story.tell(
        "route.decided",
        {
            "playbook": "mine",
            "runbook": "guardduty-finding",
            "inputs": {},
            "severity": "high",
            "why": "it is taken. By hand: look at the bucket",
            "unasked": [],
            **more,
        },
    )
    return build(story.entries())


def test_a_duty_has_a_deadline_counted_from_the_opening(home: Path) -> None:
    report = routed(open_story(home), people=[TOLD])
    (duty,) = [each for each in report.next if "regulator" in each.text]

    assert duty.text == "Tell the regulator (security_lead). When: it leaked."
    assert duty.at == f"within 72h: by {START + timedelta(hours=72):%Y-%m-%d %H:%M:%S} UTC"


def test_a_drill_shows_the_duty_and_no_time(home: Path) -> None:
    report = routed(open_story(home, world="simulated", prefix="DRILL"), people=[TOLD])

    assert [each.at for each in report.next if "regulator" in each.text] == ["within 72h"]


def test_what_has_to_hold_before_it_is_closed_is_listed(home: Path) -> None:
    report = routed(open_story(home), over_when=["a person has looked"])

    assert "Close it only when a person has looked." in [each.text for each in report.next]


def test_a_journal_of_an_older_version_has_no_duties(home: Path) -> None:
    assert not any("Close it only" in each.text for each in routed(open_story(home)).next)


def test_a_duration_that_is_none_is_shown_as_it_stands(home: Path) -> None:
    report = routed(open_story(home), people=[{**TOLD, "within": "soon"}])

    assert [each.at for each in report.next if "regulator" in each.text] == ["soon"]

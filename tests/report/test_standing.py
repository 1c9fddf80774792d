"""What comes after a run has ended: a late success, a change made again, a rule's refusal."""

from __future__ import annotations

from typing import Any

from firedoor.report import Report, build
from firedoor.report.model import Time
from tests.report.story import USER, Story

SUCCESS = {"when": "2026-03-01T04:06:00Z", "event": "CreateUser", "source_ip": "203.0.113.50"}


def said(story: Story) -> Report:
    return build(story.entries())


def time(report: Report, id_: str) -> Time:
    return next(each for each in report.times if each.id == id_)


def shut(story: Story, **more: Any) -> Story:
    """One change, proven, in a run that watched for what still gets through."""
    story.at(0).finding().start()
    story.at(1).change("deny", "iam.deny_user", "inline policy", None, "Deny")
    return story.finish("contained", **more)


def made_again(story: Story) -> None:
    """Somebody took the deny back: it is found, made again, and read back."""
    story.at(300).prove("deny", "iam.deny_user", False, again=True)
    receipt = {"action": "iam.deny_user", "resource": USER, "requests": [], "reapplied": True}
    story.at(310).tell("step.receipt", receipt, step="deny")
    story.at(312).prove("deny", "iam.deny_user", True, again=True)


def test_no_success_afterwards_is_said_with_how_far_was_looked(opened: Story) -> None:
    report = said(shut(opened, last_success=None, watched_until="2026-03-01T04:07:00Z"))

    assert time(report, "last_success").none == "none was seen until 2026-03-01 04:07:00 UTC"


def test_where_nothing_watched_nothing_is_claimed(opened: Story) -> None:
    assert time(said(shut(opened)), "last_success").none == "no step has watched for one"


def test_a_success_that_a_later_reading_saw_overrules_containment(opened: Story) -> None:
    shut(opened, last_success=None, watched_until="2026-03-01T04:00:02Z")
    opened.at(700).tell(
        "verify.finished", {"holds": False, "checks_due_done": [], "last_success": SUCCESS}
    )

    report = said(opened)

    assert report.verdict.status == "not_contained"
    assert "CreateUser at 2026-03-01 04:06:00 UTC from 203.0.113.50" in report.verdict.why
    assert time(report, "last_success").shown == "2026-03-01 04:06:00"


def test_what_was_shut_again_counts_as_proven_when_it_was_read_back(opened: Story) -> None:
    made_again(shut(opened))

    report = said(opened)
    last, proven = time(report, "last_change"), time(report, "contained")

    assert report.verdict.status == "contained"
    assert (last.shown, proven.shown) == ("2026-03-01 04:05:10", "2026-03-01 04:05:12")
    assert any("taken back by somebody" in each.text for each in report.verdict.caveats)


def test_what_was_done_before_it_was_shut_again_is_not_after_containment(opened: Story) -> None:
    made_again(shut(opened))
    opened.at(320).trail((305, "iam:CreateUser", None))

    assert said(opened).verdict.status == "contained"


def refused(story: Story) -> Story:
    """A rule refuses the deny; another step of the run is done."""
    story.at(0).finding().start()
    story.at(1).change("keys", "iam.disable_access_keys", "status", "Active", "Inactive")
    story.begin("deny", "iam.deny_user", "contain")
    story.end(
        "deny",
        "iam.deny_user",
        "contain",
        "refused",
        why="user x is what firedoor acts as (own principal). Use other credentials for this",
        rule="own principal",
        instead="Use other credentials for this",
    )
    return story


def test_a_rules_refusal_is_told_with_its_rule_and_what_to_do_instead(opened: Story) -> None:
    report = said(refused(opened).finish("refused"))

    assert report.verdict.status == "refused"
    assert report.verdict.words == "NOT contained: a change was refused"
    assert "The rule “own principal” refused the step deny" in report.verdict.why
    assert any(each.text.startswith("Use other credentials") for each in report.next)


def test_inside_the_run_a_rules_refusal_reads_as_at_its_end(opened: Story) -> None:
    assert said(refused(opened).report()).verdict.status == "refused"


def test_a_refusal_does_not_hide_that_another_step_failed(opened: Story) -> None:
    refused(opened).begin("console", "iam.remove_console_access", "contain")
    opened.end("console", "iam.remove_console_access", "contain", "failed", why="AWS refused")

    verdict = said(opened.report()).verdict

    assert verdict.status == "not_contained"
    assert "The step console failed: AWS refused" in verdict.why
    assert "the step deny was refused: user x is what firedoor acts as" in verdict.why

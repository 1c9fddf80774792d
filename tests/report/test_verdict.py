"""The verdict tells the truth, whatever a run's own ending claims."""

from __future__ import annotations

from firedoor.report import Report, build
from tests.report.story import KEY, USER, Story, agree, contain


def said(story: Story) -> Report:
    return build(story.entries())


def test_a_proven_run_is_contained(contained: Story) -> None:
    report = said(contained)

    assert report.verdict.status == "contained"
    assert report.verdict.words == "Contained"


def test_inside_the_run_the_report_already_tells_what_it_came_to(opened: Story) -> None:
    report = said(agree(contain(opened)))

    assert report.verdict.status == "contained"
    assert any("inside the run" in caveat.text for caveat in report.verdict.caveats)


def test_inside_the_run_a_broken_proof_is_not_contained(opened: Story) -> None:
    opened.at(0).finding().start()
    opened.at(1).change("deny", "iam.deny_user", "inline policy", None, "Deny", holds=False)

    assert said(opened.report()).verdict.status == "not_contained"


def test_inside_the_run_an_unread_proof_is_not_contained(opened: Story) -> None:
    opened.at(0).finding().start()
    opened.at(1).change("deny", "iam.deny_user", "inline policy", None, "Deny", holds=None)

    assert said(opened.report()).verdict.status == "not_contained"


def test_inside_the_run_a_failed_look_up_before_containment_is_a_failure(opened: Story) -> None:
    opened.at(0).finding().start()
    opened.begin("who", "iam.resolve_user", "triage")
    opened.end("who", "iam.resolve_user", "triage", "failed", why="no such user")

    assert said(opened.report()).verdict.status == "failed"


def test_inside_a_called_run_the_calling_one_is_still_running(opened: Story) -> None:
    opened.at(0).finding().start()
    opened.at(1).change("deny", "iam.deny_user", "inline policy", None, "Deny")
    opened.run = "r1.spread.0"
    opened.start(parent="r1")

    assert said(opened.report()).verdict.status == "running"


def test_a_success_of_the_attacker_after_containment_overrules_the_run(contained: Story) -> None:
    contained.at(900).trail((800, "iam:CreateUser", None))

    report = said(contained)

    assert report.verdict.status == "not_contained"
    assert "iam:CreateUser" in report.verdict.why
    assert report.intruder.after_containment == 1


def test_a_refusal_of_the_attacker_after_containment_changes_nothing(contained: Story) -> None:
    contained.at(900).trail((800, "iam:CreateUser", "AccessDenied"))

    assert said(contained).verdict.status == "contained"


def test_get_caller_identity_after_containment_proves_nothing(contained: Story) -> None:
    contained.at(900).trail((800, "sts:GetCallerIdentity", None))

    assert said(contained).verdict.status == "contained"


def test_a_proof_that_fails_later_overrules_the_run(contained: Story) -> None:
    contained.at(900).prove("deny", "iam.deny_user", False, again=True)

    report = said(contained)

    assert report.verdict.status == "not_contained"
    assert "deny is as it shall be" in report.verdict.why


def test_a_proof_that_holds_later_changes_nothing(contained: Story) -> None:
    contained.at(900).prove("deny", "iam.deny_user", True, again=True)

    assert said(contained).verdict.status == "contained"


def test_a_run_that_ends_not_contained_says_so_in_capitals(opened: Story) -> None:
    opened.at(0).finding().start()
    opened.at(1).change("deny", "iam.deny_user", "inline policy", None, "Deny", holds=False)

    report = said(opened.finish("not_contained"))

    assert report.verdict.words == "NOT contained"
    assert report.verdict.tone == "bad"


def test_an_open_question_waits(waiting: Story) -> None:
    report = said(waiting)

    assert report.verdict.status == "waiting"
    assert f"firedoor approve {waiting.incident}-A1" in report.next[0].command


def test_a_no_is_a_refusal(waiting: Story) -> None:
    waiting.at(100).tell(
        "approval.denied",
        {
            "id": f"{waiting.incident}-A1",
            "steps": ["deny", "console"],
            "reason": "the owner is at work",
            "how": "terminal",
            "waited_seconds": 98.0,
        },
        by="os:dana",
    )

    report = said(waiting.finish("refused"))

    assert report.verdict.status == "refused"
    assert "os:dana said no: the owner is at work" in report.verdict.why


def test_what_was_undone_on_purpose_is_neither_contained_nor_a_failure(contained: Story) -> None:
    undo(contained)
    contained.tell(
        "undo.receipt",
        {"action": "iam.disable_access_keys", "resource": f"{USER}#access-key/{KEY}"},
        step="named_key",
    )

    report = said(contained)

    assert report.verdict.status == "undone"
    assert report.verdict.words == "Contained, then opened again"


def test_what_was_undone_in_part_says_how_much_still_stands(contained: Story) -> None:
    undo(contained)

    report = said(contained)

    assert report.verdict.status == "partly_undone"
    assert report.verdict.words == "Contained, then partly opened again"
    assert "2 changes still stand" in report.verdict.why


def test_a_change_that_was_undone_and_made_again_counts_again(contained: Story) -> None:
    undo(contained)
    contained.run = "r1"
    contained.at(700).tell(
        "step.receipt",
        {"action": "iam.deny_user", "resource": "arn:aws:iam::111122223333:user/ci-deployer"},
        step="deny",
    )

    assert said(contained).verdict.status == "contained"


def test_an_attackers_credentials_that_still_work_overrule_the_run(drill: Story) -> None:
    drill.tell(
        "probe.made",
        {
            "phase": "after",
            "role": "attacker",
            "who": "x",
            "call": "s3:ListBuckets",
            "allowed": True,
        },
    )

    assert said(drill).verdict.status == "not_contained"


def test_an_incident_without_a_run_is_open(opened: Story) -> None:
    assert said(opened).verdict.status == "open"


def undo(story: Story) -> None:
    """The deny is taken back."""
    change = {
        "action": "iam.deny_user",
        "resource": "arn:aws:iam::111122223333:user/ci-deployer",
        "change": {},
        "requests": [],
    }
    story.at(600).tell("undo.planned", {"steps": [{}], "left": [], "reopen": ""})
    story.tell("undo.receipt", change, step="deny")
    story.tell(
        "undo.finished",
        {"undone": [{"step": "deny"}], "left": [{"step": "named_key", "why": "it leaked"}]},
    )

"""What each part of the report says of a journal."""

from __future__ import annotations

import msgspec
import pytest

from firedoor.cli.incidents import SECTIONS as NOTE_SECTIONS
from firedoor.report import Report, build, to_html, to_json, to_markdown
from firedoor.report.human import SECTIONS
from firedoor.report.model import Time
from tests.report.story import KEY, Story


def time(report: Report, id_: str) -> Time:
    return next(each for each in report.times if each.id == id_)


def test_times_are_measured_between_journal_entries(contained: Story) -> None:
    report = build(contained.entries())

    found = {each.id: each.seconds for each in report.times if each.seconds is not None}
    assert found == {
        "to_detect": 3000.0,
        "to_acknowledge": 242.0,
        "to_first_containment": 1.1,
        "to_contain": 246.0,
        "dwell": 3246.0,
    }


def test_a_time_that_is_not_known_says_why(opened: Story) -> None:
    report = build(opened.entries())

    assert time(report, "detected").none == (
        "no finding was received: the incident was opened by hand"
    )
    assert time(report, "to_contain").none == "containment is not proven"


def test_a_proof_that_was_overruled_gives_no_time_to_contain(contained: Story) -> None:
    contained.at(900).trail((800, "iam:CreateUser", None))

    found = time(build(contained.entries()), "to_contain")

    assert found.seconds is None
    assert "taken for proven" in found.none


def test_an_event_that_two_look_ups_find_is_told_once(contained: Story) -> None:
    before = build(contained.entries()).intruder
    contained.at(900).trail((1, "s3:ListBuckets", None))

    assert build(contained.entries()).intruder.after == before.after


def test_two_equal_events_of_one_look_up_are_two(contained: Story) -> None:
    before = build(contained.entries()).intruder
    contained.at(900).trail((1, "s3:ListBuckets", None), (1, "s3:ListBuckets", None))

    assert build(contained.entries()).intruder.after == before.after + 1


def test_an_act_and_its_trace_in_cloudtrail_are_one(drill: Story) -> None:
    report = build(drill.entries())

    created = [row for row in report.intruder.acts if row.text == "iam:CreateAccessKey"]
    assert [row.count for row in created] == [1]
    assert len(created[0].refs) == 2


def test_events_that_the_journal_only_counts_are_not_known(contained: Story) -> None:
    contained.at(900).trail((5, "s3:ListBuckets", None), left_out=17)

    found = build(contained.entries()).unknown.found

    assert any(each.text.startswith("17 events of CloudTrail") for each in found)


def test_a_late_success_is_a_row_of_its_own(contained: Story) -> None:
    contained.at(900).trail((800, "iam:CreateUser", None))

    rows = [row for row in build(contained.entries()).timeline if "AFTER CONTAINMENT" in row.text]

    assert [(row.count, row.tone) for row in rows] == [(1, "bad")]


def test_a_change_tells_before_after_proof_and_on_whose_word(contained: Story) -> None:
    actions = {each.step: each for each in build(contained.entries()).actions}

    key, deny = actions["named_key"], actions["deny"]
    assert (key.changes[0].before.short, key.changes[0].after.short) == ("Active", "Inactive")
    assert key.agreed.words == "unasked: preauthorised by credential-compromise"
    assert (deny.changes[0].before.short, deny.changes[0].after.short) == ("absent", "Deny * on *")
    assert (deny.agreed.words, deny.agreed.waited) == ("os:dana, terminal", "4 min")
    assert deny.proof == "holds"


def test_a_question_tells_who_answered_and_how_long_it_waited(contained: Story) -> None:
    decision = build(contained.entries()).decisions[0]

    assert (decision.answer, decision.who, decision.waited) == ("yes", "os:dana", "4 min")
    assert decision.by_roles == ("incident commander",)


def test_undo_tells_what_comes_back_what_does_not_and_what_reopens(contained: Story) -> None:
    undo = build(contained.entries()).undo

    assert [each.command for each in undo.can] == [
        f"firedoor undo {contained.incident} deny",
        f'firedoor undo {contained.incident} named_key --reopen "REASON"',
    ]
    assert "a key that leaked stays leaked" in undo.reopens[0].text
    assert "cannot be put back" in undo.lost[0].text


def test_the_checks_that_are_due_come_next_until_they_are_made(contained: Story) -> None:
    command = f"firedoor verify {contained.incident}"
    before = [each.command for each in build(contained.entries()).next]
    contained.at(900).prove("deny", "iam.deny_user", True, again=True)

    assert command in before
    assert command not in [each.command for each in build(contained.entries()).next]


def test_steps_of_one_name_in_two_runs_are_undone_by_run(contained: Story) -> None:
    contained.run = "r1.spread.0"
    contained.change("deny", "iam.deny_user", "policy", None, "Deny", resource="backdoor")

    commands = [each.command for each in build(contained.entries()).undo.can]

    assert f"firedoor undo {contained.incident} r1.spread.0/deny" in commands
    assert f"firedoor undo {contained.incident} r1/deny" in commands


def test_keys_that_were_shut_are_to_be_replaced(contained: Story) -> None:
    found = [each.text for each in build(contained.entries()).next]

    assert any("delete the 1 access key that is inactive" in text for text in found)


def test_secrets_that_were_read_are_to_be_rotated(contained: Story) -> None:
    found = [each.text for each in build(contained.entries()).next]

    assert any("Rotate the secrets" in text for text in found)


def test_techniques_come_from_the_runbook_with_their_names(contained: Story) -> None:
    found = [(each.id, each.name, each.source) for each in build(contained.entries()).attack]

    assert found == [
        ("T1078.004", "Valid Accounts: Cloud Accounts", "runbook compromised-credentials"),
        (
            "T1098.001",
            "Account Manipulation: Additional Cloud Credentials",
            "runbook compromised-credentials",
        ),
    ]


def test_what_the_run_could_not_look_at_is_not_known(contained: Story) -> None:
    found = [each.text for each in build(contained.entries()).unknown.found]

    assert found == ["What happened in the last 15 minutes may not be in CloudTrail yet."]


def test_a_change_without_a_receipt_is_not_known(opened: Story) -> None:
    opened.at(0).finding().start()
    opened.begin("deny", "iam.deny_user", "contain")
    change = {"resource": "x", "what": "policy", "from": None, "to": "y"}
    opened.tell("step.intended", {"action": "iam.deny_user", "change": change}, step="deny")
    opened.end("deny", "iam.deny_user", "contain", "failed", why="no answer")

    found = [each.text for each in build(opened.entries()).unknown.found]

    assert any("the intent has no receipt" in text for text in found)


def test_a_drill_tells_its_controls_before_and_after(drill: Story) -> None:
    report = build(drill.entries())

    assert [(each.role, each.before, each.after, each.met) for each in report.controls] == [
        ("attacker", "allowed", "denied (AccessDenied)", True),
        ("innocent", "allowed", "allowed", True),
        ("fresh", "allowed", "allowed", True),
    ]


def test_a_control_that_was_only_half_made_is_not_known(opened: Story) -> None:
    opened.tell(
        "probe.made",
        {"phase": "before", "role": "attacker", "who": "x", "call": "s3:Ls", "allowed": True},
    )

    assert [each.met for each in build(opened.entries()).controls] == [None]


def test_a_harmed_innocent_is_not_met(drill: Story) -> None:
    drill.tell(
        "probe.made",
        {
            "phase": "after",
            "role": "innocent",
            "who": "build-server",
            "call": "s3:ListBuckets",
            "allowed": False,
            "code": "AccessDenied",
        },
    )

    found = {each.role: each.met for each in build(drill.entries()).controls}

    assert found["innocent"] is False


def test_the_sections_for_people_are_those_of_the_note_command() -> None:
    assert {*SECTIONS, "timeline"} == set(NOTE_SECTIONS)


def test_an_empty_section_shows_the_command_that_fills_it(contained: Story) -> None:
    found = {each.id: each for each in build(contained.entries()).human}

    assert found["impact"].command == f'firedoor note {contained.incident} --section impact "…"'


def test_notes_are_kept_when_the_report_is_made_again(contained: Story) -> None:
    contained.note("impact", "No customer data was read.")
    contained.note("impact", "Two secrets were.")
    contained.at(900).prove("deny", "iam.deny_user", True, again=True)

    found = {each.id: each for each in build(contained.entries()).human}

    assert [note.text for note in found["impact"].notes] == [
        "No customer data was read.",
        "Two secrets were.",
    ]
    assert found["impact"].notes[0].author == "Dana Example"


def test_a_note_with_a_time_stands_in_the_timeline_at_that_time(contained: Story) -> None:
    contained.at(900).tell(
        "note.added",
        {
            "section": "timeline",
            "text": "The owner called",
            "author": "Dana Example",
            "when": "2026-03-01T03:59:00Z",
        },
    )

    rows = [row for row in build(contained.entries()).timeline if "owner called" in row.text]

    assert [row.relative for row in rows] == ["−1 min"]


def test_the_same_journal_gives_the_same_bytes(contained: Story) -> None:
    first, second = build(contained.entries()), build(contained.entries())

    assert to_html(first) == to_html(second)
    assert to_markdown(first) == to_markdown(second)
    assert to_json(first) == to_json(second)


def test_json_carries_the_whole_report(contained: Story) -> None:
    report = build(contained.entries())

    assert msgspec.json.decode(to_json(report), type=Report) == report


def test_a_changed_journal_is_called_out(contained: Story) -> None:
    entries = contained.entries()
    entries[3] = msgspec.structs.replace(entries[3], by="somebody else")

    assert "DOES NOT HOLD" in build(entries).head.chain.text


@pytest.mark.parametrize("to_text", [to_html, to_markdown, lambda found: to_json(found).decode()])
def test_access_key_ids_are_masked_everywhere(drill: Story, to_text: object) -> None:
    drill.note("impact", f"The key {KEY} was in a wiki.")

    text = to_text(build(drill.entries()))  # type: ignore[operator]

    assert KEY not in text
    assert "AKIA…MPLE" in text

"""How an incident stands is read from its journal, and later facts overrule a run's own ending."""

from __future__ import annotations

from typing import Any

import pytest

from firedoor.chain import Entry
from firedoor.summary import Summary, checks_due, summarize

DUE = [
    {"at": f"2026-03-01T04:0{minute}:00Z", "what": "read every containment back again"}
    for minute in (1, 2, 3)
]


class Story:
    """A journal told in short words."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.tell("incident.opened", id="INC-1", title="A key", severity="high")

    def tell(self, kind: str, run: str = "", step: str = "", /, **data: Any) -> Story:
        """Add an entry, a second after the one before."""
        seq = len(self.entries) + 1
        at = f"2026-03-01T04:00:{seq:02}Z"
        entry = Entry(
            seq=seq,
            at=at,
            wall=at,
            kind=kind,
            by="os:tester",
            run=run or None,
            step=step or None,
            data=data,
            prev="",
            hash="",
        )
        self.entries.append(entry)
        return self

    def run(self, run: str = "r1", status: str = "contained", **more: Any) -> Story:
        """A run of the shipped runbook from its start to its end."""
        inputs = more.pop("inputs", {"user": "alice"})
        self.tell(
            "run.started", run, runbook="shut", run=run, parent=None, inputs=inputs, engine="x"
        )
        ended = {"steps": [], "unknown": [], "due": [], **more}
        return self.tell("run.finished", run, run=run, status=status, **ended)

    def change(self, run: str = "r1", step: str = "deny", what: str = "d", lost: str = "") -> Story:
        """A change with its receipt."""
        change = {"resource": what, "what": "x", "from": None, "to": "shut", "lost": lost}
        self.tell("step.intended", run, step, action="a", change=change)
        return self.tell("step.receipt", run, step, action="a", resource=what)

    def undone(self, run: str = "r1", step: str = "deny", what: str = "d") -> Story:
        """A change that was taken back."""
        return self.tell("undo.receipt", run, step, action="a", resource=what)

    def proof(self, holds: bool | None, run: str = "r1", step: str = "deny") -> Story:
        """A proof that was taken again."""
        return self.tell("proof.taken", run, step, action="a", holds=holds, again=True)

    @property
    def now(self) -> Summary:
        return summarize(self.entries)

    @property
    def status(self) -> str:
        return self.now.status


def test_an_incident_without_a_run_is_open() -> None:
    assert Story().status == "open"


@pytest.mark.parametrize("holds", [False, None])
def test_a_later_proof_that_does_not_hold_makes_it_not_contained(holds: bool | None) -> None:
    assert Story().change().run().proof(holds).status == "not_contained"


def test_a_proof_that_holds_again_makes_it_contained_again() -> None:
    assert Story().change().run().proof(False).proof(True).status == "contained"


def test_a_proof_of_another_step_mends_nothing() -> None:
    story = Story().change().run().proof(False).proof(True, step="keys")

    assert (story.status, story.now.broken) == ("not_contained", ("r1/deny",))


def test_when_all_was_undone_it_is_undone() -> None:
    story = Story().change().change(step="keys", what="k").run(due=DUE)

    story.undone(step="keys", what="k")
    partly = story.status
    story.undone()

    assert (partly, story.status) == ("partly_undone", "undone")
    assert story.now.due == ()


def test_what_cannot_come_back_does_not_count_as_standing() -> None:
    story = Story().change().change(step="console", what="p", lost="it is gone").run()

    assert story.undone().status == "undone"


def test_what_was_undone_cannot_be_broken() -> None:
    assert Story().change().run().proof(False).undone().status == "undone"


def test_what_is_left_of_a_partial_undo_can_still_be_broken() -> None:
    story = Story().change().change(step="keys", what="k").run().undone(step="keys", what="k")

    assert story.proof(False).status == "not_contained"


def test_a_run_after_the_undo_says_how_it_stands() -> None:
    assert Story().change().run().undone().change("r2").run("r2").status == "contained"


def test_a_run_that_has_begun_is_running_whatever_was_before() -> None:
    story = Story().change().run().undone()
    story.tell("run.started", "r2", runbook="shut", run="r2", parent=None, inputs={}, engine="x")

    assert story.status == "running"


def test_a_run_that_is_gone_on_with_is_running_again() -> None:
    assert Story().run(status="waiting").tell("run.resumed", "r1", run="r1").status == "running"


def test_another_run_that_is_contained_does_not_hide_one_that_is_not() -> None:
    story = Story().run(status="not_contained").run("r2", inputs={"user": "bob"})

    assert story.status == "not_contained"


def test_the_same_run_again_replaces_the_first() -> None:
    story = Story().run(status="not_contained", due=DUE[:1])
    story.run("r2", inputs={"user": "alice", "lookback": "7d"}, due=DUE[1:])

    assert story.status == "contained"
    assert [each["at"] for each in story.now.due] == [each["at"] for each in DUE[1:]]


def test_another_run_does_not_mend_what_was_found_broken() -> None:
    story = Story().change().run().proof(False).run("r2", inputs={"user": "bob"})

    assert story.status == "not_contained"


def test_checks_are_due_until_a_reading_made_them() -> None:
    story = Story().run(due=DUE)
    done = [{"run": "r1", **DUE[0]}]
    story.tell("verify.finished", holds=True, checks_due_done=done, last_success=None)

    assert checks_due(story.entries) == [{"run": "r1", **each} for each in DUE[1:]]


def test_the_last_success_is_the_latest_that_was_seen() -> None:
    first, later = {"when": "2026-03-01T04:00:09Z"}, {"when": "2026-03-01T04:00:20Z"}
    story = Story().run(last_success=first, watched_until="2026-03-01T04:00:10Z")
    story.tell("verify.finished", holds=False, checks_due_done=[], last_success=later)
    story.tell("verify.finished", holds=True, checks_due_done=[], last_success=None)

    assert story.now.last_success == later


def test_contained_says_since_when_and_only_while_it_is() -> None:
    story = Story().change().run(contained_at="2026-03-01T04:00:04Z")
    since = story.now.contained_at

    assert (since, story.proof(False).now.contained_at) == ("2026-03-01T04:00:04Z", "")


def test_what_people_say_holds_until_something_runs_again() -> None:
    story = Story().run().tell("status.changed", to="closed")

    assert (story.status, story.run("r2").status) == ("closed", "contained")

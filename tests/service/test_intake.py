"""What is in the inbox is worked: placed, confirmed, contained first, run; nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from firedoor.chain import Entry
from firedoor.engine import running
from firedoor.inbox import Inbox, Note
from firedoor.service import intake as module
from firedoor.service.arriving import arrivals
from firedoor.service.intake import Intake
from firedoor.service.post import Post
from firedoor.summary import summarize
from tests.service.conftest import ACCOUNT, World, acting, alert_about, until


@dataclass
class Desk:
    """An inbox that is being worked, and a sender."""

    post: Post
    inbox: Inbox
    world: World
    lines: list[str]

    def finding(self, user: str, name: str = "a", *, severity: float = 8.0, **service: Any) -> Any:
        """A finding about a user's key, as GuardDuty has it."""
        [key] = self.world.admin.list_access_keys(UserName=user)["AccessKeyMetadata"]
        return alert_about(user, key["AccessKeyId"], name, severity=severity, **service)

    def true(self, finding: Any) -> Any:
        """GuardDuty has this finding."""
        self.world.aws.add_guardduty_finding(finding)
        return finding

    def send(self, finding: Any) -> None:
        """It comes in, and is on disk."""
        self.inbox.offer(arrivals(finding), Note(door="eventbridge")).result(10)

    def worked(self) -> list[str]:
        """The incidents, when nothing is left in the inbox."""
        assert until(lambda: not self.inbox.open, 30), self.lines
        return self.post.incidents()

    def entries(self, incident: str) -> list[Entry]:
        """An incident's journal."""
        return self.post.office().journal.entries(incident)


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Playbooks under which the account acts."""
    folder = acting(tmp_path / "playbooks")
    monkeypatch.setenv("FIREDOOR_PLAYBOOKS", str(folder))
    return folder


@pytest.fixture
def at_work(
    world: World, rules: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """An intake at work, without Prefect."""
    monkeypatch.setattr(module, "start", partial(running.start, break_glass=True))
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    inbox = Inbox(post.office().journal.store)
    thread = threading.Thread(target=Intake(post, inbox).run, daemon=True)
    thread.start()
    yield Desk(post, inbox, world, post.lines)  # type: ignore[attr-defined]
    post.gate.shut()
    inbox.arrived.set()
    thread.join(30)
    inbox.close()


def test_what_is_preauthorised_is_done_before_the_run_is_made(at_work: Desk) -> None:
    user = at_work.world.user()

    at_work.send(at_work.true(at_work.finding(user)))
    [incident] = at_work.worked()

    told = [(entry.kind, entry.step) for entry in at_work.entries(incident)]
    assert at_work.world.status(user) == {"Inactive"}
    assert told.index(("step.receipt", "named_key")) < told.index(("run.resumed", None))
    assert told.count(("step.receipt", "named_key")) == 1


def test_a_forged_finding_changes_nothing_by_itself(at_work: Desk) -> None:
    user = at_work.world.user()

    at_work.send(at_work.finding(user))
    [incident] = at_work.worked()

    kinds = [entry.kind for entry in at_work.entries(incident)]
    assert at_work.world.status(user) == {"Active"}
    assert "approval.asked" in kinds


def test_an_update_extends_its_incident_and_runs_nothing_twice(at_work: Desk) -> None:
    user = at_work.world.user()
    first = at_work.true(at_work.finding(user))
    at_work.send(first)
    at_work.worked()

    at_work.send({**first, "Service": {**first["Service"], "Count": 9}})
    [incident] = at_work.worked()

    found = summarize(at_work.entries(incident))
    assert (found.findings, len(found.runs)) == (1, 1)


def test_another_finding_about_the_same_user_joins_with_its_reason(at_work: Desk) -> None:
    user = at_work.world.user()
    at_work.send(at_work.finding(user, "a", severity=5.0))
    at_work.worked()

    at_work.send(at_work.finding(user, "b", severity=9.1))
    [incident] = at_work.worked()

    entries = at_work.entries(incident)
    joined = [
        e.data["joined"] for e in entries if e.kind == "finding.received" and "joined" in e.data
    ]
    assert user in joined[0]
    assert (summarize(entries).severity, summarize(entries).findings) == ("critical", 2)


def test_findings_about_others_have_incidents_of_their_own(at_work: Desk) -> None:
    for user in (at_work.world.user(), at_work.world.user()):
        at_work.send(at_work.finding(user))

    assert len(at_work.worked()) == 2


def test_a_closed_incident_takes_nothing_new(at_work: Desk) -> None:
    user = at_work.world.user()
    at_work.send(at_work.finding(user))
    [incident] = at_work.worked()
    journal = at_work.post.office().journal
    closed = {"to": "closed", "reason": "ours"}
    journal.append(incident, "status.changed", closed, by="t", at=at_work.world.aws.clock.now())

    at_work.send(at_work.finding(user, Count=4))

    assert len(at_work.worked()) == 2


def test_what_cannot_be_worked_is_parked_with_the_reason(
    at_work: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = at_work.world.user()
    finding = {**at_work.finding(user), "AccountId": "999900009999"}

    at_work.send(finding)
    at_work.worked()

    [parked] = at_work.inbox.parked()
    assert "999900009999" in parked["why"]
    assert at_work.world.status(user) == {"Active"}


def test_an_incident_that_was_opened_just_before_a_kill_is_found_again(
    world: World, rules: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "start", partial(running.start, break_glass=True))
    inbox = Inbox(post.office().journal.store)
    desk = Desk(post, inbox, world, post.lines)  # type: ignore[attr-defined]
    finding = desk.finding(world.user())
    desk.send(finding)
    journal = post.office().journal
    key = arrivals(finding)[0].key
    target = {"account": ACCOUNT, "region": "us-east-1", "endpoint": world.aws.endpoint}
    journal.open_incident(
        "INC",
        at=world.aws.clock.now(),
        by="t",
        arrival=key,
        severity="high",
        target={**target, "principal": "p", "world": "aws"},
        world="aws",
        title="t",
    )
    post.since = "9999"
    thread = threading.Thread(target=Intake(post, inbox).run, daemon=True)
    thread.start()

    assert len(desk.worked()) == 1
    post.gate.shut()
    inbox.arrived.set()
    thread.join(30)


def test_the_worst_is_worked_first(world: World, post: Post) -> None:
    inbox = Inbox(post.office().journal.store)
    desk = Desk(post, inbox, world, [])
    user = world.user()
    for name, severity in (("a", 5.0), ("b", 9.5), ("c", 8.0)):
        desk.send(desk.finding(user, name, severity=severity))
    desk.send(desk.finding(user, "d", severity=9.9, Archived=True))

    ranks = [item.finding.severity for item in inbox.open_items(9)]

    assert ranks == [9.5, 8.0, 5.0, 9.9]


def test_an_arrival_is_kept_as_it_was_said(world: World, post: Post) -> None:
    inbox = Inbox(post.office().journal.store)
    desk = Desk(post, inbox, world, [])
    finding = desk.finding(world.user())
    desk.send(finding)

    [item] = inbox.open_items(9)

    assert item.finding.raw == finding

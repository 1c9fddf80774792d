"""A preauthorised step asks when a guardrail says so, and nothing forbidden is ever done."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from firedoor.approval import AlwaysTheSame, Answer
from firedoor.engine.desk import Desk, Office
from firedoor.engine.guard import changed_lately, management_account, tags_of
from firedoor.engine.running import Outcome, resume, start
from firedoor.errors import AwsError, AwsRefused, StoreUnavailable
from firedoor.freezing import freeze, frozen, thaw
from firedoor.response_plan import Modes, ResponsePlan
from tests.engine.conftest import SHUT, Cloud, desk_for, program_of

ACCOUNT = "111122223333"
ACT = ResponsePlan(mode=Modes(accounts={ACCOUNT: "act"}), accounts=(ACCOUNT,))


def unasked(office: Office, cloud: Cloud, plan: ResponsePlan = ACT) -> Desk:
    """A desk whose playbook preauthorised shutting the front door."""
    desk = dataclasses.replace(desk_for(office, cloud), plan=plan)
    item = {"step": "shut", "action": "door.shut", "target": "front", "why": "preauthorised"}
    desk.recorder.write("route.decided", {"runbook": "fire", "unasked": [item]})
    return desk


def run(desk: Desk) -> Outcome:
    return start(desk, program_of(SHUT), {"doors": ["front"]}, break_glass=True)


@pytest.fixture(autouse=True)
def no_organization(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny cloud has no organization."""
    real = Cloud.call

    def call(self: Cloud, service: str, operation: str, /, **given: Any) -> dict[str, Any]:
        if service == "organizations":
            raise AwsError("no", code="AWSOrganizationsNotInUseException", operation="x")
        return real(self, service, operation, **given)

    monkeypatch.setattr(Cloud, "call", call)


def test_what_is_preauthorised_runs_at_once(office: Office, cloud: Cloud) -> None:
    done = run(unasked(office, cloud))

    assert done.status == "contained"
    assert cloud.moves == [("front", "shut")]


def test_a_freeze_turns_it_into_a_question_and_says_so(office: Office, cloud: Cloud) -> None:
    desk = unasked(office, cloud)
    freeze(office.home, by="os:carol", at=cloud.now(), reason="a deployment is running")

    done = run(desk)
    entries = {entry.kind: entry.data for entry in desk.recorder.entries()}

    assert (done.status, cloud.moves) == ("waiting", [])
    assert [rule["rule"] for rule in entries["guardrail.braked"]["rules"]] == ["freeze"]
    assert "a deployment is running" in entries["approval.asked"]["why"][0]


def test_a_thaw_lets_it_run_again(office: Office, cloud: Cloud) -> None:
    freeze(office.home, by="os:carol", at=cloud.now())
    thaw(office.home, by="os:carol", at=cloud.now())

    assert frozen(office.home) is None
    assert run(unasked(office, cloud)).status == "contained"
    assert len((office.home / "freezes.jsonl").read_text().splitlines()) == 2


def test_a_freeze_that_cannot_be_read_is_a_freeze(office: Office) -> None:
    (office.home / "frozen.json").write_text("{")

    assert frozen(office.home) is not None


def test_where_firedoor_only_observes_nothing_is_done_even_when_agreed(
    office: Office, cloud: Cloud
) -> None:
    desk = unasked(office, cloud, ResponsePlan(mode=Modes(default="observe")))

    done = run(desk)
    kinds = [entry.kind for entry in desk.recorder.entries()]

    assert (done.status, cloud.moves) == ("refused", [])
    assert "guardrail.refused" in kinds
    assert "step.intended" not in kinds


def test_what_a_rule_refuses_ends_refused_with_the_rule_and_what_to_do_instead(
    office: Office, cloud: Cloud
) -> None:
    desk = unasked(office, cloud, ResponsePlan(mode=Modes(default="observe")))

    done = run(desk)
    [finished] = [entry.data for entry in desk.recorder.entries() if entry.kind == "step.finished"]
    [told] = done.steps

    assert (told["status"], told["rule"], told["proof"]) == ("refused", "mode observe", "none")
    assert "plan … --commands" in told["instead"]
    assert (finished["status"], finished["rule"]) == ("refused", "mode observe")
    assert "(mode observe)" in finished["why"]


def test_resume_tries_again_what_a_rule_refused(office: Office, cloud: Cloud) -> None:
    desk = unasked(office, cloud, ResponsePlan(mode=Modes(default="observe")))
    run(desk)

    [again] = resume(desk, break_glass=True)
    [done] = resume(dataclasses.replace(desk, plan=ACT), break_glass=True)

    assert (again.status, done.status) == ("refused", "contained")
    assert cloud.moves == [("front", "shut")]


def test_what_somebody_denied_is_not_tried_again(office: Office, cloud: Cloud) -> None:
    no = AlwaysTheSame(Answer(yes=False, by="os:carol", how="scripted"))
    desk = desk_for(office, cloud, people=no)

    assert run(desk).status == "refused"
    assert resume(desk, break_glass=True) == []


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREDOOR_SPOOL", str(tmp_path / "spool"))


@pytest.mark.usefixtures("spool")
def test_a_count_of_changes_that_cannot_be_read_asks(tmp_path: Path, cloud: Cloud) -> None:
    office = Office.open(tmp_path / "home", break_glass=True)
    desk = unasked(office, cloud)

    def down(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("the disk is gone")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(office.journal, "receipts_since", down)
        done = run(desk)
    [braked] = [entry.data for entry in desk.recorder.entries() if entry.kind == "guardrail.braked"]
    [rule] = braked["rules"]

    assert (done.status, cloud.moves) == ("waiting", [])
    assert rule["rule"] == "budget"
    assert "how many changes were made" in rule["why"]
    assert "could not be read" in rule["why"]


@pytest.mark.usefixtures("spool")
def test_a_store_that_is_gone_from_the_start_asks_as_well(tmp_path: Path, cloud: Cloud) -> None:
    (tmp_path / "home").write_text("in the way")
    desk = unasked(Office.open(tmp_path / "home", break_glass=True), cloud)

    done = run(desk)

    assert (done.status, cloud.moves) == ("waiting", [])


@pytest.mark.usefixtures("spool")
def test_what_was_spooled_counts_as_changed_lately(tmp_path: Path, cloud: Cloud) -> None:
    office = Office.open(tmp_path / "home", break_glass=True)
    desk = desk_for(office, cloud)
    told = {"action": "x", "resource": f"arn:aws:iam::{ACCOUNT}:user/x#y", "requests": []}
    desk.recorder.write("step.receipt", told)

    def down(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("the disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(office.journal, "append", down)
        desk.recorder.write("step.receipt", told)

    assert changed_lately(desk) == 2
    cloud.wait(3700)
    assert changed_lately(desk) == 0


def test_changes_of_the_last_hour_are_counted_over_all_incidents(
    office: Office, cloud: Cloud
) -> None:
    first, second = desk_for(office, cloud), desk_for(office, cloud)
    arn = f"arn:aws:iam::{ACCOUNT}:user/x#y"
    for desk, resource in (
        (first, arn),
        (second, arn),
        (second, "arn:aws:iam::444455556666:user/x"),
    ):
        desk.recorder.write("step.receipt", {"action": "x", "resource": resource, "requests": []})

    assert changed_lately(first) == 2
    cloud.wait(3700)
    assert changed_lately(first) == 0


def test_an_organization_that_may_not_be_read_is_not_taken_for_none(cloud: Cloud) -> None:
    class Refusing:
        def call(self, *_: Any, **__: Any) -> dict[str, Any]:
            raise AwsRefused("no", code="AccessDenied", operation="x")

    assert management_account(cloud) == ""
    assert management_account(Refusing()) is None  # type: ignore[arg-type]


def test_tags_that_cannot_be_read_are_none(cloud: Cloud) -> None:
    class Refusing:
        def pages(self, *_: Any, **__: Any) -> Any:
            raise AwsRefused("no", code="AccessDenied", operation="x")

    assert tags_of(Refusing(), f"arn:aws:iam::{ACCOUNT}:user/x") is None  # type: ignore[arg-type]
    assert tags_of(cloud, f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-1") is None
    assert tags_of(cloud, f"arn:aws:iam::{ACCOUNT}:user/x") == {}


def test_the_freeze_of_one_home_is_not_that_of_another(tmp_path: Path, cloud: Cloud) -> None:
    freeze(tmp_path / "one", by="os:carol", at=cloud.now())

    assert frozen(tmp_path / "one") is not None
    assert frozen(tmp_path / "other") is None

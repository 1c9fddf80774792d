"""Who may say yes, how long it counts, and what it covers: as somebody at a shell has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firedoor.approval import Answer
from firedoor.engine.desk import Office
from firedoor.engine.door import Who, answer, whoami
from firedoor.engine.recorder import Recorder
from firedoor.errors import Refused
from firedoor.library import Library
from firedoor.response_plan import load_plan
from tests.cli.conftest import USER, Ended, Firedoor, World
from tests.cli.test_full_disk import changed

ME = whoami().removeprefix("os:")
CAROL, DANA = {"name": "Carol", "os_user": "carol"}, {"name": "Dana", "os_user": "dana"}
MINE = {"name": "Whoever runs this", "os_user": ME}
RUN = ("run", "shut-out", f"user={USER}", "--break-glass", "--json")
SHIPPED = ("run", "compromised-credentials", f"user={USER}", "--break-glass", "--json")
DENY = "shut-out/deny"


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes the rules: one runbook with one question, and who has which role."""

    def write(*leads: dict[str, str], quorum: int = 1, late: str = "escalate", **plan: Any) -> None:
        step = {
            "id": "deny",
            "phase": "contain",
            "action": "iam.deny_user",
            "with": {"user": "$inputs.user"},
            "approve": {
                "by": "security_lead",
                "quorum": quorum,
                "within": "15m",
                "on_timeout": late,
                "ask": "Deny {{ inputs.user }} everything?",
            },
        }
        book = {
            "runbook": "shut-out",
            "title": "Shut a user out",
            "summary": "Deny a user everything.",
            "inputs": {"user": {"type": "iam_user_name"}},
            "steps": [step],
        }
        told = {"people": {"security_lead": list(leads)}, **plan}
        for name, kind, text in (
            ("shut-out.yaml", "runbooks", book),
            ("plan.yaml", "playbooks", told),
        ):
            folder = tmp_path / kind
            folder.mkdir(exist_ok=True)
            # JSON is YAML.
            (folder / name).write_text(json.dumps(text))
            monkeypatch.setenv(f"FIREDOOR_{kind.upper()}", str(folder))

    return write


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves firedoor's clocks on."""

    def move(by: timedelta) -> None:
        class Later:
            def now(self) -> datetime:
                return datetime.now(UTC) + by

            def wait(self, seconds: float) -> None:
                raise AssertionError("nothing is waited for")

        monkeypatch.setattr("firedoor.cli.approvals.RealClock", Later)
        monkeypatch.setattr("firedoor.aws.session.RealClock", Later)

    return move


def asked(firedoor: Firedoor) -> str:
    """Run until somebody is asked; the id of the question."""
    waits = firedoor(*RUN)
    assert (waits.code, waits.json["status"]) == (4, "waiting")
    [question] = firedoor("approvals", "--json").json["approvals"]
    return str(question["id"])


def says(name: str, approval: str, home: Path, *, yes: bool = True, reason: str = "") -> None:
    """Another person answers, in a shell of their own."""
    incident = approval.rpartition("-A")[0]
    office = Office.open(home)
    by, now = f"os:{name}", datetime.now(UTC)
    recorder = Recorder(office.journal, office.vault, incident, now=lambda: now, by=by)
    said = Answer(yes=yes, by=by, how="terminal", reason=reason)
    plan = load_plan(Library.open())
    answer(recorder, approval, said, who=Who(ids=(by,)), plan=plan, now=now)


def resumed(firedoor: Firedoor, approval: str) -> Ended:
    return firedoor("resume", approval.rpartition("-A")[0], "--break-glass", "--json")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_who_does_not_have_the_role_is_refused_whatever_he_calls_himself(
    firedoor: Firedoor,
    world: World,
    rules: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules(CAROL, DANA)
    id_ = asked(firedoor)
    for name in ("USER", "LOGNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "carol")

    refused = firedoor("approve", id_, "--json")

    assert (refused.code, refused.json["error"]["kind"]) == (3, "refused")
    assert "security_lead to answer (Carol, Dana)" in refused.json["error"]["message"]
    assert f"you are os:{ME}" in refused.json["error"]["message"]
    assert resumed(firedoor, id_).code == 4
    assert changed(world) == set()


def test_nobody_approves_what_he_asked_for_himself(
    firedoor: Firedoor, world: World, rules: Callable[..., None], home: Path
) -> None:
    rules(MINE, DANA)
    id_ = asked(firedoor)

    refused = firedoor("approve", id_, "--json")
    says("dana", id_, home)
    done = resumed(firedoor, id_)

    assert refused.code == 3
    assert "somebody else has to approve it" in refused.json["error"]["message"]
    assert (done.code, done.json["status"]) == (0, "contained")


def test_the_plan_may_name_steps_that_their_requester_confirms_alone(
    firedoor: Firedoor, world: World, rules: Callable[..., None]
) -> None:
    rules(MINE, may_confirm_alone=[DENY])
    id_ = asked(firedoor)

    assert firedoor("approve", id_).code == 0
    assert resumed(firedoor, id_).json["status"] == "contained"


def test_yes_to_the_plan_answers_no_steps_own_question(
    firedoor: Firedoor, world: World, rules: Callable[..., None]
) -> None:
    rules(MINE, may_confirm_alone=[DENY])

    ended = firedoor(*RUN, "--yes")

    assert (ended.code, ended.json["status"]) == (4, "waiting")
    assert changed(world) == set()


def test_a_quorum_takes_that_many_different_people(
    firedoor: Firedoor, world: World, rules: Callable[..., None], home: Path
) -> None:
    rules(MINE, DANA, quorum=2, may_confirm_alone=[DENY])
    id_ = asked(firedoor)

    first = firedoor("approve", id_, "--json")
    again = firedoor("approve", id_, "--json")
    waits = resumed(firedoor, id_)
    before = changed(world)
    says("dana", id_, home)
    done = resumed(firedoor, id_)

    assert (first.code, first.json["waits_for"]) == (0, 1)
    assert again.code == 3
    assert "it needs 2 different people" in again.json["error"]["message"]
    assert (waits.code, before) == (4, set())
    assert (done.code, done.json["status"]) == (0, "contained")


def test_where_the_role_names_nobody_a_quorum_still_takes_different_people(
    firedoor: Firedoor, world: World, rules: Callable[..., None], home: Path
) -> None:
    rules(quorum=2)
    id_ = asked(firedoor)

    codes = [firedoor("approve", id_).code for _ in range(2)]
    waits = resumed(firedoor, id_).code
    says("dana", id_, home)

    assert (codes, waits) == ([0, 3], 4)
    assert resumed(firedoor, id_).json["status"] == "contained"


def test_one_no_ends_it_and_everybody_sees_why(
    firedoor: Firedoor, world: World, rules: Callable[..., None], home: Path
) -> None:
    rules(MINE, DANA, CAROL, quorum=2, may_confirm_alone=[DENY])
    id_ = asked(firedoor)
    incident = id_.rpartition("-A")[0]
    firedoor("approve", id_)
    says("dana", id_, home, yes=False, reason="it is the release build")

    late = firedoor("approve", id_, "--json")
    ended = resumed(firedoor, id_)
    status = firedoor("status", incident)
    report = firedoor("report", incident, "--format", "md", "-o", "-")

    assert "os:dana said no: it is the release build" in late.json["error"]["message"]
    assert (ended.code, ended.json["status"]) == (3, "refused")
    assert "it is the release build" in ended.json["steps"][0]["why"]
    assert "os:dana said no: it is the release build" in status.out
    assert "it is the release build" in report.out
    assert changed(world) == set()
    with pytest.raises(Refused, match="was denied already"):
        says("carol", id_, home)


def test_an_approval_that_expired_is_no_yes_and_is_listed_as_such(
    firedoor: Firedoor,
    world: World,
    rules: Callable[..., None],
    later: Callable[[timedelta], None],
) -> None:
    rules(MINE, may_confirm_alone=[DENY])
    id_ = asked(firedoor)
    fresh = firedoor("approvals", "--json").json["approvals"][0]["expired"]
    later(timedelta(minutes=16))

    late = firedoor("approve", id_, "--json")
    [told] = firedoor("approvals", "--json").json["approvals"]
    said = firedoor("approvals").out

    assert (late.code, late.json["error"]["kind"]) == (3, "refused")
    assert "it is not a yes any more" in late.json["error"]["message"]
    assert (fresh, told["expired"]) == (False, True)
    assert "expired at" in said
    assert "goes on (escalate)" in said


def test_when_nobody_answered_somebody_above_is_asked_as_well(
    firedoor: Firedoor,
    world: World,
    rules: Callable[..., None],
    later: Callable[[timedelta], None],
) -> None:
    rules(DANA)
    id_ = asked(firedoor)
    later(timedelta(minutes=16))

    ended = resumed(firedoor, id_)
    anew = firedoor("approvals", "--json").json["approvals"][-1]

    assert (ended.code, ended.json["status"]) == (4, "waiting")
    assert anew["id"] == id_.replace("-A1", "-A2")
    assert anew["by"] == ["security_lead", "incident_commander"]
    assert changed(world) == set()


@pytest.mark.parametrize("late", ["stop", "skip"])
def test_a_timeout_never_means_yes(
    firedoor: Firedoor,
    world: World,
    rules: Callable[..., None],
    later: Callable[[timedelta], None],
    late: str,
) -> None:
    rules(DANA, late=late)
    id_ = asked(firedoor)
    later(timedelta(minutes=16))

    ended = resumed(firedoor, id_)

    assert (ended.code, ended.json["status"]) == (3, "refused")
    assert f"on_timeout: {late}" in ended.json["steps"][0]["why"]
    assert changed(world) == set()


def questions(firedoor: Firedoor, incident: str) -> list[Any]:
    entries = firedoor("journal", "show", incident, "--json").json["entries"]
    return [entry["data"] for entry in entries if entry["kind"] == "approval.asked"]


def test_an_attacker_who_changes_keys_while_it_waits_keeps_nobody_clicking(
    firedoor: Firedoor, world: World
) -> None:
    incident = firedoor(*SHIPPED).json["incident"]
    # A user has two keys at most: he swaps one for another again and again.
    for _ in range(3):
        newest = world.admin.list_access_keys(UserName=USER)["AccessKeyMetadata"][-1]
        world.admin.delete_access_key(UserName=USER, AccessKeyId=newest["AccessKeyId"])
        world.admin.create_access_key(UserName=USER)
    firedoor("approve", f"{incident}-A1")

    ended = firedoor("resume", incident, "--break-glass", "--json")

    assert (ended.code, ended.json["status"]) == (0, "contained")
    assert world.status() == {"Inactive"}
    assert len(questions(firedoor, incident)) == 1


def test_a_yes_about_one_user_is_none_about_a_user_that_is_new(
    firedoor: Firedoor, world: World
) -> None:
    incident = firedoor(*SHIPPED).json["incident"]
    firedoor("approve", f"{incident}-A1")
    world.admin.create_user(UserName="backdoor")
    world.admin.create_access_key(UserName="backdoor")

    other = ("run", "compromised-credentials", "user=backdoor", "--break-glass", "--json")
    ended = firedoor(*other, "--incident", incident)
    asked_about = {
        change["resource"].split("#")[0].rpartition("/")[2]
        for change in questions(firedoor, incident)[-1]["changes"]
    }

    assert (ended.code, ended.json["status"]) == (4, "waiting")
    assert asked_about == {"backdoor"}
    assert changed(world) == set()

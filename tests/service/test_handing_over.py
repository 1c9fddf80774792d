"""The command line with a resident in its home: handed over, shown, asked, or refused."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prefect.exceptions import Pause

from firedoor import settings
from firedoor.approval import AlwaysTheSame, Answer, People, Question
from firedoor.cli.main import main
from firedoor.engine import outcome
from firedoor.engine.deployed import runbook_flow
from firedoor.engine.prefect_run import prefect_for
from firedoor.engine.running import Outcome
from firedoor.engine.server import server_for
from firedoor.errors import FiredoorError
from firedoor.kinds import parse_duration
from firedoor.library import Library, shipped
from firedoor.service.client import reached
from firedoor.service.post import Post
from firedoor.service.protocol import RunWanted
from firedoor.service.surroundings import here
from tests.cli.conftest import Ended
from tests.rules import rules
from tests.service.conftest import RUNBOOK, Running, World, until

pytestmark = pytest.mark.slow

ME = "os:root" if os.getuid() == 0 else f"os:{Path.home().owner()}"
YES = AlwaysTheSame(Answer(yes=True, by="os:somebody-else", how="terminal"))
Firedoor = Callable[..., Ended]


@pytest.fixture
def firedoor(capsys: pytest.CaptureFixture[str]) -> Firedoor:
    """Calls the command line in this process."""

    def call(*words: str) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return call


def wanted(user: str, **more: Any) -> RunWanted:
    return RunWanted(
        surroundings=here(settings.home()), runbook=RUNBOOK, inputs=[f"user={user}"], **more
    )


def by_hand(user: str, how: str, people: People | None = None) -> list[Outcome]:
    """A run through the client, with somebody who answers."""
    with reached(settings.home(), lambda _: None) as there:
        assert there is not None
        there.ask(wanted(user, asks=people is not None))
        there.agree(there.plan(), how)
        return there.follow(lambda _: None, lambda _: None, people)


def test_a_run_is_handed_over_and_ends_as_it_would_here(
    firedoor: Firedoor, resident: Running, world: World
) -> None:
    user = world.user()
    done = firedoor("run", RUNBOOK, f"user={user}", "--yes", "--json")
    told = done.json
    entries = resident.entries(told["incident"])

    assert (done.code, told["status"], told["engine"]) == (0, "contained", "prefect")
    assert world.status(user) == {"Inactive"}
    assert f"The resident (pid {os.getpid()}) takes it over" in done.err
    assert "NOT AWS'S OWN ENDPOINT" in done.err
    assert {entry.by for entry in entries} == {ME}
    given = [entry.data["how"] for entry in entries if entry.kind == "approval.given"]
    assert given == ["--yes"]


def test_its_steps_are_shown_as_they_are_journalled(
    firedoor: Firedoor, resident: Running, world: World
) -> None:
    done = firedoor("run", RUNBOOK, f"user={world.user()}", "--yes")

    assert "through Prefect" in done.err
    assert "Contained: every containment was read back and holds." in done.err
    assert done.err.index("✓ before") < done.err.index("✓ deny") < done.err.index("✓ keys")


def test_without_a_terminal_it_waits_and_goes_on_by_itself_when_it_is_approved(
    firedoor: Firedoor, resident: Running, world: World
) -> None:
    user = world.user()
    done = firedoor("run", RUNBOOK, f"user={user}", "--json")
    incident = done.json["incident"]
    before = world.status(user)
    asked = [e.data["id"] for e in resident.entries(incident) if e.kind == "approval.asked"]
    firedoor("approve", asked[0])

    assert (done.code, done.json["status"], before) == (4, "waiting", {"Active"})
    assert until(lambda: resident.ended(incident) == ["waiting", "contained"], 15)
    assert world.status(user) == {"Inactive"}
    resumed = [e.by for e in resident.entries(incident) if e.kind == "run.resumed"]
    assert resumed == ["resident"]


def test_resume_after_that_tells_what_it_came_to(
    firedoor: Firedoor, resident: Running, world: World
) -> None:
    incident = firedoor("run", RUNBOOK, f"user={world.user()}", "--json").json["incident"]
    asked = [e.data["id"] for e in resident.entries(incident) if e.kind == "approval.asked"]
    firedoor("approve", asked[0])
    done = firedoor("resume", incident, "--json")

    assert (done.code, done.json["status"]) == (0, "contained")
    assert resident.ended(incident) == ["waiting", "contained"]


def test_the_caller_is_asked_and_his_answer_is_his_own(resident: Running, world: World) -> None:
    user = world.user()
    (done,) = by_hand(user, "", YES)
    given = [e for e in resident.entries(done.incident) if e.kind == "approval.given"]

    assert done.status == "contained"
    # Not the name that the terminal's people have: who it is the kernel says.
    assert {(entry.by, entry.data["how"]) for entry in given} == {(ME, "terminal")}


def test_the_resident_s_own_role_answers_for_nobody(
    resident: Running, world: World, tmp_path: Path, settings_of_module: pytest.MonkeyPatch
) -> None:
    role = world.aws.responder()
    assert role.arn
    plan = f"people:\n  responder:\n    - {{ name: The resident, arn: '{role.arn}' }}\n"
    rules(tmp_path, plan=plan, books={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIREDOOR_PLAYBOOKS", str(tmp_path / "playbooks"))
        user = world.user()
        (done,) = by_hand(user, "", YES)
    refused = [e for e in resident.entries(done.incident) if e.kind == "approval.refused"]

    assert done.status == "waiting"
    assert len(refused) >= 1
    assert f"you are {ME}" in refused[0].data["why"]
    assert world.status(user) == {"Active"}


class Leaving:
    """Somebody who goes away at the first question."""

    def ask(self, question: Question) -> Answer | None:
        raise KeyboardInterrupt


def test_one_who_leaves_at_a_question_leaves_an_approval(resident: Running, world: World) -> None:
    user = world.user()
    with pytest.raises(FiredoorError, match="goes on in the resident") as left:
        by_hand(user, "", Leaving())
    incident = resident.newest()
    waiting = until(lambda: resident.ended(incident) == ["waiting"])

    assert (left.value.kind, left.value.exit_code) == ("detached", 130)
    assert waiting
    assert world.status(user) == {"Active"}
    assert incident in str(left.value)


def test_a_run_goes_on_when_its_caller_has_gone(resident: Running, world: World) -> None:
    user = world.user()
    with reached(settings.home(), lambda _: None) as there:
        assert there is not None
        there.ask(wanted(user))
        there.agree(there.plan(), "--yes")
    found = until(lambda: world.status(user) == {"Inactive"})

    assert found


def test_a_yes_to_another_plan_is_no_yes(resident: Running, world: World) -> None:
    user = world.user()

    with reached(settings.home(), lambda _: None) as there:
        assert there is not None
        there.ask(wanted(user))
        there.agree(msgspec.structs.replace(there.plan(), digest="0" * 64), "--yes")
        with pytest.raises(FiredoorError, match="not the plan that was shown"):
            there.follow(lambda _: None, lambda _: None)

    assert world.status(user) == {"Active"}


def test_a_digest_that_is_not_the_plan_s_is_refused(
    firedoor: Firedoor, resident: Running, world: World
) -> None:
    user = world.user()
    done = firedoor("run", RUNBOOK, f"user={user}", "--yes", "--plan", "0123456789", "--json")

    assert (done.code, done.json["error"]["kind"]) == (3, "refused")
    assert world.status(user) == {"Active"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_PROFILE", "production"),
        ("AWS_ENDPOINT_URL", ""),
        ("AWS_ENDPOINT_URL_IAM", "http://127.0.0.1:1"),
        ("AWS_REGION", "ap-south-1"),
        ("FIREDOOR_VAULT", "/nowhere/vault"),
    ],
)
def test_a_shell_that_means_another_aws_is_refused(
    firedoor: Firedoor, resident: Running, world: World, name: str, value: str
) -> None:
    user = world.user()
    # The resident is in this process: its own are read before, as in a process of its own.
    mine = here(settings.home())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Post, "surroundings", lambda _: mine)
        patch.setenv(name, value)
        done = firedoor("run", RUNBOOK, f"user={user}", "--yes", "--json")

    assert (done.code, done.json["error"]["kind"]) == (3, "refused")
    assert name in done.json["error"]["message"]
    assert "FIREDOOR_RESIDENT=off" in done.json["error"]["message"]
    assert world.status(user) == {"Active"}


def test_other_rules_than_the_resident_s_are_refused(
    firedoor: Firedoor, resident: Running, world: World, tmp_path: Path
) -> None:
    rules(tmp_path, books={})
    mine = here(settings.home())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Post, "surroundings", lambda _: mine)
        patch.setenv("FIREDOOR_PLAYBOOKS", str(tmp_path / "playbooks"))
        done = firedoor("run", RUNBOOK, f"user={world.user()}", "--yes", "--json")

    assert done.code == 3
    assert f"{shipped('playbooks')} there" in done.json["error"]["message"]


@pytest.mark.parametrize("folder", ["drills", "exercises", "../other"])
def test_another_home_has_another_resident_or_none(resident: Running, folder: str) -> None:
    with reached(resident.home / folder, lambda _: None) as there:
        found = there

    assert found is None


def test_off_keeps_a_run_here(
    firedoor: Firedoor, resident: Running, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREDOOR_RESIDENT", "off")
    done = firedoor("run", RUNBOOK, f"user={world.user()}", "--yes", "--json")

    assert done.code == 0
    assert "The resident" not in done.err


def test_break_glass_is_never_handed_over(
    firedoor: Firedoor, resident: Running, world: World
) -> None:
    done = firedoor("run", RUNBOOK, f"user={world.user()}", "--yes", "--break-glass", "--json")

    assert (done.code, done.json["engine"]) == (0, "break-glass")
    assert "The resident" not in done.err


def test_runs_of_several_callers_at_once_all_contain(resident: Running, world: World) -> None:
    users = [world.user() for _ in range(5)]
    found: list[str] = []

    def one(user: str) -> None:
        (done,) = by_hand(user, "--yes")
        found.append(f"{done.status} {done.engine}")

    threads = [threading.Thread(target=one, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)

    assert found == ["contained prefect"] * 5
    assert [world.status(user) for user in users] == [{"Inactive"}] * 5


def test_a_run_leaves_no_thread_behind(resident: Running, world: World) -> None:
    by_hand(world.user(), "--yes")
    before = until(lambda: settled(), 10)
    for _ in range(2):
        by_hand(world.user(), "--yes")

    assert until(lambda: settled() <= before, 10)


def settled() -> int:
    """How many threads Prefect keeps for as long as the process is."""
    return sum("Service" in thread.name for thread in threading.enumerate())


def test_later_checks_are_made_when_they_are_due_and_what_is_open_again_is_told(
    firedoor: Firedoor, resident: Running, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "LATER", tuple(parse_duration(each) for each in ("2s", "1h")))
    user = world.user()
    incident = firedoor("run", RUNBOOK, f"user={user}", "--yes", "--json").json["incident"]
    world.open_again(user)
    checked = until(lambda: "verify.finished" in resident.kinds(incident), 15)
    (finished,) = [e for e in resident.entries(incident) if e.kind == "verify.finished"]

    assert checked
    assert (finished.by, finished.data["holds"]) == ("resident", False)
    assert len(finished.data["checks_due_done"]) == 1
    assert any("does not hold any more: r1/keys" in line for line in resident.lines)


def test_a_finding_is_taken_in_there(
    firedoor: Firedoor, resident: Running, world: World, tmp_path: Path
) -> None:
    user = world.user()
    key = world.admin.list_access_keys(UserName=user)["AccessKeyMetadata"][0]["AccessKeyId"]
    finding = {
        "schemaVersion": "2.0",
        "accountId": "111122223333",
        "region": "us-east-1",
        "id": "f1",
        "type": "Persistence:IAMUser/AnomalousBehavior",
        "severity": 8,
        "title": "A leaked key",
        "resource": {
            "resourceType": "AccessKey",
            "accessKeyDetails": {"userName": user, "userType": "IAMUser", "accessKeyId": key},
        },
        "service": {"archived": False},
    }
    file = tmp_path / "finding.json"
    file.write_text(json.dumps(finding))
    done = firedoor("ingest", str(file), "--json")
    kinds = resident.kinds(done.json["incident"])

    assert (done.code, done.json["status"]) == (4, "waiting")
    assert "finding.received" in kinds
    assert world.status(user) == {"Active"}


def test_a_resident_of_another_version_is_refused(
    firedoor: Firedoor, resident: Running, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firedoor.service.client.__version__", "9.9")
    done = firedoor("run", RUNBOOK, f"user={world.user()}", "--yes", "--json")

    assert (done.code, done.json["error"]["kind"]) == (3, "refused")
    assert "and this is 9.9: end it and start it again" in done.json["error"]["message"]


def test_whoever_resumes_a_waiting_run_in_prefect_lets_nothing_run(
    firedoor: Firedoor, resident: Running, world: World
) -> None:
    user = world.user()
    incident = firedoor("run", RUNBOOK, f"user={user}", "--json").json["incident"]
    flow_run = next(e.data["flow_run"] for e in resident.entries(incident) if e.kind == "run.flow")
    server = server_for(resident.home)
    token = b64encode(server.auth.encode()).decode()
    request = urllib.request.Request(
        f"{server.api_url}/flow_runs/{flow_run}/set_state",
        data=json.dumps({"state": {"type": "RUNNING"}, "force": True}).encode(),
        headers={"Authorization": f"Basic {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        accepted = json.load(answer)["status"]
    time.sleep(2)

    assert accepted == "ACCEPT"
    assert world.status(user) == {"Active"}
    assert resident.ended(incident) == ["waiting"]


def test_whoever_starts_a_flow_in_the_resident_s_prefect_changes_nothing_unapproved(
    firedoor: Firedoor, resident: Running, world: World
) -> None:
    user = world.user()
    flow = runbook_flow(Library.open().program(RUNBOOK))
    with prefect_for(server_for(resident.home)), pytest.raises(Pause) as paused:
        asyncio.run(flow(user=user, return_state=True))
    incident = resident.newest()
    asked = [e.data["id"] for e in resident.entries(incident) if e.kind == "approval.asked"]
    before = world.status(user)
    firedoor("approve", asked[0])
    time.sleep(3)

    assert paused.value.state.name == "WaitingForApproval"
    assert resident.entries(incident)[0].by == "prefect"
    assert before == {"Active"}
    # It is Prefect's run: it goes on when Prefect, or `firedoor resume`, goes on with it.
    assert resident.ended(incident) == ["waiting"]

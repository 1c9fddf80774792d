"""A run through Prefect: seen there step by step, and the same run when Prefect fails."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firedoor.approval import AlwaysTheSame, Answer, Question
from firedoor.engine.desk import Desk, Office
from firedoor.engine.running import Outcome, resume, start
from firedoor.engine.server import Server, cool, server_for
from firedoor.engine.server_settings import database_of, prefect_home
from firedoor.errors import AwsUnreachable, StoreUnavailable
from firedoor.evidence import Vault
from firedoor.program import Program
from tests.engine.conftest import ACTIONS, LOOK, SHUT, Cloud, desk_for, program_of
from tests.engine.prefect_home import Seen

pytestmark = pytest.mark.slow

YES = AlwaysTheSame(Answer(yes=True, by="os:commander", how="scripted"))
NO = AlwaysTheSame(Answer(yes=False, by="os:commander", how="scripted", reason="not now"))
DOORS = {"doors": ["front", "back", "cellar"]}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One home for all, so that its server is started once."""
    office = Office.open(tmp_path_factory.mktemp("home"))
    yield office
    cool(office.home)


@pytest.fixture
def seen(office: Office) -> Seen:
    return Seen(office.home)


def run(desk: Desk, *steps: dict[str, Any], **options: Any) -> Outcome:
    return start(desk, program_of(*(steps or (SHUT,))), DOORS, **options)


def kinds(desk: Desk) -> list[str]:
    return [entry.kind for entry in desk.recorder.entries()]


def until(holds: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Whether something comes to hold: Prefect's server writes task runs a moment later."""
    ends = time.monotonic() + seconds
    while not (met := holds()) and time.monotonic() < ends:
        time.sleep(0.1)
    return met


def test_a_run_is_a_flow_run_named_after_the_incident_and_each_step_a_task_run(
    office: Office, seen: Seen, cloud: Cloud
) -> None:
    desk = desk_for(office, cloud, people=YES)

    done = run(desk, LOOK, {**SHUT, "approve": {"ask": "Shut?"}})
    name = f"{desk.incident} fire r1"
    until(lambda: len(seen.task_runs(name)) == 3)

    assert (done.status, done.engine) == ("contained", "prefect")
    assert seen.flow_runs()[name] == ("COMPLETED", "Contained")
    assert [task[:2] for task in seen.task_runs(name)] == [
        ("look", "Completed"),
        ("shut", "WaitingForApproval"),
        ("shut", "Completed"),
    ]
    assert seen.tags("flow_run", name) == {"firedoor", desk.incident}
    assert {"firedoor", "contain"} <= seen.tags("task_run", "shut")


def test_plan_and_result_are_artifacts_with_key_ids_masked(
    office: Office, seen: Seen, cloud: Cloud
) -> None:
    cloud.doors["AKIAIOSFODNN7EXAMPLE"] = "open"
    desk = desk_for(office, cloud, people=YES)

    start(desk, program_of(SHUT), {"doors": ["AKIAIOSFODNN7EXAMPLE", "gone"]})
    found = dict(seen.rows("select key, data from artifact where key like ?", "%-r1-%"))
    mine = {key: text for key, text in found.items() if key.startswith(desk.incident.lower())}

    assert set(mine) == {f"{desk.incident.lower()}-r1-{what}" for what in ("plan", "result")}
    assert not any("AKIAIOSFODNN7EXAMPLE" in text for text in mine.values())


def test_while_a_person_is_asked_the_flow_run_shows_as_paused(
    office: Office, seen: Seen, cloud: Cloud
) -> None:
    shown: list[tuple[str, str]] = []

    class Watching:
        def ask(self, question: Question) -> Answer | None:
            shown.append(seen.flow_runs()[f"{desk.incident} fire r1"])
            return Answer(yes=True, by="os:commander", how="scripted")

    desk = desk_for(office, cloud, people=Watching())

    run(desk)
    states = seen.states(f"{desk.incident} fire r1")

    assert shown == [("PAUSED", "WaitingForApproval")]
    assert states == ["Pending", "Running", "WaitingForApproval", "Running", "Contained"]


def test_a_run_that_waits_stays_paused_and_goes_on_under_the_same_flow_run(
    office: Office, seen: Seen, cloud: Cloud
) -> None:
    desk = desk_for(office, cloud)
    name = f"{desk.incident} fire r1"

    first = run(desk)
    paused = seen.flow_runs()[name]
    later = resume(desk_for(office, cloud, people=YES, incident=desk.incident))
    flows = [
        entry.data["flow_run"] for entry in desk.recorder.entries() if entry.kind == "run.flow"
    ]

    assert (first.status, paused) == ("waiting", ("PAUSED", "WaitingForApproval"))
    assert (later[0].status, later[0].engine) == ("contained", "prefect")
    assert len(flows) == 1
    assert seen.flow_runs()[name] == ("COMPLETED", "Contained")
    assert "Resuming" in seen.states(name)


def test_a_flow_run_that_prefect_has_lost_is_made_anew(
    office: Office, seen: Seen, cloud: Cloud
) -> None:
    desk = desk_for(office, cloud)
    desk.recorder.write(
        "run.flow", {"run": "r1", "flow_run": "0" * 8 + "-0000-4000-8000-" + "0" * 12}
    )
    run(desk)

    found = [
        entry.data["flow_run"] for entry in desk.recorder.entries() if entry.kind == "run.flow"
    ]

    assert len(found) == 2
    assert seen.flow_runs()[f"{desk.incident} fire r1"] == ("PAUSED", "WaitingForApproval")


@pytest.mark.parametrize(
    ("people", "break_it", "status", "state"),
    [
        (NO, False, "refused", ("CANCELLED", "Refused")),
        (YES, True, "not_contained", ("FAILED", "NotContained")),
    ],
)
def test_the_flow_run_ends_in_a_fitting_state(
    office: Office, seen: Seen, cloud: Cloud, people: Any, break_it: bool, status: str, state: Any
) -> None:
    cloud.refuse = break_it
    desk = desk_for(office, cloud, people=people)

    done = run(desk)

    assert done.status == status
    assert seen.flow_runs()[f"{desk.incident} fire r1"] == state


def test_a_reading_step_that_fails_is_tried_again_by_prefect(
    office: Office, seen: Seen, cloud: Cloud
) -> None:
    tried: list[int] = []

    def observe(aws: Cloud, given: Any, case: Any) -> Any:
        tried.append(1)
        if len(tried) == 1:
            raise AwsUnreachable("no answer", code="timeout", operation="test:GetDoor")
        return ACTIONS["door.look"].observe(aws, given, case)

    desk = with_action(desk_for(office, cloud), "door.look", observe)
    name = f"{desk.incident} fire r1"

    done = run(desk, {**LOOK, "retries": 2})
    until(lambda: seen.task_runs(name) == [("look", "Completed", 2)])

    assert (done.status, len(tried)) == ("done", 2)
    assert seen.task_runs(name) == [("look", "Completed", 2)]


def test_a_step_that_ran_out_of_time_is_not_begun_again_while_it_may_still_be_at_work(
    office: Office, cloud: Cloud
) -> None:
    begun: list[float] = []

    def observe(aws: Cloud, given: Any, case: Any) -> Any:
        begun.append(time.monotonic())
        time.sleep(2)
        return ACTIONS["door.look"].observe(aws, given, case)

    desk = with_action(desk_for(office, cloud), "door.look", observe)

    done = run(desk, {**LOOK, "retries": 3, "timeout": "1s"})

    assert len(begun) == 1
    assert done.steps[0]["status"] == "failed"
    assert "no end after 1 s" in str(done.steps[0]["why"])


def test_evidence_that_cannot_be_kept_ends_the_run_before_anything_is_changed(
    office: Office, seen: Seen, cloud: Cloud, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    desk = desk_for(office, cloud, people=YES)
    desk.recorder.vault = Vault(tmp_path / "file" / "vault")

    with pytest.raises(StoreUnavailable, match="--break-glass"):
        run(desk)

    assert cloud.moves == []
    assert kinds(desk)[-1] == "error"
    assert until(lambda: seen.flow_runs()[f"{desk.incident} fire r1"][0] == "FAILED")


def test_a_sub_runbook_is_a_subflow(office: Office, seen: Seen, cloud: Cloud) -> None:
    desk = desk_for(office, cloud, people=YES)
    inner = program_of(SHUT, name="room").main
    outer = program_of(
        {
            "id": "rooms",
            "phase": "contain",
            "runbook": "room",
            "with": {"doors": "$inputs.doors"},
        }
    )
    both = Program(name="fire", runbooks={"fire": outer.main, "room": inner}, digest="d" * 64)

    done = start(desk, both, DOORS)

    assert done.status == "contained"
    assert seen.flow_runs()[f"{desk.incident} room r1.rooms"] == ("COMPLETED", "Contained")
    assert seen.rows(
        "select count(*) from flow_run where name = ? and parent_task_run_id is not null",
        f"{desk.incident} room r1.rooms",
    ) == [(1,)]


def with_action(desk: Desk, name: str, observe: Any) -> Desk:
    """The desk with one action that observes differently."""
    actions = {**desk.actions, name: replace(desk.actions[name], observe=observe)}
    return replace(desk, actions=actions)


# ---------------------------------------------------------------- when Prefect fails


@pytest.fixture
def own_server(office: Office) -> Iterator[Server]:
    """The home's server, about to be mistreated; the next test gets a new one."""
    yield server_for(office.home)
    cool(office.home)


def mistreating(
    desk: Desk, cloud: Cloud, treat: Callable[[], None], *, when: str = "front"
) -> Desk:
    """A desk at which Prefect is mistreated while a door is being shut."""

    def apply(aws: Cloud, given: Any, change: Any, case: Any) -> None:
        if change.resource == when:
            treat()
        aws.call("test", "move_door", name=change.resource, state=change.to)

    actions = {**desk.actions, "door.shut": replace(desk.actions["door.shut"], apply=apply)}
    return replace(desk, actions=actions)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_when_the_server_dies_or_hangs_in_the_middle_the_run_goes_on_without_it(
    office: Office, cloud: Cloud, own_server: Server, blow: signal.Signals
) -> None:
    said: list[str] = []
    desk = mistreating(
        desk_for(office, cloud, people=YES), cloud, lambda: own_server.process.send_signal(blow)
    )
    began = time.monotonic()

    done = run(
        desk, LOOK, SHUT, {**LOOK, "id": "after", "phase": "recover"}, on_progress=said.append
    )
    errors = [entry.data for entry in desk.recorder.entries() if entry.kind == "error"]

    assert (done.status, done.engine) == ("contained", "break-glass")
    assert cloud.moves == [("front", "shut"), ("back", "shut")]
    assert [(error["where"], error["kind"]) for error in errors] == [("prefect", "unavailable")]
    assert any("going on without it" in line for line in said)
    assert kinds(desk).count("run.finished") == 1
    assert time.monotonic() - began < 90


def test_when_the_server_cannot_start_the_run_is_made_without_prefect(
    tmp_path: Path, cloud: Cloud
) -> None:
    office = Office.open(tmp_path / "home")
    prefect_home(office.home).mkdir()
    database_of(office.home).write_text("this is no database")
    desk = desk_for(office, cloud, people=YES)

    done = run(desk)

    assert (done.status, done.engine) == ("contained", "break-glass")
    assert "error" in kinds(desk)
    cool(office.home)


def test_when_prefect_cannot_be_imported_the_run_is_made_without_it(
    tmp_path: Path, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, office: Office
) -> None:
    monkeypatch.setitem(sys.modules, "firedoor.engine.flow_run", None)
    desk = desk_for(office, cloud, people=YES)

    done = run(desk)

    assert (done.status, done.engine) == ("contained", "break-glass")


def test_a_server_that_answers_every_write_with_an_error_does_not_stop_the_run(
    office: Office, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.client.orchestration import PrefectClient

    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("500 Internal Server Error")

    monkeypatch.setattr(PrefectClient, "create_flow_run", broken)
    desk = desk_for(office, cloud, people=YES)

    done = run(desk)

    assert (done.status, done.engine) == ("contained", "break-glass")
    assert kinds(desk).count("run.started") == 1


def test_break_glass_does_not_import_prefect(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from tests.engine.conftest import SHUT, Cloud, desk_for, program_of
        from firedoor.engine.desk import Office
        from firedoor.engine.running import start
        desk = desk_for(Office.open(Path(sys.argv[1])), Cloud(front="open"))
        start(desk, program_of(SHUT), {"doors": ["front"]}, break_glass=True)
        print(*(name for name in ("prefect", "pydantic") if name in sys.modules))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_a_fault_of_the_run_itself_is_not_taken_for_one_of_prefects(
    office: Office, cloud: Cloud
) -> None:
    class Broken:
        def ask(self, question: Question) -> Answer | None:
            raise ValueError("a fault")

    desk = desk_for(office, cloud, people=Broken())

    with pytest.raises(ValueError, match="a fault"):
        run(desk)
    assert "error" not in kinds(desk)

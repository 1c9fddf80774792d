"""What must not reach a resident is refused: exercises, drills, and people who are not let in."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from firedoor.cli.main import main
from firedoor.errors import StoreUnavailable
from firedoor.service import asked
from firedoor.service.address import SOCKET, listening
from firedoor.service.conversation import converse
from firedoor.service.post import Post
from firedoor.service.protocol import ResumeWanted
from firedoor.service.surroundings import here
from tests.service.conftest import RUNBOOK, Line, Running, World

SPEAK = """
import os, socket, sys
gid, uid, extra = (int(each) for each in sys.argv[2:5])
os.setgroups([extra] if extra else [])
os.setgid(gid)
os.setuid(uid)
line = socket.socket(socket.AF_UNIX)
line.connect(sys.argv[1])
line.settimeout(10)
print(line.recv(4096).decode())
"""
GROUP = 54321
NOBODY = 65534


def called(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


@pytest.mark.parametrize("incident", ["EX-2026-0001", "DRILL-2026-0001"])
def test_an_exercise_or_drill_is_not_worked_by_the_resident_of_what_is_real(
    post: Post, line: Line, incident: str
) -> None:
    wanted = ResumeWanted(surroundings=here(post.home), incident=incident)

    line.say(msgspec.json.encode(wanted) + b"\n")
    *_, last = line.heard()

    assert (last["type"], last["kind"]) == ("failed", "refused")
    assert "not of this resident's home" in last["message"]


def test_a_shell_of_an_exercise_finds_no_resident_and_hands_nothing_over(
    resident: Running,
    world: World,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FIREDOOR_HOME", str(resident.home / "exercises"))
    before = len(resident.lines)

    code, out, _ = called(capsys, "run", RUNBOOK, f"user={world.user()}", "--break-glass", "--json")

    assert (code, json.loads(out)["incident"][:3]) == (4, "INC")
    assert not [text for text in resident.lines[before:] if "takes" in text]
    assert Path(os.environ["FIREDOOR_HOME"], "firedoor.db").exists()


def test_a_shell_with_an_exercise_s_aws_is_refused_by_the_resident(
    resident: Running,
    world: World,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = world.user()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    # What it compares is told by the caller; the resident's own environment is this process's.
    theirs = here(resident.home)
    monkeypatch.undo()
    monkeypatch.setattr("firedoor.service.surroundings.here", lambda _: theirs)

    code, out, _ = called(capsys, "run", RUNBOOK, f"user={user}", "--yes", "--json")

    assert (code, json.loads(out)["error"]["kind"]) == (3, "refused")
    assert "AWS_ENDPOINT_URL" in json.loads(out)["error"]["message"]
    assert world.status(user) == {"Active"}


def test_status_and_approve_say_that_a_resident_answers(
    resident: Running, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = called(capsys, "run", RUNBOOK, f"user={world.user()}", "--json")
    incident = json.loads(out)["incident"]
    _, told, _ = called(capsys, "status", incident, "--json")
    asked_ = json.loads(called(capsys, "approvals", "--json")[1])["approvals"]
    question = next(each["id"] for each in asked_ if each["incident"] == incident)

    _, said, _ = called(capsys, "approve", question, "--json")

    assert json.loads(told)["resident"] == {
        "answers": True,
        "pid": os.getpid(),
        "ready": True,
        "why": "",
    }
    assert (json.loads(said)["goes_on_by_itself"], json.loads(said)["next"]) == (True, "")


def test_a_store_that_fails_in_the_resident_has_the_commands_printed_here(
    resident: Running,
    world: World,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = world.user()

    def full(*_: object, **__: object) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(asked, "opened", full)
    code, out, err = called(capsys, "run", RUNBOOK, f"user={user}", "--yes", "--json")

    assert (code, json.loads(out)["error"]["kind"]) == (3, "store_unavailable")
    assert f"aws iam put-user-policy --user-name {user}" in err
    assert "By hand:" in err
    assert world.status(user) == {"Active"}


@pytest.fixture
def open_home() -> Iterator[Path]:
    """A home that others can come to, as one below /var would be."""
    folder = Path(tempfile.mkdtemp(prefix="firedoor-group-"))
    folder.chmod(0o755)
    yield folder / "home"
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize(
    ("extra", "said"),
    [(GROUP, '"type":"here"'), (0, "Permission denied")],
    ids=["of the group", "not of the group"],
)
def test_with_a_group_its_members_are_greeted_and_others_do_not_come_through(
    open_home: Path, extra: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREDOOR_HOME", str(open_home))
    # What the kernel lets through is looked at in the group's list, which has nobody in it here.
    monkeypatch.setattr(os, "getgrouplist", lambda *_: [extra])
    made = Post(open_home, lambda _: None, group=GROUP)
    with listening(open_home, GROUP) as listener:
        listener.settimeout(10)

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                converse(made, connection)

        thread = threading.Thread(target=serve)
        thread.start()
        tried = subprocess.run(
            [
                *(sys.executable, "-c", SPEAK, str(open_home / SOCKET)),
                *(str(NOBODY), str(NOBODY), str(extra)),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        listener.close()
        thread.join(15)

    assert said in tried.stdout + tried.stderr

"""Bad input gets one clear message and the right exit code, and never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import USER, Firedoor, World

RUN = ("run", "compromised-credentials")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("rnu",), 2, "did you mean 'run'?"),
        (("run",), 2, "Missing argument"),
        (("run", "no-such-runbook", "user=x"), 2, "no runbook 'no-such-runbook'"),
        ((*RUN,), 2, "one of user or access_key_id is needed"),
        ((*RUN, "usr=x"), 2, "did you mean 'user'?"),
        ((*RUN, "user"), 2, "is not key=value"),
        ((*RUN, "user=a", "user=b"), 2, "given twice"),
        ((*RUN, "user=not a name"), 2, "is not iam_user_name"),
        ((*RUN, "access_key_id=AKIA"), 2, "is not access_key_id"),
        ((*RUN, "user=x", "lookback=forever"), 2, "is not duration"),
        ((*RUN, f"user={USER}"), 3, "no AWS credentials"),
        (("status", "INC-2026-0009"), 2, "no incident 'INC-2026-0009'"),
        (("approve", "INC-2026-0009-A1"), 2, "no incident 'INC-2026-0009'"),
        (("approve", "nonsense"), 2, "no approval 'nonsense'"),
        (("undo", "INC-2026-0009"), 2, "no incident"),
        (("report", "INC-2026-0009"), 2, "no incident"),
        (("check", "no/such/file.yaml"), 2, "no file or folder"),
        (("route", "no/such/file.json"), 2, "cannot be read"),
        (("drill", "no-such-scenario"), 2, "no scenario 'no-such-scenario'"),
    ],
)
def test_a_mistake_gets_one_message_and_its_code(
    firedoor: Firedoor, words: tuple[str, ...], code: int, says: str
) -> None:
    ended = firedoor(*words)

    assert ended.code == code, ended.err
    assert says in ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err


def test_an_error_is_a_document_with_json(firedoor: Firedoor) -> None:
    ended = firedoor("run", "no-such-runbook", "--json")

    assert ended.code == 2
    assert set(ended.json["error"]) == {"kind", "message", "where"}
    assert ended.json["error"]["kind"] == "not_found"


def test_every_mistake_in_the_inputs_is_said_at_once(firedoor: Firedoor) -> None:
    ended = firedoor(*RUN, "user=not a name", "lookback=x", "other=1")

    assert ended.err.count("is not") == 2
    assert "there is no input 'other'" in ended.err


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (b"", "empty"),
        (b"not json", "JSON"),
        (b"\xff\xfe\x00", ""),
        (b"[]", ""),
        (
            b'{"eventVersion": "1.08", "eventName": "GetUser", "eventSource": "iam.amazonaws.com",'
            b' "eventTime": "2026-03-01T04:00:00Z", "userIdentity": {}}',
            "CloudTrail",
        ),
    ],
)
def test_what_is_no_finding_is_refused_with_what_it_is(
    firedoor: Firedoor, tmp_path: Path, document: bytes, says: str
) -> None:
    file = tmp_path / "finding.json"
    file.write_bytes(document)

    ended = firedoor("route", str(file), "--json")

    assert ended.code == 2, ended.out
    assert ended.json["error"]["kind"] in ("not_a_finding", "bad_input")
    assert says in ended.json["error"]["message"]


def test_a_broken_runbook_does_not_run(
    firedoor: Firedoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = tmp_path / "runbooks"
    books.mkdir()
    (books / "broken.yaml").write_text("runbook: broken\ntitle: [\n")
    monkeypatch.setenv("FIREDOOR_RUNBOOKS", str(books))

    ended = firedoor("run", "broken")

    assert ended.code == 1
    assert "broken.yaml:" in ended.err


def test_rules_that_others_can_write_to_are_refused_for_aws_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from firedoor.engine.policy import policy_in_force
    from firedoor.errors import Refused

    books = tmp_path / "runbooks"
    books.mkdir()
    (books / "mine.yaml").write_text("runbook: mine\n")
    (books / "mine.yaml").chmod(0o666)
    monkeypatch.setenv("FIREDOOR_RUNBOOKS", str(books))

    with pytest.raises(Refused, match=r"chmod go-w .*mine\.yaml"):
        policy_in_force({"endpoint": ""})
    assert policy_in_force({"endpoint": "http://127.0.0.1:5000"})["runbooks"] == str(books)


def test_aws_refusing_every_change_ends_not_contained_and_says_so(
    firedoor: Firedoor, world: World
) -> None:
    from firedoor.simulator.faults import Fault

    for call in ("iam:UpdateAccessKey", "iam:PutUserPolicy", "iam:DeleteLoginProfile"):
        world.aws.faults.add(Fault(operation=call, kind="deny"))

    ended = firedoor(*RUN, f"user={USER}", "--yes", "--break-glass", "--json")

    assert ended.code == 3
    assert ended.json["status"] == "not_contained"
    failed = {step["id"]: step["why"] for step in ended.json["steps"] if step["status"] == "failed"}
    assert set(failed) == {"deny", "keys", "console"}
    assert "AWS refused iam:PutUserPolicy" in failed["deny"]


def test_a_user_who_is_not_there_opens_no_incident(firedoor: Firedoor, world: World) -> None:
    ended = firedoor(*RUN, "user=nobody-here", "--yes", "--break-glass", "--json")

    assert ended.code == 3
    assert "no incident was opened" in ended.json["error"]["message"]
    assert "'nobody-here'" in ended.json["error"]["message"]
    assert firedoor("incidents", "--json").json["incidents"] == []


def test_throttling_that_leaves_no_plan_is_said_and_is_no_yes(
    firedoor: Firedoor, world: World
) -> None:
    from firedoor.simulator.faults import Fault

    fault = world.aws.faults.add(Fault(operation="iam:*", kind="throttle"))
    ended = firedoor(*RUN, f"user={USER}", "--yes", "--break-glass", "--json")
    world.aws.faults.remove(fault)

    assert ended.code == 3
    assert "asks for fewer calls" in ended.json["error"]["message"]
    assert world.status() == {"Active"}


def test_resume_does_what_aws_refused_before(firedoor: Firedoor, world: World) -> None:
    from firedoor.simulator.faults import Fault

    fault = world.aws.faults.add(Fault(operation="iam:PutUserPolicy", kind="deny"))
    first = firedoor(*RUN, f"user={USER}", "--yes", "--break-glass", "--json")
    world.aws.faults.remove(fault)
    world.aws.reset_calls()

    ended = firedoor("resume", first.json["incident"], "--break-glass", "--json")

    assert first.json["status"] == "not_contained"
    assert (ended.code, ended.json["status"]) == (0, "contained")
    assert world.aws.calls["iam:PutUserPolicy"] == 1
    assert world.aws.calls["iam:UpdateAccessKey"] == 0


def test_throttling_is_waited_out(firedoor: Firedoor, world: World) -> None:
    from firedoor.simulator.faults import Fault

    world.aws.faults.add(Fault(operation="iam:UpdateAccessKey", kind="throttle", times=2))

    ended = firedoor(*RUN, f"user={USER}", "--yes", "--break-glass", "--json")

    assert (ended.code, ended.json["status"]) == (0, "contained")
    assert world.status() == {"Inactive"}


def test_credentials_that_aws_does_not_take_say_what_to_do(
    firedoor: Firedoor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")

    ended = firedoor("plan", "compromised-credentials", f"user={USER}", "--json")

    assert ended.code == 3
    assert ended.json["error"]["kind"] == "no_credentials"
    assert "AWS_PROFILE" in ended.json["error"]["message"]


def test_another_account_than_the_wanted_one_is_refused(firedoor: Firedoor, world: World) -> None:
    ended = firedoor(*RUN, f"user={USER}", "--yes", "--account", "444455556666", "--json")

    assert ended.code == 3
    assert ended.json["error"]["kind"] == "refused"
    assert world.status() == {"Active"}


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("list", "runbooks", "--json"),
        ("list", "actions", "--json"),
        ("check",),
    ],
)
def test_light_commands_import_nothing_heavy(words: tuple[str, ...]) -> None:
    script = (
        "import sys\n"
        "from firedoor.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit as end:\n    code = end.code\n"
        "heavy = {'prefect','boto3','botocore','moto','sqlalchemy','pydantic'} & set(sys.modules)\n"
        "print(sorted(heavy), code, file=sys.stderr)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=False
    )

    assert done.stderr.strip().splitlines()[-1] == "[] 0", done.stderr


def test_help_names_every_command_and_every_command_has_help(firedoor: Firedoor) -> None:
    from firedoor.cli.main import COMMANDS, cli

    shown = firedoor("--help").out

    for name, (_, about) in COMMANDS.items():
        assert f"  {name}" in shown
        assert about in " ".join(shown.split()) or about[:30] in shown
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.help, name


def test_json_is_one_document_and_nothing_else(firedoor: Firedoor) -> None:
    ended = firedoor("list", "scenarios", "--json")

    assert isinstance(json.loads(ended.out), list)

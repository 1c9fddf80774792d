"""`verify`, `verify --reapply` and `undo` as somebody at a shell has them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.conftest import USER, Firedoor, World

RUN = ("run", "compromised-credentials", f"user={USER}", "--break-glass", "--json")


@pytest.fixture
def incident(firedoor: Firedoor, world: World) -> str:
    """One that is contained; the user had no console password."""
    world.admin.delete_login_profile(UserName=USER)
    ended = firedoor(*RUN, "--yes")
    assert ended.code == 0, ended.err
    return str(ended.json["incident"])


def open_again(world: World) -> None:
    """Somebody makes the key active again."""
    world.admin.update_access_key(
        UserName=USER, AccessKeyId=world.key["AccessKeyId"], Status="Active"
    )


def test_verify_says_which_step_was_opened_and_how_to_shut_it_again(
    firedoor: Firedoor, world: World, incident: str
) -> None:
    open_again(world)

    told = firedoor("verify", incident, "--json")
    said = firedoor("verify", incident)

    assert told.code == 1
    assert [each["step"] for each in told.json["reopened"]] == ["keys"]
    assert told.json["reapplied"] == []
    assert f"firedoor verify {incident} --reapply" in said.out
    assert world.key["AccessKeyId"] not in said.out
    assert world.status() == {"Active", "Inactive"}


def test_reapply_without_yes_changes_nothing_without_a_terminal(
    firedoor: Firedoor, world: World, incident: str
) -> None:
    open_again(world)

    ended = firedoor("verify", incident, "--reapply", "--json")

    assert (ended.code, ended.json["error"]["kind"]) == (3, "refused")
    assert world.status() == {"Active", "Inactive"}


def test_reapply_shuts_it_again_and_the_incident_is_contained_again(
    firedoor: Firedoor, world: World, incident: str
) -> None:
    open_again(world)
    firedoor("verify", incident)
    before = firedoor("status", incident, "--json").json["status"]

    ended = firedoor("verify", incident, "--reapply", "--yes", "--json")
    after = firedoor("status", incident, "--json").json["status"]

    assert (ended.code, ended.json["holds"]) == (0, True)
    assert [each["step"] for each in ended.json["reapplied"]] == ["keys"]
    assert world.status() == {"Inactive"}
    assert (before, after) == ("not_contained", "contained")


def test_reapply_with_nothing_opened_asks_nothing(firedoor: Firedoor, incident: str) -> None:
    ended = firedoor("verify", incident, "--reapply", "--json")

    assert (ended.code, ended.json["reapplied"]) == (0, [])


def test_undo_as_json_without_yes_is_refused_and_tells_the_plan(
    firedoor: Firedoor, world: World, incident: str
) -> None:
    ended = firedoor("undo", incident, "keys", "--reopen", "a test", "--json")

    assert (ended.code, ended.json["error"]["kind"]) == (3, "refused")
    assert [(each["step"], each["change"]["to"]) for each in ended.json["plan"]] == [
        ("keys", "Active")
    ] * 2
    assert world.status() == {"Inactive"}


def test_yes_alone_reopens_nothing(firedoor: Firedoor, world: World, incident: str) -> None:
    ended = firedoor("undo", incident, "keys", "--yes", "--json")

    assert (ended.code, ended.json["undone"]) == (1, [])
    assert {each["verdict"] for each in ended.json["left"]} == {"reopens"}
    assert world.status() == {"Inactive"}


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reason_that_says_nothing_is_none(
    firedoor: Firedoor, world: World, incident: str, reason: str
) -> None:
    ended = firedoor("undo", incident, "--yes", "--reopen", reason)

    assert ended.code == 2
    assert "--reopen needs a reason" in ended.err
    assert world.status() == {"Inactive"}


def test_undone_twice_there_is_nothing_to_do(
    firedoor: Firedoor, world: World, incident: str
) -> None:
    words = ("undo", incident, "--yes", "--reopen", "a test", "--json")
    first, second = firedoor(*words), firedoor(*words)

    assert (first.code, first.json["left"]) == (0, [])
    assert (second.code, second.json["undone"], second.json["left"]) == (0, [], [])
    assert firedoor("incidents", "--json").json["incidents"][0]["status"] == "undone"
    assert world.status() == {"Active"}


def test_a_step_that_was_undone_already_has_nothing_to_do(
    firedoor: Firedoor, world: World, incident: str
) -> None:
    words = ("undo", incident, "r1/deny", "--yes", "--reopen", "a test", "--json")
    firedoor(*words)

    again = firedoor(*words)

    assert (again.code, again.json["undone"]) == (0, [])
    assert firedoor("status", incident, "--json").json["status"] == "partly_undone"


def test_undo_while_a_run_waits_is_refused_with_what_to_do(
    firedoor: Firedoor, world: World
) -> None:
    incident = firedoor(*RUN).json["incident"]

    ended = firedoor("undo", incident, "--yes", "--json")

    assert (ended.code, ended.json["error"]["kind"]) == (3, "refused")
    assert f"firedoor deny {incident}-A1" in ended.json["error"]["message"]


def test_undo_says_what_is_not_there_without_a_traceback(
    firedoor: Firedoor, world: World, incident: str
) -> None:
    world.admin.delete_access_key(UserName=USER, AccessKeyId=world.key["AccessKeyId"])

    ended = firedoor("undo", incident, "keys", "--yes", "--reopen", "a test")

    assert ended.code == 1
    assert "somebody has deleted it since" in " ".join(ended.err.split())
    assert "Traceback" not in ended.err
    assert world.status() == {"Active"}


def test_status_says_since_when_and_that_nothing_was_seen_to_get_through(
    firedoor: Firedoor, incident: str
) -> None:
    said = firedoor("status", incident).out

    assert "contained at 20" in said
    assert "no success of theirs seen after it, as of 20" in said


def at_the_terminal(
    monkeypatch: pytest.MonkeyPatch, command: str, meanwhile: Callable[[], object]
) -> None:
    """Somebody says yes, while something else happens."""

    def yes(*_: object, **__: object) -> str:
        meanwhile()
        return "yes"

    monkeypatch.setattr(f"firedoor.cli.{command}.can_ask", lambda: True)
    monkeypatch.setattr(f"firedoor.cli.{command}.click.prompt", yes)


def test_a_yes_at_the_terminal_undoes(
    firedoor: Firedoor, world: World, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_terminal(monkeypatch, "undoing", lambda: None)

    ended = firedoor("undo", incident, "keys", "--reopen", "a test")

    assert ended.code == 0
    assert world.status() == {"Active"}


def test_a_yes_to_what_has_changed_meanwhile_undoes_nothing(
    firedoor: Firedoor, world: World, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile() -> None:
        world.admin.delete_access_key(UserName=USER, AccessKeyId=world.key["AccessKeyId"])

    at_the_terminal(monkeypatch, "undoing", meanwhile)

    ended = firedoor("undo", incident, "keys", "--reopen", "a test")

    assert ended.code == 3
    assert "not as you saw it any more" in ended.err
    assert world.status() == {"Inactive"}


def test_a_yes_to_what_was_opened_further_meanwhile_shuts_nothing_unseen(
    firedoor: Firedoor, world: World, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile() -> None:
        other = world.admin.list_access_keys(UserName=USER)["AccessKeyMetadata"]
        for key in other:
            world.admin.update_access_key(
                UserName=USER, AccessKeyId=key["AccessKeyId"], Status="Active"
            )

    open_again(world)
    at_the_terminal(monkeypatch, "aftercare", meanwhile)

    ended = firedoor("verify", incident, "--reapply")

    assert ended.code == 3
    assert f"firedoor verify {incident} --reapply" in ended.err
    assert world.status() == {"Active"}

"""What a rule forbids is refused for everybody, and everybody reads which rule and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import USER, Firedoor, World
from tests.cli.test_full_disk import changed

RUN = ("run", "compromised-credentials", f"user={USER}", "--yes", "--break-glass")
RULE = "mode observe"
INSTEAD = "`firedoor plan … --commands` prints what to do by hand"


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan in whose accounts firedoor keeps evidence, and nothing more."""
    folder = tmp_path / "playbooks"
    folder.mkdir()
    path = folder / "plan.yaml"
    path.write_text(json.dumps({"mode": {"default": "observe"}}))
    monkeypatch.setenv("FIREDOOR_PLAYBOOKS", str(folder))
    return path


def refused(steps: list[dict[str, Any]]) -> dict[str, str]:
    return {step["id"]: step["rule"] for step in steps if step["status"] == "refused"}


def words(text: str) -> str:
    """The text in one line, without Markdown's escapes."""
    return " ".join(text.replace("\\", "").split())


@pytest.mark.usefixtures("plan")
def test_a_forbidden_step_ends_refused_with_its_rule(firedoor: Firedoor, world: World) -> None:
    ended = firedoor(*RUN, "--json")

    assert (ended.code, ended.json["status"]) == (3, "refused")
    steps = ("boundary", "deny", "keys", "console")
    assert refused(ended.json["steps"]) == dict.fromkeys(steps, RULE)
    assert changed(world) == set()


@pytest.mark.usefixtures("plan")
def test_progress_status_and_report_say_the_rule_and_what_to_do_instead(
    firedoor: Firedoor, world: World
) -> None:
    progress = firedoor(*RUN).err
    [incident] = firedoor("incidents", "--json").json["incidents"]
    status = firedoor("status", incident["id"])
    report = firedoor("report", incident["id"], "--format", "md", "-o", "-")

    for text in (progress, status.out, report.out):
        assert f"({RULE})" in words(text)
        assert INSTEAD in words(text)
    assert incident["status"] == "refused"
    assert "a person or a rule said no" in status.out


def test_when_the_rule_has_changed_resume_asks_for_what_the_plan_could_not_show(
    firedoor: Firedoor, world: World, plan: Path
) -> None:
    incident = firedoor(*RUN, "--json").json["incident"]
    plan.write_text("mode: { default: ask }\n")

    asks = firedoor("resume", incident, "--break-glass", "--json")
    firedoor("approve", f"{incident}-A1")
    ended = firedoor("resume", incident, "--break-glass", "--json")

    assert (asks.code, asks.json["status"]) == (4, "waiting")
    assert (ended.code, ended.json["status"]) == (0, "contained")
    assert world.status() == {"Inactive"}

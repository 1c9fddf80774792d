"""Incidents that ended in different ways, each told into a real journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.story import Story, agree, contain, open_story


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def opened(home: Path) -> Story:
    """Opened, and nothing more."""
    return open_story(home)


@pytest.fixture
def waiting(opened: Story) -> Story:
    """Somebody is asked; the run waits."""
    return contain(opened).report().finish("waiting")


@pytest.fixture
def contained(opened: Story) -> Story:
    """Contained, and the run has ended."""
    return agree(contain(opened)).finish(
        "contained", unknown=["what happened in the last 15 minutes may not be in CloudTrail yet"]
    )


@pytest.fixture
def drill(home: Path) -> Story:
    """A drill, contained and rated."""
    story = open_story(home, world="simulated", prefix="DRILL", scenario="leaked-key")
    story.at(-2400).tell("attacker.acted", _act("iam:CreateAccessKey", True))
    _probes(story.at(-1), "before", attacker=True)
    agree(contain(story)).finish("contained")
    for second in (60, 120, 243, 300, 360):
        story.at(second).tell("attacker.acted", _act("iam:ListUsers", second < 200), by="attacker")
    _probes(story.at(400), "after", attacker=False)
    story.tell(
        "drill.rated",
        {
            "scenario": "leaked-key",
            "title": "A leaked key",
            "rating": "P",
            "wanted": "P",
            "passed": True,
            "objectives": [{"id": "shut", "title": "Shut him out", "met": True, "why": "denied"}],
            "proof": {
                "before_allowed": True,
                "attacker_denied": True,
                "innocent_allowed": True,
                "fresh_allowed": True,
            },
        },
    )
    return story


def _act(call: str, allowed: bool) -> dict[str, object]:
    return {
        "who": "intruder",
        "call": call,
        "allowed": allowed,
        "code": None if allowed else "AccessDenied",
        "ip": "203.0.113.50",
        "agent": "aws-cli/2.27.41",
        "region": "us-east-1",
    }


def _probes(story: Story, phase: str, *, attacker: bool) -> None:
    for role, who, allowed in (
        ("attacker", "intruder", attacker),
        ("innocent", "build-server", True),
        ("fresh", "new-session", True),
    ):
        story.tell(
            "probe.made",
            {
                "phase": phase,
                "role": role,
                "who": who,
                "call": "s3:ListBuckets",
                "allowed": allowed,
                "code": None if allowed else "AccessDenied",
            },
        )

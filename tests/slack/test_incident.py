"""A leaked key worked from Slack, end to end: the resident, its HTTP side, Socket Mode, AWS."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from firedoor.approval import open_questions
from firedoor.cli.main import main
from firedoor.engine import server
from firedoor.engine.door import whoami
from firedoor.errors import PrefectUnavailable
from firedoor.inbox import Inbox
from firedoor.library import shipped
from firedoor.service.address import SOCKET
from firedoor.service.post import Post
from firedoor.service.resident import serve
from firedoor.slack.asking import APPROVE
from firedoor.slack.working import beside
from firedoor.web.server import Address, listening
from tests.service.conftest import (  # noqa: F401 (fixtures)
    Running,
    World,
    alert_about,
    settings_of_module,
    until,
    world,
)
from tests.slack.conftest import CAROL, MALLORY, text_of
from tests.slack.fake import APP, BOT, SECRET, Channel, FakeSlack, form_of, posted, signed

pytestmark = pytest.mark.slow

HOOK = "hook-key-of-the-tests-0123456789"
PERSON = f"[{{name: Carol, slack: {CAROL}, os_user: {whoami().removeprefix('os:')}}}]"


@dataclass
class Scene:
    """All that takes part."""

    slack: FakeSlack
    running: Running
    world: World
    url: str

    def alert(self, user: str) -> None:
        """The finding comes by webhook."""
        [key] = self.world.admin.list_access_keys(UserName=user)["AccessKeyMetadata"]
        event = {
            "version": "0",
            "id": "e",
            "detail-type": "GuardDuty Finding",
            "source": "aws.guardduty",
            "account": "111122223333",
            "time": "2026-11-25T00:00:00Z",
            "region": "us-east-1",
            "resources": [],
            "detail": _lower(alert_about(user, key["AccessKeyId"])),
        }
        body = json.dumps(event).encode()
        url = f"{self.url}/hooks/eventbridge"
        assert posted(url, body, **{"Content-Type": "application/json", "X-Api-Key": HOOK}) == 202

    def over_http(self, payload: dict[str, Any]) -> None:
        """A press on a button, by HTTP."""
        body = form_of(payload, interaction=True)
        headers = {"Content-Type": "application/x-www-form-urlencoded", **signed(body)}
        assert posted(f"{self.url}/slack/interactions", body, **headers) == 200

    def say(self, text: str, channel: Channel) -> str:
        """`/firedoor text`, by the socket; what Carol is told."""
        before = len(self.slack.whispers)
        self.slack.push("slash_commands", self.slack.command(text, CAROL, channel.id))
        until(lambda: len(self.slack.whispers) > before)
        return self.slack.whispers[-1][1]


@pytest.fixture(scope="module")
def scene(
    world: World,  # noqa: F811
    settings_of_module: pytest.MonkeyPatch,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    """A resident that works with Slack both ways, under a plan in which Carol has every role."""
    folder = tmp_path_factory.mktemp("rules") / "playbooks"
    shutil.copytree(shipped("playbooks"), folder)
    text = (folder / "plan.yaml").read_text()
    for role in ("incident_commander", "responder", "security_lead"):
        text = text.replace(f"  {role}: []", f"  {role}: {PERSON}")
    bookmark = 'slack: {bookmarks: {Report: "https://ir.example.com/{incident}"}}'
    text = text.replace("slack: {}", bookmark)
    (folder / "plan.yaml").write_text(text)
    slack = FakeSlack()
    # Slack has nothing to do with Prefect, which takes half a minute to be warm.
    settings_of_module.setattr(server, "server_for", _no_prefect)
    for name, value in {
        "FIREDOOR_PLAYBOOKS": str(folder),
        "FIREDOOR_HOOK_KEYS": HOOK,
        "FIREDOOR_SLACK_BOT_TOKEN": BOT,
        "FIREDOOR_SLACK_APP_TOKEN": APP,
        "FIREDOOR_SLACK_SIGNING_SECRET": SECRET,
        "FIREDOOR_SLACK_BASE_URL": slack.base_url,
    }.items():
        settings_of_module.setenv(name, value)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        settings_of_module.delenv(name, raising=False)
    running = Running(Path(os.environ["FIREDOOR_HOME"]))
    stopping = threading.Event()

    @contextmanager
    def faces(post: Post, inbox: Inbox) -> Iterator[None]:
        with beside(post) as there, listening(post, inbox, Address(port=0), there):
            yield

    thread = threading.Thread(
        target=serve, args=(running.home, stopping, running.lines.append), kwargs={"faces": faces}
    )
    thread.start()
    try:
        assert until(lambda: (running.home / SOCKET).exists())
        [url] = until(lambda: [x.split()[-1] for x in running.lines if "listens at http" in x][:1])
        assert until(lambda: slack.sockets)
        yield Scene(slack, running, world, url)
    finally:
        stopping.set()
        thread.join(60)
        slack.close()


def test_a_leaked_key_is_worked_from_slack_to_the_archived_channel(scene: Scene) -> None:
    slack, running = scene.slack, scene.running
    user = scene.world.user()
    scene.alert(user)
    [channel] = until(lambda: [c for c in slack.channels.values() if asked(c)], 60)
    incident = running.newest()
    message = asked(channel)[0]
    slack.push("interactive", slack.click(channel, message, APPROVE, MALLORY))
    refused = until(lambda: [text for who, text in slack.whispers if who == MALLORY])
    before = scene.world.status(user)
    for each in asked(channel):
        scene.over_http(slack.click(channel, each, APPROVE, CAROL))
    assert until(lambda: scene.world.status(user) == {"Inactive"}, 60)
    assert until(lambda: "contained" in running.ended(incident), 60)
    contained = until(lambda: "contained: every" in text_of(channel.top()[0]))
    noted = scene.say("note the key was in a public repository", channel)
    closed = scene.say("close resolved the key is gone", channel)
    archived = until(lambda: channel.archived)

    assert "for responder" in refused[0]
    assert before == {"Active"}
    assert contained
    assert "Noted as" in noted
    assert "is closed" in closed
    assert archived
    assert "verify. Report:" in channel.top()[-1]["text"]
    assert channel.bookmarks == [{"title": "Report", "link": f"https://ir.example.com/{incident}"}]
    assert channel.pins == [channel.top()[0]["ts"]]
    assert not any(block["type"] == "actions" for each in channel.top() for block in each["blocks"])
    assert slack.refused == []
    said = json.dumps([call for _, call in slack.calls])
    [key] = scene.world.admin.list_access_keys(UserName=user)["AccessKeyMetadata"]
    assert key["AccessKeyId"] not in said
    given = [e.by for e in running.entries(incident) if e.kind == "approval.given"]
    assert set(given) == {f"slack:{CAROL}"}


def test_with_slack_down_it_is_contained_all_the_same_and_told_when_slack_is_back(
    scene: Scene,
) -> None:
    slack, running = scene.slack, scene.running
    known, before = set(slack.channels), running.newest()
    slack.down = True
    user = scene.world.user()
    scene.alert(user)
    assert until(lambda: running.newest() != before, 30)
    incident = running.newest()
    assert until(lambda: "waiting" in running.ended(incident), 60)
    for each in open_questions(running.entries(incident)):
        with pytest.raises(SystemExit):
            main(["approve", each.data["id"]])
    contained = until(lambda: "contained" in running.ended(incident), 60)
    meanwhile = set(slack.channels) - known
    slack.down = False
    [channel] = until(lambda: [c for i, c in slack.channels.items() if i not in known], 60)
    told = until(lambda: any("Approved" in text_of(each) for each in channel.top()), 60)

    assert contained
    assert meanwhile == set()
    assert scene.world.status(user) == {"Inactive"}
    assert incident in text_of(channel.top()[0])
    assert told


def asked(channel: Channel) -> list[dict[str, Any]]:
    """The messages with buttons."""
    return [
        each
        for each in channel.top()
        if any(block["type"] == "actions" for block in each["blocks"])
    ]


def _no_prefect(*_: Any, **__: Any) -> None:
    raise PrefectUnavailable("not in this test")


def _lower(found: Any) -> Any:
    """As EventBridge has a finding: its keys begin small."""
    if isinstance(found, dict):
        return {key[:1].lower() + key[1:]: _lower(each) for key, each in found.items()}
    return [_lower(each) for each in found] if isinstance(found, list) else found

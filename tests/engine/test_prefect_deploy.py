"""`prefect.yaml` for real: deployed, started by Prefect, run by a worker, approved by a person."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from firedoor.clock import VirtualClock
from firedoor.engine.server import Server, embedded_server
from firedoor.library import Library
from firedoor.simulator.server import SimulatedAws
from tests.engine.prefect_home import Seen
from tests.findings.documents import guardduty, key_details

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
USER = "ci-deployer"
RUNBOOK = "compromised-credentials"
NAME = f"{RUNBOOK}/{RUNBOOK}"
ENDS = [[name] for name in ("Contained", "NotContained", "Completed", "Failed", "Crashed")]
ENDS += [["Refused"], ["BadInput"], ["RunFailed"]]
SECONDS = 120.0


@dataclass
class Place:
    """A Prefect server with our deployments, a worker, and simulated AWS with a leaked key."""

    server: Server
    environment: dict[str, str]
    admin: Any
    seen: Seen

    def prefect(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Prefect's own command line."""
        return self.call("-m", "prefect", "--no-prompt", *words)

    def firedoor(self, *words: str) -> Any:
        """Ours; its JSON."""
        done = self.call("-m", "firedoor.cli.main", *words, "--json")
        return json.loads(done.stdout)

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    def resume(self, flow: str) -> None:
        """Resume a flow's one run as Prefect's interface does."""
        ((flow_run,),) = self.seen.rows(
            "select r.id from flow_run r join flow f on f.id = r.flow_id where f.name = ?", flow
        )
        answer = self.ask("POST", f"/flow_runs/{flow_run}/resume", {})
        assert answer["status"] == "ACCEPT", self.why(flow)

    def ask(self, method: str, path: str, body: Any) -> Any:
        """Prefect's API; what it answers."""
        token = b64encode(self.server.auth.encode()).decode()
        request = urllib.request.Request(
            f"{self.server.api_url}{path}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Basic {token}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def states(self, flow: str) -> list[str]:
        """The states that a flow's one run went through."""
        found = self.seen.rows(
            "select s.name from flow_run_state s join flow_run r on r.id = s.flow_run_id"
            " join flow f on f.id = r.flow_id where f.name = ? order by s.timestamp",
            flow,
        )
        return [name for (name,) in found]

    def why(self, flow: str) -> list[str]:
        """What the states of a flow's one run say."""
        found = self.seen.rows(
            "select s.message from flow_run_state s join flow_run r on r.id = s.flow_run_id"
            " join flow f on f.id = r.flow_id where f.name = ? order by s.timestamp",
            flow,
        )
        return [message for (message,) in found]

    def until(self, flow: str, holds: Callable[[list[str]], bool]) -> list[str]:
        """The states, once they are as wanted; or as they are after two minutes."""
        ends = time.monotonic() + SECONDS
        while not holds(states := self.states(flow)) and time.monotonic() < ends:
            time.sleep(0.3)
        return states

    def keys(self) -> set[str]:
        """The statuses of the user's keys."""
        found = self.admin.list_access_keys(UserName=USER)["AccessKeyMetadata"]
        return {key["Status"] for key in found}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("home")
    with embedded_server(home) as server, SimulatedAws(VirtualClock(datetime.now(UTC))) as aws:
        who = aws.responder()
        secret = {
            "aws_access_key_id": who.access_key_id,
            "aws_secret_access_key": who.secret_access_key,
            "aws_session_token": who.session_token or "",
        }
        admin = boto3.client("iam", endpoint_url=aws.endpoint, region_name="us-east-1", **secret)
        admin.create_user(UserName=USER)
        admin.create_access_key(UserName=USER)
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
        environment = {
            **clean,
            **server.environment(),
            **{name.upper(): value for name, value in secret.items()},
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_REGION": "us-east-1",
            "FIREDOOR_HOME": str(home),
            "HOME": str(home),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
        }
        found = Place(server, environment, admin, Seen(home))
        for words in (
            ("work-pool", "create", "firedoor", "--type", "process"),
            ("deploy", "--all"),
        ):
            done = found.prefect(*words)
            assert done.returncode == 0, done.stdout + done.stderr
        worker = subprocess.Popen(
            [sys.executable, "-m", "prefect", "worker", "start", "--pool", "firedoor"],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield found
        finally:
            # With the flow runs that it has started: those that wait for a person do not end.
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(30)


def test_a_deployment_has_the_runbooks_inputs_as_a_form(place: Place) -> None:
    ((text,),) = place.seen.rows(
        "select parameter_openapi_schema from deployment where name = 'compromised-credentials'"
    )
    told = json.loads(text)["properties"]

    assert set(told) == {"user", "access_key_id", "lookback"}
    assert told["lookback"]["pattern"] == "^[1-9][0-9]{0,5}(s|m|h|d)$"
    assert "The IAM user whose key leaked." in str(told["user"])


def test_a_bad_value_is_refused_before_there_is_a_run(place: Place) -> None:
    done = place.prefect("deployment", "run", NAME, "-p", "lookback=forever")

    assert done.returncode != 0
    assert place.seen.rows("select count(*) from flow_run") == [(0,)]


def test_a_finding_taken_in_by_prefect_waits_for_a_person(place: Place) -> None:
    key = place.admin.list_access_keys(UserName=USER)["AccessKeyMetadata"][0]["AccessKeyId"]
    details = {"resourceType": "AccessKey", "accessKeyDetails": key_details(accessKeyId=key)}
    finding = json.dumps(guardduty(region="us-east-1", resource=details))
    place.prefect("deployment", "run", "intake/intake", "-p", f"finding={finding}")

    states = place.until("intake", lambda states: states[-1:] in (["WaitingForApproval"], *ENDS))

    assert states[-1] == "WaitingForApproval", place.why("intake")
    assert place.keys() == {"Active"}
    assert len(place.firedoor("incidents")["incidents"]) == 1


def test_a_run_started_in_prefect_changes_nothing_until_a_person_approves_it(place: Place) -> None:
    place.prefect("deployment", "run", NAME, "-p", f"user={USER}")
    waits = place.until(RUNBOOK, lambda states: states.count("WaitingForApproval") == 1)
    place.resume(RUNBOOK)
    still = place.until(
        RUNBOOK, lambda states: states.count("WaitingForApproval") == 2 or states[-1:] in ENDS
    )
    before = place.keys()
    for each in place.firedoor("approvals")["approvals"]:
        place.firedoor("approve", each["id"])
    place.resume(RUNBOOK)
    ended = place.until(RUNBOOK, lambda states: states[-1:] in ENDS)

    assert waits[-1] == "WaitingForApproval"
    assert still[-1] == "WaitingForApproval"
    assert before == {"Active"}
    assert ended[-1] == "Contained"
    assert place.keys() == {"Inactive"}


def test_an_exercise_is_played_in_simulated_aws_of_its_own(place: Place) -> None:
    scenario = sorted(Library.open(ROOT).scenarios())[0]
    place.prefect("deployment", "run", "exercise/exercise", "-p", f"scenario={scenario}")

    states = place.until("exercise", lambda states: states[-1:] in ENDS)

    assert states[-1] == "Completed", place.why("exercise")
    assert place.keys() == {"Inactive"}


def test_an_event_of_prefect_starts_the_intake_by_an_automation(place: Place) -> None:
    place.admin.create_user(UserName="metrics")
    key = place.admin.create_access_key(UserName="metrics")["AccessKey"]["AccessKeyId"]
    owner = key_details(accessKeyId=key, userName="metrics")
    details = {"resourceType": "AccessKey", "accessKeyDetails": owner}
    finding = guardduty(region="us-east-1", resource=details, id="e" * 32)
    [intake] = place.ask(
        "POST", "/deployments/filter", {"deployments": {"name": {"any_": ["intake"]}}}
    )
    from_event = {"__prefect_kind": "jinja", "template": "{{ event.payload | tojson }}"}
    place.ask(
        "POST",
        "/automations/",
        {
            "name": "findings",
            "trigger": {
                "type": "event",
                "expect": ["aws.guardduty.finding"],
                "posture": "Reactive",
                "threshold": 1,
                "within": 0,
            },
            "actions": [
                {
                    "type": "run-deployment",
                    "source": "selected",
                    "deployment_id": intake["id"],
                    "parameters": {"finding": {"__prefect_kind": "json", "value": from_event}},
                }
            ],
        },
    )
    before = len(place.firedoor("incidents")["incidents"])

    event = {
        "event": "aws.guardduty.finding",
        "occurred": datetime.now(UTC).isoformat(),
        "resource": {"prefect.resource.id": f"aws.guardduty.{finding['id']}"},
        "payload": finding,
        "id": str(uuid.uuid4()),
    }
    ends = time.monotonic() + SECONDS
    place.ask("POST", "/events", [event])
    while len(place.firedoor("incidents")["incidents"]) == before and time.monotonic() < ends:
        time.sleep(1)

    assert len(place.firedoor("incidents")["incidents"]) == before + 1

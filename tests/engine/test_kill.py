"""A run that is killed at any moment goes on as if nothing had happened: nothing is done twice,
nothing is left out, and the record holds.

The runs are processes of their own, killed as `kill -9` kills, against one simulated AWS that lives
on. What they changed is counted there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from firedoor.chain import Entry
from firedoor.clock import VirtualClock
from firedoor.engine.desk import Office
from firedoor.simulator.server import SimulatedAws
from tests.actions.worlds import self_signed
from tests.engine.killing import desk_at, go_on
from tests.simulator.conftest import ACCOUNT, START, Bench

USER = "ci-deployer"
CHECKOUT = Path(__file__).parents[2]
TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
REPORT = "GenerateCredentialReport"
"""Not a read by its name, but it changes nothing."""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@dataclass
class Killer:
    """Forks runs and kills them; see `tests.engine.killing`."""

    process: subprocess.Popen[str]

    def run(self, **order: Any) -> int:
        """How the run ended: 0, or -9 when it was killed."""
        self._to.write(json.dumps(order) + "\n")
        self._to.flush()
        status: int = json.loads(self._from.readline())["status"]
        return status

    @property
    def _to(self) -> IO[str]:
        assert self.process.stdin
        return self.process.stdin

    @property
    def _from(self) -> IO[str]:
        assert self.process.stdout
        return self.process.stdout


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.killing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    )
    with process:
        yield Killer(process)
        assert process.stdin
        process.stdin.close()


class Account:
    """An account whose user was taken over, and what the attacker did: every contain step bites."""

    def __init__(self, aws: SimulatedAws, clock: VirtualClock) -> None:
        self.aws = aws
        self.clock = clock
        bench = Bench(aws, clock)
        with aws.setting_the_scene():
            self.inputs = self._scene(bench)
        self._attack(bench)
        clock.advance(60)
        responder = aws.responder()
        self.environ = {
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_ACCESS_KEY_ID": responder.access_key_id,
            "AWS_SECRET_ACCESS_KEY": responder.secret_access_key,
            "AWS_SESSION_TOKEN": responder.session_token or "",
            "AWS_REGION": "us-east-1",
        }
        self._before = len(self._changing())

    def _scene(self, bench: Bench) -> dict[str, Any]:
        self.key = bench.user(USER)
        bench.iam.create_login_profile(UserName=USER, Password="Winter-Wall-27")
        bench.iam.create_service_specific_credential(
            UserName=USER, ServiceName="codecommit.amazonaws.com"
        )
        bench.iam.upload_signing_certificate(UserName=USER, CertificateBody=self_signed())
        for name in ("bob", "carol", "dave"):
            bench.iam.create_user(UserName=name)
        bench.role("deploy", f"arn:aws:iam::{ACCOUNT}:user/{USER}")
        return {"access_key_id": self.key.access_key_id, "lookback": "48h"}

    def _attack(self, bench: Bench) -> None:
        iam = bench.client("iam", self.key)
        iam.create_access_key(UserName=USER)
        iam.create_user(UserName="helper")
        iam.create_access_key(UserName="helper")
        iam.create_access_key(UserName="bob")
        iam.create_login_profile(UserName="carol", Password="Winter-Wall-28")
        iam.create_service_specific_credential(
            UserName="dave", ServiceName="codecommit.amazonaws.com"
        )
        bench.session(self.key, f"arn:aws:iam::{ACCOUNT}:role/deploy")

    def changes(self) -> Counter[str]:
        """The changing calls that took effect since, and how often each."""
        return Counter(self._changing()[self._before :])

    def standing(self) -> str:
        """The account now; moments left out."""
        return TIMES.sub("<time>", json.dumps(self.aws.snapshot(), sort_keys=True))

    def _changing(self) -> list[str]:
        return [
            TIMES.sub("<time>", f"{each['eventName']} {canonical(each['requestParameters'])}")
            for each in self.aws.trail.records
            if not each["readOnly"] and "errorCode" not in each and each["eventName"] != REPORT
        ]


def canonical(given: Any) -> str:
    """The parameters of a call; the order in a policy's document means nothing."""
    read = {
        name: json.loads(value) if str(value).startswith("{") else value
        for name, value in (given or {}).items()
    }
    return json.dumps(read, sort_keys=True)


@dataclass
class Ended:
    """What a run left behind, in the end."""

    status: str
    changes: Counter[str]
    account: str
    entries: int
    kinds: list[str]
    steps: list[str]
    undoable: list[str]
    told: list[str]


def played(killer: Killer, home: Path, *, at: int = 0, where: str = "after") -> Ended:
    """A run in an account of its own: killed at a point, gone on with, and looked at."""
    clock = VirtualClock(START)
    with SimulatedAws(clock, seed=7) as aws, pytest.MonkeyPatch.context() as patch:
        account = Account(aws, clock)
        for name, value in account.environ.items():
            patch.setenv(name, value)
        incident = desk_at(home, clock.now()).incident
        code = killer.run(
            environ=account.environ,
            home=str(home),
            now=clock.now().isoformat(),
            incident=incident,
            inputs=account.inputs,
            at=at,
            where=where,
        )
        assert code == (-9 if at else 0), f"{where} {at}"
        clock.advance(5)
        office = Office.open(home)
        desk = desk_at(home, clock.now(), incident, office=office)
        if at:
            go_on(desk, account.inputs)
        entries = desk.recorder.entries()
        journal = office.journal.verify(incident)
        told = [entry.data for entry in entries if entry.kind == "evidence.kept"]
        evidence = office.vault.verify(incident, told)
        assert journal.problems == (), f"{where} {at}"
        assert evidence.problems == (), f"{where} {at}"
        last = [entry.data for entry in entries if entry.kind == "run.finished"][-1]
        return Ended(
            status=last["status"],
            changes=account.changes(),
            account=account.standing(),
            entries=len(entries),
            kinds=[entry.kind for entry in entries],
            steps=[str(entry.data.get("action")) for entry in entries],
            undoable=undoable(entries),
            # What the trail shows since depends on the hour: `quiet` is left out.
            told=sorted(
                f"{step['id']} {step['status']} {step['proof']}"
                for step in last["steps"]
                if step["id"] != "quiet"
            ),
        )


def undoable(entries: Sequence[Entry]) -> list[str]:
    """What undo finds: each change with a receipt, from what to what."""
    intents: dict[tuple[Any, ...], Any] = {}
    found: set[str] = set()
    for entry in entries:
        if entry.kind == "step.intended":
            change = entry.data["change"]
            intents[entry.run, entry.step, change["resource"]] = change
        elif entry.kind == "step.receipt":
            place = (entry.run, entry.step, entry.data["resource"])
            change = intents[place]
            told = json.dumps([*place, change.get("from"), change["to"]], sort_keys=True)
            found.add(TIMES.sub("<time>", told))
    return sorted(found)


@pytest.fixture(scope="module")
def homes() -> Iterator[Path]:
    """A folder in memory where there is one: a run syncs some 300 times."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def undisturbed(killer: Killer, homes: Path) -> Ended:
    """The run that nobody kills."""
    return played(killer, homes / "whole")


def points(whole: Ended, kinds: Collection[str] = ()) -> list[int]:
    """The entries (from 0) to be killed at: one for each kind of entry of each step.

    With FIREDOOR_EVERY_POINT it is every entry; that takes minutes.
    """
    found = [at for at, kind in enumerate(whole.kinds) if not kinds or kind in kinds]
    if os.environ.get("FIREDOOR_EVERY_POINT"):
        return found
    first = {(whole.kinds[at], whole.steps[at]): at for at in reversed(found)}
    return sorted(first.values())


def differs(whole: Ended, found: Ended) -> str:
    """What is not as in the undisturbed run; "" when nothing is."""
    if found.status != whole.status:
        return f"it ended {found.status}"
    twice = found.changes - whole.changes
    if twice:
        return f"done twice, or not at all in the undisturbed run: {dict(twice)}"
    if whole.changes - found.changes:
        return f"left out: {dict(whole.changes - found.changes)}"
    if found.account != whole.account:
        return "the account is not the same"
    if found.undoable != whole.undoable:
        return f"undo would find {found.undoable}"
    if found.told != whole.told:
        return f"the run tells {set(found.told) ^ set(whole.told)}"
    return ""


def test_an_undisturbed_run_makes_every_change_once(undisturbed: Ended) -> None:
    made = {call.split()[0] for call in undisturbed.changes}

    assert undisturbed.status == "contained"
    assert set(undisturbed.changes.values()) == {1}
    assert made == {
        # Taken away after containment, by approval: what the attacker had made.
        "DeleteAccessKey",
        "DeleteUser",
        "DeleteUserPolicy",
        "UpdateAccessKey",
        "PutUserPermissionsBoundary",
        "PutUserPolicy",
        "PutRolePolicy",
        "DeleteLoginProfile",
        "UpdateServiceSpecificCredential",
        "UpdateSigningCertificate",
    }


def test_a_run_killed_after_any_entry_ends_as_the_undisturbed_one(
    killer: Killer, undisturbed: Ended, homes: Path
) -> None:
    found = {
        at: differs(undisturbed, played(killer, homes / f"{at}", at=at))
        for at in points(undisturbed)
        if at
    }

    assert {at: why for at, why in found.items() if why} == {}


def test_a_run_killed_before_it_could_write_what_it_did_ends_as_the_undisturbed_one(
    killer: Killer, undisturbed: Ended, homes: Path
) -> None:
    # The first entry is the opening of the incident, before the run.
    did = ("step.receipt", "evidence.kept", "report.written")

    found = {
        at: differs(undisturbed, played(killer, homes / f"before{at}", at=at, where="before"))
        for at in points(undisturbed, did)
    }

    assert {at: why for at, why in found.items() if why} == {}


@pytest.mark.parametrize("where", ["anchored", "committed", "kept", "recorded"])
@pytest.mark.parametrize("at", [1, 4, 9])
def test_a_run_killed_in_the_middle_of_writing_ends_as_the_undisturbed_one(
    killer: Killer, undisturbed: Ended, homes: Path, where: str, at: int
) -> None:
    found = played(killer, homes / f"{where}{at}", at=at, where=where)

    assert differs(undisturbed, found) == ""

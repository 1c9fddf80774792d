"""The runbooks about buckets, with people who say yes or no, and under exactly their own policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firedoor.actions.policy import policy_for
from firedoor.actions.registry import registry
from firedoor.approval import Answer, Question
from firedoor.aws import connect
from firedoor.clock import VirtualClock
from firedoor.engine.desk import Office, open_desk, opened
from firedoor.engine.running import Outcome, start
from firedoor.library import Library
from firedoor.simulator.credentials import Credentials
from firedoor.simulator.server import SimulatedAws
from tests.actions.s3.worlds import PARTNER, PUBLIC, put_policy
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, START, Bench, outcome, policy

NAME = "example-data"
STRANGER = "999988887777"


class Says:
    """Somebody who agrees to everything but these steps."""

    def __init__(self, *no: str) -> None:
        self.no = set(no)
        self.asked: list[str] = []

    def ask(self, question: Question) -> Answer:
        self.asked += question.steps
        return Answer(yes=not self.no & set(question.steps), by="os:commander", how="scripted")


@pytest.fixture
def bench() -> Iterator[Bench]:
    clock = VirtualClock(START)
    with SimulatedAws(clock, accounts=(ACCOUNT, OTHER_ACCOUNT, STRANGER), seed=7) as sim:
        yield Bench(sim, clock)


def run(
    bench: Bench,
    home: Path,
    runbook: str,
    people: Says,
    *,
    as_: Credentials | None = None,
    **inputs: Any,
) -> Outcome:
    """Play a runbook as the responder, or as somebody else."""
    who = as_ or bench.aws.responder()
    aws = connect(
        region="us-east-1",
        endpoint=bench.aws.endpoint,
        clock=bench.clock,
        credentials=(who.access_key_id, who.secret_access_key, who.session_token),
        simulated=True,
    )
    office = Office.open(home)
    incident = opened(office, aws, aws.target, title="A bucket", severity="high")
    desk = open_desk(office, aws, aws.target, incident=incident, people=people, by="os:tester")
    return start(desk, Library.open().program(runbook), inputs, break_glass=True)


def opened_bucket(bench: Bench, **more: Any) -> Any:
    """A bucket that its owner let a partner into, and somebody else everybody and a stranger."""
    owner, thief = bench.user("owner"), bench.user("thief")
    s3 = bench.client("s3", None)
    s3.create_bucket(Bucket=NAME)
    s3.put_object(Bucket=NAME, Key="a", Body=b"x")
    put_policy(bench.client("s3", owner), NAME, PARTNER)
    bench.clock.advance(3600)
    backup = {**PARTNER, "Sid": "Backup", "Principal": {"AWS": STRANGER}}
    put_policy(bench.client("s3", thief), NAME, PARTNER, backup, PUBLIC)
    bench.clock.advance(1200)
    return s3


def get(bench: Bench, who: Credentials) -> str:
    return outcome(bench.client("s3", who).get_object, Bucket=NAME, Key="a")


def test_a_website_that_somebody_keeps_up_stays_up_and_strangers_are_shut_out_of_it(
    bench: Bench, tmp_path: Path
) -> None:
    s3 = opened_bucket(bench)
    s3.put_bucket_website(
        Bucket=NAME, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}}
    )
    people = Says("block_website")

    ended = run(bench, tmp_path, "public-bucket", people, bucket=NAME)

    text = s3.get_bucket_policy(Bucket=NAME)["Policy"]
    assert ended.status == "refused"
    assert {"block_website", "website_policy"} <= set(people.asked)
    assert ("Public" in text, "Partner" in text, STRANGER in text) == (True, True, False)
    assert outcome(s3.get_public_access_block, Bucket=NAME) != "allowed"


def test_a_bucket_without_a_website_is_blocked_and_the_partner_goes_on(
    bench: Bench, tmp_path: Path
) -> None:
    s3 = opened_bucket(bench)
    people = Says()

    ended = run(bench, tmp_path, "public-bucket", people, bucket=NAME)

    assert ended.status == "contained"
    assert json.loads(s3.get_bucket_policy(Bucket=NAME)["Policy"])["Statement"] == [
        {**PARTNER, "Resource": f"arn:aws:s3:::{NAME}/*"}
    ]
    assert get(bench, bench.aws.responder(OTHER_ACCOUNT)) == "allowed"
    assert get(bench, bench.aws.responder(STRANGER)) == "AccessDenied"
    assert "block_website" not in people.asked


def test_named_accounts_are_denied_everything(bench: Bench, tmp_path: Path) -> None:
    opened_bucket(bench)

    ended = run(bench, tmp_path, "public-bucket", Says(), bucket=NAME, accounts=[OTHER_ACCOUNT])

    assert ended.status == "contained"
    assert get(bench, bench.aws.responder(OTHER_ACCOUNT)) == "AccessDenied"


def test_a_finding_that_names_no_bucket_says_what_to_do(bench: Bench, tmp_path: Path) -> None:
    ended = run(bench, tmp_path, "public-bucket", Says(), buckets=[])

    assert ended.status == "failed"
    assert "bucket=NAME" in ended.steps[0]["why"]


def test_versioning_that_was_never_on_is_asked_about(bench: Bench, tmp_path: Path) -> None:
    s3 = opened_bucket(bench)
    people = Says()

    ended = run(bench, tmp_path, "ransomed-bucket", people, bucket=NAME, accounts=[STRANGER])

    assert ended.status == "contained"
    assert {"versions", "shut_for", "keep"} <= set(people.asked)
    assert s3.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"


def test_malware_is_quarantined_and_the_account_blocked_again(bench: Bench, tmp_path: Path) -> None:
    opened_bucket(bench)

    held = run(bench, tmp_path, "malicious-object", Says(), bucket=NAME, objects=["a"])
    shut = run(bench, tmp_path, "public-account", Says())

    assert (held.status, shut.status) == ("contained", "contained")
    assert get(bench, bench.user("worker")) == "AccessDenied"


@pytest.mark.parametrize(
    ("runbook", "inputs"),
    [
        ("public-bucket", {"bucket": NAME, "accounts": [STRANGER]}),
        (
            "ransomed-bucket",
            {"bucket": NAME, "accounts": [STRANGER], "before_it": "2026-03-14T09:30:00Z"},
        ),
        ("malicious-object", {"bucket": NAME, "objects": ["a"]}),
        ("public-account", {}),
    ],
)
def test_its_own_policy_is_enough(
    bench: Bench, tmp_path: Path, runbook: str, inputs: dict[str, Any]
) -> None:
    opened_bucket(bench)
    program = Library.open().program(runbook)
    actions = {
        step.action: registry()[step.action]
        for book in program.runbooks.values()
        for step in book.all_steps()
        if step.action
    }
    made = policy_for([(each, {}) for each in actions.values()], account=ACCOUNT)
    arn = bench.role("narrow", f"arn:aws:iam::{ACCOUNT}:root", *made["Statement"])
    narrow = bench.session(bench.aws.responder(), arn)
    assert policy(*made["Statement"])

    ended = run(bench, tmp_path, runbook, Says(), as_=narrow, **inputs)

    assert ended.status == "contained"
    assert not [note for note in ended.unknown if "refused" in note.lower()]

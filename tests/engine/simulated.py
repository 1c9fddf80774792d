"""An incident in simulated AWS: a user whose key leaked, contained by the shipped runbook."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from firedoor.approval import AlwaysTheSame, Answer, People, Question
from firedoor.aws import connect
from firedoor.clock import VirtualClock
from firedoor.engine.desk import Desk, Office, open_desk, opened
from firedoor.engine.running import Outcome, next_run, start
from firedoor.library import Library
from firedoor.simulator.server import SimulatedAws
from firedoor.summary import Summary, summarize
from tests.simulator.conftest import Bench

USER = "ci-deployer"
YES = AlwaysTheSame(Answer(yes=True, by="os:commander", how="scripted"))
LATER = {"restore", "devices", "created_gone", "own_keys", "made_keys_gone", "release"}
"""What is asked after containment."""


class Containing(People):
    """Agrees to whatever contains, and to nothing that deletes or restores."""

    def ask(self, question: Question) -> Answer:
        """Yes, unless it is asked too early."""
        later = bool(LATER & {step.split(".")[0] for step in question.steps})
        return Answer(yes=not later, by="os:commander", how="scripted")


@dataclass
class Fire:
    """The user, the account and the incident; everybody agrees to containing, unless `people` say
    otherwise."""

    aws: SimulatedAws
    clock: VirtualClock
    home: Path
    people: People = field(default_factory=Containing)
    password: bool = False

    def __post_init__(self) -> None:
        self.bench = Bench(self.aws, self.clock)
        self.iam: Any = self.bench.iam
        self.leaked = self.bench.user(USER)
        self.key = self.leaked.access_key_id
        if self.password:
            self.iam.create_login_profile(UserName=USER, Password="Winter-Wall-27")
        self.clock.advance(60)
        self.office = Office.open(self.home)
        self.incident = ""
        self.desk = self.new_desk()

    @property
    def deny(self) -> str:
        """The name of our policy."""
        return f"firedoor-{self.incident}-deny"

    def new_desk(self, people: People | None = None) -> Desk:
        """The incident's desk as another process would open it."""
        who = self.aws.responder()
        aws = connect(
            region="us-east-1",
            endpoint=self.aws.endpoint,
            clock=self.clock,
            credentials=(who.access_key_id, who.secret_access_key, who.session_token),
            simulated=True,
        )
        self.incident = self.incident or opened(
            self.office, aws, aws.target, title="A leaked key", severity="high"
        )
        return open_desk(
            self.office,
            aws,
            aws.target,
            incident=self.incident,
            people=people or self.people,
            by="os:tester",
        )

    def contain(self, user: str = USER) -> Outcome:
        """Run the shipped runbook."""
        program = Library.open().program("compromised-credentials")
        run = next_run(self.desk.recorder.entries())
        return start(self.desk, program, {"user": user}, break_glass=True, run=run)

    def status(self, user: str = USER) -> set[str]:
        """The statuses of the user's keys."""
        found = self.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        return {each["Status"] for each in found}

    def policies(self) -> list[str]:
        """The user's inline policies."""
        return list(self.iam.list_user_policies(UserName=USER)["PolicyNames"])

    def summary(self) -> Summary:
        """How the incident stands."""
        return summarize(self.desk.recorder.entries())

    def soon(self, seconds: float, act: Any) -> None:
        """Somebody does something that many seconds from now."""
        self.clock.at(self.clock.now() + timedelta(seconds=seconds), lambda _: act())

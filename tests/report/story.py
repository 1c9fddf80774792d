"""Tells incidents into a real journal, entry by entry, as the engine would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from firedoor.journal import Entry, Journal
from firedoor.kinds import time_text
from firedoor.store import Store

START = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
KEY = "AKIAIOSFODNN7EXAMPLE"
USER = "arn:aws:iam::111122223333:user/ci-deployer"
DENY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
}
TARGET = {
    "account": "111122223333",
    "region": "us-east-1",
    "principal": "arn:aws:iam::111122223333:role/responder",
    "endpoint": "",
}
PROGRAM = {
    "name": "compromised-credentials",
    "digest": "d" * 64,
    "runbooks": {"compromised-credentials": {"attack": ["T1078.004", "T1098.001"]}},
}


@dataclass
class Story:
    """One incident. Times are seconds from the finding, which is received at START."""

    journal: Journal
    incident: str
    run: str = "r1"
    second: float = 0.0
    results: list[dict[str, Any]] = field(default_factory=list)

    def at(self, seconds: float) -> Story:
        """What is told next happens then."""
        self.second = seconds
        return self

    def tell(
        self, kind: str, data: dict[str, Any], *, by: str = "os:responder", step: str | None = None
    ) -> Entry:
        """Append one entry; with a step, it belongs to the run."""
        return self.journal.append(
            self.incident,
            kind,
            data,
            by=by,
            at=START + timedelta(seconds=self.second),
            run=self.run if step or kind.startswith(("run.", "approval.", "plan.")) else None,
            step=step,
        )

    def entries(self) -> list[Entry]:
        """The journal so far."""
        return self.journal.entries(self.incident)

    def finding(self, **more: Any) -> Story:
        """The finding arrives, is kept and routed."""
        self.evidence("E001", "finding", "The finding as it was received")
        finding = {
            "id": "a2b3",
            "type": "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
            "source": "guardduty",
            "account": "111122223333",
            "region": "us-east-1",
            "severity": 8.0,
            "severity_label": "high",
            "title": "The access key of ci-deployer is used from a known malicious address",
            "description": f"API calls were made with {KEY} from 203.0.113.50.",
            "sample": False,
            "archived": False,
            "resource": {"kind": "access_key", "user": "ci-deployer", "access_key_id": KEY},
            "actor": {"ip": "203.0.113.50", "country": "Nowhere"},
            "occurred": {"first": time_text(START - timedelta(minutes=50))},
            **more,
        }
        self.tell("finding.received", {"finding": finding, "evidence": "E001"}, by="guardduty")
        self.tell(
            "route.decided",
            {
                "playbook": "credential-compromise",
                "runbook": "compromised-credentials",
                "inputs": {"user": "ci-deployer", "access_key_id": KEY},
                "severity": "high",
                "why": "an IAM user's access key is used from outside",
                "unasked": [
                    {
                        "step": "named_key",
                        "action": "iam.disable_access_keys",
                        "target": USER,
                        "why": "preauthorised by credential-compromise",
                    }
                ],
            },
        )
        return self

    def evidence(self, artefact: str, name: str, about: str, step: str | None = None) -> None:
        """A piece of evidence is kept."""
        now = time_text(START + timedelta(seconds=self.second))
        self.tell(
            "evidence.kept",
            {
                "artefact": artefact,
                "name": name,
                "about": about,
                "sha256": f"{int(artefact[1:]):064x}",
                "size": 2048,
                "path": f"{artefact}-{name}.json",
                "source": {k: TARGET[k] for k in ("account", "region", "principal")},
                "collected": {"start": now, "end": now},
                "requests": [],
            },
            step=step,
        )

    def start(self, **more: Any) -> Story:
        """The run begins."""
        self.tell(
            "run.started",
            {
                "run": self.run,
                "parent": None,
                "runbook": "compromised-credentials",
                "title": "Shut out whoever holds an IAM user's access key",
                "inputs": {"user": "ci-deployer", "access_key_id": KEY, "lookback": "48h"},
                "engine": "prefect",
                "program_digest": "d" * 64,
                "program": PROGRAM,
                **more,
            },
        )
        return self

    def begin(self, step: str, action: str, phase: str, title: str = "") -> None:
        """A step begins."""
        data = {"action": action, "phase": phase, "title": title, "given": {"user": "ci-deployer"}}
        self.tell("step.started", data, step=step)

    def end(self, step: str, action: str, phase: str, status: str = "done", **more: Any) -> None:
        """A step ends."""
        data = {
            "action": action,
            "phase": phase,
            "status": status,
            "mutating": phase == "contain",
            "output": None,
            "proof": "none",
            "why": "",
            "unknown": [],
            "seconds": 0.2,
            **more,
        }
        self.results.append({"id": step, "phase": phase, "status": status, "proof": data["proof"]})
        self.tell("step.finished", data, step=step)

    def change(
        self,
        step: str,
        action: str,
        what: str,
        before: Any,
        after: Any,
        *,
        resource: str = USER,
        holds: bool | None = True,
        lost: str = "",
        reopens: str = "",
        title: str = "",
    ) -> Story:
        """A containing step: intent, receipt, proof."""
        self.begin(step, action, "contain", title)
        change = {"resource": resource, "what": what, "from": before, "to": after}
        kept = {"artefact": "E002", "sha256": "2" * 64}
        self.tell(
            "step.intended",
            {
                "action": action,
                "change": {**change, **({"lost": lost} if lost else {})},
                "before": kept,
                **({"reopens": reopens} if reopens else {}),
            },
            step=step,
        )
        self.second += 0.3
        receipt = {"action": action, "resource": resource, "requests": ["7f3a-01"]}
        self.tell("step.receipt", receipt, step=step)
        self.second += 0.2
        self.prove(step, action, holds)
        proof = {True: "holds", False: "broken", None: "unknown"}[holds]
        self.end(step, action, "contain", proof=proof)
        return self

    def prove(self, step: str, action: str, holds: bool | None, *, again: bool = False) -> Entry:
        """A proof is taken."""
        check = {"what": f"{step} is as it shall be", "holds": holds, "kind": "state", "seen": ""}
        data = {"action": action, "phase": "contain", "holds": holds, "kind": "state"}
        more = {"again": True} if again else {}
        return self.tell("proof.taken", {**data, "checks": [check], **more}, step=step)

    def trail(self, *events: tuple[float, str, str | None], left_out: int = 0) -> Story:
        """A look-up in CloudTrail: (seconds, service:Event, error) of the attacker."""
        told = [
            {
                "when": time_text(START + timedelta(seconds=int(second))),
                "source": f"{name.split(':')[0]}.amazonaws.com",
                "event": name.split(":")[1],
                "error": error,
                "identity": USER,
                "ip": "203.0.113.50",
                "agent": "aws-cli/2.27.41",
                "region": "us-east-1",
                "key": KEY,
                "resource": None,
            }
            for second, name, error in events
        ]
        self.tell("trail.seen", {"events": told, "left_out": left_out}, step="activity")
        return self

    def report(self) -> Story:
        """The run's last step begins: the report is written inside it."""
        self.begin("report", "report.write", "report")
        return self

    def finish(self, status: str, **more: Any) -> Story:
        """The run ends."""
        now = START + timedelta(seconds=self.second)
        due = [
            {"at": time_text(now + timedelta(seconds=s)), "what": "read every containment again"}
            for s in (10, 60, 600)
        ]
        data: dict[str, Any] = {
            "run": self.run,
            "runbook": "compromised-credentials",
            "status": status,
            "steps": self.results,
            "unknown": [],
            "due": due if status == "contained" else [],
            **more,
        }
        if status == "contained":
            data["contained_at"] = time_text(now)
        self.tell("run.finished", data)
        return self

    def note(self, section: str, text: str, author: str = "Dana Example") -> Story:
        """A person writes something down."""
        self.tell("note.added", {"section": section, "text": text, "author": author})
        return self


def open_story(home: Path, *, world: str = "aws", prefix: str = "INC", **more: Any) -> Story:
    """An incident that has just been opened."""
    journal = Journal(Store.open(home))
    title = more.pop("title", "The access key of ci-deployer is used by somebody else")
    incident = journal.open_incident(
        prefix,
        at=START,
        by="os:responder",
        title=title,
        severity="high",
        world=world,
        target={**TARGET, "world": world},
        status="open",
        policy={"folder": "playbooks", "digest": "b" * 64},
        **more,
    )
    return Story(journal, incident)


ATTACK: Sequence[tuple[float, str, str | None]] = (
    (-3000, "sts:GetCallerIdentity", None),
    (-2980, "iam:ListUsers", None),
    (-2400, "iam:CreateAccessKey", None),
    (-2300, "secretsmanager:GetSecretValue", None),
    (-600, "iam:CreateUser", None),
    (1, "s3:ListBuckets", None),
)


def contain(story: Story) -> Story:
    """The whole of the work, up to the report: four changes, one question, one look-up."""
    story.at(0).finding()
    story.at(0.4).start()
    story.begin("who", "iam.resolve_user", "triage")
    story.end("who", "iam.resolve_user", "triage")
    story.at(0.8).change(
        "named_key",
        "iam.disable_access_keys",
        "status",
        "Active",
        "Inactive",
        resource=f"{USER}#access-key/{KEY}",
        reopens="a key that leaked stays leaked: making it active lets its holder in again",
    )
    story.at(2).tell(
        "approval.asked",
        {
            "id": f"{story.incident}-A1",
            "steps": ["deny", "console"],
            "question": "Make these 2 changes (deny, console)?",
            "by": ["incident_commander"],
            "expires": time_text(START + timedelta(minutes=15)),
            "on_timeout": "escalate",
            "changes": [],
        },
    )
    return story


def agree(story: Story, second: float = 242.0) -> Story:
    """Somebody says yes, and the rest is done."""
    story.at(second).tell(
        "approval.given",
        {
            "id": f"{story.incident}-A1",
            "steps": ["deny", "console"],
            "reason": "confirmed with the owner",
            "how": "terminal",
            "waited_seconds": 240.0,
        },
        by="os:dana",
    )
    story.at(second + 1).change(
        "deny", "iam.deny_user", "inline policy", None, DENY, title="Deny everything"
    )
    story.at(second + 2).change(
        "console",
        "iam.remove_console_access",
        "console password",
        {"created": "2025-01-01"},
        None,
        resource=f"{USER}/login",
        lost="AWS tells nobody a password, so it cannot be put back",
    )
    story.begin("activity", "cloudtrail.lookup_principal", "triage")
    story.trail(*ATTACK, (243, "iam:CreateUser", "AccessDenied"))
    story.end("activity", "cloudtrail.lookup_principal", "triage")
    return story.at(second + 4).report()

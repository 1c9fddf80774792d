"""Tells people, by a way that does not depend on the chat, what waits for them or is open again.

A topic, a webhook or a mail, as `alert:` in `playbooks/plan.yaml` says. It is tried once and its
outcome journalled; it never stops or delays a run by more than a few seconds.
"""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from typing import Any

from firedoor.actions.contract import Aws
from firedoor.chain import Entry
from firedoor.engine.desk import Desk
from firedoor.engine.reach import at_home
from firedoor.errors import FiredoorError
from firedoor.finding import Finding
from firedoor.kinds import mask_key_id
from firedoor.response_plan import Alert

SECONDS = 5.0
SENDER = "firedoor@localhost"
SUBJECT_LETTERS = 100
"""SNS takes subjects of at most 100 printable ASCII letters."""


def alert(desk: Desk, asked: Entry) -> None:
    """Tell of one `approval.asked`. In a simulated world nobody is told."""
    if desk.target.get("world") == "simulated":
        return
    _tell(desk, message(desk.incident, asked), asked.data["id"], asked.run)


def alert_broken(desk: Desk, steps: Sequence[Mapping[str, Any]]) -> None:
    """Tell that what was contained does not hold any more: `steps` as `verify` tells them."""
    if desk.target.get("world") == "simulated":
        return
    places = [f"{step['run']}/{step['id']}" for step in steps]
    again = f"firedoor verify {desk.incident} --reapply"
    told = {
        "incident": desk.incident,
        "subject": f"{desk.incident}: does not hold any more: {', '.join(places)}",
        "broken": places,
        "lines": [
            f"What {desk.incident} had shut is open again:",
            *(
                mask_key_id(f"- {check['what']} ({check.get('seen') or 'no'})")
                for step in steps
                for check in step["checks"]
                if check["holds"] is False
            ),
            "",
            again,
        ],
    }
    _tell(desk, told, f"{desk.incident}-broken", None)


def alert_parked(
    wanted: Alert, connected: Callable[[], Aws], finding: Finding, why: str
) -> list[str]:
    """Tell that a finding could not be worked and waits for people; what went wrong with that."""
    what = mask_key_id(f"{finding.type} in account {finding.account or '?'}")
    told = {
        "subject": f"NOT WORKED: {what}",
        "lines": [f"{what} could not be worked: {why}", "", "firedoor status"],
        "finding": finding.id,
    }
    problems = []
    for channel in ("sns", "webhook", "email"):
        only = Alert(**{channel: getattr(wanted, channel)}, smtp=wanted.smtp)
        try:
            aws = connected() if only.sns else None
            for send in ways(only, aws).values():
                send(told)
        except (FiredoorError, OSError, smtplib.SMTPException, ValueError) as error:
            problems.append(f"{channel} could not be told that {what} is parked: {_why(error)}")
    return problems


def _tell(desk: Desk, told: dict[str, Any], id_: str, run: str | None) -> None:
    for channel, send in ways(desk.plan.alert, at_home(desk.aws)).items():
        data = {"id": id_, "channel": channel}
        try:
            send(told)
        except (FiredoorError, OSError, smtplib.SMTPException, ValueError) as error:
            desk.recorder.write("alert.failed", {**data, "why": _why(error)}, run=run)
        else:
            desk.recorder.write("alert.sent", data, run=run)


def message(incident: str, asked: Entry) -> dict[str, Any]:
    """What is told: the question, who may answer, until when, and how. Key ids are masked."""
    data = asked.data
    return {
        "incident": incident,
        "approval": data["id"],
        "question": mask_key_id(data["question"]),
        "for": data["by"],
        "expires": data["expires"],
        "changes": [
            {"resource": mask_key_id(change["resource"]), "what": change["what"]}
            for change in data["changes"]
        ],
        "calls": [mask_key_id(item) for item in data["items"]],
        "why": [mask_key_id(why) for why in data.get("why", ())],
        "approve": f"firedoor approve {data['id']}",
        "deny": f"firedoor deny {data['id']}",
    }


def ways(wanted: Alert, aws: Aws | None) -> dict[str, Callable[[dict[str, Any]], None]]:
    """The ways that the plan names."""
    found: dict[str, Callable[[dict[str, Any]], None]] = {}
    if wanted.sns and aws is not None:
        topic, caller = wanted.sns, aws
        found["sns"] = lambda told: _publish(caller, topic, told)
    if wanted.webhook:
        url = wanted.webhook
        found["webhook"] = lambda told: _post(url, told)
    if wanted.email:
        address, server = wanted.email, wanted.smtp
        found["email"] = lambda told: _mail(address, server, told)
    return found


def _publish(aws: Aws, topic: str, told: dict[str, Any]) -> None:
    aws.call(
        "sns",
        "publish",
        region=topic.split(":")[3] or None,
        TopicArn=topic,
        Subject=_subject(told),
        Message=_text(told),
    )


def _post(url: str, told: dict[str, Any]) -> None:
    body = json.dumps({"text": _text(told), **told}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "firedoor"}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=SECONDS) as reply:
        reply.read(1024)


def _mail(address: str, server: str, told: dict[str, Any]) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, address, _subject(told)
    mail.set_content(_text(told))
    host, _, port = server.partition(":")
    with smtplib.SMTP(host, int(port or 25), timeout=SECONDS) as smtp:
        smtp.send_message(mail)


def _subject(told: dict[str, Any]) -> str:
    text = (
        told.get("subject")
        or f"{told['incident']}: {told['approval']} waits for {', '.join(told['for'])}"
    )
    return "".join(letter if 32 <= ord(letter) < 127 else "?" for letter in text)[:SUBJECT_LETTERS]


def _text(told: dict[str, Any]) -> str:
    if "lines" in told:
        return _plain(told["lines"])
    lines = [told["question"], f"For {', '.join(told['for'])}, until {told['expires']}.", ""]
    lines += [f"- {change['resource']} ({change['what']})" for change in told["changes"]]
    lines += [f"- {call}" for call in told["calls"]]
    lines += [f"It asks because: {why}" for why in told["why"]]
    lines += ["", told["approve"], told["deny"]]
    return _plain(lines)


def _plain(lines: Sequence[str]) -> str:
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)


def _why(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    return str(getattr(error, "reason", None) or error or type(error).__name__)[:200]

"""Who may let a step run: what the playbook preauthorised, what a person confirmed or approved.

Everything is read from the journal, so that a run in another process, a resumed run and a run that
somebody starts in Prefect's own interface all find the same answer. Nothing here asks anybody.

An approval covers the actions that it was asked about, on those targets, with what they overwrite.
It is asked again only when one of these differs: an attacker who adds one more key to the same user
must not be able to keep people clicking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from firedoor.actions.contract import Change
from firedoor.chain import Entry
from firedoor.kinds import parse_time
from firedoor.runbook import Json

Verdict = Literal["unasked", "agreed", "ask", "denied"]

NOT_AGREED = "nobody has agreed to it yet"
"""Why a step asks when nothing else is to be said."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a step may run now: `why` names the rule or the approval; `approval` its id.

    `stops`: nobody answered in time, and the step says that the run ends then.
    """

    verdict: Verdict
    why: str
    approval: str = ""
    stops: bool = False

    @property
    def allowed(self) -> bool:
        """May it run now?"""
        return self.verdict in ("unasked", "agreed")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a step wants to do: an action's changes, or the calls of a loop or sub-runbook.

    `name` is `runbook/step`; `items` are the calls, each as text; `own`: the step has its own
    `approve:` (or is a loop), which a yes to the whole plan does not answer.
    """

    run: str
    step: str
    name: str
    action: str = ""
    changes: tuple[Change, ...] = ()
    items: tuple[str, ...] = ()
    own: bool = False


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is asked: these steps, making these changes, or these calls of a loop.

    `heard`: who has said yes so far, where more than one person has to.
    """

    id: str
    run: str
    steps: tuple[str, ...]
    text: str
    by: str
    changes: tuple[Change, ...] = ()
    items: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a person (or a script standing in for one) said."""

    yes: bool
    by: str
    how: str
    reason: str = ""
    waited_seconds: float = 0.0


class People(Protocol):
    """Those who can be asked while a run goes on. `None`: nobody is there to answer now."""

    def ask(self, question: Question) -> Answer | None: ...


class Nobody:
    """No terminal: nothing prompts, an approval is created and the run waits."""

    def ask(self, question: Question) -> Answer | None:
        """Nobody is there."""
        return None


class AlwaysTheSame:
    """Answers every question the same way; drills and tests."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def ask(self, question: Question) -> Answer | None:
        """The one answer."""
        return self._answer


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An approval and what was said to it so far. `yes`: distinct people who agreed, in time."""

    entry: Entry
    yes: tuple[str, ...] = ()
    words: str = ""
    denied: str = ""
    expired: bool = False

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.entry.data["id"])

    @property
    def quorum(self) -> int:
        """How many people have to agree."""
        return int(self.entry.data.get("quorum", 1))

    @property
    def agreed(self) -> bool:
        """Whether enough people said yes, and nobody no."""
        return not self.denied and len(self.yes) >= self.quorum

    @property
    def open(self) -> bool:
        """Whether it still waits for somebody."""
        return not self.denied and not self.agreed and not self.expired


def asked_of(entries: Sequence[Entry], now: datetime | None = None) -> list[Asked]:
    """Every approval of a journal, oldest first. Without `now` none counts as expired.

    A yes that came after the expiry is not a yes; one no ends it.
    """
    found: dict[str, Asked] = {}
    for entry in entries:
        if entry.kind == "approval.asked":
            asked = Asked(entry=entry)
            ends = _moment(entry.data.get("expires"))
            late = bool(now and ends and ends <= now)
            found[asked.id] = msgspec.structs.replace(asked, expired=late)
        elif entry.kind in ("approval.given", "approval.denied") and entry.data["id"] in found:
            found[entry.data["id"]] = _heard(found[entry.data["id"]], entry)
        elif entry.kind == "approval.expired" and entry.data["id"] in found:
            asked = found[entry.data["id"]]
            found[asked.id] = msgspec.structs.replace(asked, expired=True)
    return list(found.values())


def _heard(asked: Asked, entry: Entry) -> Asked:
    if entry.kind == "approval.denied":
        said = f"{entry.by} said no"
        reason = entry.data.get("reason")
        return msgspec.structs.replace(asked, denied=said + (f": {reason}" if reason else ""))
    ends = _moment(asked.entry.data.get("expires"))
    at = _moment(entry.at)
    if ends and at and at > ends:
        return asked
    person = str(entry.data.get("person") or entry.by)
    yes = asked.yes if person in asked.yes else (*asked.yes, person)
    words = f"{entry.by} ({entry.data['how']})"
    told = f"{asked.words}, {words}" if asked.words else words
    return msgspec.structs.replace(asked, yes=yes, words=told)


def open_questions(entries: Sequence[Entry]) -> list[Entry]:
    """The `approval.asked` entries that still wait for an answer, expired ones included."""
    return [asked.entry for asked in asked_of(entries) if asked.open]


def decide(entries: Sequence[Entry], wanted: Wanted, *, now: datetime | None = None) -> Decision:
    """What the journal says of what a step wants to do."""
    stale = ""
    for asked in reversed(asked_of(entries, now)):
        if (
            asked.entry.run != wanted.run
            or wanted.step.split(".")[0] not in asked.entry.data["steps"]
        ):
            continue
        if asked.denied:
            return Decision(verdict="denied", why=asked.denied, approval=asked.id)
        if asked.expired and not asked.agreed:
            rule = asked.entry.data.get("on_timeout", "escalate")
            if rule in ("stop", "skip"):
                why = f"nobody answered {asked.id} in time (on_timeout: {rule})"
                return Decision(verdict="denied", why=why, approval=asked.id, stops=rule == "stop")
            continue
        if asked.agreed:
            other = _not_covered(asked.entry.data, wanted)
            if not other:
                return Decision(verdict="agreed", why=asked.words, approval=asked.id)
            stale = stale or f"{asked.id} was about something else: {other}"
    if not wanted.own:
        confirmed = _confirmed(entries, wanted) or _unasked(entries, wanted)
        if confirmed:
            return confirmed
    return Decision(verdict="ask", why=stale or NOT_AGREED)


def _not_covered(data: Mapping[str, Any], wanted: Wanted) -> str:
    """What of it an approval was not asked about; "" when it covers everything."""
    if wanted.items:
        listed_items = set(data.get("items") or ())
        return next((f"{item} is new" for item in wanted.items if item not in listed_items), "")
    covers = [each for each in data.get("covers") or () if each["step"] == wanted.step]
    if any(each["action"] != wanted.action for each in covers):
        return f"the action is {wanted.action} now"
    listed = [each["changes"] for each in covers] if covers else [data.get("changes") or ()]
    known = [msgspec.convert(change, Change) for changes in listed for change in changes]
    return next((new for change in wanted.changes if (new := _difference(known, change))), "")


def _difference(asked: Sequence[Change], change: Change) -> str:
    """How a change differs from those that were asked about; "" when it does not matter."""
    for one in asked:
        if one.resource == change.resource:
            if change.from_ is None or _overwritten(change) == _overwritten(one):
                return ""
            return f"{change.resource} is not what it was"
    if target_of(change.resource) not in {target_of(one.resource) for one in asked}:
        return f"{target_of(change.resource)} is a new target"
    alike = any(
        one.what == change.what and _overwritten(one) == _overwritten(change) for one in asked
    )
    if change.from_ is None or alike:
        return ""
    return f"{change.resource} would be overwritten too"


def _overwritten(change: Change) -> tuple[Json, str]:
    """What it overwrites: a secret by its fingerprint, which stands for it."""
    return change.from_, change.seal


def target_of(resource: str) -> str:
    """The thing that a part belongs to: a user for his key, a bucket for its policy."""
    return resource.split("#", 1)[0]


def _confirmed(entries: Sequence[Entry], wanted: Wanted) -> Decision | None:
    """The yes to a whole plan: it covers what the plan showed for this step."""
    given = [
        entry
        for entry in entries
        if entry.kind == "approval.given"
        and "*" in entry.data["steps"]
        and entry.run in (wanted.run, wanted.run.split(".")[0])
    ]
    if not given:
        return None
    yes = given[-1]
    shown = [
        step
        for entry in entries
        if entry.kind == "plan.made" and entry.run == yes.run
        for step in entry.data["steps"]
    ]
    if any(_shown(step, shown, wanted) for step in shown):
        why = f"{yes.by} ({yes.data['how']})"
        return Decision(verdict="agreed", why=why, approval=yes.data["id"])
    return None


def _shown(step: Mapping[str, Json], plan: Sequence[Mapping[str, Json]], wanted: Wanted) -> bool:
    if (step["run"], step["id"], step["action"]) != (wanted.run, wanted.step, wanted.action):
        return False
    known = _changes(step)
    if known:
        return not any(_difference(known, change) for change in wanted.changes)
    # It had nothing to do then. What it does now is on a target of the plan, and can be undone.
    targets = {target_of(change.resource) for each in plan for change in _changes(each)}
    return all(target_of(each.resource) in targets and not each.lost for each in wanted.changes)


def _changes(step: Mapping[str, Json]) -> list[Change]:
    return [msgspec.convert(change, Change) for change in step.get("changes") or ()]


def _unasked(entries: Sequence[Entry], wanted: Wanted) -> Decision | None:
    """What the playbook preauthorised: this step of the routed runbook, on this one target."""
    for entry in entries:
        if entry.kind != "route.decided" or "." in wanted.run:
            continue
        for item in entry.data["unasked"]:
            if f"{entry.data['runbook']}/{item['step']}" != wanted.name:
                continue
            if all(_is_target(change.resource, item["target"]) for change in wanted.changes):
                return Decision(verdict="unasked", why=item.get("why") or "preauthorised")
    return None


def _is_target(resource: str, target: str) -> bool:
    """Whether a part is of the one thing that was preauthorised: the thing itself or its owner.

    A bucket is that bucket, not an object that somebody has called like it.
    """
    whole = target_of(resource)
    if ":s3:::" in whole:
        return whole == target or whole.endswith(f":s3:::{target}")
    named = ("/" + target, ":" + target)
    return target in (resource, whole) or any(each.endswith(named) for each in (resource, whole))


def _moment(text: Any) -> datetime | None:
    return parse_time(text) if isinstance(text, str) and text else None

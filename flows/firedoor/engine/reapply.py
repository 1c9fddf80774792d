"""Shuts again what somebody opened after it had been shut, on the approval that was given for it.

An attacker with IAM rights has seconds to take a containment back, and may do it again and again:
people must not have to agree anew each time. What was agreed to is made again as long as the
action, the target and what it overwrites are the same; everything else is left for them to decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from firedoor.actions.contract import Change, State
from firedoor.approval import Decision, Wanted, asked_of, decide
from firedoor.chain import Entry
from firedoor.engine.applying import apply_once, judge
from firedoor.engine.desk import Desk
from firedoor.engine.guard import Guard
from firedoor.engine.lease import working
from firedoor.engine.made import (
    Made,
    action_of,
    changes_made,
    faults,
    look,
    read_input,
    short,
    standing,
    taken_back,
)
from firedoor.engine.step_record import StepRecord
from firedoor.errors import FiredoorError, StoreUnavailable
from firedoor.program import Program
from firedoor.runbook import Json
from firedoor.side_by_side import in_threads


class Reopened(msgspec.Struct, frozen=True, kw_only=True):
    """A step whose containment somebody took back. `changes` shut it again.

    `found`: what is there now, in words; `allowed`: on whose word it is shut again; "" when
    nobody's covers it, and `why` says what is missing.
    """

    step: str
    run: str
    action: str
    phase: str
    given: dict[str, Json]
    changes: tuple[Change, ...]
    found: tuple[str, ...]
    allowed: str = ""
    why: str = ""

    def shown(self) -> Reopened:
        """As people may have it: secrets masked."""
        changes = tuple(change.shown() for change in self.changes)
        return msgspec.structs.replace(self, changes=changes)


def reopened(desk: Desk) -> list[Reopened]:
    """What was opened since it was shut, step by step. Reads AWS, changes nothing."""
    steps: dict[tuple[str, str], list[Made]] = {}
    for made in standing(changes_made(desk)):
        steps.setdefault((made.run, made.step), []).append(made)
    journal = _Journal(desk.recorder.entries())
    guard = Guard(desk)
    found = in_threads(list(steps.values()), partial(_look, desk, journal, guard))
    return [each for each in found if each is not None]


def reapply(desk: Desk, planned: Sequence[Reopened]) -> dict[str, list[Json]]:
    """Shut again what may be: `reapplied`, and `left` with the reasons. The journal has them as
    intents and receipts of the step that made them first. Refused while another process works the
    incident."""
    with working(desk.recorder.journal, desk.incident, by=desk.recorder.by):
        return shut_again(desk, planned)


def shut_again(desk: Desk, planned: Sequence[Reopened]) -> dict[str, list[Json]]:
    """`reapply` for the process that works the incident already."""
    done: list[Json] = []
    left: list[Json] = []
    for one in planned:
        if not one.allowed:
            left.append(_told(one, one.why))
            continue
        try:
            _again(desk, one)
        except StoreUnavailable:
            # Nothing can be written down: nothing further is done either.
            raise
        except FiredoorError as error:
            left.append(_told(one, str(error)))
        else:
            done.append(_told(one, one.allowed))
    return {"reapplied": done, "left": left}


def _look(desk: Desk, journal: _Journal, guard: Guard, made: Sequence[Made]) -> Reopened | None:
    first = made[0]
    try:
        seen = look(desk, first.action, first.given)
        opened = [one for one in made if seen.parts.get(one.change.resource) != one.change.to]
        if not opened and _holds(desk, first) is not False:
            return None
        changes = _changes(desk, first, seen)
    except StoreUnavailable:
        raise
    except FiredoorError as error:
        return _reopened(journal, made, (), (), why=f"it cannot be looked at: {error}")
    told = tuple(
        f"{one.change.resource} is "
        f"{short(seen.parts.get(one.change.resource), secret=one.change.secret)}, "
        f"not {short(one.change.to, secret=one.change.secret)}"
        for one in opened
    )
    if not changes:
        # Opened and yet nothing to do: a key that was deleted is shut for good.
        if _holds(desk, first) is not False:
            return None
        why = "there is nothing to make again, and yet it does not hold: look at it yourself"
        return _reopened(journal, made, (), told, why=why)
    brake = guard.forbids(changes)
    if brake:
        return _reopened(journal, made, changes, told, why=str(brake))
    decision = journal.decide(desk, first, _as_asked(desk, made, changes))
    held = guard.brakes(changes) if decision.verdict == "unasked" else ()
    if held:
        return _reopened(journal, made, changes, told, why="; ".join(map(str, held)))
    if decision.allowed:
        return _reopened(journal, made, changes, told, allowed=decision.why)
    why = f"no approval covers it: {decision.why}. Run it again, which asks"
    return _reopened(journal, made, changes, told, why=why)


def _reopened(
    journal: _Journal,
    made: Sequence[Made],
    changes: Sequence[Change],
    found: tuple[str, ...],
    **said: str,
) -> Reopened:
    first = made[0]
    return Reopened(
        step=first.step,
        run=first.run,
        action=first.action,
        phase=journal.phase(first),
        given=dict(first.given),
        changes=tuple(changes),
        found=found,
        **said,
    )


def _holds(desk: Desk, one: Made) -> bool | None:
    action = action_of(desk, one.action)
    assert action.verify
    with faults(one.action):
        return judge(action.verify(desk.aws, read_input(action, one.given), desk.case()))


def _changes(desk: Desk, one: Made, seen: State) -> list[Change]:
    """What the step would change now, but for what people have taken back of it themselves."""
    action = action_of(desk, one.action)
    assert action.changes
    with faults(one.action):
        found = action.changes(read_input(action, one.given), seen, desk.case())
    theirs = {what for run, step, what in taken_back(desk) if (run, step) == (one.run, one.step)}
    return [change for change in found if change.resource not in theirs]


def _as_asked(desk: Desk, made: Sequence[Made], changes: Sequence[Change]) -> list[Change]:
    """The changes as people were asked about them.

    A thing of our own, named after the incident, was not there before: whatever somebody wrote into
    it since is tampering with what was agreed to, and nothing of theirs is overwritten.
    """
    own = f"firedoor-{desk.incident}-"
    ours = {
        one.change.resource
        for one in made
        if one.change.from_ is None and own in one.change.resource
    }
    return [
        msgspec.structs.replace(change, from_=None) if change.resource in ours else change
        for change in changes
    ]


def _again(desk: Desk, one: Reopened) -> None:
    """Write-ahead as the first time: state before, intents, then change by change."""
    action = action_of(desk, one.action)
    given = read_input(action, one.given)
    record = StepRecord(desk.recorder, desk.aws, one.run, one.step, again=True)
    record.intend(action, look(desk, one.action, one.given), list(one.changes))
    for change in one.changes:
        with faults(one.action):
            requests = apply_once(desk.aws, action, given, change, desk.case())
        record.receipt(action, change, requests)


def _told(one: Reopened, why: str) -> dict[str, Json]:
    return {
        "step": one.step,
        "run": one.run,
        "changes": msgspec.to_builtins(one.shown().changes),
        "found": list(one.found),
        "why": why,
    }


class _Journal:
    """Who agreed to a step: in its own run, or to the loop or sub-runbook that it belongs to."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._started = {
            entry.data["run"]: entry.data for entry in entries if entry.kind == "run.started"
        }
        self._phases = {
            (entry.run, entry.step): str(entry.data["phase"])
            for entry in entries
            if entry.kind == "step.started"
        }

    def phase(self, one: Made) -> str:
        """The phase of a step."""
        return self._phases.get((one.run, one.step), "contain")

    def decide(self, desk: Desk, one: Made, changes: Sequence[Change]) -> Decision:
        """Whether what was agreed to covers these changes."""
        now = desk.aws.now()
        base = one.step.split(".")[0]
        wanted = Wanted(
            run=one.run,
            step=one.step,
            name=f"{self._runbook(one.run)}/{base}",
            action=one.action,
            changes=tuple(desk.recorder.seals.recordable(change) for change in changes),
            own=self._asks_itself(one.run, base),
        )
        decision = decide(self._entries, wanted, now=now)
        if decision.allowed:
            return decision
        above = self._call(one.run, one.step, one.action, one.given) or self._above(one.run)
        return above or decision

    def _above(self, run: str) -> Decision | None:
        """The yes to the call that a run inside another one is."""
        started = self._started.get(run, {})
        parent = started.get("parent")
        if not parent:
            return None
        step = run.removeprefix(f"{parent}.")
        called = self._call(parent, step, started["runbook"], started["inputs"])
        return called or self._above(parent)

    def _call(self, run: str, step: str, what: str, given: Mapping[str, Json]) -> Decision | None:
        """The yes to a loop or sub-runbook in whose list this call stood."""
        base = step.split(".")[0]
        words = [what, *(f"{key}={value}" for key, value in given.items() if value is not None)]
        call = sorted(word for word in words if not word.startswith("lookback="))
        for asked in asked_of(self._entries):
            items = asked.entry.data.get("items") or ()
            here = asked.entry.run == run and base in asked.entry.data["steps"]
            if here and asked.agreed and any(sorted(item.split(" ")) == call for item in items):
                return Decision(verdict="agreed", why=asked.words, approval=asked.id)
        return None

    def _runbook(self, run: str) -> str:
        return str(self._started.get(run, {}).get("runbook", ""))

    def _asks_itself(self, run: str, step: str) -> bool:
        """Whether a step has its own `approve:` in the program that the journal keeps."""
        top = self._started.get(run.split(".")[0], {})
        if "program" not in top:
            return True
        program = msgspec.convert(top["program"], Program)
        book = program.runbooks.get(self._runbook(run))
        return any(each.id == step and each.approve for each in book.all_steps()) if book else True

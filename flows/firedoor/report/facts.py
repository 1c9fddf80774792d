"""Reads a journal once into what the parts of the report ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from firedoor.report.moments import moment, relative
from firedoor.report.text import line, tidy, tidy_text

if TYPE_CHECKING:
    from firedoor.chain import Entry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """A journal entry with its time read, its texts clean and its access key ids masked."""

    seq: int
    at: datetime
    stamp: str
    kind: str
    by: str
    run: str
    step: str
    data: dict[str, Any]
    hash: str

    def text(self, key: str) -> str:
        """A field as one line; "" when it is absent."""
        return line(self.data.get(key))

    def items(self, key: str) -> list[Any]:
        """A field that is a list; [] when it is absent."""
        found = self.data.get(key)
        return found if isinstance(found, list) else []

    def part(self, key: str) -> dict[str, Any]:
        """A field that is an object; {} when it is absent."""
        found = self.data.get(key)
        return found if isinstance(found, dict) else {}


@dataclass
class StepFacts:
    """What the journal says of one step of one run, by kind of entry."""

    run: str
    step: str
    action: str = ""
    phase: str = ""
    title: str = ""
    started: Told | None = None
    finished: Told | None = None
    intents: list[Told] = field(default_factory=list)
    receipts: dict[str, Told] = field(default_factory=dict)
    proofs: list[Told] = field(default_factory=list)
    undone: dict[str, Told] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """`done`, `failed`…; `running` when it was started and has not finished."""
        return self.finished.text("status") if self.finished else "running"

    @property
    def mutating(self) -> bool:
        """Whether it changed, or was to change, something; steps that only read may prove too."""
        told = self.finished.data.get("mutating") if self.finished else None
        return bool(self.intents or told)

    @property
    def proof(self) -> Told | None:
        """The proof that was taken last."""
        return self.proofs[-1] if self.proofs else None

    @property
    def open_again(self) -> bool:
        """Whether every change that it made was undone since."""
        return bool(self.receipts) and set(self.receipts) <= set(self.undone)


@dataclass
class RunFacts:
    """One run: where it began, where it went on, how it ended last."""

    run: str
    parent: str
    started: Told
    resumed: list[Told] = field(default_factory=list)
    finished: Told | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing of it is under way."""
        last = self.resumed[-1].seq if self.resumed else self.started.seq
        return self.finished is not None and self.finished.seq > last


@dataclass(frozen=True)
class Facts:
    """A journal, read. `origin` is the moment that relative times count from: the detection."""

    entries: tuple[Told, ...]
    kinds: dict[str, list[Told]]
    steps: dict[tuple[str, str], StepFacts]
    runs: dict[str, RunFacts]
    opened: Told
    origin: datetime

    def of(self, *kinds: str) -> list[Told]:
        """The entries of these kinds, in the journal's order."""
        if len(kinds) == 1:
            return self.kinds.get(kinds[0], [])
        found = [entry for kind in kinds for entry in self.kinds.get(kind, [])]
        return sorted(found, key=lambda entry: entry.seq)

    @property
    def incident(self) -> str:
        """The incident's id."""
        return self.opened.text("id")

    @property
    def simulated(self) -> bool:
        """Whether it was played against simulated AWS."""
        world = self.opened.data.get("world") or self.opened.part("target").get("world")
        return world == "simulated"

    @property
    def last(self) -> Told:
        """The newest entry."""
        return self.entries[-1]

    def rel(self, at: datetime) -> str:
        """A moment as counted from the detection."""
        return relative(at, self.origin)

    def known(self, seq: int) -> Told | None:
        """The entry of this number; None when the journal lacks it."""
        found = self.entries[seq - 1] if 0 < seq <= len(self.entries) else None
        return found if found and found.seq == seq else None

    def top_runs(self) -> list[RunFacts]:
        """The runs that no other run called."""
        return [run for run in self.runs.values() if not run.parent]

    def open_questions(self) -> list[Told]:
        """The questions that nobody has answered."""
        answered = {told.text("id") for told in self.of("approval.given", "approval.denied")}
        return [told for told in self.of("approval.asked") if told.text("id") not in answered]


def read(entries: Sequence[Entry]) -> Facts:
    """The facts of a journal, which is not empty and begins with `incident.opened`."""
    told = tuple(_told(entry) for entry in entries)
    kinds: dict[str, list[Told]] = {}
    steps: dict[tuple[str, str], StepFacts] = {}
    runs: dict[str, RunFacts] = {}
    for each in told:
        kinds.setdefault(each.kind, []).append(each)
        if each.run and each.step:
            _note_step(
                steps.setdefault((each.run, each.step), StepFacts(each.run, each.step)), each
            )
        if each.kind.startswith("run."):
            _note_run(runs, each)
    found = kinds.get("finding.received")
    return Facts(
        entries=told,
        kinds=kinds,
        steps={key: step for key, step in steps.items() if step.action},
        runs=runs,
        opened=told[0],
        origin=min(each.at for each in found) if found else told[0].at,
    )


def _told(entry: Entry) -> Told:
    data = tidy(entry.data)
    return Told(
        seq=entry.seq,
        at=moment(entry.at) or _EPOCH,
        stamp=tidy_text(entry.at),
        kind=tidy_text(entry.kind),
        by=line(tidy_text(entry.by)),
        run=tidy_text(entry.run or ""),
        step=tidy_text(entry.step or ""),
        data=data if isinstance(data, dict) else {},
        hash=entry.hash,
    )


def _note_step(step: StepFacts, told: Told) -> None:
    step.action = told.text("action") or step.action
    # A proof that is taken again calls every step a containing one; the step itself knows better.
    if not told.data.get("again"):
        step.phase = told.text("phase") or step.phase
    match told.kind:
        case "step.started":
            step.started = step.started or told
            step.title = told.text("title")
        case "step.finished":
            step.finished = told
        case "step.intended":
            step.intents.append(told)
        case "step.receipt":
            step.receipts[told.text("resource")] = told
            step.undone.pop(told.text("resource"), None)
        case "proof.taken":
            step.proofs.append(told)
        case "undo.receipt":
            resource = told.text("resource") or line(told.part("change").get("resource"))
            step.undone[resource] = told
        case _:
            pass


def _note_run(runs: dict[str, RunFacts], told: Told) -> None:
    name = told.text("run") or told.run
    if name not in runs:
        runs[name] = RunFacts(run=name, parent=told.text("parent"), started=told)
    elif told.kind in ("run.resumed", "run.started"):
        runs[name].resumed.append(told)
    if told.kind == "run.finished":
        runs[name].finished = told

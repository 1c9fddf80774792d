"""What an incident has come to, from its journal: for lists and status lines.

A run's own ending is one witness of several: a proof that was taken again and does not hold, a
change that was undone since, overrule it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from firedoor.chain import Entry

WORST = ("running", "waiting", "not_contained", "failed", "refused", "contained", "done")
"""How runs end, what wants attention first: the first of them is the incident's status."""

Place = tuple[str, str]
"""A run and a step of it."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One incident in short.

    `status`: the worst of its runs (of those with the same runbook and inputs the last), overruled
    by later proofs, by undo (`undone`, `partly_undone`) and by what people said (`closed`). `due`:
    the later checks nobody has made yet. `contained_at`, and `last_success`: the last call of the
    attacker's that was seen to get through after that, None when none was.
    """

    id: str
    status: str
    severity: str
    title: str
    findings: int
    opened: str
    world: str
    target: dict[str, str]
    runs: tuple[dict[str, Any], ...]
    waiting: tuple[dict[str, Any], ...]
    due: tuple[dict[str, str], ...]
    unknown: tuple[str, ...]
    report: str
    contained_at: str = ""
    watched_until: str = ""
    last_success: dict[str, Any] | None = None
    broken: tuple[str, ...] = ()


def summarize(entries: Sequence[Entry]) -> Summary:
    """The summary of a journal, whose first entry opens the incident."""
    opened = entries[0]
    severity = opened.data.get("severity", "")
    asked: dict[str, dict[str, Any]] = {}
    report = said = ""
    runs = _Runs()
    for entry in entries:
        data = entry.data
        runs.hear(entry)
        if entry.kind == "approval.asked":
            asked[data["id"]] = {"run": entry.run, "asked": entry.at, **data}
        elif entry.kind in ("approval.given", "approval.denied"):
            asked.pop(data["id"], None)
        elif entry.kind == "severity.changed":
            severity = data["to"]
        elif entry.kind == "status.changed":
            said = data["to"]
        elif entry.kind == "run.started":
            said = ""
        elif entry.kind == "report.written":
            report = data["path"]
    status = said or runs.status()
    current = runs.current()
    return Summary(
        id=opened.data["id"],
        status=status,
        severity=severity,
        title=opened.data.get("title", ""),
        findings=len(findings_of(entries)),
        opened=opened.at,
        world=opened.data.get("world", "aws"),
        target=opened.data.get("target", {}),
        runs=tuple(runs.shown()),
        waiting=tuple(asked.values()),
        due=() if status == "undone" else tuple(checks_due(entries)),
        unknown=tuple(dict.fromkeys(note for run in current for note in run.get("unknown", ()))),
        report=report,
        contained_at=_latest(run.get("contained_at") for run in current)
        if status == "contained"
        else "",
        watched_until=runs.watched_until,
        last_success=runs.last_success,
        broken=tuple(f"{run}/{step}" for run, step in runs.broken),
    )


def findings_of(entries: Sequence[Entry]) -> dict[str, Entry]:
    """The last message about each finding of an incident, by source and id, the earliest first."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.kind == "finding.received":
            told = entry.data["finding"]
            found[f"{told.get('source')} {told.get('id') or entry.seq}"] = entry
        elif entry.kind == "finding.moved":
            found.pop(entry.data["finding"], None)
    return found


def checks_due(entries: Sequence[Entry]) -> list[dict[str, str]]:
    """The later checks (`{run, at, what}`) of the incident's runs that nobody has made yet, in
    order of time; those of a run that was run again since are not due any more."""
    runs = _Runs()
    made: set[tuple[str, str]] = set()
    for entry in entries:
        runs.hear(entry)
        if entry.kind == "verify.finished":
            made |= {(each["run"], each["at"]) for each in entry.data["checks_due_done"]}
    due = [{"run": run["run"], **each} for run in runs.current() for each in run.get("due", ())]
    left = [each for each in due if (each["run"], each["at"]) not in made]
    return sorted(left, key=lambda each: each["at"])


class _Runs:
    """The incident's own runs (not those inside them), and what overrules their endings."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        # Steps whose proof was taken again and did not hold.
        self.broken: dict[Place, None] = {}
        self.watched_until = ""
        self.last_success: dict[str, Any] | None = None
        self._lost: set[tuple[Place, str]] = set()
        self._standing: set[tuple[Place, str]] = set()
        self._undone: set[str] = set()

    def hear(self, entry: Entry) -> None:
        """Take an entry in."""
        data, place = entry.data, (entry.run or "", entry.step or "")
        top = place[0].split(".")[0]
        if entry.kind == "run.started" and not data.get("parent"):
            self._started(entry)
        elif entry.kind == "run.resumed" and data["run"] in self.known:
            self.known[data["run"]]["status"] = "running"
        elif entry.kind == "run.finished" and data["run"] in self.known:
            self._finished(data)
        elif entry.kind == "proof.taken" and data.get("again"):
            self.broken.pop(place, None)
            if data["holds"] is not True:
                self.broken[place] = None
        elif entry.kind == "verify.finished":
            self._watched(data.get("last_success"), entry.at)
        elif entry.kind == "step.intended" and data["change"].get("lost"):
            self._lost.add((place, data["change"]["resource"]))
        elif entry.kind == "step.receipt":
            self._standing.add((place, data["resource"]))
        elif entry.kind == "undo.receipt":
            self._standing.discard((place, data["resource"]))
            self._undone.add(top)
            if not any(where == place for where, _ in self._standing):
                self.broken.pop(place, None)

    def current(self) -> list[dict[str, Any]]:
        """The runs that no later one of the same runbook with the same inputs replaced."""
        latest = {_identity(run): run["run"] for run in self.known.values()}
        return [run for run in self.known.values() if run["run"] in latest.values()]

    def status(self) -> str:
        """How the incident stands by all of this; `open` when nothing has run."""
        statuses = [run["status"] for run in self.current()]
        status = min(statuses, key=_rank, default="open")
        if status in ("running", "waiting"):
            return status
        standing = [place for place, what in self._standing if (place, what) not in self._lost]
        if self._undone and not standing:
            return "undone"
        if self.broken and status == "contained":
            return "not_contained"
        return "partly_undone" if self._undone and status == "contained" else status

    def shown(self) -> list[dict[str, Any]]:
        """The runs, with `superseded` at each step whose proof did not hold at a later look."""
        return [
            {**run, "steps": [self._marked(run["run"], step) for step in run["steps"]]}
            if "steps" in run
            else run
            for run in self.known.values()
        ]

    def _marked(self, run: str, step: Mapping[str, Any]) -> dict[str, Any]:
        told = dict(step)
        if (run, step["id"]) in self.broken:
            told["superseded"] = True
        if "steps" in step:
            told["steps"] = [self._marked(each.get("run", run), each) for each in step["steps"]]
        return told

    def _started(self, entry: Entry) -> None:
        data = entry.data
        self.known[data["run"]] = {
            "run": data["run"],
            "runbook": data["runbook"],
            "inputs": data["inputs"],
            "engine": data["engine"],
            "status": "running",
            "started": entry.at,
        }

    def _finished(self, data: Mapping[str, Any]) -> None:
        run = self.known[data["run"]]
        keys = ("status", "steps", "unknown", "due", "contained_at")
        run |= {key: data[key] for key in keys if key in data}
        if "last_success" in data:
            self._watched(data["last_success"], data.get("watched_until", ""))
        same = {each["run"] for each in self.known.values() if _identity(each) == _identity(run)}
        # It was proven anew: what was found broken, or undone, before is past.
        self._undone -= same
        for place in [each for each in self.broken if each[0].split(".")[0] in same]:
            del self.broken[place]

    def _watched(self, success: dict[str, Any] | None, until: str) -> None:
        self.watched_until = max(self.watched_until, until)
        if success and success["when"] >= (self.last_success or {}).get("when", ""):
            self.last_success = success


def _identity(run: Mapping[str, Any]) -> bytes:
    inputs = {key: value for key, value in run["inputs"].items() if key != "lookback"}
    return msgspec.json.encode([run["runbook"], inputs], order="sorted")


def _rank(status: str) -> int:
    return WORST.index(status) if status in WORST else len(WORST)


def _latest(times: Iterable[str | None]) -> str:
    return max((each for each in times if each), default="")

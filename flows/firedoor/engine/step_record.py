"""What one step writes down: its entries in the journal, its evidence in the vault."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from firedoor.actions.contract import Action, Aws, Change, State
from firedoor.chain import Entry
from firedoor.engine.recorder import Recorder
from firedoor.errors import StoreUnavailable
from firedoor.runbook import Json
from firedoor.stages import StepResult


@dataclass(frozen=True)
class StepRecord:
    """One step of one run. `again`: it is made once more, by itself, after somebody opened it."""

    recorder: Recorder
    aws: Aws
    run: str
    step: str
    again: bool = False

    def write(self, kind: str, data: dict[str, Json]) -> None:
        """Append an entry of this step."""
        more = {"reapplied": True} if self.again else {}
        self.recorder.write(kind, {**data, **more}, run=self.run, step=self.step)

    def entries(self) -> list[Entry]:
        """The entries of this step, oldest first."""
        return [
            entry
            for entry in self.recorder.entries()
            if entry.run == self.run and entry.step == self.step
        ]

    def finished(self, phase: str) -> StepResult | None:
        """How it ended, if it has come to an end that holds; None: it is (still) to be done."""
        for entry in reversed(self.entries()):
            if entry.kind != "step.finished":
                continue
            if entry.data.get("proof", "none") in ("broken", "unknown"):
                # It did not hold when it was read back: going on means doing it again.
                return None
            if entry.data["status"] in ("done", "nothing_to_do"):
                return StepResult(
                    id=self.step,
                    run=self.run,
                    phase=phase,
                    status=entry.data["status"],
                    mutating=entry.data.get("mutating", False),
                    output=entry.data.get("output"),
                    proof=entry.data.get("proof", "none"),
                    why="already done",
                    unknown=tuple(entry.data.get("unknown", ())),
                )
        return None

    def acted(self) -> bool:
        """Whether it changed something before it was cut off."""
        return any(entry.kind == "step.receipt" for entry in self.entries())

    def cut_off(self) -> list[Change]:
        """The changes that were intended, and whose receipt is not in the journal."""
        last: dict[str, Change | None] = {}
        for entry in self.entries():
            if entry.kind == "step.intended":
                change = self._meant(entry)
                last[change.resource] = change
            elif entry.kind == "step.receipt":
                last[entry.data["resource"]] = None
        return [change for change in last.values() if change]

    def _meant(self, entry: Entry) -> Change:
        """An intent as it was meant; masked when it was sealed and does not open any more, which
        fits nothing that is there: it is planned and asked about anew."""
        try:
            return self.recorder.seals.intended(entry)
        except StoreUnavailable:
            return msgspec.convert(entry.data["change"], Change)

    def intend(self, action: Action, before: State, changes: list[Change]) -> None:
        """The state before and every intent: on disk, and read back, before anything is changed."""
        kept = self._keep_before(action, before, changes)
        for change in changes:
            self.write(
                "step.intended",
                {
                    "action": action.name,
                    "change": msgspec.to_builtins(self.recorder.seals.recordable(change)),
                    "before": kept,
                    **({"reopens": action.reopens.why} if action.reopens.why else {}),
                },
            )

    def receipt(self, action: Action, change: Change, requests: list[str]) -> None:
        """That a change was made."""
        self.write(
            "step.receipt",
            {"action": action.name, "resource": change.resource, "requests": requests},
        )

    def keep_output(self, seen: Any, began: datetime, requests: list[str]) -> dict[str, Json]:
        """A reading step's output: documents go into the vault, the attacker's trail into the
        journal, and what is left is returned."""
        output: dict[str, Json] = msgspec.to_builtins(seen)
        refs: list[Json] = []
        for artefact in output.pop("keep", None) or ():
            kept = self.recorder.keep(
                artefact["name"],
                artefact["content"],
                about=artefact.get("about", ""),
                source=self._source(),
                requests=requests,
                run=self.run,
                step=self.step,
                started=began,
            )
            refs.append({"artefact": kept.id, "sha256": kept.sha256})
        if refs:
            output["kept"] = refs
        trail, left_out = output.pop("seen", None), output.pop("seen_left_out", 0)
        if trail:
            self.write("trail.seen", {"events": trail, "left_out": left_out})
        return output

    def _keep_before(self, action: Action, before: State, changes: list[Change]) -> dict[str, str]:
        about = " was made again" if self.again else ": what undo puts back"
        kept = self.recorder.keep(
            f"before-{self.step}{'-again' if self.again else ''}",
            self.recorder.seals.close(before, changes, f"{self.run}/{self.step}"),
            about=f"State before {action.name}{about}",
            source=self._source(),
            run=self.run,
            step=self.step,
        )
        return {"artefact": kept.id, "sha256": kept.sha256}

    def _source(self) -> dict[str, str]:
        return {
            "account": self.aws.account,
            "region": self.aws.region,
            "principal": self.aws.principal,
        }

"""Shows a run as it goes: a listener of the journal, so that it tells only what is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from firedoor.actions.contract import Change
from firedoor.approval import NOT_AGREED
from firedoor.chain import Entry
from firedoor.cli.terminal import clean, tell
from firedoor.cli.words import MARKS, PROOFS, VERDICTS, value
from firedoor.kinds import mask_key_id
from firedoor.saying import short_resource

if TYPE_CHECKING:
    from rich.console import Console


class Progress:
    """Prints one line per step, its changes and its proof below it."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._proofs: dict[tuple[str | None, str | None], dict[str, Any]] = {}
        self._changes: dict[tuple[str | None, str | None], list[dict[str, Any]]] = {}

    def __call__(self, entry: Entry) -> None:
        """Hear one journal entry."""
        shown = getattr(self, "_" + entry.kind.replace(".", "_"), None)
        if shown:
            shown(entry)

    def say(self, text: str) -> None:
        """A line that is not in the journal: what is being waited for."""
        self.console.print(f"  [quiet]{clean(text)}[/]")

    def _run_started(self, entry: Entry) -> None:
        plainly = entry.data["engine"] != "prefect"
        engine = "without Prefect (break-glass)" if plainly else "through Prefect"
        inputs = "  ".join(f"{key}={value(given)}" for key, given in entry.data["inputs"].items())
        inside = _depth(entry)
        if inside:
            self._line(entry, f"[head]↳ {entry.data['runbook']}[/]  {_said(inputs)}")
            return
        self.console.print(f"\n[head]Run[/]  {entry.run}  [quiet]{engine}[/]")

    def _run_resumed(self, entry: Entry) -> None:
        self.console.print(f"\n[head]Run[/]  {entry.run}  [quiet]going on from the journal[/]")

    def _step_receipt(self, entry: Entry) -> None:
        if entry.data.get("reapplied"):
            what = _said(short_resource(entry.data["resource"]))
            self._line(entry, f"[warn]↻[/] [name]{clean(entry.step)}[/]  {what}")
            self._line(entry, "[warn]somebody had opened it again; it is shut again[/]", 4)

    def _step_intended(self, entry: Entry) -> None:
        if entry.data.get("reapplied"):
            return
        self._changes.setdefault((entry.run, entry.step), []).append(entry.data["change"])

    def _proof_taken(self, entry: Entry) -> None:
        self._proofs[entry.run, entry.step] = entry.data

    def _step_finished(self, entry: Entry) -> None:
        data = entry.data
        mark, style = MARKS.get(data["status"], ("·", "quiet"))
        proof = PROOFS.get(data.get("proof", "none"), PROOFS["none"])
        kind = self._proofs.get((entry.run, entry.step), {}).get("kind", "")
        told = f"[{style}]{mark}[/] [name]{clean(entry.step):<18}[/] {data['phase']:<9}"
        if data["status"] == "waiting":
            # The question below says it.
            self._changes.pop((entry.run, entry.step), None)
            return
        if data["status"] != "done":
            told += f" {data['status'].replace('_', ' ')}"
        if proof[1]:
            told += f" [{proof[0]}]{proof[1]}[/]" + (f" [quiet]({kind})[/]" if kind else "")
        self._line(entry, told)
        for change in self._changes.pop((entry.run, entry.step), []):
            for line in change_lines(change):
                self._line(entry, line, 4)
        why = data.get("why")
        if why and data["status"] not in ("done", "nothing_to_do"):
            self._line(entry, f"[warn]{_said(why)}[/]", 4)

    def _approval_asked(self, entry: Entry) -> None:
        who = ", ".join(entry.data["by"])
        self._line(entry, f"[warn]?[/] {_said(entry.data['question'])}")
        if len(entry.data["steps"]) > 1:
            together = clean(", ".join(entry.data["steps"]))
            self._line(entry, f"[quiet]one answer for {together}[/]", 4)
        for item in entry.data.get("items", ()):
            self._line(entry, _said(item), 4)
        for why in entry.data.get("why", ()):
            if why != NOT_AGREED:
                self._line(entry, f"[warn]{_said(why)}[/]", 4)
        self._line(entry, f"[quiet]{entry.data['id']}, for {clean(who)}[/]", 4)

    def _approval_given(self, entry: Entry) -> None:
        waited = entry.data.get("waited_seconds") or 0
        after = f" after {waited / 60:.0f} min" if waited >= 60 else ""
        how = f"{entry.by}, {entry.data['how']}"
        self._line(entry, f"[good]✓[/] approved{after} [quiet]({clean(how)})[/]")

    def _approval_denied(self, entry: Entry) -> None:
        self._line(entry, f"[bad]✗[/] denied by {clean(entry.by)}")

    def _run_finished(self, entry: Entry) -> None:
        if _depth(entry):
            return
        style, words = VERDICTS.get(entry.data["status"], ("warn", entry.data["status"]))
        self.console.print(f"\n[{style}]{words}[/]")
        for note in entry.data["unknown"]:
            tell(self.console, f"[warn]not known:[/] {_said(note)}", indent=2)

    def _error(self, entry: Entry) -> None:
        self._line(entry, f"[warn]! {_said(entry.data['message'])}[/]")

    def _line(self, entry: Entry, text: str, further: int = 0) -> None:
        tell(self.console, text, indent=2 + 3 * _depth(entry) + further)


def change_lines(told: Change | dict[str, Any], width: int = 46) -> list[str]:
    """A change as `resource  what  from → to`, as rich markup; below it what cannot come back."""
    change = msgspec.to_builtins(told.shown()) if isinstance(told, Change) else told
    before, after = value(change.get("from"), width), value(change.get("to"), width)
    lines = [
        f"{_said(short_resource(change['resource']))}  [quiet]{_said(change['what'])}[/]  "
        f"{_said(before)} [quiet]→[/] [head]{_said(after)}[/]"
    ]
    if change.get("lost"):
        lines.append(f"[warn]cannot come back: {_said(change['lost'])}[/]")
    return lines


def _depth(entry: Entry) -> int:
    """How many runs this one is inside of: `r1.spread.0` is inside one."""
    return sum(not part.isdigit() for part in (entry.run or "").split(".")[1:])


def _said(text: str) -> str:
    return clean(mask_key_id(str(text)))

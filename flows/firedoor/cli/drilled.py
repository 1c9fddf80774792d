"""How a drill looks on the terminal: the finding, the route, the plan, each step, the proof."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from firedoor.cli.planned import show_plan
from firedoor.cli.progress import Progress
from firedoor.cli.route import plain_route
from firedoor.cli.terminal import clean
from firedoor.cli.undoing import show_undo
from firedoor.exercise.watching import Watching
from firedoor.kinds import mask_key_id, parse_time
from firedoor.report.moments import length, relative

if TYPE_CHECKING:
    from rich.console import Console

    from firedoor.chain import Entry
    from firedoor.engine.confirming import Confirmed
    from firedoor.engine.undo import Undoing
    from firedoor.exercise.probes import Probe
    from firedoor.exercise.rating import Rated
    from firedoor.exercise.result import Drilled
    from firedoor.finding import Finding
    from firedoor.plan import Plan
    from firedoor.routing import Route
    from firedoor.scenario import Scenario

LETTERS = {
    "P": ("good", "performed without challenges"),
    "S": ("warn", "performed with some challenges"),
    "M": ("bad", "performed with major challenges"),
    "U": ("bad", "unable to be performed"),
    "INCONCLUSIVE": ("bad", "nothing was shown either way"),
}
CONTROLS = {
    "before_allowed": "before containment everybody was allowed",
    "attacker_denied": "after it the attacker is denied with everything he holds",
    "innocent_allowed": "innocents work as before",
    "fresh_allowed": "fresh sessions of what was cut work",
}


class Shown(Watching):
    """Prints a drill as it goes."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._progress = Progress(console)
        self._found: datetime | None = None
        self._last: dict[str, bool] = {}

    def begins(self, scenario: Scenario) -> None:
        """Says first of all that it is not real."""
        self._found = None
        self._last = {}
        self._progress = Progress(self.console)
        self.console.print(
            "\n[warn]EXERCISE - NOT REAL[/]  [quiet]simulated AWS, simulated time, people by "
            "script; all else is the real thing[/]"
        )
        self.console.print(f"[head]{clean(scenario.metadata.title)}[/]")
        if scenario.metadata.about:
            self.console.print(f"[quiet]{clean(scenario.metadata.about.strip())}[/]")

    def found(self, finding: Finding, history: int) -> None:
        """The finding: what, who, from where."""
        self.console.print(
            f"\n[head]Finding[/]   [bad]{clean(finding.type)}[/]  "
            f"{finding.severity_label} ({finding.severity:g})"
        )
        who = finding.resource.user or finding.resource.role or "?"
        key = mask_key_id(finding.resource.access_key_id or "")
        place = ", ".join(filter(None, (finding.actor.ip, finding.actor.org)))
        seen = " to ".join(
            dict.fromkeys((_clock(finding.occurred.first), _clock(finding.occurred.last)))
        )
        for name, said in (
            ("what", finding.description or finding.title),
            ("who", f"{who}  {key}  in account {finding.account}"),
            ("from", place),
            ("seen", f"{seen} UTC; by now the attacker has made {history} calls"),
        ):
            self.console.print(f"  [quiet]{name:<7}[/] {clean(said)}")

    def routed(self, route: Route, confirmed: Confirmed) -> None:
        """Where it goes, and whether its source knows of it."""
        self.console.print()
        for line in plain_route(route).splitlines():
            # What it is about stands above already.
            if not line.startswith(("Finding ", "Where ", "Severity ")):
                self._row(line[:9], clean(line[10:]))
        style = "good" if confirmed.status == "confirmed" else "warn"
        self._row("Source", f"[{style}]{clean(confirmed.why)}[/]")

    def planned(self, plan: Plan, incident: str) -> None:
        """The whole plan, and under which number it runs."""
        self.console.print()
        show_plan(self.console, plan)
        self.console.print(f"\n[head]Incident[/]  {incident}")

    def entry(self, entry: Entry) -> None:
        """The journal, as `run` shows it, with the attacker's turns of fortune in between."""
        if entry.kind == "finding.received":
            self._found = parse_time(entry.at)
        elif entry.kind == "attacker.acted":
            self._acted(entry)
        else:
            self._progress(entry)

    def waits(self, what: str) -> None:
        """A line that is not in the journal."""
        self._progress.say(what)

    def held(self, minutes: float) -> None:
        """The attacker had time to come back."""
        self.console.print(
            f"[quiet]{minutes:.0f} simulated minutes later everything is read back and tried "
            "again[/]"
        )

    def rated(self, probes: Sequence[Probe], rated: Rated) -> None:
        """The proof with its controls, and what was reached."""
        self._proof(probes)
        for name, words in CONTROLS.items():
            answer = rated.proof[name]
            mark = {True: "[good]✓[/]", False: "[bad]✗[/]", None: "[warn]?[/]"}[answer]
            self.console.print(f"  {mark} {words}")
        self.console.print("\n[head]Objectives[/]")
        for each in rated.objectives:
            mark = "[good]✓[/]" if each.met else "[bad]✗[/]"
            self.console.print(f"  {mark} {clean(each.title)}")
            self._hang(f"[quiet]{clean(mask_key_id(each.why))}[/]", 4)

    def _proof(self, probes: Sequence[Probe]) -> None:
        """Every call that was tried, before beside after."""
        from rich.padding import Padding
        from rich.table import Table

        self.console.print("\n[head]Proof[/]  [quiet]the same calls before and after[/]")
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="quiet")
        for name in ("who", "", "call", "before", "after"):
            table.add_column(name, no_wrap=True)
        for role, who, call in dict.fromkeys((one.role, one.who, one.call) for one in probes):
            pair = {
                one.phase: one
                for one in probes
                if (one.role, one.who, one.call) == (role, who, call)
            }
            table.add_row(
                clean(who),
                f"[quiet]{role}[/]",
                clean(call),
                _answer(pair.get("before"), wanted=True),
                _answer(pair.get("after"), wanted=role != "attacker"),
            )
        self.console.print(Padding(table, (0, 0, 0, 2), expand=False))

    def undoing(self, when: str, planned: Sequence[Undoing]) -> None:
        """What comes back, what cannot and what must not: before anything is undone."""
        self.console.print(f"\n[warn]Before anything is undone, {clean(when)}:[/]", end="")
        show_undo(self.console, planned)

    def ended(self, drilled: Drilled) -> None:
        """The rating and why; where everything lies; what to do next."""
        self._undone(drilled)
        style, words = LETTERS[drilled.rating]
        mark = "✓" if drilled.passed else "✗"
        wanted = "" if drilled.passed else f"; {drilled.wanted} is wanted"
        self.console.print(
            f"\n[{style}]{mark} {drilled.rating}[/]  [head]{words}[/]{wanted}  "
            f"[quiet]{self._pace(drilled)}[/]"
        )
        for each in drilled.rules:
            self._hang(f"[bad]{each['rule']}[/]  {clean(mask_key_id(each['why']))}", 2)
        for note in drilled.unknown:
            self._hang(f"[warn]not known[/]  {clean(note)}", 2)
        self._where(drilled)

    def _pace(self, drilled: Drilled) -> str:
        shut = f"shut out after {length(drilled.refused_after)}"
        if not drilled.proof["attacker_denied"]:
            shut = "not shut out"
        return f"attacker {shut} of simulated time; played in {drilled.seconds:.1f} s"

    def _undone(self, drilled: Drilled) -> None:
        undone = drilled.undo
        if undone is None:
            return
        count = f"{undone.undone} change{'s' * (undone.undone != 1)}"
        self.console.print(f"\n[head]Undone[/]  {count} taken back; what differs from before:")
        for difference in undone.differs:
            self._hang(f"[quiet]–[/] {clean(mask_key_id(difference))}", 2)
        said = (
            "[good]✓ the account is as it was, but for exactly these[/]"
            if undone.same
            else "[bad]✗ the account differs in something that nobody has explained[/]"
        )
        self.console.print(f"  {said}")
        shut = {
            True: "[good]✓ the attacker is still refused everything[/]",
            False: "[bad]✗ undoing let the attacker in again[/]",
            None: "[warn]? whether the attacker is still refused could not be told[/]",
        }[undone.shut]
        self.console.print(f"  {shut}")

    def _where(self, drilled: Drilled) -> None:
        call = _command()
        self.console.print()
        for name, said in (
            ("Report", f"open {Path(drilled.report).as_uri()}"),
            ("Evidence", drilled.evidence),
            ("Verify", f"{call} evidence verify {drilled.incident}"),
            ("Journal", f"{call} journal show {drilled.incident}"),
        ):
            self._row(name, clean(said))
        if drilled.undo is None and drilled.passed:
            again = f"{call} drill {drilled.scenario} --undo"
            self._row("Next", clean(again))

    def _row(self, name: str, said: str) -> None:
        """A name and what is to be copied whole: it is not broken into lines."""
        self.console.print(f"[head]{name:<9}[/] {said}", soft_wrap=True)

    def _hang(self, said: str, indent: int) -> None:
        """A sentence whose further lines stand under its first."""
        from rich.padding import Padding

        self.console.print(Padding(said, (0, 0, 0, indent), expand=False))

    def _acted(self, entry: Entry) -> None:
        """A line when one of his credentials begins or ceases to get through, or he gains."""
        data = entry.data
        at = parse_time(entry.at)
        if self._found is None or at <= self._found:
            return
        who, allowed = str(data["who"]), bool(data["allowed"])
        gains = data["lose"] if allowed else ""
        if self._last.get(who) == allowed and not gains:
            return
        self._last[who] = allowed
        fate = "[bad]gets through[/]" if allowed else f"[good]refused[/] [quiet]{data['code']}[/]"
        if gains:
            fate += f"  [bad]lost: {clean(gains)}[/]"
        self.console.print(
            f"  [quiet]attacker {relative(at, self._found):>15}[/]  {clean(who)} "
            f"{clean(data['call'])}  {fate}"
        )


def _answer(probe: Probe | None, *, wanted: bool) -> str:
    if probe is None:
        return "[quiet]–[/]"
    if probe.inconclusive:
        return f"[warn]? {clean(probe.code)}[/]"
    said = "allowed" if probe.allowed else f"denied [quiet]{clean(probe.code)}[/]"
    return f"[good]✓[/] {said}" if probe.allowed == wanted else f"[bad]✗ {said}[/]"


def _clock(text: str | None) -> str:
    return parse_time(text).strftime("%H:%M") if text else "?"


def _command() -> str:
    """How to call firedoor again, with the home that this drill lies in."""
    name = sys.argv[0] or "firedoor"
    on_path = shutil.which("firedoor")
    if on_path and Path(on_path).resolve() == Path(name).resolve():
        name = "firedoor"
    elif Path(name).is_absolute() and Path(name).is_relative_to(Path.cwd()):
        name = str(Path(name).relative_to(Path.cwd()))
    home = os.environ.get("FIREDOOR_HOME")
    return f"FIREDOOR_HOME={shlex.quote(home)} {name}" if home else name

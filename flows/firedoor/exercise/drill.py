"""A drill: a scenario played by script, against simulated AWS, in virtual time.

Everything that a real incident would go through is the real thing: the finding is read and routed,
confirmed with GuardDuty, the shipped runbook is compiled and run, people are asked. Only AWS, the
clock and the people are played.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from firedoor import settings
from firedoor.actions.contract import Action
from firedoor.aws import BotoAws, connect
from firedoor.clock import VirtualClock
from firedoor.engine.case import HOMES
from firedoor.engine.confirming import confirm
from firedoor.engine.desk import Desk, Office
from firedoor.engine.intake import take_in
from firedoor.engine.reporting import write_report
from firedoor.engine.running import Outcome, next_run, start, warm
from firedoor.engine.verifying import verify_again
from firedoor.errors import BadInput
from firedoor.exercise.alert import raise_alert
from firedoor.exercise.apart import apart
from firedoor.exercise.chronicle import Chronicle
from firedoor.exercise.comeback import Undone, come_back
from firedoor.exercise.facts import Scene
from firedoor.exercise.people import ScriptedPeople
from firedoor.exercise.probes import Prober
from firedoor.exercise.rating import Rated, rate, unproven
from firedoor.exercise.result import Drilled
from firedoor.exercise.rules import DrillRules
from firedoor.exercise.watching import Watching
from firedoor.finding import Finding, parse
from firedoor.inputs import read_inputs
from firedoor.kinds import parse_duration
from firedoor.library import Library
from firedoor.plan import Plan
from firedoor.planning import make_plan
from firedoor.program import Program
from firedoor.response_plan import load_plan
from firedoor.routing import route
from firedoor.runbook import Json
from firedoor.scenario import Scenario, accounts_of, read_scenario
from firedoor.simulator.attacker import Attacker
from firedoor.simulator.callers import Callers
from firedoor.simulator.server import SimulatedAws
from firedoor.simulator.world import Places, World

PREFIX = "DRILL"
ACCOUNT = "111122223333"
"""The simulated account that a scenario is about; others are those it names."""
LATENCY = 0.12
"""Seconds of virtual time that each call of the responder's takes: AWS's APIs are not instant."""
CONFIRM_SECONDS = 30.0
"""How long the simulated GuardDuty may take on the machine's clock, which a drill is not about."""
STANDING = timedelta(hours=1)
"""How long the world has been there when its history begins."""


def play(
    scenario: str | Path,
    *,
    library: Library,
    undo: bool = False,
    break_glass: bool = False,
    home: Path | None = None,
    watching: Watching | None = None,
    program: Program | None = None,
    actions: Mapping[str, Action] | None = None,
    seed: int = 1,
    at: datetime | None = None,
    under: Mapping[str, Any] | None = None,
) -> Drilled:
    """Play a scenario (its name, or its file) to its end and rate it.

    `program` and `actions` stand in for the runbook's and for the registry: for tests of what a
    drill notices. `at`: when the finding comes, on the virtual clock; this minute by default.
    `under`: the policy that the responder has from then on; everything by default.
    """
    path = scenario if isinstance(scenario, Path) else library.scenario(scenario)
    said, document = read_scenario(path)
    found = (at or datetime.now(UTC)).replace(second=0, microsecond=0)
    base = (home or settings.home()) / HOMES[PREFIX]
    if not break_glass:
        # It takes seconds to start: beside the making of the world.
        warm(base)
    beats = (*said.attacker.acts, *said.everyday)
    clock = VirtualClock(found + min(beat.first for beat in beats) - STANDING)
    with (
        apart(),
        tempfile.TemporaryDirectory(prefix="firedoor-drill-") as folder,
        SimulatedAws(clock, accounts=accounts_of(said, ACCOUNT), seed=seed, latency=LATENCY) as aws,
    ):
        drill = _Drill(
            scenario=said,
            places=document.problem,
            rules=DrillRules(library, Path(folder), aws.accounts[0], said.modes.ci.mode),
            aws=aws,
            clock=clock,
            found=found,
            home=base,
            watching=watching or Watching(),
        )
        try:
            drill.prepare()
            if under is not None:
                aws.limit(under)
            desk, chosen, inputs = drill.take_in(program, actions)
            outcome = start(
                desk,
                chosen,
                inputs,
                break_glass=break_glass,
                on_progress=drill.watching.waits,
            )
            rated = drill.prove(desk, outcome)
            undone = drill.undo(desk) if undo else None
            return drill.result(desk, outcome, rated, undone)
        finally:
            drill.attacker.stop()


class _Drill:
    """One drill under way."""

    def __init__(
        self,
        *,
        scenario: Scenario,
        places: Places,
        rules: DrillRules,
        aws: SimulatedAws,
        clock: VirtualClock,
        found: datetime,
        home: Path,
        watching: Watching,
    ) -> None:
        self.began = time.monotonic()
        self.scenario = scenario
        self.rules = rules
        self.aws = aws
        self.clock = clock
        self.watching = watching
        self.office = Office.open(home)
        self.world = World(scenario, aws, Callers(aws.endpoint, aws.regions[0]), places)
        self.attacker = Attacker(self.world, clock, found)
        self.prober = Prober(scenario, self.world, self.attacker)
        self.chronicle = Chronicle()
        self.account: dict[str, Any] = {}

    def prepare(self) -> None:
        """Make the world and its history, up to the finding; the first half of the proof."""
        self.watching.begins(self.scenario)
        self.world.build()
        self.attacker.play_history()
        for act in self.attacker.acts:
            self.chronicle(act)
        self.probes = self.prober.before()
        self.account = self.aws.snapshot()

    def take_in(
        self, program: Program | None, actions: Mapping[str, Action] | None
    ) -> tuple[Desk, Program, dict[str, Json]]:
        """The finding comes: read it, route it, confirm it, open the incident, plan the run."""
        event = raise_alert(self.scenario, self.world, self.attacker, self.aws, self.clock.now())
        before = len(self.attacker.acts)
        self.attacker.let_loose(self.chronicle)
        [finding] = parse(msgspec.json.encode(event))
        routed = route(finding, self.rules)
        self.watching.found(finding, before)
        if not routed.runbook or routed.ignored:
            raise BadInput(
                f"the finding is not routed to a runbook: {routed.ignored or routed.why}",
                where=f"scenario {self.scenario.metadata.id}",
            )
        if routed.runbook != self.scenario.runbook.ref:
            raise BadInput(
                f"the finding is routed to {routed.runbook}, not to the runbook that is exercised, "
                f"{self.scenario.runbook.ref}; {routed.why}",
                where=f"scenario {self.scenario.metadata.id}",
            )
        chosen = program or self.rules.program(routed.runbook)
        given = self.world.filled(self.scenario.runbook.inputs)
        inputs = read_inputs(chosen.main, {**routed.inputs, **given})
        aws = self.connected(finding, self.clock)
        confirmed = confirm(aws, finding, seconds=CONFIRM_SECONDS)
        self.watching.routed(routed, confirmed)
        people = ScriptedPeople(self.scenario.modes.ci, self.clock)
        desk = take_in(
            self.office,
            aws,
            aws.target,
            finding,
            routed,
            event,
            unasked=routed.unasked if confirmed.status == "confirmed" else (),
            prefix=PREFIX,
            policy=self.rules.library.policy(),
            people=people,
            listeners=(self.watching.entry,),
            by="firedoor",
            scenario=self.scenario.metadata.id,
        )
        desk = replace(desk, plan=load_plan(self.rules))
        if actions is not None:
            desk = replace(desk, actions=actions)
        people.read = desk.recorder.entries
        self.chronicle.open(desk.recorder)
        self.chronicle.probed(self.probes, at=self.attacker.found)
        # For those who watch: it leaves no trace, and on a clock of its own it takes no time.
        looking = self.connected(finding, VirtualClock(self.clock.now()))
        with self.aws.setting_the_scene():
            plan = make_plan(
                chosen, inputs, looking, desk.actions, aws.target, incident=desk.incident
            )
        _journal_plan(desk, plan)
        self.watching.planned(plan, desk.incident)
        return desk, chosen, inputs

    def connected(self, finding: Finding, clock: VirtualClock) -> BotoAws:
        """The responder's way into the simulated account; Refused if it leads anywhere else."""
        who = self.aws.responder()
        return connect(
            account=finding.account,
            region=finding.region,
            endpoint=self.aws.endpoint,
            clock=clock,
            credentials=(who.access_key_id, who.secret_access_key, who.session_token),
            simulated=True,
            organization_role=self.aws.organization_role(),
        )

    def prove(self, desk: Desk, outcome: Outcome) -> Rated:
        """Let the attacker try on for a while, read everything back, probe, and rate."""
        hold = parse_duration(self.scenario.proof.hold)
        begun = self.clock.now()
        until = max(begun + hold, self.attacker.last_planned())
        self.clock.advance((until - begun).total_seconds())
        self.watching.held((until - begun).total_seconds() / 60)
        again = verify_again(desk)
        self.attacker.stop()
        if self.attacker.faults:
            raise self.attacker.faults[0]
        after = self.prober.after()
        self.chronicle.probed(after)
        probes = [*self.probes, *after]
        scene = Scene(
            account=self.aws.snapshot(),
            attacker=self.attacker,
            probes=probes,
            proven=unproven(outcome.status, probes, again),
        )
        entries = desk.recorder.entries()
        kept = [entry.data for entry in entries if entry.kind == "evidence.kept"]
        evidence = self.office.vault.verify(desk.incident, kept)
        rated = rate(self.scenario, scene, entries, evidence)
        desk.recorder.write("drill.rated", rated.told(self.scenario))
        self.watching.rated(probes, rated)
        return rated

    def undo(self, desk: Desk) -> Undone:
        """Undo what may be undone, and see that the attacker is still shut out."""
        undone = come_back(
            desk,
            self.clock,
            self.attacker,
            self.account,
            self.aws.snapshot,
            self.watching.undoing,
        )
        probes = self.prober.undone()
        self.chronicle.probed(probes)
        shut = None if any(probe.inconclusive for probe in probes) else True
        if any(probe.allowed for probe in probes):
            shut = False
        return msgspec.structs.replace(undone, shut=shut)

    def result(self, desk: Desk, outcome: Outcome, rated: Rated, undone: Undone | None) -> Drilled:
        """Write the report again, now that everything is in the journal; the result."""
        report = write_report(desk.recorder, self.office.home)
        last = self.attacker.last_success()
        drilled = Drilled(
            **rated.told(self.scenario),
            incident=desk.incident,
            status=outcome.status,
            engine=outcome.engine,
            seconds=round(time.monotonic() - self.began, 2),
            refused_after=(last - self.attacker.found).total_seconds() if last else 0.0,
            report=str(report),
            evidence=str(self.office.vault.folder(desk.incident)),
            unknown=outcome.unknown,
            undo=undone,
        )
        self.watching.ended(drilled)
        return drilled


def _journal_plan(desk: Desk, plan: Plan) -> None:
    """The plan as it was shown. Nobody's yes to it: what is to be asked is asked in the run."""
    run = next_run(desk.recorder.entries())
    desk.recorder.write(
        "plan.made",
        {
            "run": run,
            "runbook": plan.runbook,
            "digest": plan.digest,
            "steps": msgspec.to_builtins(plan.steps),
        },
        run=run,
    )

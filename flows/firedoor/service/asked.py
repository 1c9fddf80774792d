"""What a caller can ask for, done under his name: plan and run, resume, take a finding in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firedoor.actions.registry import registry
from firedoor.chain import Entry
from firedoor.engine.agreed import journal_plan, title_of
from firedoor.engine.case import connect_for
from firedoor.engine.desk import opened
from firedoor.engine.door import CONFIRMS, Who, may_confirm
from firedoor.engine.policy import policy_in_force
from firedoor.engine.reach import Doing, reach
from firedoor.engine.running import Outcome, alone, next_run, outcome, resume, start
from firedoor.errors import NotFound, Refused
from firedoor.inputs import pairs, read_inputs
from firedoor.kinds import mask_key_id
from firedoor.library import Library
from firedoor.plan import Plan
from firedoor.planning import make_plan
from firedoor.program import Program
from firedoor.runbook import Json
from firedoor.service.job import Job
from firedoor.service.post import BY, Post
from firedoor.service.protocol import Began, IngestWanted, ResumeWanted, RunWanted
from firedoor.service.surroundings import Surroundings, differences

INSTEAD = (
    "FIREDOOR_RESIDENT=off runs without the resident, with what is set here; or end the resident "
    "and start it with this (`firedoor serve`)"
)


@dataclass(frozen=True)
class Prepared:
    """A run that was planned and not agreed to yet."""

    program: Program
    given: dict[str, Json]
    aws: Any
    target: Mapping[str, str]
    plan: Plan
    policy: dict[str, str]


def prepared(post: Post, wanted: RunWanted) -> Prepared:
    """The plan of a run, made with the resident's account and rules. Changes nothing."""
    alike(post, wanted.surroundings, region_given=bool(wanted.region or wanted.incident))
    library = Library.open()
    program = library.program(wanted.runbook)
    given = read_inputs(program.main, pairs(wanted.inputs))
    aws, target = _reached(post, wanted, [(program, given)])
    _same_account(post, wanted.surroundings, target)
    policy = policy_in_force(target)
    rules = library.rules()
    plan = make_plan(program, given, aws, registry(), target, rules=rules, hunt=False)
    return Prepared(program, given, aws, target, plan, policy)


def run(post: Post, job: Job, wanted: RunWanted, ready: Prepared, how: str) -> list[Outcome]:
    """The planned run, as its caller agreed to it (`how`; "" when he did not)."""
    if how and ready.plan.changes:
        may_confirm(Library.open().rules(), Who(ids=(job.by,)), CONFIRMS)
    with post.turns.taking(wanted.incident):
        office = post.office()
        incident = wanted.incident or opened(
            office,
            ready.aws,
            ready.target,
            title=title_of(ready.program, ready.given),
            severity="high",
            policy=ready.policy,
            by=job.by,
        )
        desk = post.desk(office, ready.aws, ready.target, incident, job)
        with alone(desk):
            job.tell(Began(incident=incident, target=dict(ready.target)))
            number = next_run(desk.recorder.entries())
            journal_plan(desk, ready.plan, number, how)
            return [start(desk, ready.program, ready.given, run=number, on_progress=job.say)]


def go_on(post: Post, job: Job, wanted: ResumeWanted) -> list[Outcome]:
    """Every run of an incident that has not come to its end."""
    post.known(wanted.incident)
    with post.turns.taking(wanted.incident):
        desk = post.desk_of(wanted.incident, job)
        job.tell(Began(incident=wanted.incident, target=dict(desk.target)))
        done = resume(desk, on_progress=job.say)
        if not done:
            run_ = _done_by_resident(desk.recorder.entries())
            done = [outcome(desk, run_)] if run_ else []
    if not done:
        raise NotFound(
            f"nothing of {wanted.incident} was cut off or waits; "
            f"`firedoor status {wanted.incident}`"
        )
    return done


def taken_in(post: Post, job: Job, wanted: IngestWanted) -> list[Outcome]:
    """A finding given by hand: an incident of its own; nothing is changed without asking."""
    # Lazy: parsers.
    from firedoor.engine.intake import ran_already, take_in
    from firedoor.engine.placing import place
    from firedoor.finding import parse
    from firedoor.routing import route

    library = Library.open()
    findings = list(parse(wanted.document))
    if len(findings) != 1:
        raise Refused(f"the document holds {len(findings)} findings; each is given by itself")
    finding = findings[0]
    routed = route(finding, library)
    if routed.ignored or not routed.runbook:
        raise Refused(f"it goes to no runbook here: {routed.ignored or routed.why}")
    program = library.program(routed.runbook)
    given = read_inputs(program.main, routed.inputs)
    with post.turns.taking():
        aws = reach(
            wanted.account or finding.account or None,
            wanted.region or finding.region or None,
            doing=[(program, given)],
        )
        target = aws.target
        _same_account(post, wanted.surroundings, target)
        office = post.office()
        policy = policy_in_force(target)
        with post.placing:
            joins = place(office, finding, library.rules(), aws.now())
            desk = post.at(
                take_in(
                    office,
                    aws,
                    target,
                    finding,
                    routed,
                    finding.raw,
                    policy=policy,
                    people=post.people(job),
                    listeners=(job.hear,),
                    by=job.by,
                    joins=joins,
                )
            )
        job.incident = desk.incident
        job.tell(Began(incident=desk.incident, target=dict(target)))
        if joins:
            job.say(mask_key_id(f"{joins.incident} has it already: {joins.why}"))
            done = ran_already(desk.recorder.entries(), program.name, given)
            if done and done["status"] != "running":
                return [outcome(desk, done["run"])]
        return [start(desk, program, given, on_progress=job.say)]


def alike(post: Post, theirs: Surroundings, *, region_given: bool = False) -> None:
    """Refused when the caller's shell is set up for something else than this resident."""
    _refuse(differences(theirs, post.surroundings(), account="", region_given=region_given))


def _same_account(post: Post, theirs: Surroundings, target: Mapping[str, str]) -> None:
    """The same for the account, which is known once it was reached. Of no use where AWS is played:
    there the keys are anybody's."""
    if target.get("endpoint"):
        return
    account = target["account"]
    _refuse(differences(theirs, post.surroundings(), account=account, region_given=True))


def _refuse(found: list[str]) -> None:
    if found:
        raise Refused(f"not handed over to the resident: {'; '.join(found)}. {INSTEAD}")


def _reached(post: Post, wanted: RunWanted, doing: Doing) -> tuple[Any, Mapping[str, str]]:
    account, region = wanted.account or None, wanted.region or None
    if wanted.incident:
        return connect_for(post.known(wanted.incident), account=account, region=region)
    aws = reach(account, region, doing=doing)
    return aws, aws.target


def _done_by_resident(entries: list[Entry]) -> str:
    """The run that the resident has gone on with and ended last; "" when it was somebody else."""
    for entry in reversed(entries):
        if entry.kind == "run.resumed" and not entry.data["parent"]:
            return entry.data["run"] if entry.by == BY else ""
    return ""


Work = Callable[[Job], list[Outcome]]
__all__ = ["Prepared", "Work", "alike", "go_on", "prepared", "run", "taken_in"]

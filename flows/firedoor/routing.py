"""Where a finding goes: which playbook and runbook, with which inputs, and what runs unasked.

The finding's type decides, with whose credentials it is about; never its severity or the resource
type. An exact type beats a pattern, a closer pattern a wider one. Nothing here reads AWS.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from firedoor import globs
from firedoor.actions.registry import registry
from firedoor.by_hand import by_hand
from firedoor.duties import Duty
from firedoor.findings.catalogue import is_new, of_today
from firedoor.findings.model import Finding, Label, Resource
from firedoor.kinds import mask_key_id
from firedoor.pentests import Pentest, agreed_test
from firedoor.playbook import HasPlaybooks, Match, Playbook, load_playbooks
from firedoor.preauthorised import Unasked, scope_of, unasked_steps
from firedoor.references import resolve
from firedoor.response_plan import HasPlan, ResponsePlan, load_plan
from firedoor.runbook import Json, Runbook

__all__ = ["About", "Route", "Unasked", "route", "route_json"]


class Rules(HasPlaybooks, HasPlan, Protocol):
    """What is in force: `firedoor.library.Library`."""

    def load(self, name: str) -> Runbook: ...


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The finding in short. `severity` is its own number, on GuardDuty's scale."""

    id: str
    type: str
    source: str
    account: str
    region: str
    severity: float
    sample: bool
    archived: bool
    resource: Resource


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Where a finding goes. `severity` is what the playbook makes of the finding's own.

    `unasked` is what would change without asking, at most. `ignored` says why nothing is to be run,
    and is "" when something is; playbook, runbook and inputs then still say where it would go.
    `playbook` and `runbook` are None when no playbook takes it. `people`: what they do, by when;
    `over_when`: what has to hold before it is closed.
    """

    finding: About
    playbook: str | None
    runbook: str | None
    inputs: dict[str, Json]
    severity: Label
    unasked: tuple[Unasked, ...]
    ignored: str
    why: str
    people: tuple[Duty, ...] = ()
    over_when: tuple[str, ...] = ()


def route(finding: Finding, library: Rules, now: datetime | None = None) -> Route:
    """The route of a finding under the rules in force; CheckFailed when those have mistakes.

    `now`: for agreed tests, which have their time; without it, the machine's.
    """
    plan = load_plan(library)
    test = agreed_test(plan.penetration_tests, finding, now or datetime.now(UTC))
    told = _tested(test) if test else ""
    scope = scope_of(finding)
    books = [book for _, book in load_playbooks(library)]
    takers = _takers(finding, books)
    passed = _renamed(finding, takers)
    for book, match in takers:
        inputs = _inputs(book, scope)
        runbook, missing = _runbook(library, book, inputs)
        if missing:
            passed.append(f"playbook {book.playbook} would take it, but {missing}")
            continue
        severity = match.severity or finding.severity_label
        unasked: tuple[Unasked, ...] = ()
        rivals = [
            other.playbook
            for other, theirs in takers
            if other is not book and globs.precision(theirs.type) == globs.precision(match.type)
        ]
        if rivals:
            held = f"{' and '.join(rivals)} would take it as well, which `firedoor check` refuses"
        else:
            unasked, held = unasked_steps(book, runbook, finding, severity, plan, scope, test=told)
        duties = book.duties(severity)
        if test:
            duties = (Duty(what=told[:1].upper() + told[1:], who=(test.ask,)), *duties)
            passed.append(told)
        return Route(
            finding=_about(finding),
            playbook=book.playbook,
            runbook=book.runbook,
            inputs=inputs,
            severity=severity,
            unasked=unasked,
            ignored=_ignored(finding, plan),
            why=_why(
                finding,
                book,
                match,
                passed,
                held,
                _family(finding, books),
                contains=_changes(runbook),
            ),
            people=duties,
            over_when=book.over_when,
        )
    nobody = f"no playbook takes {finding.type}: add it to one, or '*' to one that takes the rest"
    return Route(
        finding=_about(finding),
        playbook=None,
        runbook=None,
        inputs={},
        severity=finding.severity_label,
        unasked=(),
        ignored=_ignored(finding, plan),
        why=". ".join([*passed, nobody]),
    )


def route_json(routed: Route) -> dict[str, Any]:
    """A route as `route --json` tells it."""
    told: dict[str, Any] = msgspec.to_builtins(routed)
    return told


def _takers(finding: Finding, books: list[Playbook]) -> list[tuple[Playbook, Match]]:
    """The playbooks that take a finding, each with its entry, the closest first.

    A retired type goes where the type goes that covers it today, unless a playbook names it. A type
    that GuardDuty did not have when this was written goes to whoever takes the rest, unless a
    playbook names it: what a family's runbook would do about it, nobody has thought through.
    """
    today = msgspec.structs.replace(finding, type=of_today(finding))
    new = is_new(finding)
    fitting = []
    for book in books:
        match = book.match(finding, _named_or_rest if new else _named)
        match = match or (None if new else book.match(today))
        if match:
            fitting.append((book, match))
    return sorted(fitting, key=lambda each: globs.precision(each[1].type), reverse=True)


def _tested(test: Pentest) -> str:
    return (
        f"it fits the agreed penetration test {test.name!r}, until {test.ends}: ask {test.ask} "
        "before anybody is shut out, and treat it as an attack until they have answered"
    )


def _named(entry: Match) -> bool:
    return "*" not in entry.type


def _named_or_rest(entry: Match) -> bool:
    return _named(entry) or entry.type == "*"


def _renamed(finding: Finding, takers: list[tuple[Playbook, Match]]) -> list[str]:
    """What is said first where the type is not taken as it stands."""
    today = of_today(finding)
    if today.lower() == finding.type.lower() or (takers and _named(takers[0][1])):
        return []
    return [f"GuardDuty has no {finding.type} any more; it counts as {today}"]


def _inputs(book: Playbook, scope: dict[str, Json]) -> dict[str, Json]:
    resolved = {name: resolve(said, scope) for name, said in book.inputs.items()}
    return {name: value for name, value in resolved.items() if value not in (None, "", [])}


def _runbook(library: Rules, book: Playbook, inputs: dict[str, Json]) -> tuple[Runbook, str]:
    """The playbook's runbook, and what the finding lacks for it ("" when nothing)."""
    runbook = library.load(book.runbook)
    missing = [
        name
        for name, spec in runbook.inputs.items()
        if spec.required and spec.default is None and name not in inputs
    ]
    if runbook.one_of and not any(name in inputs for name in runbook.one_of):
        missing.append(" or ".join(runbook.one_of))
    return runbook, f"it does not say {' and '.join(missing)}" if missing else ""


def _changes(runbook: Runbook) -> bool:
    actions = registry()
    return any(
        step.runbook or (step.action and actions[step.action].mutating)
        for step in runbook.all_steps()
    )


def _ignored(finding: Finding, plan: ResponsePlan) -> str:
    if finding.sample:
        return "it is a sample, made to try things out: nothing happened"
    if finding.archived:
        return (
            f"it is archived in {finding.source}: somebody, perhaps the attacker, or a rule has "
            "set it aside. CloudTrail says who (ArchiveFindings, CreateFilter); to act on it, run "
            "the runbook by hand"
        )
    reason = plan.ignored(finding.type) or plan.ignored(of_today(finding))
    return f"the plan ignores {finding.type}: {reason}" if reason else ""


def _why(
    finding: Finding,
    book: Playbook,
    match: Match,
    passed: list[str],
    held: str,
    family: str,
    *,
    contains: bool,
) -> str:
    said = f"{finding.type} is taken by {match.type!r} of playbook {book.playbook}"
    if match.severity and match.severity != finding.severity_label:
        said = f"{said}, which makes it {match.severity}"
    whole = [*passed, said]
    if not contains:
        whole.append(_untreated(finding, match, family))
    elif finding.actor.error:
        whole.append(f"AWS refused the call ({finding.actor.error}), so it is less urgent")
    if contains and held:
        whole.append(f"Nothing changes unasked: {held}")
    return mask_key_id(". ".join(whole))


def _family(finding: Finding, books: list[Playbook]) -> str:
    """Where a type that nobody knows would go by its family, as a command for a person; or ""."""
    if not is_new(finding):
        return ""
    fitting = [(book, match) for book in books if (match := book.match(finding))]
    book, match = max(fitting, key=lambda each: globs.precision(each[1].type))
    if match.type == "*":
        return ""
    given = _inputs(book, scope_of(finding))
    inputs = " ".join(f"{name}={value}" for name, value in given.items() if isinstance(value, str))
    return (
        f"By its family it would be one for playbook {book.playbook}; when a person agrees: "
        f"firedoor run {book.runbook} {inputs}"
    )


def _untreated(finding: Finding, match: Match, family: str) -> str:
    named = finding.resource
    what = "type"
    if named.kind == "access_key" and named.principal not in (None, "iam_user", "unknown"):
        what = "kind of credentials"
    said = f"No runbook answers this {what} yet; this one keeps evidence and asks"
    if is_new(finding) or (match.type == "*" and finding.source != "guardduty"):
        said = "No playbook knows this type, which may be new; this runbook keeps evidence and asks"
    advice = by_hand(finding)
    by_person = f"By hand: {advice}" if advice else ""
    return ". ".join(each for each in (said, family, by_person) if each)


def _about(finding: Finding) -> About:
    return About(
        id=finding.id,
        type=finding.type,
        source=finding.source,
        account=finding.account,
        region=finding.region,
        severity=finding.severity,
        sample=finding.sample,
        archived=finding.archived,
        resource=finding.resource,
    )

"""Do the names in a scenario meet? Everything that one part of it says of another.

Yields (path in the document, message) for every mistake; the shapes were checked before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from firedoor import scenario_places
from firedoor.scenario_attack import Beat, Principal
from firedoor.scenario_places import Mistake, Path
from firedoor.scenario_world import Group, InstanceProfile, Item, Role, User

if TYPE_CHECKING:  # scenario.py reads with this module what it defines itself
    from firedoor.scenario import Scenario


def mistakes(scenario: Scenario) -> Iterator[Mistake]:
    """All mistakes, part by part."""
    yield from _of_world(scenario.world)
    yield from _of_principals(scenario)
    yield from _of_acts(scenario)
    yield from _of_proof(scenario)
    yield from _of_objectives(scenario)
    yield from _of_injects(scenario)
    yield from scenario_places.mistakes(scenario)


def _known(name: str, names: Iterable[str], what: str) -> str:
    """The message that there is no such name; "" when there is."""
    known = list(names)
    return "" if name in known else f"no {what} {name!r}; there are: {', '.join(known) or 'none'}"


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _of_world(world: tuple[Item, ...]) -> Iterator[Mistake]:
    for name in _twice(item.id for item in world):
        yield ("world",), f"the id {name!r} is used twice"
    for kind in (User, Role, Group, InstanceProfile):
        for name in _twice(item.name for item in world if isinstance(item, kind)):
            yield ("world",), f"two items of one type are called {name!r}"
    for name in _twice(key for user in _users(world) for key in user.keys):
        yield ("world",), f"two access keys are called {name!r}"
    groups = [item.id for item in world if isinstance(item, Group)]
    for index, item in enumerate(world):
        if isinstance(item, User):
            for position, group in enumerate(item.groups):
                if message := _known(group, groups, "group"):
                    yield ("world", index, "groups", position), message
        if isinstance(item, Role):
            trusted = [*(user.id for user in _users(world)), "account"]
            for position, who in enumerate(item.trusts):
                if isinstance(who, str) and (message := _known(who, trusted, "user")):
                    yield ("world", index, "trusts", position), message
        if isinstance(item, InstanceProfile):
            roles = [each.id for each in world if isinstance(each, Role)]
            if message := _known(item.role, roles, "role"):
                yield ("world", index, "role"), message


def _users(world: tuple[Item, ...]) -> list[User]:
    return [item for item in world if isinstance(item, User)]


def _of_principals(scenario: Scenario) -> Iterator[Mistake]:
    keys = [key for user in _users(scenario.world) for key in user.keys]
    roles = [item.id for item in scenario.world if isinstance(item, Role)]
    given = scenario_places.given_in_world(scenario)
    for name, one in scenario.principals.items():
        path = ("principals", name)
        if one.key is not None and (message := _known(one.key, keys, "access key")):
            yield (*path, "key"), message
        role = one.session_of
        if role and not role.startswith("arn:") and (message := _known(role, roles, "role")):
            yield (*path, "session_of"), message
        if one.by is not None and (message := _by(name, one, scenario.principals)):
            yield (*path, "by"), message
        for field in ("instance", "function"):
            value = getattr(one, field)
            if value and (message := _known(value, given, f"{field} given by a call of the world")):
                yield (*path, field), message
        if one.side == "fresh" and one.lasts:
            kind = one.kinds()[0]
            yield (*path, kind), "a fresh principal is a session, made after containment"


def _by(name: str, one: Principal, principals: Mapping[str, Principal]) -> str:
    """What is wrong with the principal that assumes the role for another; "" when nothing is."""
    able = [other for other, each in principals.items() if not each.anonymous and other != name]
    if message := _known(str(one.by), able, "principal who could assume it"):
        return message
    seen, here = {name}, one.by
    while here is not None and here in principals:
        if here in seen:
            return f"{name!r} would be assumed by itself, through {one.by!r}"
        seen.add(here)
        here = principals[here].by
    return ""


def _attackers(scenario: Scenario) -> list[str]:
    own = [name for name, one in scenario.principals.items() if one.side == "attacker"]
    return own + [beat.mints for beat in scenario.attacker.acts if beat.mints]


def _of_acts(scenario: Scenario) -> Iterator[Mistake]:
    attackers = _attackers(scenario)
    others = [name for name, one in scenario.principals.items() if one.side == "innocent"]
    for name in _twice([*scenario.principals, *attackers]):
        if name not in scenario.principals or any(
            beat.mints == name for beat in scenario.attacker.acts
        ):
            yield ("attacker", "acts"), f"two sets of credentials are called {name!r}"
    for index, beat in enumerate(scenario.attacker.acts):
        yield from _of_act(("attacker", "acts", index), beat, attackers)
    for index, beat in enumerate(scenario.everyday):
        path = ("everyday", index)
        yield from _of_act(path, beat, others)
        if beat.at is None or beat.first >= timedelta(0):
            yield path, "everyday acts are done once, before the finding: at: -20m"


def _of_act(path: Path, beat: Beat, actors: list[str]) -> Iterator[Mistake]:
    if message := _known(beat.as_, actors, "principal"):
        yield (*path, "as"), message


def _of_proof(scenario: Scenario) -> Iterator[Mistake]:
    sides = {name: one.side for name, one in scenario.principals.items()}
    sides |= dict.fromkeys(_attackers(scenario), "attacker")
    for index, tried in enumerate(scenario.proof.tries):
        path = ("proof", "tries", index)
        if message := _known(tried.who, sides, "principal"):
            yield (*path, "who"), message
    tried_sides = {sides.get(tried.who) for tried in scenario.proof.tries}
    for side in ("attacker", "innocent", "fresh"):
        if side not in tried_sides:
            yield ("proof", "tries"), f"nothing is tried by a principal of side {side!r}"
    for name in scenario.finding.principals:
        if message := _known(name, sides, "principal"):
            yield ("finding", "about"), message


def _of_objectives(scenario: Scenario) -> Iterator[Mistake]:
    for name in _twice(objective.id for objective in scenario.objectives):
        yield ("objectives",), f"the id {name!r} is used twice"
    users = [user.name for user in _users(scenario.world)]
    for beat in scenario.attacker.acts:
        if beat.call == "iam:CreateUser":
            users.append(str(beat.with_.get("UserName", "")))
    attackers = _attackers(scenario)
    for index, objective in enumerate(scenario.objectives):
        for position, fact in enumerate(objective.facts):
            path = ("objectives", index, "facts", position)
            if fact.refused is not None:
                if message := _known(fact.refused.who, attackers, "principal of the attacker's"):
                    yield (*path, "refused", "who"), message
                continue
            field = fact.set_fields()[0]
            if fact.state is not None:
                continue
            if message := _known(getattr(fact, field), users, "user"):
                yield (*path, field), message


def _of_injects(scenario: Scenario) -> Iterator[Mistake]:
    for name in _twice(inject.id for inject in scenario.injects):
        yield ("injects",), f"the id {name!r} is used twice"
    objectives = [objective.id for objective in scenario.objectives]
    for index, inject in enumerate(scenario.injects):
        for position, expected in enumerate(inject.expect):
            if expected.objective is None:
                continue
            if message := _known(expected.objective, objectives, "objective"):
                yield ("injects", index, "expect", position, "objective"), message
        if inject.ask and inject.ask.default:
            options = [option.id for option in inject.ask.options]
            if message := _known(inject.ask.default.option, options, "option"):
                yield ("injects", index, "ask", "default", "option"), message

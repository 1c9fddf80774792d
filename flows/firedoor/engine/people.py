"""The people of `playbooks/plan.yaml`: one person is one, whichever identity he comes with.

Whoever stands there several times (in several roles, or once by his name on the operating system
and once by his ARN) is the same person when two entries share an identity or a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from firedoor.errors import Refused
from firedoor.response_plan import Person, ResponsePlan


class Somebody(msgspec.Struct, frozen=True, kw_only=True):
    """One person: the name he is known by, all his identities, the roles he has."""

    name: str
    ids: frozenset[str]
    roles: frozenset[str] = frozenset()


def ids_of(person: Person) -> tuple[str, ...]:
    """What proves that somebody is this person: `os:carol`, an ARN, `slack:U…`."""
    found = (
        f"os:{person.os_user}" if person.os_user else "",
        str(person.arn or ""),
        f"slack:{person.slack}" if person.slack else "",
    )
    return tuple(each for each in found if each)


def everybody(plan: ResponsePlan) -> list[Somebody]:
    """All people of the plan, each once, in the order of the file."""
    found: list[Somebody] = []
    for role, people in plan.people.items():
        for person in people:
            found = _joined(found, role, person)
    return found


def _joined(known: Sequence[Somebody], role: str, person: Person) -> list[Somebody]:
    ids = frozenset(ids_of(person))
    same = [each for each in known if each.ids & ids or (person.name and each.name == person.name)]
    named = [each.name for each in same if each.name not in each.ids]
    name = next(iter(named), "") or person.name
    one = Somebody(
        name=name or (same[0].name if same else ids_of(person)[0]),
        ids=ids.union(*(each.ids for each in same)),
        roles=frozenset({role}).union(*(each.roles for each in same)),
    )
    if not same:
        return [*known, one]
    return [
        one if each is same[0] else each for each in known if each is same[0] or each not in same
    ]


def recognised(plan: ResponsePlan, ids: Iterable[str]) -> Somebody | None:
    """Whose identities these are; None when nobody's.

    Refused when they are of two people: one of them has come with the other's credentials.
    """
    shown = frozenset(ids)
    found = [each for each in everybody(plan) if each.ids & shown]
    if len(found) > 1:
        told = " and ".join(
            f"{each.name} ({', '.join(sorted(each.ids & shown))})" for each in found
        )
        raise Refused(
            f"you come as two people at once: {told}. Answer with your own AWS credentials, or "
            "with none"
        )
    return found[0] if found else None


def holders(plan: ResponsePlan, roles: Iterable[str]) -> list[Somebody]:
    """Who has one of these roles."""
    wanted = frozenset(roles)
    return [each for each in everybody(plan) if each.roles & wanted]


def asks_aws(plan: ResponsePlan) -> bool:
    """Whether anybody is known by an ARN, or has to prove MFA: otherwise AWS need not be asked."""
    return bool(plan.mfa.roles) or any(
        person.arn for people in plan.people.values() for person in people
    )

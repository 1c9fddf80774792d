"""The one door for answers to approvals: whoever answers, by whatever way, is checked here.

Who somebody is comes from the operating system or from AWS, never from what he says of himself. A
role that `playbooks/plan.yaml` gives to nobody can be exercised by whoever may write into the
store; as soon as it names people, only they count, and nobody approves what he asked for himself.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from firedoor import globs
from firedoor.approval import Answer, Asked, asked_of
from firedoor.chain import Entry
from firedoor.engine.people import Somebody, holders, recognised
from firedoor.engine.recorder import Recorder
from firedoor.errors import NotFound, Refused
from firedoor.kinds import parse_time
from firedoor.response_plan import ResponsePlan

CONFIRMS = "responder"
"""The role that a plan without questions of its own is for."""


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, by what was proven of him: `os:carol`, an ARN of GetCallerIdentity, `slack:U…`.

    `played`: a script plays him, in a simulated world where roles mean nothing. `mfa`: how AWS saw
    that he has his second factor; `unproven`: why AWS could not say who he is.
    """

    ids: tuple[str, ...]
    played: bool = False
    mfa: str = ""
    unproven: str = ""

    @property
    def by(self) -> str:
        """How the journal names him."""
        return self.ids[0]


def whoami() -> str:
    """Who is at the terminal: the operating system's user, whatever the environment says."""
    return os_user(os.getuid())


def os_user(number: int) -> str:
    """A user id as the journal names it: `os:carol`, or `os:1234` where nobody has it."""
    try:
        return f"os:{pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"os:{number}"


def answer(
    recorder: Recorder,
    approval: str,
    said: Answer,
    *,
    who: Who,
    plan: ResponsePlan,
    now: datetime,
) -> Entry:
    """Write an answer down. Refused says why it does not count; NotFound when nothing was asked."""
    entries = recorder.entries()
    asked = _open(asked_of(entries, now), approval)
    person = _entitled(asked, who, plan, entries, said.yes)
    return recorder.write(
        "approval.given" if said.yes else "approval.denied",
        {
            "id": approval,
            "steps": asked.entry.data["steps"],
            "reason": said.reason,
            "how": said.how,
            "person": person,
            **({"mfa": who.mfa} if who.mfa else {}),
            **({"ids": list(who.ids)} if len(who.ids) > 1 else {}),
            "waited_seconds": said.waited_seconds
            or round((now - parse_time(asked.entry.at)).total_seconds(), 1),
        },
        run=asked.entry.run,
        by=who.by,
        at=now,
    )


def _open(every: Sequence[Asked], approval: str) -> Asked:
    for asked in every:
        if asked.id != approval:
            continue
        if asked.denied:
            raise Refused(f"{approval} was denied already: {asked.denied}")
        if asked.agreed:
            raise Refused(f"{approval} was approved by {asked.words} already")
        if asked.expired:
            raise Refused(
                f"{approval} expired at {asked.entry.data['expires']}: it is not a yes any more. "
                f"`firedoor resume {approval.rpartition('-A')[0]}` asks anew"
            )
        return asked
    raise NotFound(f"no approval {approval!r}; `firedoor approvals` lists what waits")


def may_confirm(plan: ResponsePlan, who: Who, role: str) -> str:
    """The name under which somebody confirms a plan of his own, for which he needs a role.

    Refused when the role is others'. (He may be its requester: a step that asks for somebody else
    has a question of its own.)
    """
    if who.played or not holders(plan, (role,)):
        return who.by
    person = recognised(plan, who.ids)
    if person is None or role not in person.roles:
        raise Refused(
            f"nothing was changed: it is for a {role} to confirm "
            f"({_names(holders(plan, (role,)))}), and you are {' and '.join(who.ids)}. Without "
            "--yes, in a shell that nobody sits at, the run asks them instead"
        )
    _proven(plan, who, (role,), f"the plan is for a {role} to confirm")
    return person.name


def _entitled(
    asked: Asked, who: Who, plan: ResponsePlan, entries: Sequence[Entry], yes: bool
) -> str:
    """The name that his answer counts under; Refused when he may not give it."""
    roles = [str(role) for role in asked.entry.data["by"]]
    having = holders(plan, roles)
    if who.played:
        name = who.by
    elif not having:
        person = recognised(plan, who.ids)
        name = person.name if person else who.by
    else:
        person = recognised(plan, who.ids)
        if person is None or person not in having:
            raise Refused(
                f"{asked.id} is for {' or '.join(roles)} to answer ({_names(having)}), and you are "
                f"{' and '.join(who.ids)}{who.unproven}. playbooks/plan.yaml says who has which "
                "role"
            )
        _refuse_requester(asked, person, who, plan, entries, yes)
        if yes:
            _proven(plan, who, roles, asked.id)
        name = person.name
    if yes and name in asked.yes:
        raise Refused(
            f"{name} has approved {asked.id} already; it needs {asked.quorum} different people"
        )
    return name


def _refuse_requester(
    asked: Asked,
    person: Somebody,
    who: Who,
    plan: ResponsePlan,
    entries: Sequence[Entry],
    yes: bool,
) -> None:
    requester = _requester(entries, asked.entry.run or "")
    # His AWS principal alone is nobody: several people may act with one role.
    same = person.ids.union((who.by,)) & requester
    if yes and same and not _alone(asked, plan, entries):
        raise Refused(
            f"{asked.id} was asked for by {', '.join(sorted(same))}, which is you: somebody else "
            "has to approve it. `may_confirm_alone` in playbooks/plan.yaml names steps for which "
            "that is not so"
        )


def _proven(plan: ResponsePlan, who: Who, roles: Sequence[str], what: str) -> None:
    """Refused where the plan wants MFA of this role's people and he has not shown it."""
    if not set(plan.mfa.roles) & set(roles) or who.mfa:
        return
    if any(globs.matches(pattern, each) for pattern in plan.mfa.sessions for each in who.ids):
        return
    raise Refused(
        f"{what}: of {' and '.join(sorted(set(plan.mfa.roles) & set(roles)))} the plan wants MFA. "
        "As an IAM user: `firedoor approve … --mfa CODE`, which AWS checks; or with a session of "
        "the plan's `mfa.sessions`, which nobody gets without"
    )


def _names(people: Collection[Somebody]) -> str:
    return ", ".join(sorted({each.name for each in people}))


def _requester(entries: Sequence[Entry], run: str) -> frozenset[str]:
    """Who asked for a run, by every identity that he had then."""
    top = run.split(".")[0]
    for entry in entries:
        if entry.kind == "run.started" and entry.run == top:
            principal = entry.data.get("principal")
            return frozenset((entry.by, *((str(principal),) if principal else ())))
    return frozenset()


def _alone(asked: Asked, plan: ResponsePlan, entries: Sequence[Entry]) -> bool:
    """Whether all its steps are among those that their requester may confirm himself."""
    runbook = next(
        (
            entry.data["runbook"]
            for entry in entries
            if entry.kind == "run.started" and entry.run == asked.entry.run
        ),
        "",
    )
    return all(f"{runbook}/{step}" in plan.may_confirm_alone for step in asked.entry.data["steps"])

"""What playbooks ask of people: whom to tell by when, when to call for more, when it is over.

A machine does none of this. It is checked, shown with the route, journalled with the incident and
put into the report as a list to tick off, so that nobody has to remember it at night.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from firedoor.findings.model import Label
from firedoor.runbook import DurationText, RoleName, Said

Sentence = Annotated[str, msgspec.Meta(min_length=3, max_length=400)]

Party = Literal[
    "owners", "management", "legal", "privacy", "regulator", "customers", "partners", "insurer",
    "police", "aws",
]  # fmt: skip
"""Who may have to be told. `owners`: of what is attacked or shut out. `aws`: Support, or abuse."""


class Escalation(Said, frozen=True, kw_only=True):
    """When more people are called, or it counts as worse.

    `when`: what has happened, for people to judge. `after`: so long after the alarm it applies by
    itself. One of the two at least. `severity`: what it counts as from then on.
    """

    to: Annotated[tuple[RoleName, ...], msgspec.Meta(min_length=1)]
    when: Sentence | None = None
    after: DurationText | None = None
    severity: Label | None = None

    def __post_init__(self) -> None:
        if self.when is None and self.after is None:
            raise ValueError("say when it applies: 'when' (what has happened), 'after', or both")


class Tell(Said, frozen=True, kw_only=True):
    """Who is told, by whom, and by when.

    `within`: how long after one knows. `when`: only if this is so. `severities`: only at these
    (at all without them). `how`: the way to reach them, a form, what to say.
    """

    whom: Party
    by: RoleName
    within: DurationText
    when: Sentence | None = None
    severities: tuple[Label, ...] = ()
    how: Sentence | None = None


class Untold(Said, frozen=True, kw_only=True):
    """Who was decided not to be told, and why: so that it is a decision and no oversight."""

    whom: Party
    why: Sentence


class Aws(Said, frozen=True, kw_only=True):
    """What AWS is asked: `support` (what to open a case for), `abuse` (when to write to the abuse
    team, for resources of others that attack us, or to answer its mails about ours)."""

    support: Sentence | None = None
    abuse: Sentence | None = None


class Duty(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that people do: `what`, `who` does it (roles), `within` how long after the alarm
    (a duration; "" where there is no deadline), and only `when`."""

    what: str
    who: tuple[str, ...] = ()
    within: str = ""
    when: str = ""


class Agreed(Said, frozen=True, kw_only=True):
    """The part of a playbook's front matter that is about people; all of it may be left out.

    `decide`: the role that decides when people disagree; `notify`: who is told by role, by
    severity, at once. `over_when`: what has to hold before the incident is closed.
    """

    decide: RoleName
    notify: dict[Label, tuple[RoleName, ...]] = msgspec.field(default_factory=dict)
    escalate: tuple[Escalation, ...] = ()
    tell: tuple[Tell, ...] = ()
    not_told: tuple[Untold, ...] = ()
    aws: Aws = Aws()
    over_when: tuple[Sentence, ...] = ()

    def duties(self, severity: Label) -> tuple[Duty, ...]:
        """What people do about a finding of this severity, in the order of their deadlines."""
        found = [Duty(what="Decide, and alone when nobody else can be reached", who=(self.decide,))]
        if self.notify.get(severity):
            found.append(Duty(what="Are told at once", who=self.notify[severity]))
        found += [
            Duty(
                what=_called(each),
                who=each.to,
                within=each.after or "",
                when=each.when or "nobody has taken it over",
            )
            for each in self.escalate
        ]
        found += [
            Duty(
                what=f"Tell {PARTIES[each.whom]}{f': {each.how}' if each.how else ''}",
                who=(each.by,),
                within=each.within,
                when=each.when or "",
            )
            for each in self.tell
            if not each.severities or severity in each.severities
        ]
        found += [
            Duty(what=f"Do not tell {PARTIES[each.whom]}: {each.why}") for each in self.not_told
        ]
        for name, said in (("Support", self.aws.support), ("abuse contact", self.aws.abuse)):
            if said:
                found.append(Duty(what=f"AWS {name}: {said}", who=(self.decide,)))
        return tuple(found)


PARTIES: dict[Party, str] = {
    "owners": "the owners of what is attacked or shut out",
    "management": "the management",
    "legal": "the lawyers",
    "privacy": "whoever answers for privacy",
    "regulator": "the regulator",
    "customers": "the customers concerned",
    "partners": "the partners concerned",
    "insurer": "the insurer",
    "police": "the police",
    "aws": "AWS",
}


def _called(rule: Escalation) -> str:
    worse = f"; it counts as {rule.severity} from then on" if rule.severity else ""
    return f"Are called{worse}"

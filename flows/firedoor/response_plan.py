"""What `playbooks/plan.yaml` says: accounts and their mode, people, what is protected, limits.

Everything has a safe default, so that a missing file means: ask for every change, in no account
act, protect by asking.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Protocol

import msgspec

from firedoor import globs
from firedoor.errors import CheckFailed, Problem
from firedoor.kinds import AccountId, Arn, Duration
from firedoor.pentests import Pentest, window_problems
from firedoor.playbook import StepName
from firedoor.runbook import RoleName, Said
from firedoor.shapes import shape
from firedoor.yamlio import Document, load

TAG = re.compile(r"tag:[^=]{1,128}=.{0,256}")

Mode = Literal["observe", "ask", "act"]
"""`observe`: evidence only. `ask`: every change asks. `act`: what playbooks preauthorise runs."""


class Modes(Said, frozen=True, kw_only=True):
    """The mode of each account, and of all others."""

    default: Mode = "ask"
    accounts: dict[AccountId, Mode] = msgspec.field(default_factory=dict)

    def of(self, account: str) -> Mode:
        """The mode of an account."""
        return self.accounts.get(account, self.default)


class Person(Said, frozen=True, kw_only=True):
    """Somebody who has a role, by whatever proves who they are; one of the three at least."""

    name: str = ""
    os_user: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")] | None = None
    arn: Arn | None = None
    slack: Annotated[str, msgspec.Meta(pattern=r"^[UW][A-Z0-9]{6,20}$")] | None = None

    def __post_init__(self) -> None:
        if not (self.os_user or self.arn or self.slack):
            raise ValueError("a person needs os_user, arn or slack: a name proves nothing")


class Budget(Said, frozen=True, kw_only=True):
    """How much may happen without people. Over it, firedoor asks."""

    changes_per_hour: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 20


class Alert(Said, frozen=True, kw_only=True):
    """Where a waiting approval is told as well: a way that does not depend on the chat.

    `sns`: a topic, published to with the responder's credentials. `webhook`: a URL that gets JSON.
    `email`: an address, through the mail server `smtp` (host:port, 25 when it names no port).
    """

    sns: Arn | None = None
    webhook: Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s]{1,2000}$")] | None = None
    email: Annotated[str, msgspec.Meta(pattern=r"^[^@\s]{1,64}@[^@\s]{1,255}$")] | None = None
    smtp: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$")] = (
        "localhost"
    )


class Correlate(Said, frozen=True, kw_only=True):
    """Findings about the same principal, instance or bucket within this time are one incident."""

    within: Duration = "24h"


class Mfa(Said, frozen=True, kw_only=True):
    """Of whom a second factor is wanted before his yes counts.

    `roles`: of those who answer for these. `sessions`: patterns of identities (ARNs, `slack:…`)
    that nobody gets without one, such as those of Identity Center where it is enforced there.
    """

    roles: tuple[RoleName, ...] = ()
    sessions: tuple[str, ...] = ()


RoleOfAws = Annotated[
    str, msgspec.Meta(pattern=r"^(?:[A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,64}$")
]
ExternalId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_+=,.@:/-]{2,1224}$")]
RegionName = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]


class Account(Said, frozen=True, kw_only=True):
    """How one account is reached; what is not said is as `reach` says for all.

    `regions`: where it is looked at; all that are enabled by default. `session_policies`: managed
    policies that narrow the session where the runbook's own is too long to be passed along.
    """

    name: str = ""
    role: RoleOfAws | None = None
    external_id: ExternalId | None = None
    regions: tuple[RegionName, ...] = ()
    session_policies: tuple[Arn, ...] = ()


class Reach(Said, frozen=True, kw_only=True):
    """Which other accounts are reached from the one whose credentials firedoor has, and how.

    `organization`: also those of the same organization, which AWS Organizations is asked about.
    """

    role: RoleOfAws = "firedoor-responder"
    external_id: ExternalId | None = None
    organization: bool = False
    session_policies: tuple[Arn, ...] = ()
    accounts: dict[AccountId, Account] = msgspec.field(default_factory=dict)


class Slack(Said, frozen=True, kw_only=True):
    """What an incident's channel has besides: `bookmarks`, name → link, where `{incident}` stands
    for the incident's id."""

    bookmarks: dict[
        Annotated[str, msgspec.Meta(min_length=1, max_length=60)],
        Annotated[str, msgspec.Meta(pattern=r"^https://[^\s]{1,2000}$")],
    ] = msgspec.field(default_factory=dict)


class ResponsePlan(Said, frozen=True, kw_only=True):
    """The whole file.

    `accounts`: where firedoor is at work at all. `people`: role → who has it. `protect`: ARNs,
    patterns and tags (`tag:Key=Value`) of what is never changed without asking. `alert`: where else
    people are told that something waits for them. `slack`: what its channels
    have. `correlate`: what belongs together. `may_confirm_alone`: steps whose requester may also
    approve them. `penetration_tests`: what was agreed; findings that fit ask. `ignore`: pattern of
    finding types → why they are ignored.
    """

    mode: Modes = Modes()
    accounts: tuple[AccountId, ...] = ()
    people: dict[RoleName, tuple[Person, ...]] = msgspec.field(default_factory=dict)
    protect: tuple[str, ...] = ()
    may_confirm_alone: tuple[StepName, ...] = ()
    budget: Budget = Budget()
    alert: Alert = Alert()
    slack: Slack = Slack()
    correlate: Correlate = Correlate()
    penetration_tests: tuple[Pentest, ...] = ()
    mfa: Mfa = Mfa()
    reach: Reach = Reach()
    ignore: dict[str, str] = msgspec.field(default_factory=dict)

    def ignored(self, finding_type: str) -> str:
        """Why findings of a type are ignored; "" when they are not."""
        fitting = [glob for glob in self.ignore if globs.matches(glob, finding_type)]
        return self.ignore[max(fitting, key=globs.precision)] if fitting else ""


class HasPlan(Protocol):
    """What knows the file: `firedoor.library.Library`."""

    def plan(self) -> Path | None: ...


def load_plan(library: HasPlan) -> ResponsePlan:
    """The plan in force; what is safe where there is none. CheckFailed lists its mistakes."""
    path = library.plan()
    if path is None:
        return ResponsePlan()
    plan, problems = shape_plan(load(path))
    if plan is None:
        raise CheckFailed.of(problems)
    return plan


def shape_plan(document: Document) -> tuple[ResponsePlan | None, list[Problem]]:
    """A document as the plan, or None and what is wrong with it by itself."""
    plan, problems = shape(document, ResponsePlan)
    problems += window_problems(document, "penetration_tests")
    problems += [*_protected(document), *_ignored(document), *_modes(document), *_mfa(document)]
    return (None if problems else plan), sorted(problems)


def _protected(document: Document) -> list[Problem]:
    listed = document.root.get("protect")
    problems = []
    for index, said in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(said, str) or not said:
            continue
        if said.startswith("tag:"):
            wrong = "" if TAG.fullmatch(said) else f"{said!r} is not tag:Key=Value"
        else:
            wrong = globs.mistake(said)
            if not wrong and not said.startswith(("arn:", "*")):
                wrong = (
                    f"{said!r} is neither an ARN nor a pattern of one, such as "
                    "arn:aws:iam::*:user/x*, nor tag:Key=Value"
                )
        if wrong:
            problems.append(document.problem(("protect", index), wrong))
    return problems


def _ignored(document: Document) -> list[Problem]:
    listed = document.root.get("ignore")
    problems = []
    for said, reason in listed.items() if isinstance(listed, dict) else ():
        wrong = globs.mistake(said)
        if not wrong and not said.replace("*", "").strip(":/"):
            wrong = f"{said!r} would ignore every finding"
        if wrong:
            problems.append(document.problem(("ignore", said), wrong, at="key"))
        elif isinstance(reason, str) and not reason.strip():
            message = f"why is {said!r} ignored? People read the reason with each finding"
            problems.append(document.problem(("ignore", said), message))
    return problems


def _mfa(document: Document) -> list[Problem]:
    mfa, people = document.root.get("mfa"), document.root.get("people")
    if not isinstance(mfa, Mapping):
        return []
    known = people if isinstance(people, Mapping) else {}
    roles, sessions = (mfa.get(each) or () for each in ("roles", "sessions"))
    problems = [
        document.problem(("mfa", "roles", index), f"the plan has no role {role!r} under 'people'")
        for index, role in enumerate(roles if isinstance(roles, list) else ())
        if isinstance(role, str) and role not in known
    ]
    for index, said in enumerate(sessions if isinstance(sessions, list) else ()):
        wrong = globs.mistake(said) if isinstance(said, str) else ""
        if not wrong and isinstance(said, str) and not said.startswith(("arn:", "slack:")):
            wrong = f"{said!r} is neither the pattern of an ARN nor of slack:…"
        if wrong:
            problems.append(document.problem(("mfa", "sessions", index), wrong))
    return problems


def _modes(document: Document) -> list[Problem]:
    mode, accounts = document.root.get("mode"), document.root.get("accounts")
    modes = mode.get("accounts") if isinstance(mode, Mapping) else None
    known = accounts if isinstance(accounts, list) else []
    return [
        document.problem(
            ("mode", "accounts", account),
            f"account {account} is in mode {said!r} but not under 'accounts': nothing acts in it",
            at="key",
        )
        for account, said in (modes.items() if isinstance(modes, Mapping) else ())
        if said == "act" and account not in known
    ]

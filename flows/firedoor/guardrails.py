"""Guardrails: what is never changed, and what turns an unasked change into a question.

A brake that an attacker can pull (a tag, a name, many changes, a denied call) never ends in
silence: the change is asked about, and people are told why. Pure: what is known of AWS and of the
journal is given (`firedoor.engine.guard` gathers it).
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from firedoor import globs
from firedoor.actions.contract import Change
from firedoor.approval import target_of
from firedoor.response_plan import ResponsePlan


class Brake(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that holds a change back: its name, why, and what to do instead."""

    rule: str
    why: str
    instead: str

    def __str__(self) -> str:
        return f"{self.why} ({self.rule}). {self.instead}"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What an unasked change is judged by.

    `changed_lately`: changes made in the account within the last hour, None when that could not be
    read. `management`: the id of the organization's management account, "" where there is none,
    None when it could not be read. `tags`: those of each target, by its ARN; None when they could
    not be read.
    """

    account: str
    frozen: str = ""
    changed_lately: int | None = 0
    management: str | None = ""
    tags: Mapping[str, Mapping[str, str] | None] = {}


def forbidden(
    principal: str, account: str, changes: Iterable[Change], plan: ResponsePlan
) -> Brake | None:
    """The rule that forbids these changes to everybody, whoever agreed; None when there is none."""
    if plan.mode.of(account) == "observe":
        return Brake(
            rule="mode observe",
            why=f"in account {account} firedoor only keeps evidence",
            instead="`firedoor plan … --commands` prints what to do by hand; the mode stands in "
            "playbooks/plan.yaml",
        )
    return next((brake for each in changes if (brake := _never(principal, each.resource))), None)


def _never(principal: str, resource: str) -> Brake | None:
    target = target_of(resource)
    kind, path, name = _entity(target)
    if kind == "role" and ("/aws-service-role/" in path or name.startswith("AWSServiceRoleFor")):
        return Brake(
            rule="service-linked role",
            why=f"{name} belongs to an AWS service, and only that service can change it",
            instead="Find in CloudTrail what made the service act (invokedBy), and contain that",
        )
    if kind == "role" and ("/aws-reserved/" in path or name.startswith("AWSReservedSSO_")):
        return Brake(
            rule="Identity Center role",
            why=f"{name} is Identity Center's: IAM cannot change it, and would harm the innocent",
            instead="In Identity Center, remove the person's assignment and end the session",
        )
    if (kind, name) == _own(principal):
        return Brake(
            rule="own principal",
            why=f"{kind} {name} is what firedoor acts as: shutting it out would end the response",
            instead="Use other credentials for this",
        )
    return None


def _entity(arn: str) -> tuple[str, str, str]:
    """`arn:aws:iam::1:role/a/b/Name` → ("role", "/a/b/", "Name")."""
    kind, _, rest = arn.split(":", 5)[-1].partition("/")
    path, _, name = rest.rpartition("/")
    return kind, f"/{path}/" if path else "/", name


def _own(principal: str) -> tuple[str, str]:
    kind, _, rest = principal.split(":", 5)[-1].partition("/")
    if kind == "assumed-role":
        return "role", rest.split("/")[0]
    if kind == "federated-user":
        return "user", rest
    return kind, rest.rpartition("/")[2]


def brakes(changes: Sequence[Change], plan: ResponsePlan, known: Known) -> list[Brake]:
    """Everything that turns these changes, preauthorised, into a question."""
    found = [*_house_rules(plan, known), *_budget(len(changes), plan, known)]
    for target in dict.fromkeys(target_of(change.resource) for change in changes):
        found += _protection(target, plan, known)
    return found


def _house_rules(plan: ResponsePlan, known: Known) -> list[Brake]:
    found = []
    if known.frozen:
        found.append(
            Brake(
                rule="freeze",
                why=f"automatic change is frozen ({known.frozen})",
                instead="Approve it, or `firedoor thaw`",
            )
        )
    if plan.mode.of(known.account) != "act":
        found.append(
            Brake(
                rule="mode",
                why=f"account {known.account} is in mode {plan.mode.of(known.account)}",
                instead="Approve it",
            )
        )
    if known.management is None or known.management == known.account:
        which = "is the management account" if known.management else "may be the management account"
        found.append(
            Brake(
                rule="management account",
                why=f"{known.account} {which}"
                + ("" if known.management else " (the organization could not be read)"),
                instead="Approve it: a mistake here reaches every account",
            )
        )
    return found


def _budget(count: int, plan: ResponsePlan, known: Known) -> list[Brake]:
    most = plan.budget.changes_per_hour
    if known.changed_lately is None:
        return [
            Brake(
                rule="budget",
                why=f"how many changes were made in account {known.account} within the last hour "
                f"could not be read, and its limit is {most}",
                instead="See what else was changed there, then approve it",
            )
        ]
    if known.changed_lately + count <= most:
        return []
    return [
        Brake(
            rule="budget",
            why=f"{known.changed_lately} changes were made in account {known.account} within the "
            f"last hour, and {count} more would be over its {most}",
            instead="See whether they belong together, then approve it",
        )
    ]


def _protection(target: str, plan: ResponsePlan, known: Known) -> list[Brake]:
    found = []
    kind, _, name = _entity(target)
    # Parts are named without their path; a pattern with a path counts when any path would fit.
    head = target.rsplit(name, 1)[0] if name else target
    possible = (target, f"{head}*/{name}")
    for pattern in plan.protect:
        if pattern.startswith("tag:"):
            found += _tagged(target, pattern, known)
        elif any(globs.overlap(pattern, each) for each in possible):
            found.append(
                Brake(
                    rule="protect",
                    why=f"{kind} {name} is protected by {pattern!r} of the plan",
                    instead="Ask whose it is, then approve it",
                )
            )
    return found


def _tagged(target: str, pattern: str, known: Known) -> list[Brake]:
    key, _, value = pattern.removeprefix("tag:").partition("=")
    tags = known.tags.get(target)
    if tags is not None and tags.get(key) != value:
        return []
    why = f"{target} has the tag {key}={value}, which protects"
    if tags is None:
        why = f"the tags of {target} could not be read, and the plan protects by {pattern!r}"
    return [
        Brake(
            rule="protect",
            why=why,
            instead="Ask whose it is, then approve it; an attacker can set tags too",
        )
    ]

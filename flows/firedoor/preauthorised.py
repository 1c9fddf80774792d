"""What at most would run without asking, and every reason why less does. Reads no AWS.

The order is that of trust: what the playbook lists for the severity, then the account's mode, then
the brakes. A brake turns "unasked" into "ask", never into silence: each is said.
"""

from __future__ import annotations

from typing import Any

import msgspec

from firedoor import globs
from firedoor.findings.model import Finding, Label
from firedoor.playbook import Playbook
from firedoor.references import resolve
from firedoor.response_plan import ResponsePlan
from firedoor.runbook import Json, Runbook


class Unasked(msgspec.Struct, frozen=True, kw_only=True):
    """One step that may run without asking; `target` is the one thing that it may change."""

    step: str
    action: str
    target: str
    why: str


def unasked_steps(
    playbook: Playbook,
    runbook: Runbook,
    finding: Finding,
    severity: Label,
    plan: ResponsePlan,
    scope: dict[str, Json],
    test: str = "",
) -> tuple[tuple[Unasked, ...], str]:
    """The steps, and why there are no more ("" when nothing holds any back)."""
    listed = playbook.unasked.get(severity, ())
    if not listed:
        return (), f"the playbook lets nothing change unasked at severity {severity}"
    brakes = [*_mode(finding, plan), *_doubtful(finding), *([test] if test else [])]
    found: list[Unasked] = []
    empty: list[str] = []
    actions = {step.id: step for step in runbook.all_steps() if not step.approve}
    for name in listed:
        step = actions.get(name.partition("/")[2])
        said = playbook.targets.get(name)
        targets = _targets(resolve(said, scope) if said else None)
        if step is None or not step.action or name.partition("/")[0] != runbook.runbook:
            brakes.append(f"{name} is not a step of {runbook.runbook} that may run unasked")
        elif not targets:
            # A loop over nothing changes nothing; a playbook may list a step for an instance and
            # one for its cluster: neither is a reason to hold the others back.
            empty.append(f"the finding does not name what {name} would change")
        elif any(target.startswith("ASIA") for target in targets):
            brakes.append(f"the key is a session's (ASIA…), and {name} needs a long-term one")
        elif step.limit is not None and len(targets) > step.limit:
            brakes.append(f"{name} would change {len(targets)} things, more than {step.limit}")
        else:
            why = f"playbook {playbook.playbook}, severity {severity}, account in mode act"
            found += [
                Unasked(step=step.id or "", action=step.action, target=target, why=why)
                for target in targets
            ]
    brakes += [
        *([] if found else empty),
        *_protected(finding, plan, {each.target for each in found}),
    ]
    return (() if brakes else tuple(found)), "; ".join(brakes)


def _targets(said: Json) -> list[str]:
    """The one thing that a step changes; for a loop, that of each item."""
    listed = said if isinstance(said, list) else [said]
    return [each for each in listed if isinstance(each, str) and each]


def _mode(finding: Finding, plan: ResponsePlan) -> list[str]:
    if not finding.account:
        return ["the finding names no account"]
    mode = plan.mode.of(finding.account)
    said = []
    if mode != "act":
        meaning = "evidence only" if mode == "observe" else "every change asks"
        said.append(f"account {finding.account} is in mode {mode}: {meaning}")
    if finding.account not in plan.accounts:
        said.append(f"account {finding.account} is not among the plan's accounts")
    return said


def _doubtful(finding: Finding) -> list[str]:
    said = []
    if finding.sample or finding.archived:
        said.append("it is a sample" if finding.sample else "it is archived")
    if finding.actor.error:
        said.append(f"AWS refused the call ({finding.actor.error})")
    if finding.source != "guardduty" or not finding.id:
        said.append("it cannot be confirmed with GuardDuty")
    if finding.doubts:
        said.append(f"not all of the finding could be used ({finding.doubts[0]})")
    return said


def _protected(finding: Finding, plan: ResponsePlan, targets: set[str]) -> list[str]:
    """A protected user, bucket or machine asks. A user's path is not in the finding, so that a
    pattern with one counts when any path would make it cover him; likewise when only the key is
    known, and not whose it is."""
    things = {name: said for name, said in _things(finding).items() if name in targets}
    for pattern in plan.protect:
        for name, (what, arn) in sorted(things.items()):
            if _may_cover(pattern, arn):
                return [f"{what} {name} may be protected by {pattern!r} of the plan"]
    if targets and targets <= set(things):
        return []  # No user is changed.
    users = f"arn:{finding.partition}:iam::{finding.account}:user/"
    named = finding.resource
    names = [each for each in (named.user, *named.users) if each]
    for pattern in plan.protect:
        for user in names:
            if any(_may_cover(pattern, each) for each in (users + user, f"{users}*/{user}")):
                return [f"{user} may be protected by {pattern!r} of the plan"]
        if not names and _may_cover(pattern, f"{users}*"):
            return [f"whose key it is is not known yet, and the plan protects {pattern!r}"]
    return []


def _things(finding: Finding) -> dict[str, tuple[str, str]]:
    """What a finding names that is nobody's credential: name → (what it is, ARN)."""
    named, here = finding.resource, f"{finding.region}:{finding.account}"
    buckets = {
        name: ("bucket", f"arn:{finding.partition}:s3:::{name}")
        for name in (named.bucket, *named.buckets)
        if name
    }
    machines = {
        name: ("instance", f"arn:{finding.partition}:ec2:{here}:instance/{name}")
        for name in (named.instance, *named.instances)
        if name
    }
    return buckets | machines


def _may_cover(pattern: str, arn: str) -> bool:
    """Whether a pattern of ARNs can cover an ARN in which `*` stands for what is not known. Part
    by part where it has all six, or else `*` for the account would reach over into the name."""
    parts = (pattern.split(":", 5), arn.split(":", 5))
    if len(parts[0]) == len(parts[1]):
        return all(map(globs.overlap, *parts))
    return globs.overlap(pattern, arn)


def scope_of(finding: Finding) -> dict[str, Json]:
    """The names that a playbook's references start with: `finding`, without its raw document."""
    whole = msgspec.structs.replace(finding, raw=None)
    # Through JSON, so that lists are lists here as they are after a resume.
    told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(whole))
    return {"finding": told}

"""The proof's controls: calls tried before and after containment, by everybody concerned.

Before it the attacker must be allowed (else nothing is proven); after it he must be denied, with
every credential he holds, while innocents and fresh legitimate sessions are allowed. A probe leaves
no trace in CloudTrail and is no act of the attacker's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from firedoor.runbook import Json
from firedoor.scenario import Scenario
from firedoor.scenario_attack import Side, Tried
from firedoor.simulator.attacker import Attacker
from firedoor.simulator.callers import DEFAULT_AGENT, DEFAULT_IP, Answered
from firedoor.simulator.credentials import Credentials
from firedoor.simulator.trail import is_read_only
from firedoor.simulator.world import World

Phase = Literal["before", "after", "undone"]
USUAL = ("s3:ListBuckets", "iam:ListUsers", "iam:ListRoles")
"""What is tried with credentials that the scenario tries nothing with, until one is allowed."""


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """One call that was tried. `inconclusive`: neither carried out nor denied."""

    phase: Phase
    role: Side
    who: str
    call: str
    allowed: bool
    code: str = ""
    inconclusive: bool = False

    def told(self) -> dict[str, Json]:
        """The data of a `probe.made` entry."""
        data: dict[str, Json] = msgspec.to_builtins(self)
        if not self.inconclusive:
            data.pop("inconclusive")
        return data


@dataclass
class Prober:
    """Makes the probes of one drill."""

    scenario: Scenario
    world: World
    attacker: Attacker
    _found: dict[str, Tried] = field(default_factory=dict)

    def before(self) -> list[Probe]:
        """Just before the finding is taken in."""
        return [*self._said("before"), *self._minted("before")]

    def after(self) -> list[Probe]:
        """When containment is to have held for a while."""
        return [*self._said("after"), *self._minted("after")]

    def undone(self) -> list[Probe]:
        """The attacker's, once more, when everything was undone that may be."""
        return [*self._said("undone", only="attacker"), *self._minted("undone")]

    def _said(self, phase: Phase, only: Side | None = None) -> Iterator[Probe]:
        """What the scenario says is tried."""
        for tried in self.scenario.proof.tries:
            side = self._side(tried.who)
            if tried.restored and phase == "before":
                continue
            if only in (None, side):
                yield self._try(phase, side, tried)

    def _minted(self, phase: Phase) -> Iterator[Probe]:
        """The attacker's other credentials: whatever he holds is tried."""
        said = {tried.who for tried in self.scenario.proof.tries}
        for name in self.attacker.credentials():
            if name in said:
                continue
            known = self._found.get(name)
            candidates = [known] if known else self._candidates(name)
            probe = self._try(phase, "attacker", candidates[0])
            for tried in candidates[1:]:
                if probe.allowed:
                    break
                another = self._try(phase, "attacker", tried)
                probe = another if another.allowed else probe
            if probe.allowed:
                self._found[name] = next(each for each in candidates if each.call == probe.call)
            yield probe

    def _candidates(self, name: str) -> list[Tried]:
        """What he got through with before, last first; then what most credentials may."""
        done = [
            Tried(who=name, call=act.call, with_=dict(act.given))
            for act in reversed(self.attacker.acts)
            if act.who == name
            and act.through
            and is_read_only(act.call.partition(":")[2])
            # To assume a role is a read for CloudTrail, but mints.
            and not act.call.startswith("sts:")
        ]
        return [*done[:1], *(Tried(who=name, call=call) for call in USUAL)]

    def _try(self, phase: Phase, side: Side, tried: Tried) -> Probe:
        answered = self._answer(side, tried)
        return Probe(
            phase=phase,
            role=side,
            who=tried.who,
            call=answered.call,
            allowed=answered.allowed,
            code=answered.code,
            inconclusive=answered.inconclusive,
        )

    def _answer(self, side: Side, tried: Tried) -> Answered:
        held: Credentials | Answered | None
        if side == "fresh":
            held = self.world.renewed(tried.who, probe=True)
        else:
            held = self.world.credentials(tried.who)
        if held is None:
            return Answered(tried.call, False, "NoCredentials", "they were never made")
        if isinstance(held, Answered):
            return held
        given: Mapping[str, Any] = self.world.filled(tried.with_)
        own = side == "attacker"
        return self.world.callers.call(
            held,
            tried.call,
            given,
            ip=self.attacker.attack.ip if own else DEFAULT_IP,
            agent=self.attacker.attack.agent if own else DEFAULT_AGENT,
            probe=True,
            region=tried.region,
        )

    def _side(self, name: str) -> Side:
        principal = self.scenario.principals.get(name)
        return principal.side if principal else "attacker"


def controls(probes: list[Probe]) -> dict[str, bool | None]:
    """The four answers of the proof. None: a probe was neither carried out nor denied, or missing.

    `before_allowed` is about everybody: an innocent who was never allowed shows nothing either.
    """
    after = [probe for probe in probes if probe.phase == "after"]
    before = [probe for probe in probes if probe.phase == "before"]
    return {
        "before_allowed": bool(before) and all(probe.allowed for probe in before),
        "attacker_denied": _all_denied([one for one in after if one.role == "attacker"]),
        "innocent_allowed": _all_allowed([one for one in after if one.role == "innocent"]),
        "fresh_allowed": _all_allowed([one for one in after if one.role == "fresh"]),
    }


def _all_denied(probes: list[Probe]) -> bool | None:
    if any(probe.allowed for probe in probes):
        return False
    return None if not probes or any(probe.inconclusive for probe in probes) else True


def _all_allowed(probes: list[Probe]) -> bool | None:
    if any(not probe.allowed and not probe.inconclusive for probe in probes):
        return False
    return None if not probes or any(probe.inconclusive for probe in probes) else True

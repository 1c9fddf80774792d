"""The attacker: a program with his own credentials, who goes on until he is refused.

What he does before the finding makes the history that CloudTrail shows. After it he acts at his own
times on the virtual clock, whatever the defence is doing meanwhile. Whoever he was not given (an
access key whose making was refused) he cannot act as: such acts are not attempted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from firedoor.clock import VirtualClock
from firedoor.errors import FiredoorError
from firedoor.kinds import parse_duration
from firedoor.scenario_attack import Beat, offset
from firedoor.simulator import accounts
from firedoor.simulator.callers import DEFAULT_AGENT, DEFAULT_IP, Answered, minted
from firedoor.simulator.snapshot import differences
from firedoor.simulator.trail import is_read_only
from firedoor.simulator.world import World

if TYPE_CHECKING:
    from firedoor.simulator.credentials import Credentials

HARMLESS = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})
"""Calls that AWS allows even under an explicit deny: their success is no access."""


@dataclass(frozen=True)
class Act:
    """One call of the attacker's. `lose`: what is lost by it; `changed`: paths in the snapshot."""

    at: datetime
    who: str
    call: str
    given: Mapping[str, Any]
    allowed: bool
    code: str
    ip: str
    agent: str
    region: str
    access_key_id: str
    lose: str = ""
    changed: tuple[str, ...] = ()

    @property
    def through(self) -> bool:
        """Whether it shows that he has access."""
        return self.allowed and self.call not in HARMLESS


class Attacker:
    """Plays the acts of a scenario. `acts`: everything he did, oldest first; `faults`: acts of the
    scenario that cannot be done at all, such as a call with a parameter that does not exist."""

    def __init__(self, world: World, clock: VirtualClock, found: datetime) -> None:
        """`found`: when the finding comes; all times of the scenario are relative to it."""
        self.world = world
        self.clock = clock
        self.found = found
        self.attack = world.scenario.attacker
        self.acts: list[Act] = []
        self.faults: list[FiredoorError] = []
        self.names: list[str] = [
            name for name, one in world.scenario.principals.items() if one.side == "attacker"
        ]
        self._listener: Callable[[Act], None] = lambda _: None
        self._cancel: list[Callable[[], None]] = []
        self._own: dict[str, frozenset[str]] = {}
        self._stopped = threading.Event()

    def play_history(self) -> None:
        """Everything that lies before the finding, everyday acts too; moves the clock to it."""
        own = [(beat, True) for beat in self.attack.acts if self._before(beat)]
        theirs = [(beat, False) for beat in self.world.scenario.everyday]
        for beat, attacker in sorted((*own, *theirs), key=lambda item: item[0].first):
            self._move_to(self.found + beat.first)
            if attacker:
                self._once(beat)
            else:
                self._everyday(beat)
        self._move_to(self.found)

    def let_loose(self, listener: Callable[[Act], None]) -> None:
        """From here on he acts by himself, whenever the clock moves; `listener` hears each act."""
        self._listener = listener
        for beat in self.attack.acts:
            if beat.trick:
                assert beat.of is not None
                self._own[beat.of] = frozenset(self._policies(beat.of))
            if not self._before(beat):
                self._schedule(beat, self.found + beat.first)

    def last_planned(self) -> datetime:
        """When the last of his single acts is due."""
        return max(
            (self.found + beat.first for beat in self.attack.acts if beat.every is None),
            default=self.found,
        )

    def stop(self) -> None:
        """He does nothing more."""
        self._stopped.set()
        for cancel in self._cancel:
            cancel()

    def credentials(self) -> dict[str, Credentials]:
        """Everything he holds, minted ones included, by name."""
        found = {name: self.world.credentials(name) for name in self.names}
        return {name: held for name, held in found.items() if held is not None}

    def last_success(self, who: str | None = None) -> datetime | None:
        """His last success after the finding, or that of one of his credentials; None: none."""
        return max(
            (act.at for act in self.after() if act.through and who in (None, act.who)),
            default=None,
        )

    def after(self) -> Iterator[Act]:
        """His acts after the finding."""
        return (act for act in self.acts if act.at > self.found)

    def _before(self, beat: Beat) -> bool:
        return beat.every is None and beat.first <= timedelta(0)

    def _move_to(self, when: datetime) -> None:
        self.clock.advance((when - self.clock.now()).total_seconds())

    def _schedule(self, beat: Beat, when: datetime) -> None:
        self._cancel.append(self.clock.at(when, partial(self._due, beat)))

    def _due(self, beat: Beat, now: datetime) -> None:
        if self._stopped.is_set():
            return
        try:
            goes_on = self._trick(beat) if beat.trick else self._once(beat)
        except FiredoorError as error:
            # It happens inside somebody else's call, who must not fail for it: told at the end.
            self.faults.append(error)
            return
        if beat.every is None or not goes_on:
            return
        # Not `now`: a call of his own may have moved the clock meanwhile.
        following = now + parse_duration(beat.every)
        if following <= self.found + offset(beat.until):
            self._schedule(beat, following)

    def _once(self, beat: Beat) -> bool:
        """Do what a beat says; whether it is worth going on (he is not refused)."""
        assert beat.call is not None
        if self.world.missing(beat.with_):
            # What it is about was never made: the call that was to make it was refused.
            return False
        given = self.world.filled(beat.with_)
        answered = self._act(beat, beat.call, given)
        if answered is None:
            return False
        if answered.allowed and beat.mints:
            credentials = minted(answered.result)
            if credentials is not None:
                self.world.held[beat.mints] = credentials
                if beat.mints not in self.names:
                    self.names.append(beat.mints)
        elif answered.allowed:
            self.world.pick(answered.result, beat.picks)
        return not answered.denied

    def _trick(self, beat: Beat) -> bool:
        """Take away every policy of the user that was not there before the finding."""
        assert beat.of is not None
        user = {"UserName": beat.of}
        inline = self._act(beat, "iam:ListUserPolicies", user)
        attached = self._act(beat, "iam:ListAttachedUserPolicies", user)
        if inline is None or attached is None or inline.denied or attached.denied:
            return False
        own = self._own.get(beat.of, frozenset())
        for name in inline.result.get("PolicyNames", ()):
            if name not in own:
                self._act(beat, "iam:DeleteUserPolicy", {**user, "PolicyName": name})
        for policy in attached.result.get("AttachedPolicies", ()):
            if policy["PolicyArn"] not in own:
                self._act(beat, "iam:DetachUserPolicy", {**user, "PolicyArn": policy["PolicyArn"]})
        return True

    def _act(self, beat: Beat, call: str, given: Mapping[str, Any]) -> Answered | None:
        who = self.world.credentials(beat.as_)
        if who is None:
            return None
        changing = not is_read_only(call.partition(":")[2]) and self.clock.now() > self.found
        before = self.world.aws.snapshot() if changing else {}
        at = self.clock.now()
        ip, agent = beat.ip or self.attack.ip, self.attack.agent
        region = beat.region or self.world.callers.region
        answered = self.world.callers.call(who, call, given, ip=ip, agent=agent, region=region)
        changed: tuple[str, ...] = ()
        if changing and answered.allowed:
            changed = tuple(differences(before, self.world.aws.snapshot()))
        act = Act(
            at=at,
            who=beat.as_,
            call=call,
            given=given,
            allowed=answered.allowed,
            code=answered.code,
            ip=ip,
            agent=agent,
            region=region,
            access_key_id=who.access_key_id,
            lose=beat.lose if answered.allowed else "",
            changed=changed,
        )
        self.acts.append(act)
        self._listener(act)
        return answered

    def _everyday(self, beat: Beat) -> None:
        who = self.world.credentials(beat.as_)
        if who is not None and beat.call:
            answered = self.world.callers.call(
                who,
                beat.call,
                self.world.filled(beat.with_),
                ip=beat.ip or DEFAULT_IP,
                agent=DEFAULT_AGENT,
                region=beat.region,
            )
            self.world.pick(answered.result, beat.picks)

    def _policies(self, user: str) -> list[str]:
        found = accounts.iam(self.world.account).users.get(user)
        return [] if found is None else [*found.policies, *found.managed_policies]

"""One call from beginning to end: who, may he, do it, write it down."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.iam.models import AccessKeyLastUsed

from firedoor.simulator import (
    accounts,
    analyzer,
    bedrock,
    buckets,
    clusters,
    compute_extras,
    databases,
    details,
    drill_calls,
    functions,
    guardduty,
    iam_extras,
    interfaces,
    kms,
    limits,
    mail,
    managed,
    network,
    organizations,
    paging,
    public,
    recording,
    regions,
    reports,
    roles_anywhere,
    root,
    root_sessions,
    sts,
    watching,
)
from firedoor.simulator.credentials import Caller, authenticate, refuse_what_sessions_may_not
from firedoor.simulator.dispatch import carry_out
from firedoor.simulator.faults import Fault
from firedoor.simulator.refusals import refusal, write_error
from firedoor.simulator.requests import asked
from firedoor.simulator.standing import authorise, denial
from firedoor.simulator.state import State
from firedoor.simulator.trail import is_read_only
from firedoor.simulator.wire import (
    ApiError,
    Call,
    DropConnection,
    Reply,
    open_call,
    read_operation,
    write_reply,
)

_log = logging.getLogger(__name__)
Own = Callable[[State, Call, Caller], dict[str, Any] | None]


def _lookup_events(state: State, call: Call, caller: Caller) -> dict[str, Any]:
    return state.trail.lookup(caller.account, call.region, call.params)


def _details_page(state: State, call: Call, caller: Caller) -> dict[str, Any]:
    return paging.page(call, details.authorization_details(state, call, caller))


OWN: Mapping[str, Own] = {
    **sts.OPERATIONS,
    **iam_extras.OPERATIONS,
    **buckets.OPERATIONS,
    **reports.OPERATIONS,
    **guardduty.OPERATIONS,
    **root_sessions.OPERATIONS,
    **roles_anywhere.OPERATIONS,
    **regions.OPERATIONS,
    **analyzer.OPERATIONS,
    **bedrock.OPERATIONS,
    **kms.OPERATIONS,
    **mail.OPERATIONS,
    **watching.OPERATIONS,
    **compute_extras.OPERATIONS,
    **managed.OPERATIONS,
    **functions.OPERATIONS,
    **databases.OPERATIONS,
    **clusters.OPERATIONS,
    **drill_calls.OPERATIONS,
    "cloudtrail:LookupEvents": _lookup_events,
    "iam:GetAccountAuthorizationDetails": _details_page,
}


class Service:
    """Answers calls. `quiet` names principals whose calls are neither counted nor recorded;
    `paced` names those whose calls take `latency` seconds of the clock. `last_change`: when the
    last changing call was carried out, on the machine's own clock (seconds since 1970)."""

    def __init__(self, state: State, latency: float = 0.0) -> None:
        self.state = state
        self.calls: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.last_change = 0.0
        self.latency = latency
        self.paced: str | None = None
        self.quiet: str | None = None
        self._lock = threading.RLock()

    def answer(
        self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> Reply:
        """The reply to an HTTP request; DropConnection when a fault takes the reply away."""
        if target == network.PATH:
            with self._lock:
                return network.answer(self.state, body)
        call = open_call(method, target, headers, body)
        try:
            read_operation(call)
            return self._answer(call)
        except ApiError as error:
            return write_error(call, error)
        except DropConnection:
            raise
        except Exception as error:  # noqa: BLE001 a fault of the simulator must look like one
            _log.exception("the simulator failed at %s", call.name)
            text = f"The simulator failed at {call.name}: {type(error).__name__}: {error}"
            return write_error(call, refusal(call, "internal", text))

    def _answer(self, call: Call) -> Reply:
        caller = self._caller(call)
        quiet = (
            is_probe(call)
            or caller.kind == "auditor"
            or (self.quiet is not None and self.quiet in caller.names)
        )
        if not quiet:
            self.calls[call.name] += 1
            self.asked.update(one.action for one in asked(call, caller))
        fault = self.state.faults.befalling(call.name, caller.names)
        pause = self.latency if not quiet and self.paced in caller.names else 0.0
        pause += fault.seconds if fault and fault.kind == "slow" else 0.0
        if pause:
            # No lock is held: whatever becomes due on the way may itself call this service.
            self.state.clock.wait(pause)
            caller = self._caller(call)
        with self._lock:
            reply = self._carried_out(call, caller, fault, quiet)
        if fault and fault.kind == "lost_reply":
            raise DropConnection(call.name)
        return reply

    def _caller(self, call: Call) -> Caller:
        with self._lock:
            now = self.state.clock.now()
            try:
                caller = authenticate(call, self.state.sessions, self.state.accounts, now)
            except ApiError:
                self.calls[call.name] += 1
                raise
            refuse_what_sessions_may_not(call, caller)
            if caller.key is not None and not is_probe(call):
                caller.key.last_used = AccessKeyLastUsed(
                    now.replace(tzinfo=None, microsecond=0), call.signing_name, call.region
                )
            return caller

    def _carried_out(self, call: Call, caller: Caller, fault: Fault | None, quiet: bool) -> Reply:
        result: dict[str, Any] | None = None
        try:
            extra = iam_extras.own_user(call, caller)
            _befall(call, caller, fault)
            authorise(call, caller, self.state.scps, self.state.clock.now())
            limits.check(call, caller)
            organizations.check(call, caller)
            public.check(call, _account(call, caller))
            kms.check(call, caller)
            mail.check(self.state, call, caller)
            buckets.check(call)
            own = root.own(call, caller) or OWN.get(call.name)
            # An operation of our own that has nothing to say leaves it to moto.
            result = own(self.state, call, caller) if own else None
            if result is not None:
                reply = write_reply(call, result)
            else:
                extra |= paging.ask_for_everything(call) | compute_extras.rewritten(call)
                reply = paging.cut(call, carry_out(call, _account(call, caller), extra))
                if reply.status < 300:
                    iam_extras.after(call, caller)
                    interfaces.after(call, caller.account)
                    organizations.after(self.state, call, caller)
        except ApiError as error:
            if not quiet:
                recording.record_error(self.state.trail, call, caller, error.code, error.message)
            raise
        if not quiet:
            recording.record(self.state.trail, call, caller, reply, result)
            # Generating a report writes nothing that anybody's access depends on.
            reading = is_read_only(call.operation) or call.operation.startswith("Generate")
            if reply.status < 300 and not reading:
                self.last_change = time.time()
        return reply


def is_probe(call: Call) -> bool:
    """Whether a call only looks if it would be allowed: it leaves no trace."""
    return call.header("x-firedoor-probe") == "yes"


def _befall(call: Call, caller: Caller, fault: Fault | None) -> None:
    if fault is None:
        return
    if fault.kind == "throttle":
        raise refusal(call, "throttled")
    if fault.kind == "error500":
        raise refusal(call, "internal")
    if fault.kind == "deny":
        one = asked(call, caller)[0]
        raise denial(
            call, caller, one, f"because no identity-based policy allows the {one.action} action"
        )


def _account(call: Call, caller: Caller) -> str:
    """Whose state a call works on: a key's owner's; an anonymous one's is the bucket's."""
    if call.drill:
        return caller.account
    if caller.account:
        return kms.owner(call, caller) or caller.account
    bucket = accounts.bucket(str(call.params.get("Bucket") or ""))
    if bucket is None:
        raise ApiError("NoSuchBucket", "The specified bucket does not exist", 404)
    return str(bucket.account_id)

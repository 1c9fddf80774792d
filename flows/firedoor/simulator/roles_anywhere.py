"""IAM Roles Anywhere, which moto lacks: trust anchors and profiles that are switched on and off.

Sessions by certificate cannot be simulated (CreateSession is signed with a certificate); what a
runbook reads and switches can.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.moto_api._internal import mock_random

from firedoor.simulator import accounts
from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any]
_KINDS = {"TrustAnchor": "trustAnchor", "Profile": "profile"}


def _kept(call: Call, caller: Caller, kind: str) -> dict[str, Result]:
    backend = accounts.iam(caller.account)
    if not hasattr(backend, "roles_anywhere"):
        backend.roles_anywhere = {}
    found: dict[str, Result] = backend.roles_anywhere.setdefault((call.region, kind), {})
    return found


def _create(state: State, call: Call, caller: Caller) -> Result:
    kind = call.operation.removeprefix("Create")
    name, number, now = _KINDS[kind], str(mock_random.uuid4()), state.clock.now()
    made = {
        **{key: value for key, value in call.params.items() if key != "tags"},
        f"{name}Id": number,
        f"{name}Arn": f"arn:aws:rolesanywhere:{call.region}:{caller.account}:"
        f"{'trust-anchor' if kind == 'TrustAnchor' else 'profile'}/{number}",
        "enabled": bool(call.params.get("enabled", False)),
        "createdAt": now,
        "updatedAt": now,
    }
    _kept(call, caller, kind)[number] = made
    return {name: made}


def _one(call: Call, caller: Caller, kind: str) -> Result:
    number = str(call.params[f"{_KINDS[kind]}Id"])
    kept = _kept(call, caller, kind)
    if number not in kept:
        raise ApiError("ResourceNotFoundException", f"There is no {kind} {number}.", 404)
    return kept[number]


def _get(_: State, call: Call, caller: Caller) -> Result:
    kind = call.operation.removeprefix("Get")
    return {_KINDS[kind]: _one(call, caller, kind)}


def _list(_: State, call: Call, caller: Caller) -> Result:
    kind = call.operation.removeprefix("List").removesuffix("s")
    return {f"{_KINDS[kind]}s": list(_kept(call, caller, kind).values())}


def _switch(state: State, call: Call, caller: Caller) -> Result:
    on = call.operation.startswith("Enable")
    kind = call.operation.removeprefix("Enable" if on else "Disable")
    found = _one(call, caller, kind)
    found["enabled"], found["updatedAt"] = on, state.clock.now()
    return {_KINDS[kind]: found}


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    f"rolesanywhere:{verb}{kind}{'s' if verb == 'List' else ''}": does
    for kind in _KINDS
    for verb, does in (
        ("Create", _create),
        ("Get", _get),
        ("List", _list),
        ("Enable", _switch),
        ("Disable", _switch),
    )
}


def switches(account: str) -> Result:
    """Which anchors and profiles are on, by Region and id; for a snapshot of the account."""
    kept = getattr(accounts.iam(account), "roles_anywhere", {})
    return {
        f"{region}/{kind}/{number}": one["enabled"]
        for (region, kind), found in kept.items()
        for number, one in found.items()
    }


def resource(call: Call, caller: Caller) -> str:
    """The ARN that a call needs permission for."""
    root = f"arn:aws:rolesanywhere:{call.region}:{caller.account}:"
    for name, kind in (("trustAnchorId", "trust-anchor"), ("profileId", "profile")):
        if call.params.get(name):
            return f"{root}{kind}/{call.params[name]}"
    return "*"

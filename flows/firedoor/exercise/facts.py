"""Whether an objective was reached: from the simulated account and the attacker's own calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from firedoor.exercise.probes import Probe
from firedoor.exercise.reading import read_state
from firedoor.kinds import mask_key_id, parse_duration
from firedoor.scenario import Objective
from firedoor.scenario_facts import Fact, Refused
from firedoor.simulator.attacker import Attacker

DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"


@dataclass(frozen=True)
class Scene:
    """What is judged: the account at the end, what the attacker did, the probes.

    `proven`: "" when containment is proven, else why not.
    """

    account: Mapping[str, Any]
    attacker: Attacker
    probes: list[Probe]
    proven: str


def judge(objective: Objective, scene: Scene) -> tuple[bool, str]:
    """(reached, why): without facts an objective is the proof of containment itself."""
    if not objective.facts:
        if scene.proven:
            return False, scene.proven
        return True, "the attacker is denied with every credential, innocents are not"
    told = [_fact(fact, scene) for fact in objective.facts]
    unmet = [why for met, why in told if not met]
    return not unmet, "; ".join(unmet or [why for _, why in told])


def late(objective: Objective, attacker: Attacker) -> str:
    """Why an objective was reached late; "" when it was in time or has no target."""
    last = attacker.last_success()
    if objective.target is None or last is None:
        return ""
    took = last - attacker.found
    if took <= parse_duration(objective.target):
        return ""
    return f"the attacker still got through {_length(took)} after the finding"


def _fact(fact: Fact, scene: Scene) -> tuple[bool, str]:
    if fact.refused is not None:
        return _refused(fact.refused, scene)
    if fact.state is not None:
        return read_state(fact.state, scene.attacker.world)
    field = fact.set_fields()[0]
    name = str(getattr(fact, field))
    user = scene.account["users"].get(name)
    if user is None:
        return True, f"there is no user {name}"
    met, why = _STATES[field](user)
    return met, mask_key_id(f"{name}: {why}")


def _refused(said: Refused, scene: Scene) -> tuple[bool, str]:
    last = scene.attacker.last_success(said.who)
    tried = any(act.who == said.who and not act.allowed for act in scene.attacker.after()) or any(
        probe.who == said.who and probe.phase == "after" and not probe.allowed
        for probe in scene.probes
    )
    if last is not None:
        took = last - scene.attacker.found
        if took > parse_duration(said.within):
            return False, (
                f"{said.who} still got through {_length(took)} after the finding, "
                f"later than {said.within}"
            )
    if not tried:
        return False, f"{said.who} was never refused"
    if last is None:
        return True, f"{said.who} never got through after the finding"
    return (
        True,
        f"{said.who} last got through {_length(last - scene.attacker.found)} after the finding",
    )


def _keys_inactive(user: Mapping[str, Any]) -> tuple[bool, str]:
    return _inactive(user["access_keys"], "access key")


def _no_console(user: Mapping[str, Any]) -> tuple[bool, str]:
    there = user["login_profile"] is not None
    return not there, "has a console password" if there else "has no console password"


def _others_inactive(user: Mapping[str, Any]) -> tuple[bool, str]:
    services = {name: one["status"] for name, one in user["service_credentials"].items()}
    told = [
        _inactive(user["ssh_keys"], "SSH key"),
        _inactive(user["signing_certificates"], "signing certificate"),
        _inactive(services, "service-specific credential"),
    ]
    unmet = [why for met, why in told if not met]
    return not unmet, ", ".join(unmet) or "no SSH key, certificate or service credential is active"


def _denied(user: Mapping[str, Any]) -> tuple[bool, str]:
    if DENY_ALL in user["managed"]:
        return True, "AWSDenyAll is attached"
    if any(_denies_all(document) for document in user["inline"].values()):
        return True, "an inline policy denies everything"
    return False, "no policy denies everything"


_STATES = {
    "keys_inactive": _keys_inactive,
    "no_console": _no_console,
    "others_inactive": _others_inactive,
    "denied": _denied,
}


def _inactive(found: Mapping[str, str], what: str) -> tuple[bool, str]:
    active = [name for name, status in found.items() if status == "Active"]
    if active:
        return False, f"{what} {', '.join(active)} is still Active"
    return True, f"no {what} is active" if not found else f"every {what} is Inactive"


def _denies_all(document: Mapping[str, Any]) -> bool:
    statements = document.get("Statement") or []
    statements = [statements] if isinstance(statements, Mapping) else statements
    return any(
        one.get("Effect") == "Deny"
        and one.get("Action") in ("*", ["*"])
        and one.get("Resource") in ("*", ["*"])
        and not one.get("Condition")
        for one in statements
    )


def _length(took: timedelta) -> str:
    seconds = round(took.total_seconds())
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60:02d} s"

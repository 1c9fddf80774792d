"""How long a step may take and how often a reading one is tried; the file's words win."""

from __future__ import annotations

from firedoor.actions.registry import registry
from firedoor.kinds import parse_duration
from firedoor.stages import Node

SECONDS = {"triage": 600.0, "evidence": 600.0, "contain": 120.0}
OTHER = 300.0


def time_limit(node: Node) -> float:
    """Seconds a step may take. AWS calls time out far below this."""
    if node.step.timeout:
        return parse_duration(node.step.timeout).total_seconds()
    return SECONDS.get(node.phase.value, OTHER)


def tries(node: Node) -> int:
    """How often a step is tried. A changing step is observed anew by each try, never repeated
    blindly; by default it is tried once, a reading one twice."""
    if node.step.retries is not None:
        return node.step.retries + 1
    action = registry().get(node.step.action or "")
    return 1 if action is None or action.mutating else 2

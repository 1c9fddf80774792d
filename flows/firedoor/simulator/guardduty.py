"""GuardDuty findings, which moto does not have: list, get, archive, feedback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.guardduty.models import guardduty_backends

from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.trail import stamp
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None
_PAGE = 50


def detector(account: str, region: str) -> str:
    """The id of the detector of an account and Region; it is made if there is none."""
    backend = guardduty_backends[account][region]
    if not backend.detectors:
        backend.create_detector(True, "FIFTEEN_MINUTES", {}, {}, [])
    return str(next(iter(backend.detectors)))


def _findings(state: State, call: Call, caller: Caller) -> dict[str, dict[str, Any]]:
    backend = guardduty_backends[caller.account][call.region]
    if call.params.get("DetectorId") not in backend.detectors:
        raise ApiError(
            "BadRequestException",
            "The request is rejected because the input detectorId is not owned by the current "
            "account.",
        )
    return state.findings.get((caller.account, call.region), {})


def list_findings(state: State, call: Call, caller: Caller) -> Result:
    """Ids of the findings that meet the criteria, newest first or as asked."""
    criteria = (call.params.get("FindingCriteria") or {}).get("Criterion") or {}
    found = [
        one
        for one in _findings(state, call, caller).values()
        if all(_meets(_at(one, path), condition) for path, condition in criteria.items())
    ]
    order = call.params.get("SortCriteria") or {}
    path = order.get("AttributeName") or "updatedAt"
    found.sort(key=lambda one: _sortable(_at(one, path)), reverse=order.get("OrderBy") != "ASC")
    begin = int(call.params.get("NextToken") or 0)
    size = int(call.params.get("MaxResults") or _PAGE)
    result: dict[str, Any] = {"FindingIds": [one["Id"] for one in found[begin : begin + size]]}
    result["NextToken"] = str(begin + size) if begin + size < len(found) else ""
    return result


def get_findings(state: State, call: Call, caller: Caller) -> Result:
    """The findings of the given ids; unknown ids are left out."""
    own = _findings(state, call, caller)
    return {"Findings": [own[one] for one in call.params["FindingIds"] if one in own]}


def _archive(archived: bool) -> Callable[[State, Call, Caller], Result]:
    def change(state: State, call: Call, caller: Caller) -> Result:
        own = _findings(state, call, caller)
        for one in call.params["FindingIds"]:
            if one in own:
                service = {**(own[one].get("Service") or {}), "Archived": archived}
                now = stamp(state.clock.now())
                own[one] = {**own[one], "Service": service, "UpdatedAt": now}
        return {}

    return change


def feedback(state: State, call: Call, caller: Caller) -> Result:
    """UpdateFindingsFeedback: kept in the finding."""
    own = _findings(state, call, caller)
    for one in call.params["FindingIds"]:
        if one in own:
            service = {**(own[one].get("Service") or {}), "UserFeedback": call.params["Feedback"]}
            own[one] = {**own[one], "Service": service}
    return {}


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "guardduty:ListFindings": list_findings,
    "guardduty:GetFindings": get_findings,
    "guardduty:ArchiveFindings": _archive(True),
    "guardduty:UnarchiveFindings": _archive(False),
    "guardduty:UpdateFindingsFeedback": feedback,
}


def _at(finding: Mapping[str, Any], path: str) -> Any:
    """The value at `resource.accessKeyDetails.userName` of a finding written in PascalCase."""
    value: Any = finding
    for part in path.split("."):
        name = part[:1].upper() + part[1:]
        if isinstance(value, list):
            value = [one.get(name) for one in value if isinstance(one, Mapping)]
        elif isinstance(value, Mapping):
            value = value.get(name)
        else:
            return None
    return value


def _text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _sortable(value: Any) -> tuple[float, str]:
    number = _number(value)
    return (number if number is not None else 0.0, "" if value is None else _text(value))


def _number(value: Any) -> float | None:
    """A number, or a time in milliseconds, as GuardDuty's criteria compare them."""
    if isinstance(value, datetime):
        return value.timestamp() * 1000
    try:
        return float(value)
    except (TypeError, ValueError):
        pass
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000


def _meets(value: Any, condition: Mapping[str, Any]) -> bool:
    texts = {_text(one) for one in (value if isinstance(value, list) else [value])}
    number = _number(value)
    for name, wanted in condition.items():
        if wanted is None:
            continue
        if name in ("Eq", "Equals"):
            good = bool(texts & {_text(one) for one in wanted})
        elif name in ("Neq", "NotEquals"):
            good = not texts & {_text(one) for one in wanted}
        elif name in _COMPARISONS:
            good = number is not None and _COMPARISONS[name](number, float(wanted))
        else:
            raise ApiError("BadRequestException", f"The criterion {name!r} is not supported.")
        if not good:
            return False
    return True


_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    name: compare
    for names, compare in (
        (("Gt", "GreaterThan"), lambda left, right: left > right),
        (("Gte", "GreaterThanOrEqual"), lambda left, right: left >= right),
        (("Lt", "LessThan"), lambda left, right: left < right),
        (("Lte", "LessThanOrEqual"), lambda left, right: left <= right),
    )
    for name in names
}

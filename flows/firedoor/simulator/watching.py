"""What moto lacks of the services that record and report: trusted IP lists, ending query logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudtrail.models import cloudtrail_backends
from moto.guardduty.models import guardduty_backends
from moto.moto_api._internal import mock_random
from moto.route53resolver.models import route53resolver_backends

from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None
_NOT_THERE = "The request is rejected because the input {0} is not owned by the current account."


def _detector(call: Call, caller: Caller) -> Any:
    backend = guardduty_backends[caller.account][call.region]
    found = backend.detectors.get(str(call.params.get("DetectorId")))
    if found is None:
        raise ApiError("BadRequestException", _NOT_THERE.format("detectorId"))
    return found


def _ip_sets(call: Call, caller: Caller) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = vars(_detector(call, caller)).setdefault("ip_sets", {})
    return found


def _ip_set(call: Call, caller: Caller) -> dict[str, Any]:
    found = _ip_sets(call, caller).get(str(call.params.get("IpSetId")))
    if found is None:
        raise ApiError("BadRequestException", _NOT_THERE.format("ipSetId"))
    return found


def _status(call: Call) -> dict[str, str]:
    active = call.params.get("Activate")
    return {} if active is None else {"Status": "ACTIVE" if active else "INACTIVE"}


def create_ip_set(_: State, call: Call, caller: Caller) -> Result:
    number = mock_random.get_random_hex(32)
    _ip_sets(call, caller)[number] = {
        **{key: call.params.get(key) for key in ("Name", "Format", "Location")},
        **_status(call),
    }
    return {"IpSetId": number}


def update_ip_set(_: State, call: Call, caller: Caller) -> Result:
    given = {key: call.params[key] for key in ("Name", "Location") if call.params.get(key)}
    _ip_set(call, caller).update(given | _status(call))
    return {}


def get_ip_set(_: State, call: Call, caller: Caller) -> Result:
    return dict(_ip_set(call, caller))


def list_ip_sets(_: State, call: Call, caller: Caller) -> Result:
    return {"IpSetIds": list(_ip_sets(call, caller))}


def list_filters(_: State, call: Call, caller: Caller) -> Result:
    return {"FilterNames": list(_detector(call, caller).filters)}


def disassociate_query_log(_: State, call: Call, caller: Caller) -> Result:
    backend = route53resolver_backends[caller.account][call.region]
    asked = (call.params["ResolverQueryLogConfigId"], call.params["ResourceId"])
    for number, one in list(backend.resolver_query_log_config_associations.items()):
        if (one.resolver_query_log_config_id, one.resource_id) == asked:
            del backend.resolver_query_log_config_associations[number]
            told = {
                "Id": number,
                "ResolverQueryLogConfigId": asked[0],
                "ResourceId": asked[1],
                "Status": "DELETING",
            }
            return {"ResolverQueryLogConfigAssociation": told}
    raise ApiError("ResourceNotFoundException", f"{asked[1]} is not associated with {asked[0]}")


def list_destinations(_: State, call: Call, caller: Caller) -> Result:
    _detector(call, caller)
    return {"Destinations": []}


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "guardduty:CreateIPSet": create_ip_set,
    "guardduty:UpdateIPSet": update_ip_set,
    "guardduty:GetIPSet": get_ip_set,
    "guardduty:ListIPSets": list_ip_sets,
    "guardduty:ListFilters": list_filters,
    "guardduty:ListPublishingDestinations": list_destinations,
    "route53resolver:DisassociateResolverQueryLogConfig": disassociate_query_log,
}


def snapshot(account: str) -> dict[str, Any]:
    """The trails and detectors of an account: how they are set up, and whether they are on."""
    trails: Mapping[str, Any] = cloudtrail_backends.get(account, {})
    detectors: Mapping[str, Any] = guardduty_backends.get(account, {})
    return {
        "trails": {
            name: {
                "logging": trail.status.is_logging,
                "selectors": [*trail.event_selectors, *trail.advanced_event_selectors],
                "settings": [trail.bucket_name, trail.is_multi_region, trail.log_validation],
            }
            for backend in trails.values()
            for name, trail in backend.trails.items()
        },
        "detectors": {
            number: {
                # One that watches is as it should be, whoever made it.
                **({} if detector.enabled else {"enabled": False}),
                "filter": {name: one.action for name, one in detector.filters.items()},
                "ipset": {key: one.get("Status") for key, one in _lists(detector).items()},
            }
            for backend in detectors.values()
            for number, detector in backend.detectors.items()
        },
    }


def _lists(detector: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = vars(detector).get("ip_sets", {})
    return found

"""Operations of EC2 that moto lacks or gets wrong: switches, screenshots, groups, sharing."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from moto.moto_api._internal import mock_random

from firedoor.simulator.credentials import Caller
from firedoor.simulator.state import State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None
UNBLOCKED = "unblocked"
_SCREEN = base64.b64encode(b"\xff\xd8\xff\xe0 a black screen").decode()


def ec2_of(call: Call, caller: Caller) -> Any:
    """moto's EC2 of the caller's account, in the Region of the call."""
    from moto.ec2.models import ec2_backends  # lazy: half a second, and few worlds have any

    return ec2_backends[caller.account][call.region]


def rewritten(call: Call) -> dict[str, str]:
    """Form parameters that moto understands in place of those that it ignores."""
    asked = call.params.get("InstanceInitiatedShutdownBehavior")
    if call.name != "ec2:ModifyInstanceAttribute" or not isinstance(asked, Mapping):
        return {}
    return {
        "Attribute": "instanceInitiatedShutdownBehavior",
        "Value": str(asked.get("Value")),
        "InstanceInitiatedShutdownBehavior.Value": "",
    }


def _instance(call: Call, caller: Caller, name: str) -> Any:
    backend = ec2_of(call, caller)
    for one in backend.all_instances():
        if one.id == name:
            return one
    raise ApiError("InvalidInstanceID.NotFound", f"The instance ID '{name}' does not exist")


def screenshot(_: State, call: Call, caller: Caller) -> Result:
    """ec2:GetConsoleScreenshot."""
    name = str(call.params["InstanceId"])
    _instance(call, caller, name)
    return {"InstanceId": name, "ImageData": _SCREEN}


def _switch(name: str, state_key: str, wanted: str | None) -> Callable[..., Result]:
    """One of the three operations of a switch of the Region: read (None), set to what is asked
    ("asked"), or lift."""

    def operate(state: State, call: Call, caller: Caller) -> Result:
        place = (caller.account, call.region, name)
        if wanted == "asked":
            state.beside[place] = str(call.params[state_key])
        elif wanted is not None:
            state.beside.pop(place, None)
        return {state_key: state.beside.get(place, UNBLOCKED)}

    return operate


def delete_acl_entry(_: State, call: Call, caller: Caller) -> Result:
    """ec2:DeleteNetworkAclEntry; AWS says when there is none."""
    acl = ec2_of(call, caller).network_acls.get(call.params["NetworkAclId"])
    number, egress = int(call.params["RuleNumber"]), bool(call.params["Egress"])
    if acl is None:
        raise ApiError("InvalidNetworkAclID.NotFound", "The network ACL does not exist")
    entry = next(
        (
            one
            for one in acl.network_acl_entries
            if int(one.rule_number) == number and (str(one.egress).lower() == "true") == egress
        ),
        None,
    )
    if entry is None:
        raise ApiError("InvalidNetworkAclEntry.NotFound", "The entry does not exist")
    acl.network_acl_entries.remove(entry)
    return {}


def modify_interface(_: State, call: Call, caller: Caller) -> Result:
    """ec2:ModifyNetworkInterfaceAttribute of the groups: they are the interface's alone, and the
    instance shows those of its first interface; moto keeps the instance's own beside them."""
    wanted = call.params.get("Groups")
    if not wanted:
        return None
    backend = ec2_of(call, caller)
    name = str(call.params["NetworkInterfaceId"])
    interface = backend.enis.get(name)
    if interface is None:
        code = "InvalidNetworkInterfaceID.NotFound"
        raise ApiError(code, f"The network interface '{name}' does not exist")
    interface._group_set = _security_groups(backend, wanted)
    instance = interface.instance
    if instance is not None and next(iter(instance.nics.values())) is interface:
        instance.security_groups = list(interface._group_set)
    return {}


def modify_instance_groups(_: State, call: Call, caller: Caller) -> Result:
    """ec2:ModifyInstanceAttribute of the groups: those of its interface, if it has only one."""
    wanted = call.params.get("Groups")
    if not wanted:
        return None
    instance = _instance(call, caller, str(call.params["InstanceId"]))
    if len(instance.nics) > 1:
        raise ApiError("InvalidInstanceID", "There are multiple interfaces attached to instance.")
    groups = _security_groups(ec2_of(call, caller), wanted)
    instance.security_groups = list(groups)
    for interface in instance.nics.values():
        interface._group_set = list(groups)
    return {}


def _security_groups(backend: Any, wanted: list[str]) -> list[Any]:
    found = [backend.get_security_group_from_id(name) for name in wanted]
    for name, group in zip(wanted, found, strict=True):
        if group is None:
            raise ApiError("InvalidGroup.NotFound", f"The security group '{name}' does not exist")
    return found


def create_volume(state: State, call: Call, caller: Caller) -> Result:
    """ec2:CreateVolume from a snapshot of another account: shared with the caller, or refused.

    The owner's CloudTrail tells who took it.
    """
    name = str(call.params.get("SnapshotId") or "")
    owner = _owner_of_snapshot(state, call, name)
    if owner in ("", caller.account):
        return None
    from moto.ec2.models import ec2_backends  # lazy: see above

    held = ec2_backends[owner][call.region].snapshots[name]
    blocked = (owner, call.region, "snapshot-block-public-access") in state.beside
    public = "all" in held.create_volume_permission_groups and not blocked
    if not public and caller.account not in held.create_volume_permission_userids:
        raise ApiError("AuthFailure", f"Not authorized for snapshot: {name}", 403)
    zone = str(call.params["AvailabilityZone"])
    state.trail.add(
        {
            "eventSource": "ec2.amazonaws.com",
            "eventName": "SharedSnapshotVolumeCreated",
            "awsRegion": call.region,
            "userIdentity": {"type": "AWSAccount", "accountId": caller.account},
            "requestParameters": {"snapshotId": name},
            "resources": [{"ARN": f"arn:aws:ec2:{call.region}::snapshot/{name}"}],
            "recipientAccountId": owner,
        }
    )
    return {
        "VolumeId": "vol-" + mock_random.get_random_hex(17),
        "SnapshotId": name,
        "Size": int(held.volume.size),
        "AvailabilityZone": zone,
        "State": "creating",
    }


def _owner_of_snapshot(state: State, call: Call, name: str) -> str:
    """Whose snapshot it is; "" when it is nobody's."""
    if not name:
        return ""
    from moto.ec2.models import ec2_backends  # lazy: see above

    return next(
        (one for one in state.accounts if name in ec2_backends[one][call.region].snapshots), ""
    )


def describe_spot_requests(state: State, call: Call, caller: Caller) -> Result:
    """ec2:DescribeSpotInstanceRequests, by id; those that were cancelled read so."""
    held = ec2_of(call, caller).spot_instance_requests
    over: dict[str, str] = state.beside.get((caller.account, call.region, "spot-cancelled"), {})
    wanted = call.params.get("SpotInstanceRequestIds") or [*held, *over]
    for name in wanted:
        if name not in held and name not in over:
            raise _no_spot_request(name)
    return {
        "SpotInstanceRequests": [
            {
                "SpotInstanceRequestId": name,
                "State": held[name].state if name in held else "cancelled",
            }
            for name in wanted
        ]
    }


def cancel_spot_requests(state: State, call: Call, caller: Caller) -> Result:
    """ec2:CancelSpotInstanceRequests; one that was cancelled already is no error."""
    held = ec2_of(call, caller).spot_instance_requests
    over: dict[str, str] = state.beside.setdefault(
        (caller.account, call.region, "spot-cancelled"), {}
    )
    wanted = [str(name) for name in call.params["SpotInstanceRequestIds"]]
    for name in wanted:
        if name not in held and name not in over:
            raise _no_spot_request(name)
        held.pop(name, None)
        over[name] = "cancelled"
    return {
        "CancelledSpotInstanceRequests": [
            {"SpotInstanceRequestId": name, "State": "cancelled"} for name in wanted
        ]
    }


def _no_spot_request(name: str) -> ApiError:
    code = "InvalidSpotInstanceRequestID.NotFound"
    return ApiError(code, f"The spot instance request ID '{name}' does not exist")


_SNAPSHOTS, _IMAGES = "snapshot-block-public-access", "image-block-public-access"
_IMAGE_STATE = "ImageBlockPublicAccessState"
OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "ec2:GetConsoleScreenshot": screenshot,
    "ec2:GetSnapshotBlockPublicAccessState": _switch(_SNAPSHOTS, "State", None),
    "ec2:EnableSnapshotBlockPublicAccess": _switch(_SNAPSHOTS, "State", "asked"),
    "ec2:DisableSnapshotBlockPublicAccess": _switch(_SNAPSHOTS, "State", UNBLOCKED),
    "ec2:GetImageBlockPublicAccessState": _switch(_IMAGES, _IMAGE_STATE, None),
    "ec2:EnableImageBlockPublicAccess": _switch(_IMAGES, _IMAGE_STATE, "asked"),
    "ec2:DisableImageBlockPublicAccess": _switch(_IMAGES, _IMAGE_STATE, UNBLOCKED),
    "ec2:ModifyNetworkInterfaceAttribute": modify_interface,
    "ec2:ModifyInstanceAttribute": modify_instance_groups,
    "ec2:CreateVolume": create_volume,
    "ec2:CancelSpotInstanceRequests": cancel_spot_requests,
    "ec2:DescribeSpotInstanceRequests": describe_spot_requests,
    "ec2:DeleteNetworkAclEntry": delete_acl_entry,
}

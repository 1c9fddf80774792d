"""An instance's security groups are those of its first network interface: moto keeps two lists."""

from __future__ import annotations

import sys
from typing import Any

from firedoor.simulator.wire import Call


def after(call: Call, account: str) -> None:
    """Make the other list follow when a call has changed one of them."""
    changed = call.params.get("Groups")
    if not changed or call.service != "ec2":
        return
    backend: Any = sys.modules["moto.ec2.models"].ec2_backends[account][call.region]
    if call.operation == "ModifyInstanceAttribute":
        instance = backend.get_instance(call.params["InstanceId"])
        first = instance.nics.get(0)
        if first is not None:
            first._group_set = list(instance.security_groups)
    elif call.operation == "ModifyNetworkInterfaceAttribute":
        interface = backend.get_network_interface(call.params["NetworkInterfaceId"])
        instance = interface.instance
        if instance is not None and instance.nics.get(0) is interface:
            instance.security_groups = list(interface._group_set)

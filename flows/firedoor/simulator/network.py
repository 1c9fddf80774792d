"""Whether packets get to or from an instance: a call `net:Connect` of drills, which AWS has not.

Security groups let a connection begin and keep it in mind: one that is open, and tracked, lives on
whatever its groups become, until it has been idle for five days. It is not tracked where the groups
let everything in and everything out, from and to anywhere: then it ends with them. A network ACL
keeps nothing in mind, and ends what is open in either direction. Routes, gateways and public
addresses are taken to be there.
Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from firedoor.simulator.delivered import find_instance
from firedoor.simulator.state import State
from firedoor.simulator.wire import Reply

CALL = "net:Connect"
PATH = "/firedoor/net"
"""Where the simulated AWS is asked; no API of AWS's has such a path."""
PARAMETERS = {
    "Instance": "its id",
    "Direction": "in (to the instance) or out (from it)",
    "Port": "of whoever is called",
    "Address": "the other end; without it, whoever makes the call",
    "Flow": "a name: once it got through, the same call is packets of that open connection",
}
TIMED_OUT = "ConnectionTimedOut"
IDLE = timedelta(seconds=432_000)
"""How long a tracked TCP connection may be silent."""
RETURN_PORT = 50_000
"""Where answers go to: an ephemeral port."""
_ANYWHERE = "0.0.0.0/0"


@dataclass
class Flow:
    """A connection that is open. `tracked`: it outlives its security groups."""

    instance: str
    tracked: bool
    last: datetime


@dataclass(frozen=True)
class Packet:
    """One direction of it, as rules see it."""

    egress: bool
    address: str
    port: int


def mistake(given: Mapping[str, Any]) -> str:
    """Why these are no parameters of net:Connect; "" when they are."""
    unknown = [name for name in given if name not in PARAMETERS]
    if unknown:
        return f"net:Connect has no parameter {unknown[0]!r}; it has: {', '.join(PARAMETERS)}"
    missing = [name for name in ("Instance", "Port") if name not in given]
    return f"net:Connect needs the parameter {missing[0]!r}" if missing else ""


def answer(state: State, body: bytes) -> Reply:
    """The reply to a packet: 200, or 403 with why it does not get through."""
    asked = json.loads(body)
    refused = connect(state, asked, probe=bool(asked.get("Probe")))
    told = {"Connected": not refused, "Why": refused}
    headers = {"Content-Type": "application/json"}
    return Reply(403 if refused else 200, headers, json.dumps(told).encode())


def connect(state: State, given: Mapping[str, Any], *, probe: bool = False) -> str:
    """Why a packet does not get through; "" when it does. A probe opens no connection."""
    name, address, region = (str(given[key]) for key in ("Instance", "Address", "Region"))
    account, instance = _find(state, region, name)
    if instance is None or instance._state.name != "running":
        return f"{name} does not run"
    out = str(given.get("Direction") or "in") == "out"
    port = int(given["Port"])
    there = Packet(egress=out, address=address, port=port)
    back = Packet(egress=not out, address=address, port=RETURN_PORT)
    interface = next(iter(instance.nics.values()), None)
    if interface is None:
        return f"{name} has no network interface"
    for packet in (there, back):
        if not _acl_allows(instance, interface, packet):
            return f"the network ACL denies {address} {'out' if packet.egress else 'in'}"
    flows: dict[str, Flow] = state.beside.setdefault((account, region, "flows"), {})
    now = state.clock.now()
    flow = flows.get(str(given.get("Flow") or ""))
    groups = _groups(instance)
    allowed = _group_allows(groups, there)
    alive = (
        flow is not None
        and flow.instance == name
        and now - flow.last <= IDLE
        and (flow.tracked or allowed)
    )
    if not alive and not allowed:
        return f"no security group allows {address} {'out' if out else 'in'} at port {port}"
    if given.get("Flow") and not probe:
        tracked = flow.tracked if alive and flow else not _open(groups)
        flows[str(given["Flow"])] = Flow(instance=name, tracked=tracked, last=now)
    return ""


def _find(state: State, region: str, name: str) -> tuple[str, Any]:
    for account in state.accounts:
        found = find_instance(account, region, name)
        if found is not None:
            return account, found
    return "", None


def _groups(instance: Any) -> list[Any]:
    own = [group for each in instance.nics.values() for group in each.group_set]
    return own or list(instance.security_groups)


def _group_allows(groups: Iterable[Any], packet: Packet) -> bool:
    return any(
        _rule_covers(rule, packet, groups)
        for group in groups
        for rule in (group.egress_rules if packet.egress else group.ingress_rules)
    )


def _rule_covers(rule: Any, packet: Packet, groups: Iterable[Any]) -> bool:
    protocol = str(rule.ip_protocol)
    if protocol not in ("-1", "tcp", "6"):
        return False
    ports = protocol == "-1" or int(rule.from_port) <= packet.port <= int(rule.to_port)
    if rule.ip_range.get("CidrIp"):
        return ports and _within(packet.address, rule.ip_range["CidrIp"])
    # A rule about a group lets in whoever is in it: addresses of the VPC are taken to be.
    return ports and bool(rule.source_group) and ipaddress.ip_address(packet.address).is_private


def _open(groups: Iterable[Any]) -> bool:
    """Whether everything may come and go: AWS keeps no such connection in mind."""
    listed = list(groups)
    return all(
        any(
            str(rule.ip_protocol) == "-1" and rule.ip_range.get("CidrIp") == _ANYWHERE
            for group in listed
            for rule in (group.egress_rules if egress else group.ingress_rules)
        )
        for egress in (True, False)
    )


def _acl_allows(instance: Any, interface: Any, packet: Packet) -> bool:
    """The first entry, by number, that covers a packet decides; without one it is denied."""
    subnet = interface.subnet.id
    acls = [
        acl
        for acl in interface.ec2_backend.network_acls.values()
        if any(each.subnet_id == subnet for each in acl._associations.values())
    ]
    for acl in acls:
        entries = sorted(acl.network_acl_entries, key=lambda entry: int(entry.rule_number))
        for entry in entries:
            if _true(entry.egress) == packet.egress and _entry_covers(entry, packet):
                return str(entry.rule_action) == "allow"
    return not acls


def _entry_covers(entry: Any, packet: Packet) -> bool:
    if str(entry.protocol) not in ("-1", "6") or not entry.cidr_block:
        return False
    low, high = entry.port_range_from, entry.port_range_to
    ports = str(entry.protocol) == "-1" or not low or int(low) <= packet.port <= int(high)
    return ports and _within(packet.address, str(entry.cidr_block))


def _within(address: str, block: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(block, strict=False)


def _true(value: Any) -> bool:
    return str(value).lower() == "true"

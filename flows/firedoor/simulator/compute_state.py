"""Instances and what belongs to them, as plain data for the snapshot of an account.

Only Regions that somebody has used are looked at. Security groups stand under their names, since
one that is made again as it was has another id.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

Data = dict[str, Any]


def compute(account: str, beside: Mapping[tuple[str, ...], Any]) -> Data:
    """Everything that contains, by Region; Regions with nothing in them are left out."""
    found: dict[str, Data] = {}
    for region, backend in _used("ec2", account):
        _add(found, region, "instances", {one.id: _instance(backend, one) for one in _all(backend)})
        _add(found, region, "interfaces", {each.id: _groups(each) for each in _interfaces(backend)})
        _add(found, region, "security_groups", _security_groups(backend))
        _add(found, region, "network_acls", _network_acls(backend))
        _add(found, region, "snapshots", _snapshots(backend, account))
        images = {one.id: one for one in backend.amis.values() if one.owner_id == account}
        _add(found, region, "images", {k: _sorted(v.launch_permissions) for k, v in images.items()})
    for region, scaling in _used("autoscaling", account):
        groups = scaling.autoscaling_groups
        _add(found, region, "auto_scaling", {name: _group(one) for name, one in groups.items()})
    for region, balancing in _used("elbv2", account):
        targets = {arn: sorted(one.targets) for arn, one in balancing.target_groups.items()}
        _add(found, region, "targets", targets)
    for region, classic in _used("elb", account):
        balancers = {
            name: sorted({*one.instance_ids}) for name, one in classic.load_balancers.items()
        }
        _add(found, region, "load_balancers", balancers)
    for region, databases in _used("rds", account):
        snapshots = {**databases.database_snapshots, **databases.cluster_snapshots}
        # RDS's own (`rds:…`) come and go with the databases.
        shares = {
            name: sorted({*one.attributes["restore"]})
            for name, one in snapshots.items()
            if not name.startswith("rds:")
        }
        _add(found, region, "database_snapshots", shares)
    for region, managers in _used("ssm", account):
        _add(found, region, "commands", sorted(one.document_name for one in managers._commands))
    for (owner, region, *thing), value in beside.items():
        if owner == account and thing != ["flows"]:
            _add(found, region, "/".join(thing), value if isinstance(value, dict) else str(value))
    return found


def _used(service: str, account: str) -> list[tuple[str, Any]]:
    """The Regions of a service that somebody has used; moto's part may not even be loaded."""
    module = sys.modules.get(f"moto.{service}.models")
    return list(getattr(module, f"{service}_backends")[account].items()) if module else []


def _add(found: dict[str, Data], region: str, name: str, value: Any) -> None:
    if value:
        found.setdefault(region, {})[name] = value


def _all(backend: Any) -> list[Any]:
    return [one for one in backend.all_instances() if one.state != "terminated"]


def _interfaces(backend: Any) -> list[Any]:
    return [each for each in backend.enis.values() if each.instance is not None]


def _groups(interface: Any) -> list[str]:
    return sorted(group.name for group in interface.group_set)


def _instance(backend: Any, one: Any) -> Data:
    bound = backend.iam_instance_profile_associations.get(one.id)
    options = one.metadata_options
    return {
        "state": one.state,
        "termination_protection": _true(one.disable_api_termination),
        "stop_protection": _true(one.disable_api_stop),
        "shutdown": one.instance_initiated_shutdown_behavior or "stop",
        "metadata": [
            options.http_endpoint,
            options.http_tokens,
            int(options.http_put_response_hop_limit),
        ],
        "profile": bound.iam_instance_profile.name if bound else None,
        "deleted_with_it": {
            name: _true(device.delete_on_termination)
            for name, device in one.block_device_mapping.items()
        },
    }


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


def _security_groups(backend: Any) -> Data:
    return {
        f"{vpc}/{group.name}": {
            "ingress": sorted(_rule(rule) for rule in group.ingress_rules),
            "egress": sorted(_rule(rule) for rule in group.egress_rules),
        }
        for vpc, held in backend.groups.items()
        for group in held.values()
        if group.name != "default"
    }


def _rule(rule: Any) -> str:
    source = rule.ip_range or rule.source_group or rule.prefix_list_id
    return f"{rule.ip_protocol} {rule.from_port} {rule.to_port} {source}"


_AS_MADE = frozenset(
    f"{egress} {number} {action} 0.0.0.0/0"
    for egress in (True, False)
    for number, action in (("00100", "allow"), ("32767", "deny"))
)


def _network_acls(backend: Any) -> Data:
    """Those with rules of somebody's own: the default one of a Region appears when it is used."""
    found = {
        name: sorted(
            f"{one.egress} {int(one.rule_number):05d} {one.rule_action} {one.cidr_block}"
            for one in acl.network_acl_entries
        )
        for name, acl in backend.network_acls.items()
    }
    return {name: rules for name, rules in found.items() if set(rules) != _AS_MADE}


def _snapshots(backend: Any, account: str) -> Data:
    return {
        name: sorted({*one.create_volume_permission_groups, *one.create_volume_permission_userids})
        for name, one in backend.snapshots.items()
        if one.owner_id == account
    }


def _sorted(permissions: list[dict[str, str]]) -> list[str]:
    return sorted(value for each in permissions for value in each.values())


def _group(group: Any) -> Data:
    return {
        "size": [group.min_size, group.max_size, group.desired_capacity],
        "members": {each.instance.id: each.lifecycle_state for each in group.instance_states},
    }

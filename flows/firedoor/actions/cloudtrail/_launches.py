"""What computes for somebody, read from his events: instances, requests, groups, services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from firedoor.actions.cloudtrail._events import Event, Identity, oldest_first, succeeded, when
from firedoor.actions.cloudtrail._hunt import fits
from firedoor.kinds import InstanceId, Region, Time, time_text

OTHERS = {
    "CreateFunction20150331": "functionName",
    "CreateNotebookInstance": "notebookInstanceName",
    "CreateTrainingJob": "trainingJobName",
    "CreateProcessingJob": "processingJobName",
    "CreateEndpoint": "endpointName",
    "CreateComputeEnvironment": "computeEnvironmentName",
    "SubmitJob": "jobName",
    "RunJobFlow": "name",
    "CreateInstances": "instanceNames",
    "CreateProject": "name",
    "CreateNodegroup": "nodegroupName",
    "CreateDevEndpoint": "endpointName",
    "CreateFleet": "name",
    "CreateApp": "name",
    "CreateLaunchTemplate": "launchTemplateName",
    "RegisterTaskDefinition": "family",
    "RunTask": "taskDefinition",
    "UpdateAutoScalingGroup": "autoScalingGroupName",
    "SetDesiredCapacity": "autoScalingGroupName",
}
"""Calls that make something else compute, or are about to, and the parameter that names it."""
NAMES = (
    *("RunInstances", "RequestSpotInstances", "RequestSpotFleet", "CreateFleet"),
    *("CreateAutoScalingGroup", "UpdateAutoScalingGroup", "SetDesiredCapacity"),
    *("CreateService", "RunTask", "CreateFunction20150331", "CreateNotebookInstance"),
    *("CreateTrainingJob", "CreateComputeEnvironment", "RunJobFlow", "CreateNodegroup"),
)
"""What is looked for by name when it is a role's doing: sessions have many names."""


class Launched(msgspec.Struct, frozen=True, kw_only=True):
    """An instance that he launched."""

    instance: InstanceId
    region: Region
    when: Time


class Requested(msgspec.Struct, frozen=True, kw_only=True):
    """A Spot request, a Spot fleet or a fleet of his: it launches more as instances are lost."""

    request: str
    region: Region
    when: Time


class Grouped(msgspec.Struct, frozen=True, kw_only=True):
    """An Auto Scaling group that he made."""

    group: str
    region: Region
    when: Time


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A service of ECS that he made."""

    cluster: str
    service: str
    region: Region
    when: Time


class Launches(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `others`: in words, for people: there is no step that ends these."""

    instances: list[Launched]
    requests: list[Requested]
    groups: list[Grouped]
    services: list[Served]
    others: list[str]


def his(event: Event, user: str | None, role: str | None, keys: Iterable[str]) -> bool:
    """Whether a call was made by the user, by a session of the role, or with one of the keys."""
    who = Identity.of(event)
    return (
        (user is not None and who.user.lower() == user.lower())
        or (role is not None and who.role.lower() == role.lower())
        or who.key in keys
    )


def launches(events: Iterable[Event]) -> Launches:
    """What his successful calls launched, oldest first, each once."""
    instances: dict[str, Launched] = {}
    requests: dict[str, Requested] = {}
    groups: dict[str, Grouped] = {}
    services: dict[str, Served] = {}
    others: dict[str, None] = {}
    for event in oldest_first(each for each in events if succeeded(each)):
        region, moment = str(event.get("awsRegion") or ""), time_text(when(event))
        if not fits("region", region):
            continue
        place = {"region": region, "when": moment}
        for name in _instances(event):
            instances[name] = Launched(instance=name, **place)
        for name in _requests(event):
            requests[name] = Requested(request=name, **place)
        asked = _asked(event)
        called = event.get("eventName")
        if called == "CreateAutoScalingGroup" and asked.get("autoScalingGroupName"):
            group = str(asked["autoScalingGroupName"])
            groups[f"{region}/{group}"] = Grouped(group=group, **place)
        elif called == "CreateService" and asked.get("serviceName"):
            cluster = str(asked.get("cluster") or "default").rpartition("/")[2]
            service = str(asked["serviceName"])
            key = f"{region}/{cluster}/{service}"
            services[key] = Served(cluster=cluster, service=service, **place)
        elif called in OTHERS and not list(_requests(event)):
            others[f"{called} {str(asked.get(OTHERS[called]) or '')[:100]} ({region})"] = None
    return Launches(
        instances=list(instances.values()),
        requests=list(requests.values()),
        groups=list(groups.values()),
        services=list(services.values()),
        others=list(others),
    )


def _asked(event: Event) -> Mapping[str, Any]:
    found = event.get("requestParameters")
    return found if isinstance(found, Mapping) else {}


def _instances(event: Event) -> Iterator[str]:
    if event.get("eventName") != "RunInstances":
        return
    answer = event.get("responseElements") or {}
    listed = (answer.get("instancesSet") or {}).get("items") or ()
    for each in listed:
        name = str(each.get("instanceId") or "") if isinstance(each, Mapping) else ""
        if fits("instance_id", name):
            yield name


def _requests(event: Event) -> Iterator[str]:
    answer = event.get("responseElements") or {}
    called = event.get("eventName")
    if called == "RequestSpotInstances":
        listed = (answer.get("spotInstanceRequestSet") or {}).get("items") or ()
        yield from (str(each["spotInstanceRequestId"]) for each in listed)
    elif called == "RequestSpotFleet":
        # CloudTrail wraps some answers of EC2 in an element with the answer's name.
        inner = answer.get("RequestSpotFleetResponse") or answer
        if inner.get("spotFleetRequestId"):
            yield str(inner["spotFleetRequestId"])
    elif called == "CreateFleet":
        inner = answer.get("CreateFleetResponse") or answer
        if str(inner.get("fleetId") or "").startswith("fleet-"):
            yield str(inner["fleetId"])

"""What was done to logging and detection, read from the calls that did it.

Each list names things of one sort that a runbook can put right, with the Region and, where calls
from before tell it, the settings as they were (JSON, in the words of the service's API). EC2 writes
its parameters in a shape of its own, so names are looked for wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from firedoor.actions.cloudtrail._events import Event
from firedoor.actions.cloudtrail._hunt import fits
from firedoor.actions.cloudtrail._taken import (
    BucketLogWas,
    DetectorWas,
    FilterMade,
    FlowLogWas,
    HubWas,
    IpSetMade,
    ModelLogWas,
    QueryLogWas,
    RecorderWas,
    Tampered,
    TrailWas,
)
from firedoor.actions.wanted import compact

NOTED: Mapping[str, str] = {
    "DeletePublishingDestination": "GuardDuty's export of findings was deleted",
    "StopMonitoringMembers": "GuardDuty's administrator stopped watching members",
    "DisassociateMembers": "members were taken away from the administrator account",
    "DisassociateFromAdministratorAccount": "the account left its GuardDuty administrator",
    "DisassociateFromMasterAccount": "the account left its administrator",
    "DeleteDeliveryChannel": "Config's delivery channel was deleted",
    "DeleteLogGroup": "a log group was deleted with what was in it",
    "DeleteEventDataStore": "an event data store was deleted: restore it within 7 days",
    "LeaveOrganization": "the account left its organization, and its policies do not hold any more",
    "DetachPolicy": "a policy of the organization was taken off",
    "DisablePolicyType": "the organization's policies were switched off",
    "DeleteResolverQueryLogConfig": "a configuration that logged DNS queries was deleted",
    "DeleteAnalyzer": "an analyzer of Access Analyzer was deleted",
}
"""Calls that a person has to put right, and what to read in the report."""
LOOKED_FOR: tuple[str, ...] = (
    *("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "CreateTrail"),
    *("DeleteDetector", "UpdateDetector", "CreateFilter", "UpdateFilter", "CreateIPSet"),
    *("UpdateIPSet", "DeleteFlowLogs", "CreateFlowLogs", "StopConfigurationRecorder"),
    *("DeleteConfigurationRecorder", "DisableSecurityHub", "PutBucketLogging"),
    "DisassociateResolverQueryLogConfig",
    *("DeleteModelInvocationLoggingConfiguration", "PutModelInvocationLoggingConfiguration"),
    *NOTED,
)
"""Names of rare calls, of the attacker's and of whoever set logging up before him."""
NOT_KNOWN = "no call of the last 90 days tells how it was; AWS Config, or your own code, may"
_Was = TypeVar("_Was")
_RECORDED = re.compile(r"\b(?:vpc|subnet|eni|tgw|tgw-attach)-[0-9a-f]{8,17}\b")
_FLOW_LOG = re.compile(r"\bfl-[0-9a-f]{8,17}\b")


def tampered(lately: Sequence[Event], before: Sequence[Event]) -> Tampered:
    """What calls within the time (oldest first) did, and how things were by calls before it."""
    return Tampered(
        trails=_trails(lately, before),
        detectors=_once(_detectors(lately), "detector"),
        filters=_once(_filters(lately), "name"),
        ip_sets=_once(_ip_sets(lately), "ip_set"),
        flow_logs=_once(_flow_logs(lately, before), "flow_log"),
        recorders=_once(_recorders(lately), "name"),
        hubs=_once((HubWas(region=r) for e, r in _named(lately, "DisableSecurityHub")), "region"),
        query_logs=_once(_query_logs(lately), "vpc"),
        model_logs=_once(_model_logs(lately, before), "region"),
        bucket_logs=_once(_bucket_logs(lately, before), "bucket"),
        noted=tuple(
            dict.fromkeys(
                one
                for one in (
                    *_notes(lately),
                    *_flow_logs(lately, before),
                    *_model_logs(lately, before),
                    *_bucket_logs(lately, before),
                )
                if isinstance(one, str)
            )
        ),
    )


def _notes(lately: Sequence[Event]) -> Iterator[str]:
    """What a person has to look at, in words."""
    for event, region in _named(lately, *NOTED, "UpdateDetector"):
        name = event["eventName"]
        if name in NOTED:
            yield f"{event.get('eventTime')} {name} in {region}: {NOTED[name]}"
        elif "DISABLED" in compact(_asked(event).get("features")) or "false" in compact(
            _asked(event).get("dataSources")
        ):
            yield f"{event.get('eventTime')} {name} in {region}: GuardDuty features were turned off"


def _named(events: Iterable[Event], *names: str) -> Iterator[tuple[Event, str]]:
    """Events of these names, each with its Region."""
    for event in events:
        region = str(event.get("awsRegion") or "")
        if event.get("eventName") in names and fits("region", region):
            yield event, region


def _asked(event: Event) -> Mapping[str, Any]:
    found = event.get("requestParameters")
    return found if isinstance(found, Mapping) else {}


def _answered(event: Event) -> Mapping[str, Any]:
    found = event.get("responseElements")
    return found if isinstance(found, Mapping) else {}


def _once(found: Iterable[_Was | str], key: str) -> tuple[_Was, ...]:
    """Each thing once, as the last call left it; without what is only words."""
    named = attrgetter("region", key)
    return tuple({named(one): one for one in found if not isinstance(one, str)}.values())


def _trail_name(event: Event) -> str:
    asked = _asked(event)
    name = str(asked.get("name") or asked.get("trailName") or asked.get("trailNameList") or "")
    return name.rpartition("/")[2]


def _trails(lately: Sequence[Event], before: Sequence[Event]) -> tuple[TrailWas, ...]:
    """Each trail once: all that was done to it, and how it was."""
    changing = ("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors")
    done: dict[tuple[str, str], list[str]] = {}
    for event, region in _named(lately, *changing):
        name = _trail_name(event)
        if fits("trail", name):
            done.setdefault((name, region), []).append(event["eventName"])
    made: list[TrailWas] = []
    for (name, region), calls in done.items():
        settings: dict[str, Any] = {}
        selectors: dict[str, Any] | None = None
        for event, _ in _named(before, "CreateTrail", "UpdateTrail", "PutEventSelectors"):
            if _trail_name(event) != name:
                continue
            if event["eventName"] == "PutEventSelectors":
                selectors = _upper({k: v for k, v in _asked(event).items() if k != "trailName"})
            else:
                settings |= _upper({k: v for k, v in _asked(event).items() if v is not None})
        told = {"DeleteTrail", "UpdateTrail"} & set(calls)
        narrowed = {"DeleteTrail", "PutEventSelectors"} & set(calls)
        made.append(
            TrailWas(
                trail=name,
                region=region,
                done=", ".join(dict.fromkeys(calls)),
                settings=compact(settings) if told and settings else None,
                selectors=compact(selectors) if narrowed and selectors else None,
            )
        )
    return tuple(made)


def _detectors(lately: Sequence[Event]) -> Iterator[DetectorWas]:
    for event, region in _named(lately, "DeleteDetector", "UpdateDetector"):
        asked = _asked(event)
        number = str(asked.get("detectorId") or "")
        off = event["eventName"] == "DeleteDetector" or asked.get("enable") in (False, "false")
        if off and fits("detector_id", number):
            yield DetectorWas(detector=number, region=region, done=event["eventName"])


def _filters(lately: Sequence[Event]) -> Iterator[FilterMade]:
    for event, region in _named(lately, "CreateFilter", "UpdateFilter"):
        asked = _asked(event)
        number = str(asked.get("detectorId") or "")
        name = str(asked.get("name") or asked.get("filterName") or "")
        if name and fits("detector_id", number):
            yield FilterMade(detector=number, name=name, region=region)


def _ip_sets(lately: Sequence[Event]) -> Iterator[IpSetMade]:
    for event, region in _named(lately, "CreateIPSet", "UpdateIPSet"):
        number = str(_asked(event).get("detectorId") or "")
        found = str(_asked(event).get("ipSetId") or _answered(event).get("ipSetId") or "")
        if found and fits("detector_id", number):
            yield IpSetMade(detector=number, ip_set=found, region=region)


def _flow_logs(lately: Sequence[Event], before: Sequence[Event]) -> Iterator[FlowLogWas | str]:
    made: dict[str, str] = {}
    for event, _ in _named(before, "CreateFlowLogs"):
        for number in _FLOW_LOG.findall(compact(_answered(event))):
            made[number] = compact(_plain(_asked(event)))
    for event, region in _named(lately, "DeleteFlowLogs"):
        for number in _FLOW_LOG.findall(compact(_asked(event))):
            if number in made:
                yield FlowLogWas(flow_log=number, region=region, settings=made[number])
            else:
                yield f"flow log {number} in {region}: {NOT_KNOWN}"


def _recorders(lately: Sequence[Event]) -> Iterator[RecorderWas]:
    for event, region in _named(lately, "StopConfigurationRecorder", "DeleteConfigurationRecorder"):
        name = str(_asked(event).get("configurationRecorderName") or "default")
        yield RecorderWas(name=name, region=region, done=event["eventName"])


def _query_logs(lately: Sequence[Event]) -> Iterator[QueryLogWas]:
    for event, region in _named(lately, "DisassociateResolverQueryLogConfig"):
        asked = _asked(event)
        config, vpc = asked.get("resolverQueryLogConfigId"), asked.get("resourceId")
        if config and fits("vpc_id", str(vpc)):
            yield QueryLogWas(config=str(config), vpc=str(vpc), region=region)


def _model_logs(lately: Sequence[Event], before: Sequence[Event]) -> Iterator[ModelLogWas | str]:
    put, gone = (
        "PutModelInvocationLoggingConfiguration",
        "DeleteModelInvocationLoggingConfiguration",
    )
    for _, region in _named(lately, put, gone):
        found = [
            _asked(old).get("loggingConfig")
            for old, where in _named(before, put)
            if where == region
        ]
        if found and found[-1]:
            yield ModelLogWas(region=region, settings=compact(found[-1]))
        else:
            yield f"Bedrock's invocation logging in {region}: {NOT_KNOWN}"


def _bucket_logs(lately: Sequence[Event], before: Sequence[Event]) -> Iterator[BucketLogWas | str]:
    for event, region in _named(lately, "PutBucketLogging"):
        name = str(_asked(event).get("bucketName") or "")
        if not fits("bucket_name", name):
            continue
        was = [
            _logging(old)
            for old, _ in _named(before, "PutBucketLogging")
            if _asked(old).get("bucketName") == name
        ]
        if was and was[-1]:
            yield BucketLogWas(bucket=name, region=region, settings=compact(was[-1]))
        else:
            yield f"the access log of bucket {name}: {NOT_KNOWN}"


def _logging(event: Event) -> Mapping[str, Any]:
    """`LoggingEnabled` of a PutBucketLogging event, in the API's words."""
    found = _upper(_asked(event))
    status = found.get("BucketLoggingStatus") or {}
    enabled = status.get("LoggingEnabled") if isinstance(status, Mapping) else None
    return enabled if isinstance(enabled, Mapping) else {}


def _upper(value: Any) -> Any:
    """Names as the API writes them: CloudTrail begins them with a small letter."""
    if isinstance(value, Mapping):
        return {key[:1].upper() + key[1:]: _upper(inner) for key, inner in value.items()}
    return [_upper(one) for one in value] if isinstance(value, list) else value


def _plain(asked: Mapping[str, Any]) -> Any:
    """CreateFlowLogs' parameters, however deep and under which names EC2 has wrapped them up."""
    inner = asked.get("CreateFlowLogsRequest")
    whole = _upper(inner if isinstance(inner, Mapping) else asked)
    named = [key for key in whole if key.lower().startswith("resourceid")]
    numbers = [one for key in named for one in _RECORDED.findall(compact(whole[key]))]
    rest = {key: value for key, value in whole.items() if key not in named}
    return {**rest, "ResourceIds": list(dict.fromkeys(numbers))}

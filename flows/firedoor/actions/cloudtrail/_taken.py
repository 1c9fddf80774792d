"""Things of logging and detection that were taken away, one struct a sort.

Steps of a runbook are given these. `settings` are in the words of the service's API, as JSON.
"""

from __future__ import annotations

import msgspec

from firedoor.actions import contract
from firedoor.kinds import BucketName, DetectorId, Region, Trail, VpcId


class TrailWas(contract.Output, frozen=True, kw_only=True):
    """A trail that was stopped, deleted or changed; `settings` and `selectors` from before."""

    trail: Trail
    region: Region
    done: str
    settings: str | None = None
    selectors: str | None = None


class DetectorWas(contract.Output, frozen=True, kw_only=True):
    """A detector that was disabled, or deleted with its findings."""

    detector: DetectorId
    region: Region
    done: str


class FilterMade(contract.Output, frozen=True, kw_only=True):
    """A suppression filter that was made or changed."""

    detector: DetectorId
    name: str
    region: Region


class IpSetMade(contract.Output, frozen=True, kw_only=True):
    """A trusted IP list that was made or changed: what comes from it makes no finding."""

    detector: DetectorId
    ip_set: str
    region: Region


class FlowLogWas(contract.Output, frozen=True, kw_only=True):
    """A flow log that was deleted, with the call that had made it."""

    flow_log: str
    region: Region
    settings: str


class RecorderWas(contract.Output, frozen=True, kw_only=True):
    """A recorder of AWS Config that was stopped or deleted."""

    name: str
    region: Region
    done: str


class HubWas(contract.Output, frozen=True, kw_only=True):
    """A Region in which Security Hub was disabled."""

    region: Region


class QueryLogWas(contract.Output, frozen=True, kw_only=True):
    """A VPC whose DNS queries are not logged any more, and by which configuration they were."""

    config: str
    vpc: VpcId
    region: Region


class ModelLogWas(contract.Output, frozen=True, kw_only=True):
    """A Region in which Bedrock's invocation logging was changed or taken away."""

    region: Region
    settings: str


class BucketLogWas(contract.Output, frozen=True, kw_only=True):
    """A bucket whose access log was turned off or sent elsewhere."""

    bucket: BucketName
    region: Region
    settings: str


class Tampered(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was done; `noted`: what a person has to put right."""

    trails: tuple[TrailWas, ...] = ()
    detectors: tuple[DetectorWas, ...] = ()
    filters: tuple[FilterMade, ...] = ()
    ip_sets: tuple[IpSetMade, ...] = ()
    flow_logs: tuple[FlowLogWas, ...] = ()
    recorders: tuple[RecorderWas, ...] = ()
    hubs: tuple[HubWas, ...] = ()
    query_logs: tuple[QueryLogWas, ...] = ()
    model_logs: tuple[ModelLogWas, ...] = ()
    bucket_logs: tuple[BucketLogWas, ...] = ()
    noted: tuple[str, ...] = ()

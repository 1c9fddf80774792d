"""One setting of a service: read, set, put back. What an action adds is words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firedoor.actions.contract import Aws, Change, Permission
from firedoor.actions.ecs import _cluster
from firedoor.actions.ecs._cluster import GONE, SERVICE, Found, OfService, arn_of, service_of
from firedoor.errors import AwsError, NotFound

PERMISSIONS = (
    Permission("ecs:DescribeServices", SERVICE),
    Permission("ecs:UpdateService", SERVICE, "and undo"),
)


@dataclass(frozen=True)
class Setting:
    """Its part, what people call it, ECS's name for it, and the option of the AWS CLI."""

    part: str
    what: str
    key: str
    option: str

    def observe(self, aws: Aws, given: OfService) -> Found:
        """Its value now."""
        arn = arn_of(aws, given.region, "service", given.cluster, given.service)
        found = service_of(aws, given.cluster, given.service, given.region)
        if found is None:
            return Found(parts={}, gone=True)
        return Found(parts={f"{arn}#{self.part}": _short(found.get(self.key))})

    def changes(self, before: Found, to: Any) -> list[Change]:
        """To a value, unless it is so."""
        return [
            Change(resource=resource, what=self.what, from_=now, to=to)
            for resource, now in before.parts.items()
            if now != to
        ]

    def apply(self, aws: Aws, given: OfService, change: Change, shut: Any) -> None:
        """Set it; `shut`: the value that nobody misses when the service is gone."""
        try:
            aws.call(
                "ecs",
                "update_service",
                region=given.region,
                cluster=given.cluster,
                service=given.service,
                **{self.key: change.to},
            )
        except AwsError as error:
            if error.code not in GONE:
                raise
            if change.to != shut:
                raise NotFound(
                    f"service {given.service!r} has been deleted since: its {self.what} cannot be "
                    "set any more"
                ) from None

    def commands(self, change: Change) -> list[list[str]]:
        """The AWS CLI's words."""
        if isinstance(change.to, bool):
            word = f"--{'' if change.to else 'no-'}{self.option}"
            return _cluster.cli(change, "update-service", word)
        return _cluster.cli(change, "update-service", f"--{self.option}", str(change.to))


def _short(value: Any) -> Any:
    """A task definition by family and revision, without the rest of its ARN."""
    return value.rpartition("/")[2] if isinstance(value, str) else value

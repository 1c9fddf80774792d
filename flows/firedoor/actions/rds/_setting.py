"""One setting of a database's holder: read, set, put back, proved. What an action adds is words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firedoor.actions.contract import Aws, Change, Check
from firedoor.actions.rds._database import (
    Found,
    OfDatabase,
    cli,
    described,
    gone_check,
    modify,
)


@dataclass(frozen=True)
class Setting:
    """A setting: its part and what people call it, RDS's name for it in what it describes, the
    parameter that sets it, and the option of the AWS CLI (of a switch: without `no-`)."""

    part: str
    what: str
    key: str
    parameter: str
    option: str

    def observe(self, aws: Aws, given: OfDatabase) -> Found:
        """Its value now."""
        database = described(aws, given)
        if database is None:
            return Found(parts={}, gone=True)
        return Found(parts={f"{database.arn}#{self.part}": database.holder.get(self.key)})

    def changes(self, before: Found, to: Any, lost: str = "") -> list[Change]:
        """To a value, unless it is so."""
        return [
            Change(resource=resource, what=self.what, from_=now, to=to, lost=lost)
            for resource, now in before.parts.items()
            if now != to
        ]

    def apply(self, aws: Aws, given: OfDatabase, change: Change, shut: Any) -> None:
        """Set it; `shut`: the value that nobody misses when the database is gone."""
        modify(aws, given, change, shut=shut, **{self.parameter: change.to})

    def verify(self, aws: Aws, given: OfDatabase, to: Any, what: str) -> list[Check]:
        """It has the value."""
        state = self.observe(aws, given)
        if state.gone:
            return [gone_check(given, what)]
        now = next(iter(state.parts.values()))
        seen = f"{self.what}: {str(now).lower()}"
        return [Check(what=f"{given.name} {what}", holds=now == to, seen=seen)]

    def commands(self, change: Change) -> list[list[str]]:
        """The AWS CLI's words."""
        if isinstance(change.to, bool):
            return cli(change, "modify", f"--{'' if change.to else 'no-'}{self.option}")
        return cli(change, "modify", f"--{self.option}", str(change.to))

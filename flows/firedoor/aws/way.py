"""A session in another account: a role is assumed there, and anew before the session runs out.

The session is named after the incident and tagged with it, so that the account's own CloudTrail
tells which incident a change belongs to; the source identity is whoever acts for firedoor. Chained
roles have an hour at most.
Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from firedoor.aws.session import BotoAws

SECONDS = 3600
MOST_CHARACTERS = 2048
"""Of a session policy that is passed as text."""
MOST_POLICIES = 10
"""Managed session policies that may be named."""


@dataclass(frozen=True)
class Way:
    """How a role is assumed. `policy` narrows the session, to what `narrow` says; `policies` are
    managed ones that do where none is short enough. `source`: who acts, as the source identity."""

    role_arn: str
    external_id: str = ""
    session: str = "firedoor"
    source: str = ""
    policy: Mapping[str, Any] | None = None
    narrow: str = ""
    policies: tuple[str, ...] = ()

    @property
    def narrowed(self) -> str:
        """What the session is narrowed by, in words."""
        if self.policy is None:
            return "not narrowed: it is not known to which runbook"
        text = self._text()
        if len(text) <= MOST_CHARACTERS:
            return f"narrowed to {self.narrow}"
        if self.policies:
            return f"narrowed by {', '.join(self.policies[:MOST_POLICIES])}"
        return (
            f"not narrowed: the runbook's policy has {len(text)} characters, "
            f"{MOST_CHARACTERS} may be passed, and reach.session_policies names none"
        )

    def asked(self) -> dict[str, Any]:
        """The parameters of AssumeRole."""
        found: dict[str, Any] = {
            "RoleArn": self.role_arn,
            "RoleSessionName": _name(self.session),
            "DurationSeconds": SECONDS,
            "Tags": [{"Key": "firedoor:incident", "Value": self.session}],
        }
        if self.external_id:
            found["ExternalId"] = self.external_id
        if self.source:
            found["SourceIdentity"] = _name(self.source)
        text = self._text() if self.policy is not None else ""
        if text and len(text) <= MOST_CHARACTERS:
            found["Policy"] = text
        elif text and self.policies:
            found["PolicyArns"] = [{"arn": arn} for arn in self.policies[:MOST_POLICIES]]
        return found

    def _text(self) -> str:
        return json.dumps(self.policy, separators=(",", ":"))


def credentials(base: BotoAws, way: Way) -> Any:
    """Credentials of the assumed role, made anew by themselves before they run out.

    An AwsError of the first AssumeRole is raised where they are first used.
    """
    from botocore.credentials import RefreshableCredentials  # lazy: see the package

    def assume() -> dict[str, str]:
        answer = base.call("sts", "assume_role", **way.asked())["Credentials"]
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"].isoformat(),
        }

    first = assume()
    return RefreshableCredentials(
        first["access_key"],
        first["secret_key"],
        first["token"],
        datetime.fromisoformat(first["expiry_time"]),
        refresh_using=assume,
        method="firedoor-assume-role",
        # A drill's time is not the machine's.
        time_fetcher=base.now,
    )


def _name(text: str) -> str:
    """As a session's name may be: 2 to 64 of letters, digits and +=,.@-"""
    return re.sub(r"[^A-Za-z0-9+=,.@_-]", "-", text)[:64].ljust(2, "-")

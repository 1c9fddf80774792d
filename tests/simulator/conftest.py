"""A simulated AWS at a fixed time, and what tests do with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from firedoor.aws.target import keep_host
from firedoor.clock import VirtualClock
from firedoor.simulator.credentials import Credentials
from firedoor.simulator.server import SimulatedAws

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
START = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY_ALL = {"Effect": "Deny", "Action": "*", "Resource": "*"}
_BOTO = boto3.Session()


def policy(*statements: dict[str, Any]) -> str:
    """A policy document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Bench:
    """A running simulated AWS and short ways to prepare it and to call it."""

    def __init__(self, aws: SimulatedAws, clock: VirtualClock) -> None:
        self.aws = aws
        self.clock = clock
        self.iam = self.client("iam", aws.responder())

    def client(
        self,
        service: str,
        who: Credentials | None,
        region: str = "us-east-1",
        ip: str = "",
        config: Config | None = None,
    ) -> Any:
        """A boto3 client of `who`, without retries; from `ip` if one is given."""
        who = who or self.aws.responder()
        made = _BOTO.client(
            service,
            region_name=region,
            endpoint_url=self.aws.endpoint,
            aws_access_key_id=who.access_key_id,
            aws_secret_access_key=who.secret_access_key,
            aws_session_token=who.session_token,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=20).merge(
                config or Config()
            ),
        )
        keep_host(made)
        if ip:
            made.meta.events.register(
                "before-sign.*",
                lambda request, **_: request.headers.add_header("X-Firedoor-Source-Ip", ip),
            )
        return made

    def user(self, name: str = "alice", *statements: dict[str, Any]) -> Credentials:
        """A user with an inline policy of these statements (allow all by default), and his key."""
        arn = self.iam.create_user(UserName=name)["User"]["Arn"]
        self.iam.put_user_policy(
            UserName=name, PolicyName="own", PolicyDocument=policy(*(statements or (ALLOW_ALL,)))
        )
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"], None, arn)

    def role(self, name: str, trusted: str, *statements: dict[str, Any]) -> str:
        """A role that `trusted` may assume, allowed all by default; its ARN."""
        trust = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
        self.iam.put_role_policy(
            RoleName=name, PolicyName="own", PolicyDocument=policy(*(statements or (ALLOW_ALL,)))
        )
        return str(arn["Role"]["Arn"])

    def session(self, who: Credentials, role: str, **given: Any) -> Credentials:
        """A session of the role, assumed by `who`."""
        given = {"RoleSessionName": "work", **given}
        return session_of(self.client("sts", who).assume_role(RoleArn=role, **given))

    def events(self, **attributes: str) -> list[dict[str, Any]]:
        """CloudTrail's records of us-east-1 with one attribute, newest first."""
        wanted = [{"AttributeKey": k, "AttributeValue": v} for k, v in attributes.items()]
        trail = self.client("cloudtrail", None)
        found = trail.lookup_events(LookupAttributes=wanted)["Events"]
        return [json.loads(one["CloudTrailEvent"]) for one in found]


def session_of(answer: dict[str, Any]) -> Credentials:
    """The credentials in an answer of STS."""
    found = answer["Credentials"]
    arn = answer.get("AssumedRoleUser", answer.get("FederatedUser", {})).get("Arn", "")
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], arn)


def outcome(call: Any, /, *args: Any, **kwargs: Any) -> str:
    """`allowed`, or the code of the error that the call ended in."""
    try:
        call(*args, **kwargs)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "allowed"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def aws(clock: VirtualClock) -> Iterator[SimulatedAws]:
    with SimulatedAws(clock, accounts=(ACCOUNT, OTHER_ACCOUNT), seed=7) as running:
        yield running


@pytest.fixture
def bench(aws: SimulatedAws, clock: VirtualClock) -> Bench:
    return Bench(aws, clock)

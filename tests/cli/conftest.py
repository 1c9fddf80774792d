"""The command line as a user has it, with simulated AWS behind the standard AWS environment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from firedoor.cli.main import main
from firedoor.clock import RealClock
from firedoor.simulator.server import SimulatedAws

USER = "ci-deployer"


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout as the one JSON document that it must be."""
        return json.loads(self.out)


Firedoor = Callable[..., Ended]


@pytest.fixture
def firedoor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Firedoor:
    """Calls the command line in this process, with a home of its own and no AWS at all."""
    monkeypatch.setenv("FIREDOOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")

    def call(*words: str) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return call


@dataclass
class World:
    """Simulated AWS with a user whose key leaked."""

    aws: SimulatedAws
    key: dict[str, str]
    admin: Any

    def status(self) -> set[str]:
        """The statuses of the user's keys."""
        found = self.admin.list_access_keys(UserName=USER)["AccessKeyMetadata"]
        return {key["Status"] for key in found}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, firedoor: Firedoor) -> Iterator[World]:
    """Reached through AWS_ENDPOINT_URL, as any other emulator would be."""
    with SimulatedAws(RealClock()) as aws:
        who = aws.responder()
        admin = boto3.client(
            "iam",
            endpoint_url=aws.endpoint,
            region_name="us-east-1",
            aws_access_key_id=who.access_key_id,
            aws_secret_access_key=who.secret_access_key,
            aws_session_token=who.session_token,
        )
        admin.create_user(UserName=USER)
        admin.attach_user_policy(
            UserName=USER, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        )
        key = admin.create_access_key(UserName=USER)["AccessKey"]
        admin.create_access_key(UserName=USER)
        admin.create_login_profile(UserName=USER, Password="Correct-horse-7-battery")
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", who.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", who.secret_access_key)
        monkeypatch.setenv("AWS_SESSION_TOKEN", who.session_token or "")
        yield World(aws, key, admin)

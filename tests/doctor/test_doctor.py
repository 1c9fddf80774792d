"""`doctor` says what is missing, and what to do about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from firedoor.aws import connect
from firedoor.aws.session import BotoAws
from firedoor.clock import VirtualClock
from firedoor.doctor import account, machine, readiness
from firedoor.doctor.model import Look, looked
from firedoor.errors import AwsError
from firedoor.library import Library
from firedoor.simulator.server import SimulatedAws


@pytest.fixture(scope="module")
def world() -> Iterator[SimulatedAws]:
    """An account where nothing was prepared."""
    with SimulatedAws(VirtualClock(datetime.now(UTC))) as aws:
        yield aws


@pytest.fixture(scope="module")
def aws(world: SimulatedAws) -> BotoAws:
    """Connected to it as the responder."""
    who = world.responder()
    secret = (who.access_key_id, who.secret_access_key, who.session_token)
    return connect(region="us-east-1", endpoint=world.endpoint, credentials=secret, simulated=True)


def by_name(looks: Iterator[Look]) -> dict[str, Look]:
    """The worst look of each name."""
    order = ["bad", "unknown", "warn", "off", "ok"]
    found: dict[str, Look] = {}
    for look in looks:
        known = found.get(look.name)
        if known is None or order.index(look.standing) < order.index(known.standing):
            found[look.name] = look
    return found


def ready(aws: Any) -> dict[str, Look]:
    """All that --readiness looks at."""
    return by_name(
        look
        for name, looking in readiness.LOOKS.items()
        for look in looked(name, lambda looking=looking: looking(aws))  # type: ignore[misc]
    )


def test_an_account_where_nothing_is_prepared_is_told_so(aws: BotoAws) -> None:
    found = ready(aws)

    assert {name for name, look in found.items() if look.standing in ("bad", "warn")} >= {
        "cloudtrail",
        "guardduty",
        "config",
        "block public access",
        "root",
        "backup",
        "evidence bucket",
    }
    assert all(look.fix for look in found.values() if look.standing != "ok")


def test_a_trail_of_all_regions_with_validation_and_data_events_is_well(
    aws: BotoAws, world: SimulatedAws
) -> None:
    aws.call("s3", "create_bucket", Bucket="trail-of-doctor")
    aws.call(
        "cloudtrail",
        "create_trail",
        Name="all",
        S3BucketName="trail-of-doctor",
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
    )
    aws.call("cloudtrail", "start_logging", Name="all")
    aws.call(
        "cloudtrail",
        "put_event_selectors",
        TrailName="all",
        EventSelectors=[
            {
                "ReadWriteType": "All",
                "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
            }
        ],
    )

    found = by_name(readiness.trails(aws))

    assert {name: look.standing for name, look in found.items()} == {
        "cloudtrail": "ok",
        "s3 data events": "ok",
    }


def test_what_cannot_be_read_is_unknown_and_says_which_read() -> None:
    def refused() -> Iterator[Look]:
        raise AwsError("no", code="AccessDenied", operation="iam:GetAccountSummary")
        yield

    [look] = looked("root", refused)

    assert (look.standing, "iam:GetAccountSummary" in look.fix) == ("unknown", True)


def test_an_endpoint_that_is_not_awss_own_is_said(aws: BotoAws) -> None:
    [look, *_] = account.identity(aws, aws.target)

    assert (look.standing, "NOT AWS'S OWN" in look.seen) == ("warn", True)


def test_rules_that_others_can_write_to_are_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "playbooks"
    folder.mkdir()
    (folder / "plan.yaml").write_text("accounts: []\n")
    folder.chmod(0o777)
    monkeypatch.setenv("FIREDOOR_PLAYBOOKS", str(folder))

    assert by_name(machine.rules())["rules"].standing == "bad"


def test_a_vault_that_cannot_be_written_is_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FIREDOOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIREDOOR_VAULT", str(tmp_path / "file" / "vault"))

    assert by_name(machine.keeping())["vault"].standing == "bad"


def test_permissions_are_asked_of_iam_or_said_to_be_unknown(aws: BotoAws) -> None:
    [look] = account.permissions(aws, Library.open())

    assert look.standing in ("ok", "bad", "unknown")
    assert look.fix or look.standing == "ok"


@pytest.mark.parametrize("words", [("doctor",), ("doctor", "--readiness")])
def test_without_aws_it_exits_1_and_says_what_to_do(tmp_path: Path, words: tuple[str, ...]) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "FIREDOOR_"))
    }
    environment |= {
        "HOME": str(tmp_path),
        "FIREDOOR_HOME": str(tmp_path / "home"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(
        [sys.executable, "-m", "firedoor.cli.main", *words, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"]) == (1, False)
    assert [look["name"] for look in told["looks"] if look["standing"] == "bad"] == ["aws"]

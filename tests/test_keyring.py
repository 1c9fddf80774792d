"""The house key in AWS KMS: wraps and opens there, for one incident each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from firedoor.aws import BotoAws, connect
from firedoor.clock import VirtualClock
from firedoor.errors import BadInput, StoreUnavailable
from firedoor.keyring import house_key
from firedoor.simulator.server import SimulatedAws
from tests.simulator.conftest import START

KEY = b"k" * 32
ONE, OTHER = "INC-2026-0001", "INC-2026-0002"


@pytest.fixture(scope="module")
def kms() -> Iterator[tuple[BotoAws, str]]:
    """Simulated AWS, and a key in it."""
    with SimulatedAws(VirtualClock(START)) as aws:
        who = aws.responder()
        keys = (who.access_key_id, who.secret_access_key, who.session_token)
        session = boto3.session.Session(*keys, region_name="us-east-1")
        made = session.client("kms", endpoint_url=aws.endpoint).create_key()["KeyMetadata"]
        acting = connect(
            region="us-east-1", endpoint=aws.endpoint, credentials=keys, simulated=True
        )
        yield acting, made["Arn"]


def test_a_key_that_kms_wrapped_opens_again(kms: Any, tmp_path: Path) -> None:
    aws, arn = kms
    house = house_key(arn, aws, [tmp_path])

    by, wrapped = house.wrap(ONE, KEY)

    assert (by, house.unwrap(ONE, by, wrapped)) == (arn, KEY)
    assert KEY not in wrapped
    assert list(tmp_path.iterdir()) == []


def test_it_opens_for_its_own_incident_alone(kms: Any, tmp_path: Path) -> None:
    aws, arn = kms
    house = house_key(arn, aws, [tmp_path])
    by, wrapped = house.wrap(ONE, KEY)

    with pytest.raises(StoreUnavailable, match="InvalidCiphertext"):
        house.unwrap(OTHER, by, wrapped)


def test_in_break_glass_a_file_stands_in_for_kms_and_is_opened_as_one(
    kms: Any, tmp_path: Path
) -> None:
    aws, arn = kms
    gone = arn.rpartition("/")[0] + "/00000000-0000-0000-0000-000000000000"
    house = house_key(gone, aws, [tmp_path], spare=True)

    by, wrapped = house.wrap(ONE, KEY)

    assert (by[:5], house.unwrap(ONE, by, wrapped)) == ("file:", KEY)


def test_otherwise_a_key_that_is_not_there_is_an_error_that_names_it(
    kms: Any, tmp_path: Path
) -> None:
    aws, arn = kms
    gone = arn.rpartition("/")[0] + "/00000000-0000-0000-0000-000000000000"

    with pytest.raises(StoreUnavailable, match=gone):
        house_key(gone, aws, [tmp_path]).wrap(ONE, KEY)


def test_a_name_that_is_no_arn_of_a_key_is_refused(kms: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="FIREDOOR_VAULT_KEY"):
        house_key("alias/vault", kms[0], [tmp_path])

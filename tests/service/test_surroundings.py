"""A run is handed over only where shell and resident mean the same AWS, rules and state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from firedoor.service.surroundings import (
    Surroundings,
    account_of_key,
    account_told,
    differences,
    here,
)

MINE = Surroundings(
    firedoor="1",
    digest="d",
    runbooks="/r",
    playbooks="/p",
    profile="",
    regions={"AWS_REGION": "eu-central-1"},
    endpoints={},
    places={},
    account="",
    database="",
    vault="/v",
)
KEY = "ASIAQNZGKIQY56JQ7WML"
"""A session's key id that was published, of account 029608264753."""


def differing(*, account: str = "", region_given: bool = False, **other: Any) -> list[str]:
    theirs = msgspec.structs.replace(MINE, **other)
    return differences(theirs, MINE, account=account, region_given=region_given)


def test_the_same_is_the_same() -> None:
    assert differing() == []


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"profile": "prod"}, "AWS_PROFILE is prod here and not set there"),
        ({"regions": {}}, "AWS_REGION is not set here and eu-central-1 there"),
        ({"endpoints": {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}}, "AWS_ENDPOINT_URL is http"),
        ({"endpoints": {"AWS_ENDPOINT_URL_IAM": "http://x"}}, "AWS_ENDPOINT_URL_IAM is http://x"),
        ({"places": {"AWS_CONFIG_FILE": "/c"}}, "AWS_CONFIG_FILE is /c here"),
        ({"digest": "other", "runbooks": "/mine"}, "the rules are those of /mine and /p here"),
        ({"database": "x"}, "FIREDOOR_DATABASE_URL names another store"),
        ({"vault": "/w"}, "FIREDOOR_VAULT is /w here and /v there"),
    ],
)
def test_each_difference_is_said(other: dict[str, Any], says: str) -> None:
    (found,) = differing(**other)

    assert says in found


def test_a_region_that_was_named_is_no_difference() -> None:
    assert differing(regions={"AWS_REGION": "us-west-2"}, region_given=True) == []


def test_keys_of_another_account_are_told_without_a_call() -> None:
    (found,) = differing(account="111122223333") or differences(
        msgspec.structs.replace(MINE, account="029608264753"), MINE, account="111122223333"
    )

    assert "029608264753 here and of 111122223333 there" in found


def test_the_account_stands_in_a_key_id() -> None:
    assert account_of_key(KEY) == "029608264753"


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "short", "ASIAQ!!!!!!!!!!!!!!!", ""])
def test_where_it_does_not_stand_nothing_is_told(key: str) -> None:
    assert account_of_key(key) == ""


@pytest.mark.parametrize(
    ("credentials", "config", "account"),
    [
        (f"[team]\naws_access_key_id = {KEY}\n", "", "029608264753"),
        ("", "[profile team]\nsso_account_id = 444455556666\n", "444455556666"),
        (
            f"[team]\naws_access_key_id = {KEY}\n",
            "[profile team]\nrole_arn = arn:aws:iam::777788889999:role/responder\n",
            "777788889999",
        ),
        ("[other]\n", "not = ini [", ""),
    ],
)
def test_the_account_of_a_profile_is_read_from_its_files(
    tmp_path: Path, credentials: str, config: str, account: str
) -> None:
    (tmp_path / "credentials").write_text(credentials)
    (tmp_path / "config").write_text(config)
    found = account_told(
        {
            "AWS_PROFILE": "team",
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
        }
    )

    assert found == account


def test_no_secret_is_among_what_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very/secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "very/token")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://user:very-open@127.0.0.1:1/x")
    monkeypatch.setenv("FIREDOOR_DATABASE_URL", "postgresql://me:very-hidden@db/firedoor")
    told = msgspec.json.encode(here(tmp_path)).decode()

    assert [word for word in ("very", KEY) if word in told] == []
    assert "http://127.0.0.1:1/x" in told

"""The Region comes from where every AWS SDK takes it."""

from __future__ import annotations

import pytest

from firedoor.aws import connect

NOWHERE = "http://127.0.0.1:9"
KEY = ("AKIAIOSFODNN7EXAMPLE", "x" * 40, None)


@pytest.mark.parametrize(
    ("given", "named", "default", "expected"),
    [
        ("sa-east-1", "eu-west-1", "us-west-2", "sa-east-1"),
        (None, "eu-west-1", "us-west-2", "eu-west-1"),
        (None, None, "us-west-2", "us-west-2"),
        (None, None, None, "us-east-1"),
    ],
)
def test_what_is_said_wins_then_aws_region_then_the_older_name(
    monkeypatch: pytest.MonkeyPatch,
    given: str | None,
    named: str | None,
    default: str | None,
    expected: str,
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    for name, value in (("AWS_REGION", named), ("AWS_DEFAULT_REGION", default)):
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)

    assert connect(region=given, endpoint=NOWHERE, credentials=KEY).region == expected

"""Secrets are known by their name, by how they begin, or by how mixed they are."""

from __future__ import annotations

import json
from random import Random
from string import ascii_letters, digits
from typing import Any

import pytest

from firedoor.library import Library
from firedoor.masking import MASK, masked, masked_text

KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEOr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDx7" + "aB3" * 20
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\nx9\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"the key is {KEY}.",
        f"AWS_SECRET_ACCESS_KEY={KEY}",
        f"https://example.com/?secret={KEY.replace('/', '%2F')}&x=1",
        f"aws_session_token = {TOKEN}",
        f"token {TOKEN} was used",
        f"before {PEM} after",
        f"cut off {PEM[:60]}",
        json.dumps({"key": PEM}),
        "Authorization: Bearer abcdef0123456789.xyz",
        f"bearer {JWT}",
        JWT,
        "password=Winter-Wall-27",
        "export DB_PASSWORD=Winter-Wall-27",
        "Password: Winter-Wall-27",
        '{"Password": "Winter-Wall-27"}',
        '{\\"password\\": \\"Winter-Wall-27\\"}',
        "aws iam create-login-profile --password Winter-Wall-27",
        "his password is Winter-Wall-27",
        "passwd=Winter-Wall-27",
        "https://deploy:Winter-Wall-27@git.example.com/x.git",
        "xoxb-123456789012-abcdefGHIJKL",
        "ghp_" + "a1B2c3D4e5" * 4,
    ],
)
def test_a_secret_in_a_text_is_masked(text: str) -> None:
    shown = masked_text(text)

    assert MASK in shown
    for secret in (KEY, TOKEN, "MIIEowIBAAKCAQEA7", "Winter-Wall-27", "abcdef0123456789", JWT):
        assert secret not in shown
    assert "Winter" not in shown


@pytest.mark.parametrize(
    "name",
    ["SecretAccessKey", "sessionToken", "password", "ServicePassword", "x-amz-security-token"],
)
def test_a_value_under_the_name_of_a_secret_is_masked(name: str) -> None:
    assert masked({"a": [{name: "anything at all"}]}) == {"a": [{name: MASK}]}


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::111122223333:role/aws-service-role/guardduty.amazonaws.com/AWSServiceRole",
        "AKIAIOSFODNN7EXAMPLE",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "CredentialAccess:IAMUser/AnomalousBehavior",
        "arn:aws:s3:::backups/Department/Finance/Quarterly/Reports2024/x",
        "the password was changed; no console password: set a new one",
        "remove_console_access of user/ci-deployer#login-profile",
        "iam:CreateServiceSpecificCredential, iam:UpdateLoginProfile, sts:GetSessionToken",
        "{{ who.user }} set console passwords of other users ({{ activity.made_passwords }})",
        "0f8fad5b-d9cd-469f-a165-70867728950e",
        "a bearer of bad news; basic authentication",
        "--password-reset-required",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked_text(text) == text


@pytest.mark.parametrize("value", [{"password": True}, {"password": None}, {"password": ""}, 3])
def test_a_flag_named_like_a_secret_stays(value: Any) -> None:
    assert masked(value) == value


def test_of_ten_thousand_secret_access_keys_next_to_none_gets_through() -> None:
    random = Random(7)
    letters = ascii_letters + digits + "+/"
    keys = ["".join(random.choices(letters, k=40)) for _ in range(10_000)]

    missed = [key for key in keys if masked_text(f"key: {key};") != f"key: {MASK};"]

    assert len(missed) <= 1


def test_masking_twice_is_masking_once() -> None:
    text = f"password={KEY} Bearer {TOKEN} https://a:bcdef@h/"

    assert masked_text(masked_text(text)) == masked_text(text)


def test_the_shipped_runbooks_hold_nothing_that_looks_like_a_secret() -> None:
    library = Library.open()
    texts = [path.read_text() for path in library.runbooks().values()]

    assert [masked_text(text) for text in texts] == texts

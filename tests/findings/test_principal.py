"""Whose credentials a finding is about. A role is never taken for a user of the same name."""

from __future__ import annotations

import pytest

from firedoor.finding import Resource, parse
from tests.findings.documents import ACCOUNT, KEY, SESSION_KEY, Json, guardduty, role_details


def whose(**details: Json) -> Resource:
    """The resource of a finding about these credentials."""
    (found,) = parse(guardduty(resource={"resourceType": "AccessKey", "accessKeyDetails": details}))
    return found.resource


def test_a_session_of_a_role_is_the_roles_and_names_no_user() -> None:
    found = whose(**role_details())

    assert (found.principal, found.user) == ("role", None)
    assert (found.role, found.session) == ("data-reader", "night-batch")
    assert found.access_key_id == SESSION_KEY


@pytest.mark.parametrize("user_type", ["AssumedRole", "Role", "assumed_role", "IAMUser", None])
def test_the_id_of_a_role_is_enough_to_make_it_a_role(user_type: str | None) -> None:
    found = whose(**role_details(userType=user_type))

    assert (found.principal, found.user, found.role) == ("role", None, "data-reader")


def test_a_role_with_the_id_of_a_user_is_neither() -> None:
    found = whose(**role_details(principalId="AIDAIOSFODNN7EXAMPLE"))

    assert (found.principal, found.user, found.role) == ("unknown", None, None)


@pytest.mark.parametrize(
    ("user_type", "principal_id"),
    [("Root", ACCOUNT), ("root", None), (None, ACCOUNT), ("IAMUser", ACCOUNT)],
)
def test_root_is_root_and_names_no_user(user_type: str | None, principal_id: str | None) -> None:
    found = whose(userType=user_type, userName="Root", principalId=principal_id, accessKeyId=KEY)

    assert (found.principal, found.user, found.access_key_id) == ("root", None, KEY)


def test_a_federated_user_is_no_iam_user() -> None:
    found = whose(
        userType="FederatedUser",
        userName="alice",
        principalId=f"{ACCOUNT}:alice",
        accessKeyId=SESSION_KEY,
    )

    assert (found.principal, found.user, found.session) == ("federated_user", None, "alice")


def test_nobody_is_anonymous() -> None:
    found = whose(userType="", userName="ANONYMOUS_PRINCIPAL", principalId="", accessKeyId="")

    assert found.principal == "anonymous"
    assert (found.user, found.role, found.access_key_id) == (None, None, None)


@pytest.mark.parametrize(
    ("user_type", "principal"), [("AWSService", "aws_service"), ("AWSAccount", "account")]
)
def test_a_service_or_another_account_names_no_user(user_type: str, principal: str) -> None:
    found = whose(userType=user_type, userName="config.amazonaws.com", accessKeyId=SESSION_KEY)

    assert (found.principal, found.user, found.access_key_id) == (principal, None, None)


def test_a_kind_of_user_that_is_not_known_names_no_user() -> None:
    found = whose(userType="Wizard", userName="merlin", accessKeyId=KEY)

    assert (found.principal, found.user, found.access_key_id) == ("unknown", None, KEY)


def test_without_a_type_a_long_term_key_belongs_to_a_user_and_a_session_key_to_nobody() -> None:
    assert whose(userName="ci-deployer", accessKeyId=KEY).user == "ci-deployer"
    assert whose(userName="ci-deployer", accessKeyId=SESSION_KEY).user is None


def test_the_name_that_cloudtrail_hides_is_no_user() -> None:
    found = whose(userType="IAMUser", userName="HIDDEN_DUE_TO_SECURITY_REASONS", accessKeyId=KEY)

    assert (found.principal, found.user) == ("iam_user", None)

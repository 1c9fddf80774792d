"""What IAM does that moto does not: limits, conflicts, reports, passwords, other credentials."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulator.conftest import ALLOW_ALL, START, Bench, outcome, policy


def document_of_size(characters: int) -> str:
    """A valid policy document with so many characters that are not white space."""
    empty = len("".join(policy({**ALLOW_ALL, "Sid": ""}).split()))
    return policy({**ALLOW_ALL, "Sid": "x" * (characters - empty)})


def test_inline_policies_of_a_user_share_2048_characters(bench: Bench) -> None:
    bench.iam.create_user(UserName="full")
    given = {"UserName": "full"}
    put = bench.iam.put_user_policy
    half = document_of_size(1024)
    assert outcome(put, **given, PolicyName="a", PolicyDocument=half) == "allowed"
    assert outcome(put, **given, PolicyName="b", PolicyDocument=half) == "allowed"
    small = document_of_size(100)
    assert outcome(put, **given, PolicyName="c", PolicyDocument=small) == "LimitExceeded"
    assert outcome(put, **given, PolicyName="b", PolicyDocument=small) == "allowed"
    assert outcome(put, **given, PolicyName="c", PolicyDocument=small) == "allowed"


def test_white_space_does_not_count_in_a_policy(bench: Bench) -> None:
    bench.iam.create_user(UserName="full")
    wide = json.dumps(json.loads(document_of_size(2048)), indent=40)
    given = {"UserName": "full", "PolicyName": "a", "PolicyDocument": wide}
    assert outcome(bench.iam.put_user_policy, **given) == "allowed"


@pytest.mark.parametrize(("kind", "budget"), [("role", 10240), ("group", 5120)])
def test_roles_and_groups_have_their_own_budgets(bench: Bench, kind: str, budget: int) -> None:
    name = {f"{kind.capitalize()}Name": "full"}
    if kind == "role":
        bench.iam.create_role(**name, AssumeRolePolicyDocument=policy())
    else:
        bench.iam.create_group(**name)
    put = getattr(bench.iam, f"put_{kind}_policy")
    given = {**name, "PolicyName": "a"}
    assert outcome(put, **given, PolicyDocument=document_of_size(budget)) == "allowed"
    over = document_of_size(budget + 1)
    assert outcome(put, **given, PolicyDocument=over) == "LimitExceeded"


def test_ten_managed_policies_are_enough(bench: Bench) -> None:
    bench.iam.create_user(UserName="full")
    names = ("ReadOnlyAccess", "AWSDenyAll", "SecurityAudit", "IAMFullAccess", "AmazonS3FullAccess")
    names += (
        "AmazonEC2FullAccess",
        "AdministratorAccess",
        "IAMReadOnlyAccess",
        "job-function/Billing",
    )
    names += ("PowerUserAccess", "AmazonS3ReadOnlyAccess")
    arns = [f"arn:aws:iam::aws:policy/{name}" for name in names]
    attach = bench.iam.attach_user_policy
    results = [outcome(attach, UserName="full", PolicyArn=arn) for arn in arns]
    assert results == ["allowed"] * 10 + ["LimitExceeded"]
    assert outcome(attach, UserName="full", PolicyArn=arns[0]) == "allowed"


def test_a_third_access_key_is_refused(bench: Bench) -> None:
    bench.user()
    create = bench.iam.create_access_key
    assert outcome(create, UserName="alice") == "allowed"
    assert outcome(create, UserName="alice") == "LimitExceeded"


def test_calls_without_a_user_name_are_about_the_caller(bench: Bench) -> None:
    alice = bench.user()
    bench.user("bob")
    own = bench.client("iam", alice)
    assert own.get_user()["User"]["UserName"] == "alice"
    keys = own.list_access_keys()["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [alice.access_key_id]
    own.update_access_key(AccessKeyId=alice.access_key_id, Status="Inactive")
    keys = bench.iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]
    assert [key["Status"] for key in keys] == ["Inactive"]


def test_a_caller_cannot_change_anothers_key_without_naming_him(bench: Bench) -> None:
    alice, bob = bench.user("alice"), bench.user("bob")
    change = bench.client("iam", alice).update_access_key
    given = {"AccessKeyId": bob.access_key_id, "Status": "Inactive"}
    assert outcome(change, **given) == "NoSuchEntity"
    assert outcome(bench.client("s3", bob).list_buckets) == "allowed"


def test_a_role_must_name_the_user(bench: Bench) -> None:
    assert outcome(bench.iam.list_access_keys) == "ValidationError"


def test_the_last_use_of_a_key_is_known(bench: Bench) -> None:
    alice = bench.user()
    unused = bench.iam.get_access_key_last_used(AccessKeyId=alice.access_key_id)
    assert unused["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    bench.clock.advance(90)
    bench.client("s3", alice, region="eu-central-1").list_buckets()
    used = bench.iam.get_access_key_last_used(AccessKeyId=alice.access_key_id)
    assert used["UserName"] == "alice"
    assert used["AccessKeyLastUsed"] == {
        "LastUsedDate": START + timedelta(seconds=90),
        "ServiceName": "s3",
        "Region": "eu-central-1",
    }


def test_the_last_use_of_an_unknown_key_is_refused(bench: Bench) -> None:
    last = bench.iam.get_access_key_last_used
    assert outcome(last, AccessKeyId="AKIAIOSFODNN7EXAMPLE") == "AccessDenied"


def test_creation_dates_follow_the_simulated_clock(bench: Bench) -> None:
    bench.clock.advance(3600)
    made = bench.iam.create_user(UserName="alice")["User"]["CreateDate"]
    assert made == START + timedelta(hours=1)


def test_service_specific_credentials_live_and_die(bench: Bench) -> None:
    bench.user()
    given = {"UserName": "alice", "ServiceName": "codecommit.amazonaws.com"}
    made = bench.iam.create_service_specific_credential(**given)["ServiceSpecificCredential"]
    number = made["ServiceSpecificCredentialId"]
    own = {"UserName": "alice", "ServiceSpecificCredentialId": number}

    def listed() -> list[Any]:
        found = bench.iam.list_service_specific_credentials(UserName="alice")
        return [
            (one["ServiceSpecificCredentialId"], one["Status"])
            for one in found["ServiceSpecificCredentials"]
        ]

    assert listed() == [(number, "Active")]
    bench.iam.update_service_specific_credential(**own, Status="Inactive")
    assert listed() == [(number, "Inactive")]
    reset = bench.iam.reset_service_specific_credential(**own)["ServiceSpecificCredential"]
    assert reset["ServicePassword"] != made["ServicePassword"]
    bench.iam.delete_service_specific_credential(**own)
    assert listed() == []
    assert outcome(bench.iam.delete_service_specific_credential, **own) == "NoSuchEntity"


def test_ssh_keys_live_and_die(bench: Bench) -> None:
    bench.user()
    made = bench.iam.upload_ssh_public_key(UserName="alice", SSHPublicKeyBody="ssh-rsa AAAA")
    own = {"UserName": "alice", "SSHPublicKeyId": made["SSHPublicKey"]["SSHPublicKeyId"]}
    bench.iam.update_ssh_public_key(**own, Status="Inactive")
    listed = bench.iam.list_ssh_public_keys(UserName="alice")["SSHPublicKeys"]
    assert [one["Status"] for one in listed] == ["Inactive"]
    bench.iam.delete_ssh_public_key(**own)
    assert bench.iam.list_ssh_public_keys(UserName="alice")["SSHPublicKeys"] == []


def test_a_login_profile_lives_and_dies(bench: Bench) -> None:
    bench.user()
    given = {"UserName": "alice"}
    assert outcome(bench.iam.get_login_profile, **given) == "NoSuchEntity"
    bench.iam.create_login_profile(**given, Password="Long-enough-1", PasswordResetRequired=True)
    profile = bench.iam.get_login_profile(**given)["LoginProfile"]
    assert profile["PasswordResetRequired"] is True
    bench.iam.update_login_profile(**given, PasswordResetRequired=False)
    profile = bench.iam.get_login_profile(**given)["LoginProfile"]
    assert profile["PasswordResetRequired"] is False
    bench.iam.delete_login_profile(**given)
    assert outcome(bench.iam.get_login_profile, **given) == "NoSuchEntity"


def test_mfa_devices_live_and_die(bench: Bench) -> None:
    bench.user()
    made = bench.iam.create_virtual_mfa_device(VirtualMFADeviceName="alice")
    serial = made["VirtualMFADevice"]["SerialNumber"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "234567"}
    bench.iam.enable_mfa_device(UserName="alice", SerialNumber=serial, **codes)
    listed = bench.iam.list_mfa_devices(UserName="alice")["MFADevices"]
    assert [one["SerialNumber"] for one in listed] == [serial]
    bench.iam.deactivate_mfa_device(UserName="alice", SerialNumber=serial)
    assert bench.iam.list_mfa_devices(UserName="alice")["MFADevices"] == []


def test_a_user_with_anything_left_is_not_deleted(bench: Bench) -> None:
    alice = bench.user()
    bench.iam.delete_user_policy(UserName="alice", PolicyName="own")
    assert outcome(bench.iam.delete_user, UserName="alice") == "DeleteConflict"
    bench.iam.delete_access_key(UserName="alice", AccessKeyId=alice.access_key_id)
    assert outcome(bench.iam.delete_user, UserName="alice") == "allowed"


def test_a_renamed_user_keeps_his_key(bench: Bench) -> None:
    alice = bench.user()
    bench.iam.update_user(UserName="alice", NewUserName="alicia")
    found = bench.client("sts", alice).get_caller_identity()
    assert found["Arn"].endswith(":user/alicia")
    last = bench.iam.get_access_key_last_used(AccessKeyId=alice.access_key_id)
    assert last["UserName"] == "alicia"


def rows(report: bytes) -> dict[str, dict[str, str]]:
    return {row["user"]: row for row in csv.DictReader(io.StringIO(report.decode()))}


def test_a_credential_report_is_asked_for_and_then_read(bench: Bench) -> None:
    alice = bench.user()
    bench.client("s3", alice).list_buckets()
    assert outcome(bench.iam.get_credential_report) == "ReportNotPresent"
    assert bench.iam.generate_credential_report()["State"] == "STARTED"
    assert bench.iam.generate_credential_report()["State"] == "COMPLETE"
    found = rows(bench.iam.get_credential_report()["Content"])
    assert list(found) == ["<root_account>", "alice"]
    assert found["alice"]["access_key_1_active"] == "true"
    assert found["alice"]["access_key_1_last_used_service"] == "s3"
    assert found["alice"]["access_key_1_last_used_date"] == "2026-03-14T09:00:00+00:00"
    assert found["alice"]["access_key_2_active"] == "false"


def test_a_credential_report_is_made_again_after_four_hours(bench: Bench) -> None:
    bench.user("alice")
    bench.iam.generate_credential_report()
    bench.user("bob")
    bench.clock.advance(4 * 3600 - 1)
    assert bench.iam.generate_credential_report()["State"] == "COMPLETE"
    assert "bob" not in rows(bench.iam.get_credential_report()["Content"])
    bench.clock.advance(1)
    assert outcome(bench.iam.get_credential_report) == "ReportExpired"
    assert bench.iam.generate_credential_report()["State"] == "STARTED"
    assert "bob" in rows(bench.iam.get_credential_report()["Content"])


def test_authorization_details_show_own_and_used_policies_only(bench: Bench) -> None:
    bench.user()
    bench.iam.create_policy(PolicyName="own", PolicyDocument=policy(ALLOW_ALL))
    bench.iam.attach_user_policy(
        UserName="alice", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    found = bench.iam.get_account_authorization_details()
    assert [user["UserName"] for user in found["UserDetailList"]] == ["alice"]
    assert {one["PolicyName"] for one in found["Policies"]} == {
        "own",
        "ReadOnlyAccess",
        "AdministratorAccess",
    }


def test_a_policy_in_use_is_not_deleted(bench: Bench) -> None:
    bench.user()
    made = bench.iam.create_policy(PolicyName="own", PolicyDocument=policy(ALLOW_ALL))
    arn = made["Policy"]["Arn"]
    bench.iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    assert outcome(bench.iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
    bench.iam.detach_user_policy(UserName="alice", PolicyArn=arn)
    assert outcome(bench.iam.delete_policy, PolicyArn=arn) == "allowed"


def test_an_unknown_boundary_is_refused(bench: Bench) -> None:
    bench.user()
    with pytest.raises(ClientError, match="does not exist or is not attachable"):
        bench.iam.put_user_permissions_boundary(
            UserName="alice", PermissionsBoundary="arn:aws:iam::111122223333:policy/none"
        )


def test_users_are_listed_page_by_page(bench: Bench) -> None:
    for name in ("alice", "bob", "carol"):
        bench.iam.create_user(UserName=name)
    first = bench.iam.list_users(MaxItems=2)
    assert [user["UserName"] for user in first["Users"]] == ["alice", "bob"]
    assert first["IsTruncated"] is True
    pages = bench.iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 1})
    assert [user["UserName"] for page in pages for user in page["Users"]] == [
        "alice",
        "bob",
        "carol",
    ]

"""The same reads and containing calls as firedoor makes, in the same order, with boto3 alone.

Every read that firedoor makes up to its last containing call is made here: twice before anything is
changed (for the plan that a person reads, and as evidence when the run begins), and once after each
change, as its proof. Nothing is kept, written down or compared.
"""

import contextlib
import json
import sys

import boto3

DENY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
}
iam = boto3.client("iam")


def login_profile(user: str) -> None:
    """The console password's record, if there is one."""
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        iam.get_login_profile(UserName=user)


def credentials(user: str) -> list[str]:
    """SSH keys, certificates and service-specific credentials; the keys' ids."""
    iam.list_ssh_public_keys(UserName=user)
    iam.list_signing_certificates(UserName=user)
    iam.list_service_specific_credentials(UserName=user)
    return [key["AccessKeyId"] for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]]


def policies(user: str) -> None:
    """Inline and attached policies."""
    for name in iam.list_user_policies(UserName=user)["PolicyNames"]:
        iam.get_user_policy(UserName=user, PolicyName=name)
    iam.list_attached_user_policies(UserName=user)


def evidence(user: str) -> list[str]:
    """Everything about the user."""
    iam.get_user(UserName=user)
    iam.get_user(UserName=user)
    keys = credentials(user)
    for key in keys:
        iam.get_access_key_last_used(AccessKeyId=key)
    policies(user)
    iam.list_groups_for_user(UserName=user)
    login_profile(user)
    iam.list_mfa_devices(UserName=user)
    return keys


def before(user: str) -> None:
    """What each change would overwrite."""
    iam.get_user(UserName=user)
    policies(user)
    login_profile(user)
    credentials(user)


def lever(user: str) -> None:
    """What he may take back."""
    account = boto3.client("sts").get_caller_identity()["Account"]
    arn = f"arn:aws:iam::{account}:user/{user}"
    iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["iam:DeleteUserPolicy"])


def main(user: str) -> None:
    """Look, look again, contain, read back."""
    evidence(user)
    lever(user)
    before(user)
    keys = evidence(user)
    lever(user)
    before(user)
    iam.put_user_policy(UserName=user, PolicyName="deny", PolicyDocument=json.dumps(DENY))
    policies(user)
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:ListAllMyBuckets"])
    for key in keys:
        iam.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")
    iam.list_access_keys(UserName=user)
    iam.delete_login_profile(UserName=user)


if __name__ == "__main__":
    main(sys.argv[1])

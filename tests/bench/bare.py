"""What a responder's own script would do: the same reads and containing calls, with boto3 alone."""

import json
import sys

import boto3

DENY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
}


def main(user: str) -> None:
    """Read the user, deny him everything, disable his keys, remove his console password."""
    iam = boto3.client("iam")
    boto3.client("sts").get_caller_identity()
    iam.get_user(UserName=user)
    keys = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    iam.list_user_policies(UserName=user)
    iam.list_attached_user_policies(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="deny", PolicyDocument=json.dumps(DENY))
    for key in keys:
        iam.update_access_key(UserName=user, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    try:
        iam.get_login_profile(UserName=user)
        iam.delete_login_profile(UserName=user)
    except iam.exceptions.NoSuchEntityException:
        pass
    left = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    if any(key["Status"] != "Inactive" for key in left):
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])

"""KMS in the simulated AWS: what a key's state and its policy allow, and who is outside."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, Bench, outcome, policy

ROOT = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def key(bench: Bench, *statements: dict[str, Any]) -> str:
    made = bench.client("kms", None).create_key(Policy=policy(*(statements or (ROOT,))))
    return str(made["KeyMetadata"]["Arn"])


@pytest.mark.parametrize(
    ("operation", "code"),
    [("disable_key", "DisabledException"), ("schedule_key_deletion", "KMSInvalidStateException")],
)
def test_a_key_that_is_off_encrypts_nothing(bench: Bench, operation: str, code: str) -> None:
    kms, arn = bench.client("kms", None), key(bench)
    before = outcome(kms.encrypt, KeyId=arn, Plaintext=b"x")
    getattr(kms, operation)(KeyId=arn)

    assert (before, outcome(kms.encrypt, KeyId=arn, Plaintext=b"x")) == ("allowed", code)


def test_what_was_encrypted_is_not_decrypted_by_a_key_that_is_off(bench: Bench) -> None:
    kms, arn = bench.client("kms", None), key(bench)
    blob = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=arn)

    assert outcome(kms.decrypt, CiphertextBlob=blob) == "DisabledException"


def test_cancelling_a_deletion_leaves_the_key_disabled(bench: Bench) -> None:
    kms, arn = bench.client("kms", None), key(bench)
    kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    enable = outcome(kms.enable_key, KeyId=arn)
    kms.cancel_key_deletion(KeyId=arn)

    assert enable == "KMSInvalidStateException"
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "Disabled"


def test_a_policy_that_does_not_name_the_account_makes_iam_count_for_nothing(bench: Bench) -> None:
    alice, bob = bench.user("alice"), bench.user("bob")
    arn = key(bench, {**ROOT, "Principal": {"AWS": alice.arn}})

    assert outcome(bench.client("kms", alice).encrypt, KeyId=arn, Plaintext=b"x") == "allowed"
    assert outcome(bench.client("kms", bob).encrypt, KeyId=arn, Plaintext=b"x") == (
        "AccessDeniedException"
    )


def test_an_explicit_deny_in_the_policy_holds_for_everybody(bench: Bench) -> None:
    alice = bench.user("alice")
    deny = {**ROOT, "Effect": "Deny", "Principal": {"AWS": alice.arn}, "Action": "kms:Encrypt"}
    arn = key(bench, ROOT, deny)

    assert outcome(bench.client("kms", alice).encrypt, KeyId=arn, Plaintext=b"x") == (
        "AccessDeniedException"
    )


def test_another_account_gets_in_by_policy_or_grant_and_is_found_outside(bench: Bench) -> None:
    theirs = bench.client("kms", bench.aws.responder(OTHER_ACCOUNT))
    root = f"arn:aws:iam::{OTHER_ACCOUNT}:root"
    closed, open_ = key(bench), key(bench, ROOT, {**ROOT, "Principal": {"AWS": root}})
    analyzer = bench.client("accessanalyzer", None)
    arn = analyzer.create_analyzer(analyzerName="external", type="ACCOUNT")["arn"]

    def found(resource: str) -> int:
        listed = analyzer.list_findings_v2(analyzerArn=arn, filter={"resource": {"eq": [resource]}})
        return len(listed["findings"])

    assert (found(closed), found(open_)) == (0, 1)
    assert outcome(theirs.describe_key, KeyId=open_) == "allowed"
    assert outcome(theirs.describe_key, KeyId=closed) == "AccessDeniedException"
    bench.client("kms", None).create_grant(
        KeyId=closed, GranteePrincipal=root, Operations=["DescribeKey"]
    )
    assert outcome(theirs.describe_key, KeyId=closed) == "allowed"


def test_mail_waits_while_it_is_paused(bench: Bench) -> None:
    ses = bench.client("sesv2", None)
    message = {
        "FromEmailAddress": "a@example.com",
        "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
    }
    before = outcome(ses.send_email, **message)
    ses.put_account_sending_attributes(SendingEnabled=False)

    assert (before, outcome(ses.send_email, **message)) == ("allowed", "SendingPausedException")


def test_converse_is_authorised_by_invoke_model(bench: Bench) -> None:
    only = {"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "*"}
    alice = bench.user("alice", only)
    bob = bench.user("bob", {**only, "Action": "bedrock:Converse"})
    asked = {"modelId": "amazon.titan-text-lite-v1", "messages": []}

    assert outcome(bench.client("bedrock-runtime", alice).converse, **asked) == "allowed"
    assert outcome(bench.client("bedrock-runtime", bob).converse, **asked) == (
        "AccessDeniedException"
    )

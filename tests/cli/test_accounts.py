"""A run in another account: by a role there, with an external id, in a session of the incident."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from firedoor.clock import RealClock
from firedoor.simulator.server import SimulatedAws
from tests.cli.conftest import USER, Firedoor

HOME, MEMBER, STRANGER = "111122223333", "444455556666", "777788889999"
EXTERNAL = "firedoor-7f3a"
ROLE = f"arn:aws:iam::{MEMBER}:role/firedoor-member"
RUN = ("run", "compromised-credentials", f"user={USER}", "--yes", "--break-glass", "--json")


class Accounts:
    """Two accounts: firedoor's own, and a member with a leaked user and a role that lets it in."""

    def __init__(self, aws: SimulatedAws) -> None:
        self.aws = aws
        self.member = self.client("iam", MEMBER)
        self.member.create_user(UserName=USER)
        self.member.create_access_key(UserName=USER)
        own = self.client("iam", HOME)
        own.create_user(UserName="operator")
        own.put_user_policy(
            UserName="operator",
            PolicyName="reach",
            PolicyDocument=_policy(
                Effect="Allow",
                Action=["sts:AssumeRole", "organizations:DescribeAccount"],
                Resource="*",
            ),
        )
        self.key = own.create_access_key(UserName="operator")["AccessKey"]
        self.member.create_role(
            RoleName="firedoor-member",
            AssumeRolePolicyDocument=_policy(
                Effect="Allow",
                Principal={"AWS": f"arn:aws:iam::{HOME}:root"},
                Action=["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
                Condition={"StringEquals": {"sts:ExternalId": EXTERNAL}},
            ),
        )
        self.member.attach_role_policy(
            RoleName="firedoor-member", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        )

    def client(self, service: str, account: str) -> Any:
        """A client of an account's administrator."""
        who = self.aws.responder(account)
        return boto3.client(
            service,
            endpoint_url=self.aws.endpoint,
            region_name="us-east-1",
            aws_access_key_id=who.access_key_id,
            aws_secret_access_key=who.secret_access_key,
            aws_session_token=who.session_token,
        )

    def records(self, account: str) -> list[Any]:
        """What an account's CloudTrail has."""
        found = self.aws.trail.records
        return [each for each in found if each["recipientAccountId"] == account]

    def keys(self) -> set[str]:
        """The statuses of the leaked user's keys."""
        found = self.member.list_access_keys(UserName=USER)["AccessKeyMetadata"]
        return {each["Status"] for each in found}


def _policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def accounts(firedoor: Firedoor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Accounts]:
    with SimulatedAws(RealClock(), accounts=(HOME, MEMBER)) as aws:
        found = Accounts(aws)
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", found.key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", found.key["SecretAccessKey"])
        yield found


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes the plan."""

    def write(**reach: Any) -> None:
        folder = tmp_path / "plans"
        folder.mkdir(exist_ok=True)
        (folder / "plan.yaml").write_text(json.dumps({"reach": reach}))
        monkeypatch.setenv("FIREDOOR_PLAYBOOKS", str(folder))

    return write


MEMBERS = {MEMBER: {"name": "production", "role": "firedoor-member", "external_id": EXTERNAL}}


def test_a_user_of_another_account_is_contained_there_and_undone(
    firedoor: Firedoor, accounts: Accounts, plan: Callable[..., None]
) -> None:
    plan(accounts=MEMBERS)

    ended = firedoor(*RUN, "--account", MEMBER)
    shut = accounts.keys()
    undone = firedoor("undo", ended.json["incident"], "--yes", "--reopen", "a test", "--json")

    assert (ended.code, ended.json["status"], shut) == (0, "contained", {"Inactive"}), ended.err
    assert (undone.code, accounts.keys()) == (0, {"Active"}), undone.err
    assert undone.json["target"]["account"] == MEMBER


def test_the_chain_is_shown_and_journalled_and_the_session_bears_the_incident(
    firedoor: Firedoor, accounts: Accounts, plan: Callable[..., None]
) -> None:
    plan(accounts=MEMBERS)

    ended = firedoor(*RUN, "--account", MEMBER)
    incident = ended.json["incident"]
    journal = firedoor("journal", "show", incident, "--json").json
    target = ended.json["target"]
    changes = [
        record for record in accounts.records(MEMBER) if record["eventName"] == "PutUserPolicy"
    ]
    assumed = [
        record["requestParameters"]
        for record in accounts.records(HOME)
        if record["eventName"] == "AssumeRole"
    ]

    assert target["chain"] == (f"arn:aws:iam::{HOME}:user/operator → {ROLE} with an external id")
    assert target["scope"].startswith("narrowed to the")
    assert target["chain"] in json.dumps(journal, ensure_ascii=False)
    assert {record["userIdentity"]["arn"] for record in changes} == {
        f"arn:aws:sts::{MEMBER}:assumed-role/firedoor-member/{incident}"
    }
    assert assumed[-1]["roleSessionName"] == incident
    assert assumed[-1]["tags"] == [{"key": "firedoor:incident", "value": incident}]
    assert assumed[-1]["sourceIdentity"]


@pytest.mark.parametrize(
    ("reach", "account", "why"),
    [
        ({}, MEMBER, "does not name it"),
        ({"accounts": MEMBERS}, STRANGER, "does not name it"),
        ({"organization": True}, STRANGER, "the organization does not know it"),
        (
            {"accounts": {MEMBER: {"role": "firedoor-member", "external_id": "wrong"}}},
            MEMBER,
            "does not let arn:aws:iam::111122223333:user/operator in",
        ),
        ({"accounts": {MEMBER: {"role": "firedoor-member"}}}, MEMBER, "does not let"),
    ],
)
def test_an_account_that_is_not_known_or_does_not_let_us_in_is_refused(
    firedoor: Firedoor,
    accounts: Accounts,
    plan: Callable[..., None],
    reach: dict[str, Any],
    account: str,
    why: str,
) -> None:
    plan(**reach)

    ended = firedoor(*RUN, "--account", account)

    assert (ended.code, ended.json["error"]["kind"]) == (3, "refused")
    assert why in ended.json["error"]["message"]
    assert accounts.keys() == {"Active"}


def test_the_session_may_do_what_the_runbook_needs_and_no_more(
    firedoor: Firedoor, accounts: Accounts, plan: Callable[..., None]
) -> None:
    plan(accounts=MEMBERS)
    firedoor(*RUN, "--account", MEMBER)
    sessions = accounts.aws._state.sessions._by_key.values()

    narrowed = [each for each in sessions if each.owner_name == "firedoor-member"]
    granted = {
        action
        for each in narrowed
        for document in each.policies or ()
        for statement in document["Statement"]
        for action in statement["Action"]
    }

    assert all(each.policies for each in narrowed)
    assert "iam:PutUserPolicy" in granted
    assert "iam:CreateUser" not in granted


def test_a_runbook_too_long_for_a_session_is_narrowed_by_the_plan_s_policies_or_says_that_it_is_not(
    firedoor: Firedoor,
    accounts: Accounts,
    plan: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = accounts.member.create_policy(
        PolicyName="narrow", PolicyDocument=_policy(Effect="Allow", Action="iam:*", Resource="*")
    )["Policy"]["Arn"]
    monkeypatch.setattr("firedoor.aws.way.MOST_CHARACTERS", 500)
    show = ("plan", "compromised-credentials", f"user={USER}", "--account", MEMBER, "--json")
    plan(accounts=MEMBERS)
    wide = firedoor(*show).json["target"]["scope"]
    plan(accounts=MEMBERS, session_policies=[made])

    narrow = firedoor(*show).json["target"]["scope"]

    assert "not narrowed: the runbook's policy has" in wide
    assert narrow == f"narrowed by {made}"


def test_a_finding_is_contained_in_the_member_account_that_it_names(
    firedoor: Firedoor, accounts: Accounts, plan: Callable[..., None], tmp_path: Path
) -> None:
    plan(accounts=MEMBERS)
    key = accounts.member.list_access_keys(UserName=USER)["AccessKeyMetadata"][0]["AccessKeyId"]
    finding = {
        "SchemaVersion": "2.0",
        "AccountId": MEMBER,
        "Region": "us-east-1",
        "Partition": "aws",
        "Id": "f" * 32,
        "Arn": f"arn:aws:guardduty:us-east-1:{HOME}:detector/d/finding/" + "f" * 32,
        "Type": "UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom",
        "Title": "Leaked",
        "Description": "Leaked.",
        "Severity": 8.0,
        "CreatedAt": "2026-03-14T08:00:00.000Z",
        "UpdatedAt": "2026-03-14T08:00:00.000Z",
        "Resource": {
            "ResourceType": "AccessKey",
            "AccessKeyDetails": {
                "AccessKeyId": key,
                "PrincipalId": "AIDAEXAMPLE",
                "UserName": USER,
                "UserType": "IAMUser",
            },
        },
        "Service": {"ServiceName": "guardduty"},
    }
    file = tmp_path / "finding.json"
    file.write_text(json.dumps(finding))
    book = (Path(__file__).parents[2] / "playbooks" / "credential-compromise.md").read_text()
    (tmp_path / "plans" / "credential-compromise.md").write_text(book)

    ended = firedoor("ingest", str(file), "--break-glass", "--json")

    assert (ended.code, ended.json["target"]["account"]) == (4, MEMBER), ended.err
    assert "firedoor-member" in ended.json["target"]["chain"]


def test_only_the_regions_that_the_plan_names_are_looked_at(
    firedoor: Firedoor, accounts: Accounts, plan: Callable[..., None]
) -> None:
    plan(accounts={MEMBER: {**MEMBERS[MEMBER], "regions": ["us-east-1"]}})

    ended = firedoor(*RUN, "--account", MEMBER)

    looked = {
        record["awsRegion"]
        for record in accounts.records(MEMBER)
        if record["eventName"] == "LookupEvents"
    }
    assert (ended.code, looked) == (0, {"us-east-1"})

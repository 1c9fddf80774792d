"""Where findings go, what would run unasked, and that an attacker cannot choose either."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from firedoor.finding import Actor, Finding, Principal, Resource, label_of, parse
from firedoor.library import Library
from firedoor.routing import Route, route
from tests.findings.documents import ACCOUNT, KEY, SESSION_KEY, guardduty, key_details, role_details
from tests.rules import playbook, rules

ACT = f'accounts: ["{ACCOUNT}"]\nmode: {{ accounts: {{ "{ACCOUNT}": act }} }}\n'
MALICIOUS = "UnauthorizedAccess:IAMUser/MaliciousIPCaller"


def finding(
    said_type: str = MALICIOUS,
    *,
    severity: float = 8.0,
    principal: Principal = "iam_user",
    **more: Any,
) -> Finding:
    """A finding about an IAM user's long-term key, of high severity."""
    named: dict[str, Any] = {
        "kind": "access_key",
        "principal": principal,
        "user": "ci-deployer" if principal == "iam_user" else None,
        "access_key_id": KEY,
        **more.pop("resource", {}),
    }
    return Finding(
        **{
            "id": "f0e1d2c3b4a5968778695a4b3c2d1e0f",
            "type": said_type,
            "source": "guardduty",
            "account": ACCOUNT,
            "region": "eu-central-1",
            "severity": severity,
            "severity_label": label_of(severity),
            "resource": Resource(**named),
            "detector_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            **more,
        }
    )


@pytest.fixture(scope="module")
def shipped_rules(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """What is shipped, the plan's cautious values included."""
    return Library.open(tmp_path_factory.mktemp("nothing-here"))


@pytest.fixture(scope="module")
def acting(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The shipped playbooks where the account is in mode act."""
    return rules(tmp_path_factory.mktemp("acting"), plan=ACT)


def where(routed: Route) -> tuple[str | None, str | None]:
    return routed.playbook, routed.runbook


CREDENTIALS = ("credential-compromise", "compromised-credentials")
TRIAGE = ("finding-triage", "guardduty-finding")


def test_an_iam_user_s_key_goes_to_its_runbook_with_user_and_key(shipped_rules: Library) -> None:
    routed = route(finding(), shipped_rules)

    assert where(routed) == CREDENTIALS
    assert routed.inputs == {"user": "ci-deployer", "access_key_id": KEY}
    assert (routed.severity, routed.ignored) == ("high", "")


def test_as_shipped_nothing_changes_unasked_and_the_route_says_why(shipped_rules: Library) -> None:
    routed = route(finding(), shipped_rules)

    assert routed.unasked == ()
    assert f"account {ACCOUNT} is in mode ask" in routed.why
    assert f"account {ACCOUNT} is not among the plan's accounts" in routed.why


@pytest.mark.parametrize("severity", [7.0, 9.5])
def test_in_mode_act_only_the_named_key_is_shut_unasked(acting: Library, severity: float) -> None:
    routed = route(finding(severity=severity), acting)

    assert [(each.step, each.action, each.target) for each in routed.unasked] == [
        ("named_key", "iam.disable_access_keys", KEY)
    ]
    assert "mode act" in routed.unasked[0].why
    assert "unasked" not in routed.why


@pytest.mark.parametrize("severity", [1.0, 5.0, 6.9])
def test_below_high_nothing_changes_unasked(acting: Library, severity: float) -> None:
    routed = route(finding(severity=severity), acting)

    assert (where(routed), routed.unasked) == (CREDENTIALS, ())
    assert "nothing change unasked at severity" in routed.why


BRAKES: dict[str, tuple[Finding, str]] = {
    "a session's key": (
        finding(resource={"access_key_id": SESSION_KEY}),
        "the key is a session's (ASIA…)",
    ),
    "no key": (
        finding(resource={"access_key_id": None}),
        "does not name what compromised-credentials/named_key would change",
    ),
    "a refused call": (finding(actor=Actor(error="AccessDenied")), "AWS refused the call"),
    "a doubt": (finding(doubts=("the user type is odd",)), "the user type is odd"),
    "no id": (finding(id=""), "cannot be confirmed"),
    "another account": (finding(account="444455556666"), "444455556666 is in mode ask"),
    "no account": (finding(account=""), "names no account"),
    "another source": (
        finding("AWS_RISK_CREDENTIALS_EXPOSED", source="health"),
        "cannot be confirmed with GuardDuty",
    ),
}


@pytest.mark.parametrize("name", BRAKES)
def test_each_brake_asks_and_says_so(acting: Library, name: str) -> None:
    braked, said = BRAKES[name]

    routed = route(braked, acting)

    assert (where(routed), routed.ignored, routed.unasked) == (CREDENTIALS, "", ())
    assert said in routed.why


@pytest.mark.parametrize(
    ("pattern", "asks"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/ci-deployer", True),
        (f"arn:aws:iam::{ACCOUNT}:user/CI-Deployer", True),
        ("arn:aws:iam::*:user/ci-*", True),
        ("arn:aws:iam::*:user/production/*", True),  # the finding does not say the user's path
        (f"arn:aws:iam::{ACCOUNT}:*", True),
        ("arn:aws:iam::*:user/break-glass", False),
        ("arn:aws:iam::444455556666:*", False),
        ("arn:aws:iam::*:role/ci-deployer", False),
        ("arn:aws:s3:::ci-deployer", False),
    ],
)
def test_a_protected_user_asks(tmp_path: Path, pattern: str, asks: bool) -> None:
    library = rules(tmp_path, plan=f'{ACT}protect: ["{pattern}"]\n')

    routed = route(finding(), library)

    assert (routed.unasked == ()) is asks
    assert (f"ci-deployer may be protected by {pattern!r}" in routed.why) is asks


def test_a_key_whose_owner_is_not_known_asks_where_any_user_is_protected(tmp_path: Path) -> None:
    library = rules(tmp_path, plan=f"{ACT}protect: ['arn:aws:iam::*:user/break-glass']\n")

    routed = route(finding(resource={"user": None}), library)

    assert routed.unasked == ()
    assert "whose key it is is not known yet" in routed.why


def test_observe_keeps_evidence_only(tmp_path: Path) -> None:
    library = rules(tmp_path, plan=ACT.replace("act }", "observe }"))

    routed = route(finding(), library)

    assert routed.unasked == ()
    assert "is in mode observe: evidence only" in routed.why


@pytest.mark.parametrize("flag", ["sample", "archived"])
def test_samples_and_archived_findings_are_ignored_and_still_say_where_they_would_go(
    acting: Library, flag: str
) -> None:
    routed = route(finding(**{flag: True}), acting)

    assert where(routed) == CREDENTIALS
    assert routed.inputs["user"] == "ci-deployer"
    assert flag in routed.ignored
    assert routed.unasked == ()


def test_the_plan_ignores_types_with_a_reason(tmp_path: Path) -> None:
    library = rules(
        tmp_path,
        plan='ignore: { "PenTest:*": a test, "PenTest:IAMUser/*": our own team }\n',
    )

    assert route(finding("PenTest:IAMUser/KaliLinux"), library).ignored == (
        "the plan ignores PenTest:IAMUser/KaliLinux: our own team"
    )
    assert route(finding(), library).ignored == ""


@pytest.mark.parametrize(
    ("principal", "resource", "advice"),
    [
        ("federated_user", {}, "GetFederationToken"),
        ("aws_service", {}, "invokedBy"),
        ("account", {}, "belongs to another account"),
        ("anonymous", {}, "there are no credentials to shut"),
        ("unknown", {}, "does not say whose credentials"),
    ],
)
def test_credentials_that_are_no_iam_user_s_go_to_triage_with_what_to_do_by_hand(
    acting: Library, principal: Principal, resource: dict[str, Any], advice: str
) -> None:
    routed = route(finding(principal=principal, resource=resource), acting)

    assert (where(routed), routed.unasked) == (TRIAGE, ())
    assert advice in routed.why
    assert "keeps evidence and asks" in routed.why


@pytest.mark.parametrize(
    ("principal", "resource", "goes"),
    [
        ("role", {"role": "data-reader"}, ("role-compromise", "compromised-role")),
        ("role", {"role": "AWSReservedSSO_A_0"}, ("role-compromise", "compromised-role")),
        ("root", {}, ("root-compromise", "root-credentials")),
    ],
)
def test_whose_credentials_they_are_decides_where_it_goes(
    acting: Library, principal: Principal, resource: dict[str, Any], goes: tuple[str, str]
) -> None:
    routed = route(finding(principal=principal, resource=resource), acting)

    assert where(routed) == goes
    assert "user" not in routed.inputs


def test_an_instance_that_is_only_knocked_at_is_not_to_be_isolated(acting: Library) -> None:
    said = "UnauthorizedAccess:EC2/SSHBruteForce"
    named = {"kind": "instance", "user": None, "access_key_id": None}
    target = finding(said, principal="unknown", resource={**named, "part": "target"})
    actor = finding(said, principal="unknown", resource={**named, "part": "actor"})

    assert "do not isolate it for that" in route(target, acting).why
    assert "then isolate it" in route(actor, acting).why


@pytest.mark.parametrize(
    ("said_type", "goes"),
    [
        # They name no bucket here, and so no runbook of buckets can take them.
        ("Policy:S3/BucketAnonymousAccessGranted", TRIAGE),
        ("Policy:IAMUser/S3BlockPublicAccessDisabled", TRIAGE),
        ("Stealth:S3/ServerAccessLoggingDisabled", ("logging-tampering", "tampered-logging")),
    ],
)
def test_the_type_decides_and_not_the_resource_type(
    acting: Library, said_type: str, goes: tuple[str, str]
) -> None:
    named = {"resourceType": "AccessKey", "accessKeyDetails": key_details()}
    [parsed] = parse(guardduty(said_type, resource=named, severity=8))

    assert where(route(parsed, acting)) == goes


def test_credentials_of_an_instance_are_never_taken_for_a_user_s(acting: Library) -> None:
    said = "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS"

    assert where(route(finding(said), acting)) == ("role-compromise", "compromised-role")


def sequence(**named: Any) -> Finding:
    resource = {"kind": "attack_sequence", "access_key_id": None, "user": None, **named}
    return finding("AttackSequence:IAM/CompromisedCredentials", severity=9.0, resource=resource)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"users": ("alice", "bob"), "user": None},
        {"roles": ("data-reader",)},
        {"buckets": ("example-bucket",)},
        {"accounts": ("444455556666",)},
    ],
)
def test_a_sequence_goes_to_its_runbook_with_all_that_it_names(
    acting: Library, more: dict[str, Any]
) -> None:
    named = {"user": "alice", "users": ("alice",), "user_keys": (KEY,), **more}

    routed = route(sequence(**named), acting)

    assert where(routed) == ("attack-sequence", "attack-sequence")
    assert routed.inputs["users"] == list(named["users"])
    assert routed.inputs["user_keys"] == [KEY]


def test_each_named_key_of_a_sequence_is_shut_unasked_and_nothing_else(acting: Library) -> None:
    other = "AKIAIOSFODNN8EXAMPLE"

    routed = route(sequence(users=("alice", "bob"), user_keys=(KEY, other)), acting)

    assert [(each.step, each.action, each.target) for each in routed.unasked] == [
        ("named_keys", "iam.disable_access_keys", KEY),
        ("named_keys", "iam.disable_access_keys", other),
    ]


def test_what_a_sequence_does_not_name_holds_back_nothing_that_it_names(acting: Library) -> None:
    machine = "i-0123456789abcdef0"

    routed = route(sequence(buckets=("example-bucket",), instances=(machine,)), acting)

    assert [(each.step, each.target) for each in routed.unasked] == [
        ("shut", "example-bucket"),
        ("protect", machine),
        ("snapshots", machine),
    ]


def test_a_sequence_that_names_nothing_of_the_kind_says_so(acting: Library) -> None:
    routed = route(sequence(roles=("data-reader",)), acting)

    assert routed.unasked == ()
    assert "does not name what attack-sequence/named_keys would change" in routed.why


@pytest.mark.parametrize(
    ("pattern", "asks"),
    [
        ("arn:aws:s3:::example-*", True),
        (f"arn:aws:ec2:*:{ACCOUNT}:instance/i-0123456789abcdef0", True),
        ("arn:aws:ec2:*:*:instance/i-00000000000000000", False),
        # No user is changed.
        ("arn:aws:iam::*:user/break-glass", False),
    ],
)
def test_a_protected_bucket_or_machine_in_a_sequence_asks(
    tmp_path: Path, pattern: str, asks: bool
) -> None:
    library = rules(tmp_path, plan=f'{ACT}protect: ["{pattern}"]\n')
    named = {"buckets": ("example-bucket",), "instances": ("i-0123456789abcdef0",)}

    routed = route(sequence(**named), library)

    assert (routed.unasked == ()) is asks
    assert (f"may be protected by {pattern!r}" in routed.why) is asks


def test_one_protected_user_in_a_sequence_holds_all_its_keys(tmp_path: Path) -> None:
    library = rules(tmp_path, plan=ACT + "protect: ['arn:aws:iam::*:user/bob']\n")

    routed = route(sequence(users=("alice", "bob"), user_keys=(KEY,)), library)

    assert routed.unasked == ()
    assert "bob may be protected" in routed.why


def test_a_key_that_aws_found_in_public_counts_as_high(shipped_rules: Library) -> None:
    exposed = finding("AWS_RISK_CREDENTIALS_EXPOSED", source="health", severity=5.0)
    routed = route(exposed, shipped_rules)

    assert where(routed) == CREDENTIALS
    assert (routed.severity, routed.finding.severity) == ("high", 5.0)
    assert "which makes it high" in routed.why


def test_macie_s_types_that_look_like_guardduty_s_are_not_a_user_s(acting: Library) -> None:
    assert where(route(finding("Policy:IAMUser/Unheard", source="macie"), acting)) == TRIAGE


def test_a_user_without_name_and_key_goes_to_triage_and_says_why(acting: Library) -> None:
    routed = route(finding(resource={"user": None, "access_key_id": None}), acting)

    assert where(routed) == TRIAGE
    assert (
        "playbook credential-compromise would take it, but it does not say user or access_key_id"
        in routed.why
    )


def test_a_type_that_nobody_has_heard_of_goes_to_triage_and_says_so(acting: Library) -> None:
    routed = route(finding("Sabotage:Quantum/EntangledCaller"), acting)

    assert where(routed) == TRIAGE
    assert "may be new" in routed.why


def test_an_exact_type_beats_a_pattern_and_a_closer_pattern_a_wider_one(tmp_path: Path) -> None:
    library = rules(
        tmp_path,
        books={
            "a-wide": playbook("a-wide", '  - { type: "*" }'),
            "b-closer": playbook("b-closer", '  - { type: "*:IAMUser/*" }'),
            "c-exact": playbook("c-exact", f'  - {{ type: "{MALICIOUS}" }}'),
        },
    )

    assert route(finding(), library).playbook == "c-exact"
    assert route(finding("Recon:IAMUser/TorIPCaller"), library).playbook == "b-closer"
    assert route(finding("Recon:EC2/Portscan"), library).playbook == "a-wide"


def test_two_playbooks_as_close_let_nothing_run_unasked(tmp_path: Path) -> None:
    more = (
        "inputs: { access_key_id: $finding.resource.access_key_id }\n"
        "unasked: { high: [compromised-credentials/named_key] }\n"
        "targets: { compromised-credentials/named_key: $finding.resource.access_key_id }"
    )
    entry = '  - { type: "*:IAMUser/*" }'
    one = {"a": playbook("a", entry, more=more)}
    both = {**one, "b": playbook("b", entry, more=more)}

    alone = route(finding(), rules(tmp_path / "one", plan=ACT, books=one))
    routed = route(finding(), rules(tmp_path / "both", plan=ACT, books=both))

    assert len(alone.unasked) == 1
    assert (routed.playbook, routed.unasked) == ("a", ())
    assert "b would take it as well" in routed.why


def test_without_a_playbook_for_the_rest_there_may_be_no_route(tmp_path: Path) -> None:
    library = rules(tmp_path, books={"one": playbook("one", '  - { type: "*:EC2/*" }')})

    routed = route(finding(), library)

    assert where(routed) == (None, None)
    assert f"no playbook takes {MALICIOUS}" in routed.why


def test_key_ids_are_whole_for_machines_and_masked_for_people(acting: Library) -> None:
    routed = route(finding(resource={"user": None}), acting)
    advised = route(finding("Policy:S3/BucketPublicAccessGranted", resource={"user": None}), acting)

    assert routed.inputs["access_key_id"] == routed.unasked[0].target == KEY
    assert KEY not in advised.why


ATTACKER: dict[str, dict[str, Any]] = {
    "a user who is called like a sample": key_details(userName="GeneratedFindingUserName"),
    "a user who is called like root": key_details(userName="root"),
    "a user who is called like a reference": key_details(userName="finding.account"),
}


@pytest.mark.parametrize("name", ATTACKER)
def test_no_name_keeps_a_user_s_key_from_being_shut(acting: Library, name: str) -> None:
    document = guardduty(
        severity=8,
        resource={"resourceType": "AccessKey", "accessKeyDetails": ATTACKER[name]},
        service={"action": {}},
    )
    [parsed] = parse(document)

    routed = route(parsed, acting)

    assert (routed.ignored, len(routed.unasked)) == ("", 1)


def test_a_session_that_is_named_like_a_user_is_not_taken_for_him(acting: Library) -> None:
    details = role_details(principalId="AROAIOSFODNN7EXAMPLE:ci-deployer", userName="ci-deployer")
    [parsed] = parse(
        guardduty(
            severity=8,
            resource={"resourceType": "AccessKey", "accessKeyDetails": details},
            service={"action": {}},
        )
    )

    routed = route(parsed, acting)

    assert where(routed) == ("role-compromise", "compromised-role")
    assert {each.action for each in routed.unasked} == {"iam.revoke_role_sessions"}
    assert "user" not in routed.inputs


def test_tags_in_a_finding_change_nothing(acting: Library) -> None:
    details = key_details()
    plain = guardduty(severity=8, service={"action": {}})
    tagged = guardduty(
        severity=8,
        service={"action": {}},
        resource={
            "resourceType": "AccessKey",
            "accessKeyDetails": {**details, "tags": [{"key": "protect", "value": "true"}]},
            "instanceDetails": {"tags": [{"key": "firedoor", "value": "ignore"}]},
        },
    )

    assert route(parse(tagged)[0], acting) == route(parse(plain)[0], acting)

"""Every finding type that GuardDuty has or had goes to one playbook and to the right runbook."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import yaml

from firedoor import globs
from firedoor.finding import Finding, Principal, Resource
from firedoor.findings.catalogue import FindingType, catalogue, is_new, of_today
from firedoor.findings.model import Kind
from firedoor.library import Library
from firedoor.playbook import load_playbooks
from firedoor.routing import Route, route
from tests.findings.documents import ACCOUNT, KEY, SESSION_KEY

SHARED = Path(
    os.environ.get("FIREDOOR_SHARED_FINDINGS") or Path(__file__).parents[2] / "shared" / "findings"
)
TYPES = SHARED.parent / "reference" / "guardduty-finding-types.yaml"
TRIAGE = "guardduty-finding"

# Whose credentials they are decides between these.
WHOSE: dict[str, str] = {
    "iam_user": "compromised-credentials",
    "role": "compromised-role",
    "root": "root-credentials",
}
CREDENTIALS = "by whose credentials they are"
# What it runs on decides between these.
RUNS_ON: dict[str, str] = {
    "instance": "compromised-instance",
    "ecs_cluster": "compromised-ecs-task",
    "eks_cluster": "compromised-eks-workload",
    "container": "compromised-ecs-task",
}
MACHINE = "by what it runs on"
MINER = "mining, by what it runs on"

# Family → the runbooks that answer it; the first pattern that fits counts.
FAMILIES: list[tuple[str, tuple[str, ...]]] = [
    ("AttackSequence:*", ("attack-sequence",)),
    ("Policy:IAMUser/*RootCredentialUsage", ("root-credentials",)),
    ("UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration*", ("compromised-role",)),
    ("UnauthorizedAccess:IAMUser/ResourceCredentialExfiltration*", ("compromised-role",)),
    ("Stealth:IAMUser/CloudTrailLoggingDisabled", ("tampered-logging", CREDENTIALS)),
    ("DefenseEvasion:IAMUser/BedrockLoggingDisabled", ("tampered-logging", "model-abuse")),
    ("Stealth:S3/*", ("tampered-logging", "public-bucket")),
    ("DefenseImpairment:EC2/*", ("tampered-logging",)),
    ("DefenseImpairment:Route53Resolver/*", ("tampered-logging",)),
    ("DefenseImpairment:Organizations/*", ("tampered-logging",)),
    ("DefenseImpairment:S3/*", ("ransomed-bucket",)),
    ("Impact:S3/DataDestruction", ("ransomed-bucket",)),
    ("Impact:IAMUser/AnomalousModelInvocation", ("model-abuse",)),
    ("Impact:IAMUser/CostHarvesting", ("model-abuse",)),
    ("Impact:IAMUser/PromptInjection*", ("model-abuse",)),
    ("Persistence:RolesAnywhere/*", ("roles-anywhere",)),
    ("*:IAM/*", (CREDENTIALS,)),
    ("*:IAMUser/*", (CREDENTIALS,)),
    ("Execution:S3/MaliciousFile!RecoveryPoint", ("malicious-object",)),
    ("Object:S3/*", ("malicious-object", "ransomed-bucket")),
    ("Policy:S3/Account*", ("public-account", "public-bucket")),
    ("*:S3/*", ("public-bucket", "ransomed-bucket")),
    ("Execution:EC2/MaliciousFile!*", ("shared-snapshot",)),
    ("Exfiltration:EC2/*", ("shared-snapshot",)),
    ("Exfiltration:RDS/*", ("shared-snapshot",)),
    ("CryptoCurrency:EC2/*", ("coin-mining",)),
    ("Impact:EC2/BitcoinDomainRequest*", ("coin-mining",)),
    # Who is knocked at is not isolated; who knocks is.
    ("*:EC2/*BruteForce", (TRIAGE, "compromised-instance")),
    ("Recon:EC2/PortProbe*", (TRIAGE,)),
    ("Behavior:EC2/*", (TRIAGE,)),
    ("DefenseEvasion:EC2/*", (TRIAGE,)),
    ("*:EC2/*", ("compromised-instance",)),
    ("CryptoCurrency:Runtime/*", (MINER,)),
    ("Impact:Runtime/*", (MINER, MACHINE)),
    ("*:Runtime/*", (MACHINE,)),
    ("*:Kubernetes/*", ("compromised-eks-workload",)),
    ("*:ECS/*", ("compromised-ecs-task",)),
    ("*:Container/*", ("compromised-ecs-task", "compromised-eks-workload")),
    ("*:Lambda/*", ("compromised-function",)),
    ("*:RDS/*", ("compromised-database",)),
    ("*:SES/*", ("mail-abuse",)),
    ("*:SageMaker/*", (CREDENTIALS,)),
]


def family(said_type: str) -> tuple[str, ...]:
    """The runbooks for a type as the table says."""
    return next(books for glob, books in FAMILIES if globs.matches(glob, said_type))


def meant(said_type: str, principal: str, kind: str, there: set[str]) -> set[str]:
    """The runbooks that a finding may go to; where none is there, triage or the caller's."""
    books = {
        WHOSE.get(principal, TRIAGE)
        if each == CREDENTIALS
        else RUNS_ON.get(kind, TRIAGE)
        if each == MACHINE
        else {**RUNS_ON, "instance": "coin-mining"}.get(kind, TRIAGE)
        if each == MINER
        else each
        for each in family(said_type)
    }
    return (books & there) or {TRIAGE, *({WHOSE.get(principal, TRIAGE)} & there)}


def finding(said_type: str, principal: Any = "iam_user", kind: Any = "access_key") -> Finding:
    """A finding of a type that names everything a runbook may want."""
    whose = {
        "iam_user": {"user": "ci-deployer", "access_key_id": KEY},
        "role": {"role": "data-reader", "access_key_id": SESSION_KEY, "session": "night-batch"},
    }
    return Finding(
        id="f0e1d2c3b4a5968778695a4b3c2d1e0f",
        type=said_type,
        source="guardduty",
        account=ACCOUNT,
        region="eu-central-1",
        severity=5.0,
        severity_label="medium",
        resource=Resource(
            kind=kind,
            principal=principal,
            bucket="ledger",
            instance="i-0123456789abcdef0",
            snapshot="snap-0123456789abcdef0",
            cluster="production",
            task="0123456789abcdef0123456789abcdef",
            namespace="shop",
            workload="checkout",
            pod="checkout",
            function="mailer",
            database="orders-1",
            database_cluster="orders",
            trail="all",
            trust_anchor="01234567-89ab-cdef-0123-456789abcdef",
            identity="example.com",
            users=("ci-deployer",),
            **whose.get(principal, {}),
        ),
        detector_id="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """What is shipped, read once: thousands of findings are routed here."""
    found = Library.open(tmp_path_factory.mktemp("nothing-here"))
    books, loaded = load_playbooks(found), cache(found.load)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("firedoor.routing.load_playbooks", lambda _: books)
        patch.setattr(found, "load", loaded)
        yield found


@pytest.fixture(scope="module")
def routes(library: Library) -> dict[tuple[str, str, str], Route]:
    """Where each type goes, by whose credentials and by what it is about."""
    found = {}
    for each in catalogue().values():
        for principal in ("iam_user", "role", "root", "aws_service"):
            for kind in ("access_key", *RUNS_ON):
                if kind != "access_key" and ":Runtime/" not in each.type:
                    continue
                routed = route(finding(each.type, principal, kind), library)
                found[each.type, principal, kind] = routed
    return found


def test_the_catalogue_says_of_each_type_whether_it_is_in_use() -> None:
    counts = dict.fromkeys(("active", "custom", "retired", "renamed"), 0)
    for each in catalogue().values():
        counts[each.status] += 1

    # One renamed type differs from today's in the case of two letters alone.
    assert counts == {"active": 204, "custom": 25, "retired": 21, "renamed": 6}


def test_every_successor_is_a_type_of_today() -> None:
    wrong = [
        each
        for each in catalogue().values()
        if each.successor and catalogue()[each.successor.lower()].status not in ("active", "custom")
    ]

    assert wrong == []


def test_the_table_covers_every_type() -> None:
    wanted = [of_today(finding(each.type)) for each in catalogue().values()]

    assert [
        each for each in wanted if not any(globs.matches(row, each) for row, _ in FAMILIES)
    ] == []


def test_each_type_goes_to_the_runbook_of_its_family(
    routes: dict[tuple[str, str, str], Route], library: Library
) -> None:
    there = set(library.runbooks())
    wrong = {}
    for (said_type, principal, kind), routed in routes.items():
        wanted = meant(of_today(finding(said_type)), principal, kind, there)
        if routed.runbook not in wanted and not routed.ignored:
            wrong[said_type, principal, kind] = (routed.runbook, wanted)

    assert wrong == {}


def test_each_type_is_taken_by_one_playbook_and_as_a_known_one(
    routes: dict[tuple[str, str, str], Route],
) -> None:
    wrong = {
        named: routed.why
        for named, routed in routes.items()
        if "may be new" in routed.why or "would take it as well" in routed.why
    }

    assert wrong == {}


def test_no_runbook_is_given_what_is_not_a_user_s(
    routes: dict[tuple[str, str, str], Route],
) -> None:
    wrong = [
        named
        for named, routed in routes.items()
        if named[1] != "iam_user" and routed.runbook == "compromised-credentials"
    ]

    assert wrong == []


@pytest.mark.parametrize("severity", [1.0, 5.0, 9.5])
def test_the_severity_decides_nothing(library: Library, severity: float) -> None:
    wrong = []
    for each in catalogue().values():
        one = finding(each.type)
        other = msgspec.structs.replace(one, severity=severity, severity_label="low")
        if route(one, library).runbook != route(other, library).runbook:
            wrong.append(each.type)

    assert wrong == []


def test_the_resource_type_decides_only_what_a_process_runs_on(library: Library) -> None:
    wrong = []
    kinds: list[Kind] = ["access_key", "bucket", "instance", "other"]
    for each in catalogue().values():
        if ":Runtime/" in each.type or ":Container/" in each.type:
            continue
        if len({route(finding(each.type, kind=kind), library).runbook for kind in kinds}) > 1:
            wrong.append(each.type)

    assert wrong == []


def test_a_retired_type_goes_where_its_successor_goes_and_says_so(library: Library) -> None:
    routed = route(finding("ResourceConsumption:IAMUser/ComputeResources"), library)

    assert routed.runbook == "compromised-credentials"
    assert "has no ResourceConsumption:IAMUser/ComputeResources any more" in routed.why
    assert "Impact:IAMUser/AnomalousBehavior" in routed.why


@pytest.mark.parametrize(
    "said_type", ["Sabotage:Quantum/EntangledCaller", "Sabotage:IAMUser/EntangledCaller"]
)
def test_a_type_that_is_not_in_the_catalogue_goes_to_triage_and_says_so(
    library: Library, said_type: str
) -> None:
    routed = route(finding(said_type), library)

    assert routed.runbook == TRIAGE
    assert "may be new" in routed.why


def test_a_new_type_of_a_known_family_says_what_a_person_may_run(library: Library) -> None:
    routed = route(finding("Sabotage:IAMUser/EntangledCaller"), library)

    assert "firedoor run compromised-credentials user=ci-deployer" in routed.why


def test_case_does_not_matter() -> None:
    assert not is_new(finding("unauthorizedaccess:ec2/metadatadnsREBIND"))


def test_principals_of_the_table_are_those_of_findings() -> None:
    assert set(WHOSE) <= set(get_args(Principal))


def test_the_rest_is_taken_by_one_playbook(library: Library) -> None:
    takers = [
        book.playbook
        for _, book in load_playbooks(library)
        if any(each.type == "*" for each in book.findings)
    ]

    assert takers == ["finding-triage"]


@pytest.mark.skipif(not TYPES.is_file(), reason=f"there is no collection of types: {TYPES}")
def test_the_catalogue_is_what_has_been_collected() -> None:
    collected = yaml.safe_load(TYPES.read_text())["finding_types"]
    words = {"active-table": "active", "custom-detection-rules": "custom"}
    wanted: dict[str, FindingType] = {}
    for each in collected:
        wanted.setdefault(
            each["type"].lower(),
            FindingType(
                type=each["type"],
                status=words.get(each["family"], each["family"]),
                successor=each.get("successor") or "",
            ),
        )

    assert dict(sorted(catalogue().items())) == dict(sorted(wanted.items()))


@pytest.mark.parametrize(
    ("said_type", "part", "runbook"),
    [
        ("UnauthorizedAccess:EC2/SSHBruteForce", "target", TRIAGE),
        ("UnauthorizedAccess:EC2/SSHBruteForce", None, TRIAGE),
        ("UnauthorizedAccess:EC2/SSHBruteForce", "actor", "compromised-instance"),
        ("UnauthorizedAccess:EC2/RDPBruteForce", "target", TRIAGE),
        ("UnauthorizedAccess:EC2/RDPBruteForce", "actor", "compromised-instance"),
        ("Impact:EC2/WinRMBruteForce", "target", TRIAGE),
        ("Impact:EC2/WinRMBruteForce", "actor", "compromised-instance"),
    ],
)
def test_whoever_is_knocked_at_is_not_isolated(
    library: Library, said_type: str, part: str | None, runbook: str
) -> None:
    said = finding(said_type, kind="instance")
    knocked = msgspec.structs.replace(
        said, resource=msgspec.structs.replace(said.resource, part=part)
    )

    assert route(knocked, library).runbook == runbook

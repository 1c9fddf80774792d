"""Alerts of every kind: the parser reads them as it reads AWS's own, and their source has them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firedoor.clock import VirtualClock
from firedoor.errors import BadInput
from firedoor.exercise.alert import over, raise_alert
from firedoor.finding import Finding, parse
from firedoor.simulator.attacker import Attacker
from firedoor.simulator.server import SimulatedAws
from firedoor.simulator.world import World
from tests.exercise.conftest import AT
from tests.exercise.worlds import any_world, built

CLUSTERS = [
    {
        "id": "eks",
        "type": "aws.call",
        "call": "eks:CreateCluster",
        "with": {
            "name": "shop",
            "roleArn": "arn:aws:iam::{account}:role/app",
            "resourcesVpcConfig": {"subnetIds": [], "securityGroupIds": []},
        },
        "gives": {"eks": "cluster.name"},
    },
    {
        "id": "ecs",
        "type": "aws.call",
        "call": "ecs:CreateCluster",
        "with": {"clusterName": "jobs"},
        "gives": {"ecs": "cluster.clusterName"},
    },
    {
        "id": "database",
        "type": "aws.call",
        "call": "rds:CreateDBInstance",
        "with": {
            "DBInstanceIdentifier": "orders",
            "DBInstanceClass": "db.t3.micro",
            "Engine": "postgres",
            "MasterUsername": "admin",
            "MasterUserPassword": "long-and-random-41",
            "AllocatedStorage": "20",
        },
        "gives": {"db": "DBInstance.DBInstanceIdentifier"},
    },
    {
        "id": "key",
        "type": "aws.call",
        "call": "kms:CreateKey",
        "gives": {"kms": "KeyMetadata.KeyId"},
    },
]


class Alarm:
    """A world with one of everything, in which alerts are raised."""

    def __init__(self, folder: Path, aws: SimulatedAws, clock: VirtualClock) -> None:
        base = any_world()
        acts = [
            *base["attacker"]["acts"],
            {
                "at": "-5m",
                "as": "thief",
                "call": "kms:ScheduleKeyDeletion",
                "with": {"KeyId": "{kms}", "PendingWindowInDays": "7"},
            },
        ]
        self.aws, self.clock = aws, clock
        self.world: World = built(
            folder, aws, world=[*base["world"], *CLUSTERS], attacker={"acts": acts}
        )
        self.attacker = Attacker(self.world, clock, AT)
        self.attacker.play_history()

    def event(self, **said: Any) -> dict[str, Any]:
        """The event of an alert that a scenario says like this."""
        given = {"severity": 8.0, "title": "t", **said} if "type" in said else said
        finding = msgspec.convert(given, type(self.world.scenario.finding))
        scenario = msgspec.structs.replace(self.world.scenario, finding=finding)
        return raise_alert(scenario, self.world, self.attacker, self.aws, self.clock.now())

    def read(self, **said: Any) -> Finding:
        """The alert, as the parser reads it."""
        [found] = parse(msgspec.json.encode(self.event(**said)))
        return found


@pytest.fixture(scope="module")
def alarm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alarm]:
    clock = VirtualClock(AT - timedelta(minutes=90))
    with SimulatedAws(clock, accounts=("111122223333", "444455556666"), seed=3) as aws:
        yield Alarm(tmp_path_factory.mktemp("alarm"), aws, clock)


KINDS: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("Recon:IAMUser/TorIPCaller", {"principal": "thief"}, {"user": "web-admin"}),
    (
        "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
        {"principal": "site"},
        {"role": "app", "kind": "access_key"},
    ),
    (
        "Policy:IAMUser/RootCredentialUsage",
        {"principal": "owner"},
        {"principal": "root", "kind": "access_key"},
    ),
    (
        "Policy:S3/BucketAnonymousAccessGranted",
        {"bucket": "example-data", "by": "thief"},
        {"kind": "bucket", "bucket": "example-data", "user": "web-admin"},
    ),
    (
        "Exfiltration:S3/MaliciousIPCaller",
        {"bucket": "example-data", "by": "visitor"},
        {"kind": "bucket", "bucket": "example-data"},
    ),
    (
        "CryptoCurrency:EC2/BitcoinTool.B!DNS",
        {"instance": "{web}"},
        {"kind": "instance"},
    ),
    (
        "Backdoor:Lambda/C&CActivity.B",
        {"function": "{worker}"},
        {"kind": "function", "function": "resize"},
    ),
    (
        "CredentialAccess:RDS/AnomalousBehavior.SuccessfulLogin",
        {"database": "{db}"},
        {"kind": "database", "database": "orders"},
    ),
    (
        "PrivilegeEscalation:Kubernetes/PrivilegedContainer",
        {"kubernetes": {"cluster": "{eks}", "workload": "web", "namespace": "shop"}},
        {"kind": "eks_cluster", "cluster": "shop"},
    ),
    (
        "Execution:ECS/MaliciousFile",
        {"ecs": {"cluster": "{ecs}"}},
        {"kind": "ecs_cluster", "cluster": "jobs"},
    ),
]


@pytest.mark.parametrize(("kind", "about", "read"), KINDS, ids=[kind for kind, _, _ in KINDS])
def test_a_finding_of_guardduty_names_what_it_is_about(
    alarm: Alarm, kind: str, about: dict[str, Any], read: dict[str, str]
) -> None:
    found = alarm.read(type=kind, about=about)

    assert (found.type, found.source, found.sample, found.doubts) == (kind, "guardduty", False, ())
    assert {name: getattr(found.resource, name) for name in read} == read


def test_a_finding_about_an_instance_has_its_true_id_and_interfaces(alarm: Alarm) -> None:
    event = alarm.event(type="Trojan:EC2/BlackholeTraffic", about={"instance": "{web}"})

    details = event["detail"]["resource"]["instanceDetails"]
    assert details["instanceId"] == alarm.world.names["web"]
    groups = details["networkInterfaces"][0]["securityGroups"]
    assert [group["groupId"] for group in groups] == alarm.world.names["groups"]


SEQUENCE = {"sequence": {"actors": ["thief"], "buckets": ["example-data"], "instances": ["{web}"]}}


@pytest.mark.parametrize(
    ("kind", "about"),
    [*((kind, about) for kind, about, _ in KINDS), ("AttackSequence:IAM/Compromised", SEQUENCE)],
    ids=[*(kind for kind, _, _ in KINDS), "sequence"],
)
def test_guardduty_itself_has_the_same_finding(
    alarm: Alarm, kind: str, about: dict[str, Any]
) -> None:
    event = alarm.event(type=kind, about=about)
    detail = event["detail"]

    given = {"DetectorId": detail["service"]["detectorId"], "FindingIds": [detail["id"]]}
    [own] = alarm.world.administrate("guardduty:GetFindings", given).result["Findings"]
    [read], [sent] = parse(msgspec.json.encode(own)), parse(msgspec.json.encode(event))

    assert read.resource == sent.resource
    assert (read.id, read.type, read.severity) == (sent.id, sent.type, sent.severity)


def test_an_attack_sequence_names_its_actors_and_things_and_signals(alarm: Alarm) -> None:
    event = alarm.event(type="AttackSequence:S3/CompromisedData", about=SEQUENCE, severity=9.5)
    [found] = parse(msgspec.json.encode(event))

    assert found.resource.kind == "attack_sequence"
    assert found.resource.users == ("web-admin",)
    assert found.resource.buckets == ("example-data",)
    assert found.resource.instances == (alarm.world.names["web"],)
    signals = event["detail"]["service"]["detection"]["sequence"]["signals"]
    assert "ec2:RunInstances" in [each["name"] for each in signals]


def test_an_event_of_cloudtrail_is_the_record_of_his_call(alarm: Alarm) -> None:
    event = alarm.event(event="kms:ScheduleKeyDeletion")

    assert (event["source"], event["detail-type"]) == ("aws.kms", "AWS API Call via CloudTrail")
    assert event["detail"]["requestParameters"]["keyId"] == alarm.world.names["kms"]
    assert event["detail"] in alarm.aws.trail.records


def test_an_event_that_he_does_not_cause_is_a_mistake_in_the_scenario(alarm: Alarm) -> None:
    with pytest.raises(BadInput, match="which he does not call before it"):
        alarm.event(event="kms:DisableKey")


def test_a_health_event_names_the_key_that_was_found(alarm: Alarm) -> None:
    health = {"code": "AWS_RISK_CREDENTIALS_EXPOSED", "entities": ["{thief.key}"]}
    found = alarm.read(health=health)

    thief = alarm.world.held["thief"].access_key_id
    assert (found.source, found.type) == ("health", "AWS_RISK_CREDENTIALS_EXPOSED")
    assert found.resource.access_key_id == thief
    assert found.account == "111122223333"


def test_a_finding_about_what_is_not_there_is_a_mistake_in_the_scenario(alarm: Alarm) -> None:
    with pytest.raises(BadInput, match="about something that is not in the account"):
        alarm.event(type="Trojan:EC2/BlackholeTraffic", about={"instance": "i-0123456789abcdef0"})


def test_details_are_put_over_the_document() -> None:
    document = {"service": {"count": 1, "archived": False}, "severity": 5}

    assert over(document, {"service": {"count": 7}, "region": "us-east-1"}) == {
        "service": {"count": 7, "archived": False},
        "severity": 5,
        "region": "us-east-1",
    }

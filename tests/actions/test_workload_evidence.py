"""What is kept of functions, databases, tasks and clusters, and what is said where that fails."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from typing import Any

import pytest

from firedoor.actions._environment import without_values
from firedoor.actions.awslambda import find_changes as function_changes
from firedoor.actions.awslambda._statements import added_by, is_public
from firedoor.actions.contract import Aws
from firedoor.actions.registry import registry
from firedoor.aws import BotoAws
from firedoor.clock import VirtualClock
from firedoor.errors import AwsError, BadInput, NotFound, Refused, RunFailed
from firedoor.masking import MASK
from firedoor.simulator.faults import Fault
from firedoor.simulator.server import SimulatedAws
from tests.actions import workloads
from tests.actions.conftest import Doors, case_at, given
from tests.actions.workloads import CLUSTER, DATABASE, FUNCTION, REGION
from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, Bench


def read(aws: Aws, clock: VirtualClock, name: str, **values: Any) -> Any:
    """What a reading action yields."""
    values = {"region": REGION, **values}
    return registry()[name].observe(aws, given(name, values), case_at(clock))


def content(output: Any, name: str) -> Any:
    return next(each.content for each in output.keep if each.name == name)


def test_the_code_of_a_function_is_kept_as_it_runs(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    workloads.plain(bench)

    kept = content(
        read(aws, clock, "awslambda.capture_function", function=FUNCTION), f"lambda-code-{FUNCTION}"
    )

    raw = base64.b64decode(kept["zip_base64"])
    assert raw == workloads.archive("bad")
    assert kept["sha256"] == hashlib.sha256(raw).hexdigest()


def test_secrets_in_an_environment_are_masked_and_what_loads_code_is_kept(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    workloads.plain(bench)

    found = read(aws, clock, "awslambda.capture_function", function=FUNCTION)

    kept = content(found, f"lambda-function-{FUNCTION}")
    variables = kept["function"]["Configuration"]["Environment"]["Variables"]
    assert variables == {"DB_PASSWORD": MASK, "NODE_OPTIONS": "--require x"}
    assert "hunter-22" not in json.dumps(kept, default=str)
    assert found.variables == "DB_PASSWORD, NODE_OPTIONS"


def test_no_link_to_the_code_is_kept(bench: Bench, aws: BotoAws, clock: VirtualClock) -> None:
    workloads.plain(bench)

    found = read(aws, clock, "awslambda.capture_function", function=FUNCTION)

    assert "Location" not in json.dumps([each.content for each in found.keep], default=str)


def test_code_that_cannot_be_had_is_said_and_the_rest_is_kept(
    bench: Bench, aws: BotoAws, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: Any, **__: Any) -> bytes:
        raise AwsError("the link has expired", code="NotDownloaded", operation="download")

    workloads.plain(bench)
    monkeypatch.setattr(BotoAws, "download", nothing)

    found = read(aws, clock, "awslambda.capture_function", function=FUNCTION)

    assert "the link has expired" in found.unknown[0]
    assert found.not_kept == ("lambda.code",)
    assert [each.name for each in found.keep] == [f"lambda-function-{FUNCTION}"]


def test_what_may_not_be_read_is_said_and_the_rest_is_kept(
    bench: Bench, aws: BotoAws, clock: VirtualClock, sim: SimulatedAws
) -> None:
    workloads.fed(bench)
    sim.faults.add(Fault("lambda:ListEventSourceMappings", "deny"))

    found = read(aws, clock, "awslambda.capture_function", function=FUNCTION)

    assert "event source mappings" in found.unknown[0]
    assert found.role == "thumbnails-role"


def test_of_a_function_that_is_gone_nothing_is_kept_and_that_is_said(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    found = read(aws, clock, "awslambda.capture_function", function="gone")

    assert (found.exists, found.keep) == (False, ())
    assert "it has been deleted" in found.unknown[0]


@pytest.mark.parametrize(
    "name",
    [
        "awslambda.stop_function",
        "awslambda.close_url",
        "awslambda.disable_triggers",
        "awslambda.remove_permissions",
        "awslambda.remove_provisioned_concurrency",
    ],
)
def test_a_function_that_is_gone_is_contained(door: Doors, name: str) -> None:
    gone = door(name, function="gone", region=REGION)

    assert gone.changes() == []
    assert gone.holds() == {True}


def test_where_no_function_is_named_it_is_said_what_to_do(
    aws: BotoAws, clock: VirtualClock
) -> None:
    with pytest.raises(BadInput, match="firedoor run compromised-function function=NAME"):
        read(aws, clock, "awslambda.resolve_function")


def test_what_was_done_to_a_function_is_read_from_the_trail(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    workloads.fed(bench)
    lambdas = bench.client("lambda", None)
    lambdas.create_function_url_config(FunctionName=FUNCTION, AuthType="AWS_IAM")
    clock.advance(60)
    lambdas.update_function_url_config(FunctionName=FUNCTION, AuthType="NONE")
    added = {"FunctionName": FUNCTION, "Action": "lambda:InvokeFunction", "Principal": "*"}
    lambdas.add_permission(**added, StatementId="his")
    lambdas.add_permission(**added, StatementId="taken-back")
    clock.advance(60)
    lambdas.remove_permission(FunctionName=FUNCTION, StatementId="taken-back")

    found = read(aws, clock, "awslambda.find_changes", function=FUNCTION)

    assert [each.statement for each in found.statements] == ["his"]
    assert len(found.mappings) == 2
    assert found.versions == ["1", "2"]
    assert found.url_was_signed
    assert found.code_changed


def test_a_url_that_was_always_open_was_not_signed(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    workloads.open_url(bench)

    assert not read(aws, clock, "awslambda.find_changes", function=FUNCTION).url_was_signed


def test_events_of_another_function_whose_name_begins_alike_do_not_count() -> None:
    event = {"requestParameters": {"functionName": f"{FUNCTION}-2"}}

    assert not function_changes._about(event, FUNCTION)


@pytest.mark.parametrize(
    ("statement", "public"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Principal": "*", "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::x"}}}, False),
        (
            {
                "Principal": "*",
                "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
            },
            True,
        ),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
    ],
)
def test_public_is_what_lets_in_everybody_whoever_he_is(
    statement: dict[str, Any], public: bool
) -> None:
    assert is_public({"Effect": "Allow", **statement}) is public


def test_a_statement_that_cannot_be_added_again_in_the_same_words_is_told_to_be_lost() -> None:
    statement = {
        "Sid": "x",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:InvokeFunction",
        "Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
    }

    assert added_by(statement) is None


def test_a_version_is_named_by_a_number_or_nothing_is_deleted(door: Doors, bench: Bench) -> None:
    workloads.plain(bench)
    for name in ("live", "$LATEST"):
        with pytest.raises(BadInput, match="give its number"):
            door(
                "awslambda.delete_version", function=FUNCTION, version=name, region=REGION
            ).changes()


def test_a_function_with_warm_environments_fails_loudly_and_says_what_to_do(
    door: Doors, bench: Bench
) -> None:
    workloads.warm(bench)

    with pytest.raises(RunFailed, match=r"NOT stopped.*remove_provisioned_concurrency"):
        door("awslambda.stop_function", function=FUNCTION, region=REGION).shut()


def test_code_is_taken_back_from_no_version_that_is_not_there(door: Doors, bench: Bench) -> None:
    workloads.plain(bench)

    with pytest.raises(NotFound, match="has no version '9'"):
        door("awslambda.restore_code", function=FUNCTION, version="9", region=REGION).changes()


def test_nothing_is_downloaded_from_anywhere_but_aws(aws: BotoAws) -> None:
    for url in (
        "https://example.com/code.zip",
        "http://127.0.0.1:9/code.zip",
        "file:///etc/passwd",
    ):
        with pytest.raises(AwsError, match="not AWS"):
            aws.download(url, most=10)


def test_no_more_is_downloaded_than_was_asked_for(bench: Bench, aws: BotoAws) -> None:
    workloads.plain(bench)
    found = bench.client("lambda", None).get_function(FunctionName=FUNCTION)

    with pytest.raises(AwsError, match="larger than 10 bytes"):
        aws.download(found["Code"]["Location"], most=10)


def test_what_is_kept_of_a_database_says_what_later_steps_ask(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    workloads.database(bench)
    rds = bench.client("rds", None)
    rds.create_db_snapshot(DBSnapshotIdentifier="old", DBInstanceIdentifier=DATABASE)
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier="old", AttributeName="restore", ValuesToAdd=[OTHER_ACCOUNT]
    )

    found = read(aws, clock, "rds.capture_database", database=DATABASE)

    assert (found.exists, found.public, found.protected, found.backups) == (
        True,
        True,
        False,
        False,
    )
    assert found.shared_snapshots == ["old"]
    assert [each.name for each in found.keep] == [f"rds-{DATABASE}", f"rds-logs-{DATABASE}"]
    assert found.unknown == ()


def test_of_an_instance_in_a_cluster_the_cluster_is_asked(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    workloads.aurora(bench)

    found = read(aws, clock, "rds.capture_database", database="orders-a")

    assert found.of_cluster


def test_a_database_that_is_gone_is_said_with_where_to_look(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    found = read(aws, clock, "rds.capture_database", database="gone")

    assert not found.exists
    assert "describe-db-instance-automated-backups" in found.unknown[0]


def test_whether_iam_signed_people_in_before_is_read_from_the_trail(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    workloads.database(bench)
    for enabled in (True, False, True):
        bench.client("rds", None).modify_db_instance(
            DBInstanceIdentifier=DATABASE, EnableIAMDatabaseAuthentication=enabled
        )
        clock.advance(60)

    found = read(aws, clock, "rds.find_changes", database=DATABASE)

    assert (found.iam_switched, found.iam_before) == (True, False)


def test_a_database_that_rds_is_busy_with_is_asked_again_and_then_it_is_said(
    bench: Bench, door: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    workloads.database(bench)
    waited: list[float] = []
    whole = BotoAws.call

    def busy(self: BotoAws, service: str, operation: str, /, **given: Any) -> Any:
        if operation == "modify_db_instance":
            raise AwsError("backing-up", code="InvalidDBInstanceState", operation=operation)
        return whole(self, service, operation, **given)

    monkeypatch.setattr(BotoAws, "call", busy)
    monkeypatch.setattr(BotoAws, "wait", lambda _, seconds: waited.append(seconds))

    with pytest.raises(RunFailed, match=r"NOT changed: RDS is still busy.*available"):
        door("rds.protect_database", database=DATABASE, region=REGION).shut()
    assert sum(waited) == 120


def test_a_task_is_kept_with_its_tags_service_and_images(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    made = workloads.task(bench)

    found = read(aws, clock, "ecs.capture_task", **made)

    kept = content(found, f"ecs-task-{made['task']}")
    assert kept["task"]["tags"] == [{"key": "team", "value": "shop"}]
    assert found.running
    assert found.images == ["bad"]
    assert len(found.digests) == 1
    assert len(found.interfaces) == 1


def test_what_a_container_gets_through_its_environment_is_masked() -> None:
    told = {
        "containerDefinitions": [
            {
                "environment": [
                    {"name": "DB_PASSWORD", "value": "hunter-22"},
                    {"name": "LD_PRELOAD", "value": "/tmp/x.so"},
                ]
            }
        ]
    }

    found = without_values(told)["containerDefinitions"][0]["environment"]
    assert [each["value"] for each in found] == [MASK, "/tmp/x.so"]


def test_where_no_task_is_named_it_is_said_how_to_find_one(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    workloads.task(bench)

    found = read(aws, clock, "ecs.capture_task", cluster="shop")

    assert not found.exists
    assert "aws ecs list-tasks --cluster shop" in found.unknown[0]


def test_where_no_cluster_is_named_it_is_said_what_to_do(aws: BotoAws, clock: VirtualClock) -> None:
    with pytest.raises(BadInput, match="compromised-instance"):
        read(aws, clock, "ecs.resolve_cluster")
    with pytest.raises(BadInput, match="compromised-eks-workload"):
        read(aws, clock, "eks.resolve_cluster")


def test_the_principal_behind_a_user_is_found_by_its_access_entry(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    workloads.access_with_rights(bench)

    found = read(aws, clock, "eks.capture_cluster", cluster=CLUSTER, user="deployer")

    assert found.principal == workloads.PRINCIPAL
    assert not found.node
    assert "the audit log of production is off" in found.unknown[0]


def test_a_session_of_a_role_is_known_by_the_entry_that_stands_for_all_of_them(
    bench: Bench, aws: BotoAws, clock: VirtualClock
) -> None:
    name = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/{{{{SessionName}}}}"
    workloads.kubernetes(bench).create_access_entry(
        clusterName=CLUSTER, principalArn=workloads.PRINCIPAL, username=name
    )
    user = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/ci-77"

    found = read(aws, clock, "eks.capture_cluster", cluster=CLUSTER, user=user)

    assert found.principal == workloads.PRINCIPAL


def test_the_entry_of_nodes_is_never_taken_out(
    bench: Bench, aws: BotoAws, clock: VirtualClock, door: Doors
) -> None:
    workloads.kubernetes(bench).create_access_entry(
        clusterName=CLUSTER, principalArn=workloads.PRINCIPAL, username="nodes", type="EC2_LINUX"
    )

    found = read(aws, clock, "eks.capture_cluster", cluster=CLUSTER, user="nodes")

    assert (found.principal, found.node) == (None, True)
    with pytest.raises(Refused, match="nodes join by it"):
        door(
            "eks.remove_access_entry",
            cluster=CLUSTER,
            principal=workloads.PRINCIPAL,
            region=REGION,
        ).changes()


def test_an_endpoint_is_not_shut_when_nobody_would_be_left_inside(
    bench: Bench, door: Doors
) -> None:
    bench.client("eks", None).create_cluster(
        name=CLUSTER,
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/eks",
        resourcesVpcConfig={"endpointPublicAccess": True, "endpointPrivateAccess": False},
    )

    with pytest.raises(Refused, match="nobody, its nodes included"):
        door("eks.narrow_endpoint", cluster=CLUSTER, region=REGION).changes()


def test_what_people_do_inside_kubernetes_is_said_until_they_have_done_it(
    aws: BotoAws, clock: VirtualClock
) -> None:
    found = read(
        aws,
        clock,
        "eks.kubernetes_steps",
        cluster=CLUSTER,
        namespace="shop",
        pod="checkout-7d9f6c",
        node="ip-10-0-0-7",
        user="system:anonymous",
    )

    said = "\n".join(each.run for each in found.commands)
    assert "kubectl label pod -n shop checkout-7d9f6c firedoor-quarantine=inc-2026-0042" in said
    assert '"policyTypes": ["Ingress", "Egress"]' in said
    assert "kubectl cordon ip-10-0-0-7" in said
    assert all(each.undo for each in found.commands if each.phase == "contain")
    assert len(found.unknown) == sum(each.phase == "contain" for each in found.commands)


def test_a_name_that_an_attacker_chose_stays_one_word_of_a_command(
    aws: BotoAws, clock: VirtualClock
) -> None:
    found = read(aws, clock, "eks.kubernetes_steps", cluster=CLUSTER, user="x{a,b}/../../etc")

    assert any("grep -F 'x{a,b}/../../etc'" in each.run for each in found.commands)


def test_a_function_stays_stopped_until_it_has_been_quiet(door: Doors, bench: Bench) -> None:
    workloads.stopped(bench)
    release = door("awslambda.release_function", function=FUNCTION, region=REGION, reserved=7)
    case = dataclasses.replace(release.case, changed=release.clock.now())

    with pytest.raises(Refused, match=r"stays stopped until 2026-03-14T09:30:00.000Z"):
        release.action.observe(release.aws, release.given, case)

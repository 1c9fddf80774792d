"""Functions, databases, containers and clusters: a target of each changing action on them.

A new action on one of these adds its worlds here; `test_workloads` runs over all of them.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulator.conftest import ACCOUNT, OTHER_ACCOUNT, Bench

REGION = "us-east-1"
FUNCTION, SERVICE, CLUSTER = "thumbnails", "checkout", "production"
DATABASE, AURORA = "orders-1", "orders"
LONG_AGO = "2026-03-14T00:00:00.000Z"
NOW = "2026-03-14T09:00:00.000Z"
Made = Mapping[str, Any]


@dataclass(frozen=True)
class Workload:
    """`prepare` makes the target and returns what the action is given. `lost`: undoing brings
    nothing back. `writes`: a call that changes something."""

    action: str
    title: str
    prepare: Callable[[Bench], Made]
    writes: str
    lost: bool = False

    @property
    def id(self) -> str:
        return f"{self.action} {self.title}"


def archive(text: str) -> bytes:
    """A zip archive with that text as its code."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as written:
        written.writestr(zipfile.ZipInfo("index.py"), text)
    return made.getvalue()


def function(bench: Bench, **more: Any) -> Any:
    """A function with two versions, an alias, a role and secrets; the client."""
    lambdas = bench.client("lambda", None)
    role = bench.role("thumbnails-role", f"arn:aws:iam::{ACCOUNT}:root")
    lambdas.create_function(
        FunctionName=FUNCTION,
        Runtime="python3.12",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": archive("good")},
        Environment={"Variables": {"DB_PASSWORD": "hunter-22", "NODE_OPTIONS": "--require x"}},
        **more,
    )
    lambdas.publish_version(FunctionName=FUNCTION)
    lambdas.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="1")
    lambdas.update_function_code(FunctionName=FUNCTION, ZipFile=archive("bad"))
    lambdas.publish_version(FunctionName=FUNCTION)
    return lambdas


def given(**more: Any) -> Made:
    return {"function": FUNCTION, "region": REGION, **more}


def plain(bench: Bench) -> Made:
    function(bench)
    return given()


def reserved(bench: Bench) -> Made:
    function(bench).put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=7)
    return given()


def stopped(bench: Bench) -> Made:
    function(bench).put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=0)
    return given(reserved=7)


def stopped_without_any(bench: Bench) -> Made:
    function(bench).put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=0)
    return given()


def warm(bench: Bench) -> Made:
    function(bench).put_provisioned_concurrency_config(
        FunctionName=FUNCTION, Qualifier="live", ProvisionedConcurrentExecutions=2
    )
    return given()


def fed(bench: Bench) -> Made:
    lambdas = function(bench)
    for name in ("one", "two"):
        bench.client("sqs", None).create_queue(QueueName=name)
        lambdas.create_event_source_mapping(
            FunctionName=FUNCTION, EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        )
    return given()


def open_url(bench: Bench) -> Made:
    function(bench).create_function_url_config(FunctionName=FUNCTION, AuthType="NONE")
    return given()


def let_in(bench: Bench, **more: Any) -> None:
    function(bench).add_permission(
        **{
            "FunctionName": FUNCTION,
            "StatementId": "added",
            "Action": "lambda:InvokeFunction",
            **more,
        }
    )


def public(bench: Bench) -> Made:
    let_in(bench, Principal="*", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")
    return given()


def of_an_alias(bench: Bench) -> Made:
    let_in(bench, Principal=OTHER_ACCOUNT, Qualifier="live")
    return given(statement="added", qualifier="live")


def of_a_service(bench: Bench) -> Made:
    let_in(bench, Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::x", SourceAccount=ACCOUNT)
    return given(statement="added")


def bad_code(bench: Bench) -> Made:
    function(bench)
    return given(version="1")


def turned_alias(bench: Bench) -> Made:
    function(bench).update_alias(
        FunctionName=FUNCTION,
        Name="live",
        FunctionVersion="2",
        RoutingConfig={"AdditionalVersionWeights": {"1": 0.1}},
    )
    return given(alias="live", version="1")


def layered(bench: Bench) -> Made:
    there = bench.client("lambda", bench.aws.responder(OTHER_ACCOUNT))
    layers = [
        there.publish_layer_version(LayerName=name, Content={"ZipFile": archive(name)})[
            "LayerVersionArn"
        ]
        for name in ("ours", "his")
    ]
    function(bench, Layers=layers)
    return given(layers=[layers[1]])


def rogue_version(bench: Bench) -> Made:
    function(bench)
    return given(version="2")


def network(bench: Bench) -> tuple[str, str]:
    """Two subnets of a VPC as a subnet group, and a security group; the group's and VPC's ids."""
    ec2 = bench.client("ec2", None)
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.20.{index}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for index, zone in enumerate("ab")
    ]
    bench.client("rds", None).create_db_subnet_group(
        DBSubnetGroupName="orders", DBSubnetGroupDescription="x", SubnetIds=subnets
    )
    group = ec2.create_security_group(GroupName="orders-db", Description="x", VpcId=vpc)["GroupId"]
    return group, subnets[0]


def database(bench: Bench, **more: Any) -> Made:
    group, _ = network(bench)
    wanted = {
        "DBInstanceIdentifier": DATABASE,
        "DBInstanceClass": "db.t4g.medium",
        "Engine": "postgres",
        "AllocatedStorage": 20,
        "MasterUsername": "orders",
        "MasterUserPassword": "Drill-Password-77",
        "DBSubnetGroupName": "orders",
        "VpcSecurityGroupIds": [group],
        "PubliclyAccessible": True,
        "BackupRetentionPeriod": 0,
    } | more
    named = {name: value for name, value in wanted.items() if value is not None}
    bench.client("rds", None).create_db_instance(**named)
    return {"database": DATABASE, "region": REGION}


def aurora(bench: Bench, **more: Any) -> Made:
    group, _ = network(bench)
    rds = bench.client("rds", None)
    rds.create_db_cluster(
        **{
            "DBClusterIdentifier": AURORA,
            "Engine": "aurora-postgresql",
            "MasterUsername": "orders",
            "MasterUserPassword": "Drill-Password-77",
            "DBSubnetGroupName": "orders",
            "VpcSecurityGroupIds": [group],
            **more,
        }
    )
    rds.create_db_instance(
        DBInstanceIdentifier="orders-a",
        DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
        DBClusterIdentifier=AURORA,
    )
    # The finding names the instance; what holds is the cluster's.
    return {"database": "orders-a", "region": REGION}


def with_good_parameters(bench: Bench) -> Made:
    made = database(bench)
    bench.client("rds", None).create_db_parameter_group(
        DBParameterGroupName="good", DBParameterGroupFamily="postgres16", Description="x"
    )
    return {**made, "group": "good"}


def managed_password(bench: Bench) -> Made:
    made = database(bench, ManageMasterUserPassword=True, MasterUserPassword=None)
    # moto shows a secret that is being made the first time it is looked at.
    bench.client("rds", None).describe_db_instances(DBInstanceIdentifier=DATABASE)
    bench.clock.advance(3600)
    return {**made, "since": "2026-03-14T09:30:00.000Z"}


def service(bench: Bench, **more: Any) -> Any:
    """A service on Fargate that asks for two tasks; the client."""
    ecs = bench.client("ecs", None)
    group, subnet = network(bench)
    ecs.create_cluster(clusterName="shop")
    for image in ("good", "bad"):
        ecs.register_task_definition(
            family=SERVICE,
            networkMode="awsvpc",
            containerDefinitions=[{"name": "app", "image": image, "memory": 512}],
        )
    where = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}}
    ecs.create_service(
        cluster="shop",
        serviceName=SERVICE,
        taskDefinition=f"{SERVICE}:2",
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration=where,
    )
    if more:
        ecs.update_service(cluster="shop", service=SERVICE, **more)
    return ecs, where


def running_service(bench: Bench) -> Made:
    service(bench, enableExecuteCommand=True)
    return {"cluster": "shop", "service": SERVICE, "region": REGION}


def scaled_to_none(bench: Bench) -> Made:
    service(bench, desiredCount=0)
    return {
        "cluster": "shop",
        "service": SERVICE,
        "region": REGION,
        "definition": f"{SERVICE}:1",
        "count": 2,
    }


def task(bench: Bench) -> Made:
    ecs, where = service(bench)
    made = ecs.run_task(
        cluster="shop",
        taskDefinition=f"{SERVICE}:2",
        launchType="FARGATE",
        networkConfiguration=where,
        tags=[{"key": "team", "value": "shop"}],
    )
    number = made["tasks"][0]["taskArn"].rpartition("/")[2]
    return {"cluster": "shop", "task": number, "region": REGION}


def definition(bench: Bench) -> Made:
    service(bench)
    return {"definition": f"{SERVICE}:1", "region": REGION}


def container_instance(bench: Bench) -> Made:
    ec2, ecs = bench.client("ec2", None), bench.client("ecs", None)
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)
    ecs.create_cluster(clusterName="shop")
    joined = ecs.register_container_instance(
        cluster="shop",
        instanceIdentityDocument=json.dumps({"instanceId": made["Instances"][0]["InstanceId"]}),
    )
    arn = joined["containerInstance"]["containerInstanceArn"]
    return {"cluster": "shop", "container_instance": arn, "region": REGION}


def repository(bench: Bench) -> Made:
    bench.client("ecr", None).create_repository(repositoryName="shop/checkout")
    return {"repository": "shop/checkout", "region": REGION}


def repository_with_a_policy(bench: Bench) -> Made:
    made = repository(bench)
    statement = (
        '{"Version": "2012-10-17", "Statement": [{"Sid": "Partner", "Effect": "Allow", "Principal":'
        ' {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "ecr:BatchGetImage"}]}'
    )
    bench.client("ecr", None).set_repository_policy(
        repositoryName="shop/checkout", policyText=statement
    )
    return made


def kubernetes(bench: Bench, **more: Any) -> Any:
    eks = bench.client("eks", None)
    eks.create_cluster(
        name=CLUSTER,
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/eks",
        resourcesVpcConfig={
            "subnetIds": ["subnet-0123456789abcdef0"],
            "endpointPublicAccess": True,
            "endpointPrivateAccess": True,
            "publicAccessCidrs": ["0.0.0.0/0"],
        },
        **more,
    )
    return eks


def unlogged(bench: Bench) -> Made:
    kubernetes(bench)
    return {"cluster": CLUSTER, "region": REGION}


def half_logged(bench: Bench) -> Made:
    logging = {"clusterLogging": [{"types": ["api"], "enabled": True}]}
    kubernetes(bench, logging=logging)
    return {"cluster": CLUSTER, "region": REGION}


def public_endpoint(bench: Bench) -> Made:
    kubernetes(bench)
    return {"cluster": CLUSTER, "region": REGION, "cidrs": ["198.51.100.0/24"]}


def private_only(bench: Bench) -> Made:
    kubernetes(bench)
    return {"cluster": CLUSTER, "region": REGION}


PRINCIPAL = f"arn:aws:iam::{ACCOUNT}:role/deployer"


def access(bench: Bench) -> Made:
    eks = kubernetes(bench)
    eks.create_access_entry(
        clusterName=CLUSTER,
        principalArn=PRINCIPAL,
        username="deployer",
        kubernetesGroups=["deployers"],
        tags={"team": "shop"},
    )
    return {"cluster": CLUSTER, "principal": PRINCIPAL, "region": REGION}


def access_with_rights(bench: Bench) -> Made:
    made = access(bench)
    for name, scope in (
        ("AmazonEKSAdminPolicy", {"type": "namespace", "namespaces": ["shop"]}),
        ("AmazonEKSViewPolicy", {"type": "cluster"}),
    ):
        bench.client("eks", None).associate_access_policy(
            clusterName=CLUSTER,
            principalArn=PRINCIPAL,
            policyArn=f"arn:aws:eks::aws:cluster-access-policy/{name}",
            accessScope=scope,
        )
    return made


def pod_identity(bench: Bench) -> Made:
    kubernetes(bench).create_pod_identity_association(
        clusterName=CLUSTER,
        namespace="shop",
        serviceAccount="checkout",
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/pods",
    )
    return {
        "cluster": CLUSTER,
        "namespace": "shop",
        "service_account": "checkout",
        "region": REGION,
    }


def more(prepare: Callable[[Bench], Made], **named: Any) -> Callable[[Bench], Made]:
    """The same target, with further inputs."""
    return lambda bench: {**prepare(bench), **named}


CODE, ALIAS = "lambda:UpdateFunctionCode", "lambda:UpdateAlias"
ONE, ALL = "rds:ModifyDBInstance", "rds:ModifyDBCluster"
TO_SERVICE, TO_CLUSTER = "ecs:UpdateService", "eks:UpdateClusterConfig"
WORKLOADS = (
    Workload("awslambda.stop_function", "plain", plain, "lambda:PutFunctionConcurrency"),
    Workload("awslambda.stop_function", "reserved", reserved, "lambda:PutFunctionConcurrency"),
    Workload("awslambda.release_function", "to 7", stopped, "lambda:PutFunctionConcurrency"),
    Workload(
        "awslambda.release_function",
        "to none",
        stopped_without_any,
        "lambda:DeleteFunctionConcurrency",
    ),
    Workload(
        "awslambda.remove_provisioned_concurrency",
        "an alias",
        warm,
        "lambda:DeleteProvisionedConcurrencyConfig",
    ),
    Workload("awslambda.disable_triggers", "two", fed, "lambda:UpdateEventSourceMapping"),
    Workload("awslambda.close_url", "open", open_url, "lambda:UpdateFunctionUrlConfig"),
    Workload("awslambda.remove_permissions", "public", public, "lambda:RemovePermission"),
    Workload("awslambda.remove_permissions", "alias", of_an_alias, "lambda:RemovePermission"),
    Workload("awslambda.remove_permissions", "service", of_a_service, "lambda:RemovePermission"),
    Workload("awslambda.restore_code", "bad code", bad_code, CODE, lost=True),
    Workload("awslambda.point_alias", "shared out", turned_alias, ALIAS),
    Workload(
        "awslambda.remove_layers", "one of two", layered, "lambda:UpdateFunctionConfiguration"
    ),
    Workload(
        "awslambda.delete_version", "the last", rogue_version, "lambda:DeleteFunction", lost=True
    ),
    Workload("rds.snapshot_database", "instance", database, "rds:CreateDBSnapshot", lost=True),
    Workload("rds.snapshot_database", "Aurora", aurora, "rds:CreateDBClusterSnapshot", lost=True),
    Workload("rds.protect_database", "instance", database, ONE),
    Workload("rds.protect_database", "Aurora", aurora, ALL),
    Workload("rds.keep_backups", "instance", database, ONE, lost=True),
    Workload("rds.close_public_access", "instance", database, ONE),
    Workload("rds.isolate_database", "instance", database, ONE),
    Workload("rds.isolate_database", "Aurora", aurora, ALL),
    Workload(
        "rds.restart_database",
        "instance",
        more(database, since=NOW),
        "rds:RebootDBInstance",
        lost=True,
    ),
    Workload(
        "rds.restart_database", "Aurora", more(aurora, since=NOW), "rds:RebootDBInstance", lost=True
    ),
    Workload("rds.rotate_master_password", "by hand", more(database, since=NOW), ONE, lost=True),
    Workload("rds.rotate_master_password", "managed", managed_password, ONE, lost=True),
    Workload("rds.set_iam_authentication", "instance", more(database, enabled=True), ONE),
    Workload("rds.set_iam_authentication", "Aurora", more(aurora, enabled=True), ALL),
    Workload("rds.set_parameter_group", "instance", with_good_parameters, ONE),
    Workload(
        "rds.restore_beside",
        "instance",
        more(database, to=LONG_AGO),
        "rds:RestoreDBInstanceToPointInTime",
        lost=True,
    ),
    Workload(
        "rds.restore_beside",
        "Aurora",
        more(aurora, to=LONG_AGO),
        "rds:RestoreDBClusterToPointInTime",
        lost=True,
    ),
    Workload("ecs.scale_service", "two tasks", running_service, TO_SERVICE),
    Workload("ecs.disable_exec", "on", running_service, TO_SERVICE),
    Workload("ecs.deploy_definition", "none run", scaled_to_none, TO_SERVICE),
    Workload("ecs.stop_task", "one", task, "ecs:StopTask", lost=True),
    Workload(
        "ecs.deregister_definition", "one", definition, "ecs:DeregisterTaskDefinition", lost=True
    ),
    Workload("ecs.drain_instance", "one", container_instance, "ecs:UpdateContainerInstancesState"),
    Workload("ecr.deny_pulls", "no policy", repository, "ecr:SetRepositoryPolicy"),
    Workload("ecr.deny_pulls", "a policy", repository_with_a_policy, "ecr:SetRepositoryPolicy"),
    Workload("eks.enable_logging", "none", unlogged, TO_CLUSTER),
    Workload("eks.enable_logging", "one", half_logged, TO_CLUSTER),
    Workload("eks.narrow_endpoint", "to a range", public_endpoint, TO_CLUSTER),
    Workload("eks.narrow_endpoint", "to none", private_only, TO_CLUSTER),
    Workload("eks.remove_access_entry", "with tags", access, "eks:DeleteAccessEntry"),
    Workload("eks.remove_access_entry", "with rights", access_with_rights, "eks:DeleteAccessEntry"),
    Workload("eks.remove_pod_identity", "one", pod_identity, "eks:DeletePodIdentityAssociation"),
)

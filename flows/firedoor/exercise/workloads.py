"""What a GuardDuty finding says of functions, databases and containers."""

from __future__ import annotations

from firedoor.exercise.account import Account, Block
from firedoor.scenario_finding import Ecs, Kubernetes


class Workloads(Account):
    """Describes what runs in the account, each as its block of `resource`."""

    def function(self, name: str) -> Block:
        """`lambdaDetails`."""
        one = self.ask("lambda:GetFunction", "Configuration", FunctionName=name)
        return {
            "functionArn": one["FunctionArn"],
            "functionName": one["FunctionName"],
            "description": one.get("Description", ""),
            "lastModifiedAt": one.get("LastModified"),
            "revisionId": one.get("RevisionId"),
            "functionVersion": one.get("Version", "$LATEST"),
            "role": one.get("Role"),
            "tags": [],
        }

    def database(self, name: str) -> Block:
        """`rdsDbInstanceDetails` and the user who signed in."""
        one = self.ask("rds:DescribeDBInstances", "DBInstances[0]", DBInstanceIdentifier=name)
        return {
            "rdsDbInstanceDetails": {
                "dbInstanceIdentifier": one["DBInstanceIdentifier"],
                "engine": one["Engine"],
                "engineVersion": one.get("EngineVersion"),
                "dbClusterIdentifier": one.get("DBClusterIdentifier", ""),
                "dbInstanceArn": one["DBInstanceArn"],
                "tags": [],
            },
            "rdsDbUserDetails": {
                "user": one.get("MasterUsername", ""),
                "application": "psql",
                "database": one.get("DBName", ""),
                "ssl": "TLSv1.3",
                "authMethod": "SCRAM",
            },
        }

    def kubernetes(self, said: Kubernetes) -> Block:
        """`eksClusterDetails`, and the user and workload in it."""
        name = self.text(said.cluster)
        one = self.ask("eks:DescribeCluster", "cluster", name=name)
        user = self.text(said.user or "system:anonymous")
        found: Block = {
            "eksClusterDetails": {
                "name": one["name"],
                "arn": one["arn"],
                "createdAt": one["createdAt"].timestamp(),
                "vpcId": (one.get("resourcesVpcConfig") or {}).get("vpcId", ""),
                "status": one["status"],
                "tags": [],
            },
            "kubernetesDetails": {
                "kubernetesUserDetails": {"username": user, "groups": list(said.groups)}
            },
        }
        if said.workload:
            found["kubernetesDetails"]["kubernetesWorkloadDetails"] = {
                "name": self.text(said.workload),
                "namespace": self.text(said.namespace),
                "type": said.type,
                "serviceAccountName": said.service_account,
                "containers": [{"name": said.workload, "image": said.image}],
            }
        return found

    def ecs(self, said: Ecs) -> Block:
        """`ecsClusterDetails`, with the task."""
        name = self.text(said.cluster)
        one = self.ask("ecs:DescribeClusters", "clusters[0]", clusters=[name])
        found: Block = {
            "name": one["clusterName"],
            "arn": one["clusterArn"],
            "status": one["status"],
            "tags": [],
        }
        if said.task:
            task = self.ask(
                "ecs:DescribeTasks", "tasks[0]", cluster=name, tasks=[self.text(said.task)]
            )
            found["taskDetails"] = {
                "arn": task["taskArn"],
                "definitionArn": task["taskDefinitionArn"],
                "launchType": task.get("launchType", "FARGATE"),
                "group": task.get("group", ""),
                "containers": [{"name": said.container, "image": said.image}],
            }
        return found

"""What a GuardDuty finding says of the thing it is about: the blocks `resource` and `action`.

Read from the simulated account as it is, so that ids, names and addresses are the true ones.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Resource.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from firedoor.errors import BadInput
from firedoor.scenario import Scenario
from firedoor.scenario_finding import About, Ecs, Kubernetes, Sequence
from firedoor.simulator.attacker import Attacker
from firedoor.simulator.world import World

Block = dict[str, Any]


def stamp(moment: datetime) -> str:
    """A time as GuardDuty writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Subjects:
    """Describes what findings of one scenario are about, in one Region."""

    def __init__(self, scenario: Scenario, world: World, attacker: Attacker, region: str) -> None:
        self.scenario = scenario
        self.world = world
        self.attacker = attacker
        self.region = region

    def resource(self, about: About) -> Block:
        """`resource`: its type, and the details of everything that the finding names."""
        found: Block = {}
        if about.principal or about.by:
            found["accessKeyDetails"] = self._key(str(about.principal or about.by))
            found |= self._from_instance(str(about.principal or about.by))
        if about.bucket is not None:
            found["s3BucketDetails"] = [self._bucket(self._text(about.bucket))]
            # As GuardDuty has it: findings on a bucket's policy are about who changed it.
            owner = str(self.scenario.finding.type).startswith(("Policy:", "Stealth:"))
            return {"resourceType": "AccessKey" if owner else "S3Bucket", **found}
        if about.instance is not None:
            found["instanceDetails"] = self._instance(self._text(about.instance))
            return {"resourceType": "Instance", **found}
        if about.function is not None:
            found["lambdaDetails"] = self._function(self._text(about.function))
            return {"resourceType": "Lambda", **found}
        if about.database is not None:
            found |= self._database(self._text(about.database))
            return {"resourceType": "RDSDBInstance", **found}
        if about.kubernetes is not None:
            return {"resourceType": "EKSCluster", **found, **self._kubernetes(about.kubernetes)}
        if about.ecs is not None:
            found["ecsClusterDetails"] = self._ecs(about.ecs)
            return {"resourceType": "ECSCluster", **found}
        if about.sequence is not None:
            return {"resourceType": "AttackSequence"}
        return {"resourceType": "AccessKey", **found}

    def action(self, about: About, api: str) -> Block:
        """`action`: what was seen; {} for an attack sequence and for malware on a workload."""
        remote = self._remote()
        kind = str(self.scenario.finding.type)
        if about.sequence is not None or (about.ecs is not None and not about.by):
            return {}
        if about.database is not None:
            return {
                "actionType": "RDS_LOGIN_ATTEMPT",
                "rdsLoginAttemptAction": {"remoteIpDetails": remote, "loginAttributes": []},
            }
        if about.kubernetes is not None:
            call = {
                "requestUri": "/api/v1/namespaces/default/secrets",
                "verb": "list",
                "sourceIPs": [self.attacker.attack.ip],
                "userAgent": "kubectl/v1.31",
                "remoteIpDetails": remote,
                "statusCode": 200,
            }
            return {"actionType": "KUBERNETES_API_CALL", "kubernetesApiCallAction": call}
        if about.instance is not None or about.function is not None:
            if "!DNS" in kind or "DomainRequest" in kind or "DNS" in kind.partition("/")[2]:
                request = {"domain": "pool.example.net", "protocol": "UDP", "blocked": False}
                return {"actionType": "DNS_REQUEST", "dnsRequestAction": request}
            connection = {
                "connectionDirection": "OUTBOUND",
                "protocol": "TCP",
                "blocked": False,
                "localPortDetails": {"port": 39677, "portName": "Unknown"},
                "remotePortDetails": {"port": 443, "portName": "HTTPS"},
                "remoteIpDetails": remote,
            }
            return {"actionType": "NETWORK_CONNECTION", "networkConnectionAction": connection}
        service, _, name = api.partition(":")
        call = {
            "api": name,
            "serviceName": f"{service}.amazonaws.com",
            "callerType": "Remote IP",
            "remoteIpDetails": remote,
            "affectedResources": {},
        }
        return {"actionType": "AWS_API_CALL", "awsApiCallAction": call}

    def detection(self, about: About) -> Block:
        """`detection`, of an attack sequence: who did what to which, in what order."""
        if about.sequence is None:
            return {}
        return {
            "featureName": "Correlation",
            "detection": {"sequence": self._chain(about.sequence)},
        }

    def _text(self, value: str) -> str:
        return str(self.world.filled(value))

    def _ask(self, call: str, expression: str, region: str | None = None, **given: Any) -> Any:
        """What the account itself says; the finding would be about nothing if it is not there."""
        from firedoor.simulator.callers import picked

        answered = self.world.audit(call, given, region or self.region, None)
        value = picked(answered.result, expression) if answered.allowed else None
        if value is None:
            why = f": {answered.code}" if answered.code else ""
            raise BadInput(
                f"the finding is about something that is not in the account: {call} "
                f"{', '.join(map(str, given.values()))}{why}",
                where=f"scenario {self.scenario.metadata.id}",
            )
        return value

    def _maybe(self, call: str, expression: str, **given: Any) -> Any:
        from firedoor.simulator.callers import picked

        answered = self.world.audit(call, given, self.region, None)
        return picked(answered.result, expression) if answered.allowed else None

    def _key(self, name: str) -> Block:
        """`accessKeyDetails`: the user and key, or the role and session."""
        held = self.world.credentials(name)
        if held is None:
            raise BadInput(
                f"the finding is about {name!r}, who holds no credentials before it",
                where=f"scenario {self.scenario.metadata.id}",
            )
        if not held.access_key_id:
            return {
                "accessKeyId": "",
                "principalId": "",
                "userType": "Unknown",
                "userName": "ANONYMOUS_PRINCIPAL",
            }
        answered = self.world.callers.call(held, "sts:GetCallerIdentity", probe=True).result
        arn, user_id = str(answered.get("Arn", "")), str(answered.get("UserId", ""))
        path = arn.rpartition(":")[2].split("/")
        session = path[0] == "assumed-role"
        kind = "AssumedRole" if session else "Root" if path == ["root"] else "IAMUser"
        if str(answered.get("Account")) != self.world.account:
            kind = "AWSAccount"
        return {
            "accessKeyId": held.access_key_id,
            "principalId": user_id,
            "userType": kind,
            "userName": path[1] if session else "Root" if kind == "Root" else path[-1],
        }

    def _from_instance(self, name: str) -> Block:
        """Credentials of an instance: the finding names the instance as well."""
        principal = self.scenario.principals.get(name)
        if principal is None or principal.instance is None:
            return {}
        return {"instanceDetails": self._instance(str(self.world.names[principal.instance]))}

    def _instance(self, number: str) -> Block:
        one = self._ask(
            "ec2:DescribeInstances", "Reservations[0].Instances[0]", InstanceIds=[number]
        )
        profile = one.get("IamInstanceProfile") or {}
        return {
            "instanceId": number,
            "instanceType": one.get("InstanceType"),
            "launchTime": stamp(one["LaunchTime"]),
            "platform": one.get("Platform"),
            "productCodes": [],
            "iamInstanceProfile": {"arn": profile["Arn"], "id": profile.get("Id", "")}
            if profile
            else None,
            "networkInterfaces": [
                {
                    "networkInterfaceId": each["NetworkInterfaceId"],
                    "privateIpAddress": each.get("PrivateIpAddress"),
                    "privateIpAddresses": [{"privateIpAddress": each.get("PrivateIpAddress")}],
                    "ipv6Addresses": [],
                    "subnetId": each.get("SubnetId"),
                    "vpcId": each.get("VpcId"),
                    "securityGroups": [
                        {"groupName": group["GroupName"], "groupId": group["GroupId"]}
                        for group in each.get("Groups", ())
                    ],
                    "publicIp": one.get("PublicIpAddress"),
                    "publicDnsName": one.get("PublicDnsName", ""),
                }
                for each in one.get("NetworkInterfaces", ())
            ],
            "tags": [{"key": tag["Key"], "value": tag["Value"]} for tag in one.get("Tags", ())],
            "instanceState": one["State"]["Name"],
            "availabilityZone": (one.get("Placement") or {}).get("AvailabilityZone"),
            "imageId": one.get("ImageId"),
        }

    def _bucket(self, name: str) -> Block:
        self._ask("s3:ListBuckets", f"Buckets[?Name=='{name}'] | [0]")
        public = bool(self._maybe("s3:GetBucketPolicyStatus", "PolicyStatus.IsPublic", Bucket=name))
        groups = self._maybe("s3:GetBucketAcl", "Grants[].[Grantee.URI, Permission]", Bucket=name)
        open_to = [what for uri, what in groups or () if uri and uri.endswith("AllUsers")]
        block = self._maybe(
            "s3:GetPublicAccessBlock", "PublicAccessBlockConfiguration", Bucket=name
        )
        switches = {key[:1].lower() + key[1:]: on for key, on in (block or {}).items()}
        effective = "PUBLIC" if public or open_to else "NOT_PUBLIC"
        return {
            "arn": f"arn:aws:s3:::{name}",
            "name": name,
            "type": "Destination",
            "owner": {"id": self.world.account},
            "tags": [],
            "defaultServerSideEncryption": {"encryptionType": "AES256"},
            "publicAccess": {
                "effectivePermission": effective,
                "permissionConfiguration": {
                    "bucketLevelPermissions": {
                        "accessControlList": {
                            "allowsPublicReadAccess": "READ" in open_to,
                            "allowsPublicWriteAccess": "WRITE" in open_to,
                        },
                        "bucketPolicy": {
                            "allowsPublicReadAccess": public,
                            "allowsPublicWriteAccess": False,
                        },
                        "blockPublicAccess": switches,
                    }
                },
            },
        }

    def _function(self, name: str) -> Block:
        one = self._ask("lambda:GetFunction", "Configuration", FunctionName=name)
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

    def _database(self, name: str) -> Block:
        one = self._ask("rds:DescribeDBInstances", "DBInstances[0]", DBInstanceIdentifier=name)
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

    def _kubernetes(self, said: Kubernetes) -> Block:
        name = self._text(said.cluster)
        one = self._ask("eks:DescribeCluster", "cluster", name=name)
        user = self._text(said.user or "system:anonymous")
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
                "name": self._text(said.workload),
                "namespace": self._text(said.namespace),
                "type": said.type,
                "serviceAccountName": said.service_account,
                "containers": [{"name": said.workload, "image": said.image}],
            }
        return found

    def _ecs(self, said: Ecs) -> Block:
        name = self._text(said.cluster)
        one = self._ask("ecs:DescribeClusters", "clusters[0]", clusters=[name])
        found: Block = {
            "name": one["clusterName"],
            "arn": one["clusterArn"],
            "status": one["status"],
            "tags": [],
        }
        if said.task:
            task = self._ask(
                "ecs:DescribeTasks", "tasks[0]", cluster=name, tasks=[self._text(said.task)]
            )
            found["taskDetails"] = {
                "arn": task["taskArn"],
                "definitionArn": task["taskDefinitionArn"],
                "launchType": task.get("launchType", "FARGATE"),
                "group": task.get("group", ""),
                "containers": [{"name": said.container, "image": said.image}],
            }
        return found

    def _chain(self, said: Sequence) -> Block:
        actors: list[Block] = []
        keys: list[Block] = []
        for name in said.actors:
            who = self._key(name)
            keys.append(self._key_resource(who))
            actors.append(
                {
                    "id": f"actor-{len(actors)}",
                    "user": {
                        "name": who["userName"],
                        "uid": who["principalId"],
                        "type": who["userType"],
                        "credentialUid": who["accessKeyId"],
                        "account": {"uid": self.world.account},
                    },
                }
            )
        return {
            "uid": f"sequence-{self.scenario.metadata.id}",
            "description": self.scenario.finding.title,
            "actors": actors,
            "resources": [*keys, *self._things(said)],
            "endpoints": [
                {
                    "id": "endpoint-0",
                    "ip": self.attacker.attack.ip,
                    "location": {"city": "Unknown", "country": "Unknown"},
                    "autonomousSystem": {"name": "Example Hosting", "number": 64496},
                    "connection": {"direction": "INBOUND"},
                }
            ],
            "signals": self._signals(said, [str(each["id"]) for each in actors]),
            "sequenceIndicators": [
                {"key": "SUSPICIOUS_NETWORK", "values": ["asnOrg:Example Hosting"]},
                {
                    "key": "HIGH_RISK_API",
                    "values": list(dict.fromkeys(act.call for act in self.attacker.acts)),
                },
            ],
        }

    def _key_resource(self, who: Block) -> Block:
        return {
            "uid": who["accessKeyId"],
            "name": who["accessKeyId"],
            "resourceType": "ACCESS_KEY",
            "accountId": self.world.account,
            "region": self.region,
            "cloudPartition": "aws",
            "data": {
                "accessKey": {
                    "principalId": who["principalId"],
                    "userName": who["userName"],
                    "userType": who["userType"],
                }
            },
        }

    def _things(self, said: Sequence) -> list[Block]:
        here = f"{self.region}:{self.world.account}"
        kinds = (
            ("S3_BUCKET", said.buckets, "arn:aws:s3:::"),
            ("EC2_INSTANCE", said.instances, f"arn:aws:ec2:{here}:instance/"),
            ("EKS_CLUSTER", said.eks_clusters, f"arn:aws:eks:{here}:cluster/"),
            ("ECS_CLUSTER", said.ecs_clusters, f"arn:aws:ecs:{here}:cluster/"),
        )
        return [
            {
                "uid": prefix + self._text(name),
                "name": self._text(name),
                "resourceType": kind,
                "accountId": self.world.account,
                "region": self.region,
                "cloudPartition": "aws",
                "data": {},
            }
            for kind, names, prefix in kinds
            for name in names
        ]

    def _signals(self, said: Sequence, actors: list[str]) -> list[Block]:
        named = [(one.name, "FINDING" if one.finding else "CLOUD_TRAIL") for one in said.signals]
        calls = dict.fromkeys(act.call for act in self.attacker.acts if act.allowed)
        shown = named or [(call, "CLOUD_TRAIL") for call in calls]
        first = self.attacker.acts[0].at if self.attacker.acts else self.attacker.found
        return [
            {
                "uid": f"signal-{index}",
                "type": kind,
                "name": name,
                "createdAt": stamp(first),
                "updatedAt": stamp(first),
                "firstSeenAt": stamp(first),
                "lastSeenAt": stamp(self.attacker.found),
                "count": 1,
                "severity": self.scenario.finding.severity,
                "actorIds": actors,
                "endpointIds": ["endpoint-0"],
                "resourceUids": [],
            }
            for index, (name, kind) in enumerate(shown)
        ]

    def _remote(self) -> Block:
        return {
            "ipAddressV4": self.attacker.attack.ip,
            "organization": {
                "asn": "64496",
                "asnOrg": "Example Hosting",
                "isp": "Example Hosting",
                "org": "Example Hosting",
            },
            "country": {"countryName": "Unknown"},
            "city": {"cityName": ""},
            "geoLocation": {"lat": 0, "lon": 0},
        }

"""What a GuardDuty finding says of the thing it is about: the blocks `resource` and `action`.

Read from the simulated account as it is, so that ids, names and addresses are the true ones.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Resource.html
"""

from __future__ import annotations

from firedoor.errors import BadInput
from firedoor.exercise.account import Block, stamp
from firedoor.exercise.sequences import Chain
from firedoor.exercise.workloads import Workloads
from firedoor.scenario_finding import About


class Subjects(Workloads):
    """Describes what findings of one scenario are about, in one Region."""

    def resource(self, about: About) -> Block:
        """`resource`: its type, and the details of everything that the finding names."""
        found: Block = {}
        if about.principal or about.by:
            found["accessKeyDetails"] = self._key(str(about.principal or about.by))
            found |= self._from_instance(str(about.principal or about.by))
        if about.bucket is not None:
            found["s3BucketDetails"] = [self._bucket(self.text(about.bucket))]
            # As GuardDuty has it: findings on a bucket's policy are about who changed it.
            owner = str(self.scenario.finding.type).startswith(("Policy:", "Stealth:"))
            return {"resourceType": "AccessKey" if owner else "S3Bucket", **found}
        if about.instance is not None:
            found["instanceDetails"] = self._instance(self.text(about.instance))
            return {"resourceType": "Instance", **found}
        if about.function is not None:
            found["lambdaDetails"] = self.function(self.text(about.function))
            return {"resourceType": "Lambda", **found}
        if about.database is not None:
            found |= self.database(self.text(about.database))
            return {"resourceType": "RDSDBInstance", **found}
        if about.kubernetes is not None:
            return {"resourceType": "EKSCluster", **found, **self.kubernetes(about.kubernetes)}
        if about.ecs is not None:
            found["ecsClusterDetails"] = self.ecs(about.ecs)
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
        people = [self._key(name) for name in about.sequence.actors]
        chain = Chain(self).told(about.sequence, people)
        return {"featureName": "Correlation", "detection": {"sequence": chain}}

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
        one = self.ask(
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
        self.ask("s3:ListBuckets", f"Buckets[?Name=='{name}'] | [0]")
        public = bool(self.maybe("s3:GetBucketPolicyStatus", "PolicyStatus.IsPublic", Bucket=name))
        groups = self.maybe("s3:GetBucketAcl", "Grants[].[Grantee.URI, Permission]", Bucket=name)
        open_to = [what for uri, what in groups or () if uri and uri.endswith("AllUsers")]
        block = self.maybe("s3:GetPublicAccessBlock", "PublicAccessBlockConfiguration", Bucket=name)
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

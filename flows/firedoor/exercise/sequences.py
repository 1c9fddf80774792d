"""`detection.sequence` of an attack sequence: who did what to which, in what order.

https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Sequence.html
"""

from __future__ import annotations

from firedoor.exercise.account import Account, Block, stamp
from firedoor.scenario_finding import Sequence


class Chain:
    """Describes one attack sequence."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.scenario = account.scenario
        self.world = account.world
        self.attacker = account.attacker
        self.region = account.region

    def told(self, said: Sequence, people: list[Block]) -> Block:
        """The sequence; `people` are the actors' `accessKeyDetails`."""
        actors: list[Block] = []
        keys: list[Block] = []
        for who in people:
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
                "uid": prefix + self.account.text(name),
                "name": self.account.text(name),
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

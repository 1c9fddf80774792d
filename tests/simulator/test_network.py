"""What gets to an instance and out of it, as its security groups and network ACL say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from firedoor.errors import BadInput
from firedoor.simulator.callers import Callers
from firedoor.simulator.world import NOBODY
from tests.simulator.conftest import Bench

WORLD = "203.0.113.9"
SHELL = {"Direction": "out", "Address": WORLD, "Port": 4444, "Flow": "shell"}


class Host:
    """An instance in a group that lets 443 in and everything out."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.ec2: Any = bench.client("ec2", None)
        self.vpc = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        self.web = self.group("web")
        self.ec2.authorize_security_group_ingress(
            GroupId=self.web,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": 443,
                    "ToPort": 443,
                    "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
                }
            ],
        )
        made = self.ec2.run_instances(
            ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SecurityGroupIds=[self.web]
        )["Instances"][0]
        self.name = made["InstanceId"]
        self.interface = made["NetworkInterfaces"][0]["NetworkInterfaceId"]
        self.callers = Callers(bench.aws.endpoint, "us-east-1")

    def group(self, name: str) -> str:
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)
        return str(made["GroupId"])

    def closed(self) -> str:
        """A group that allows nothing."""
        name = self.group("closed")
        self.ec2.revoke_security_group_egress(
            GroupId=name,
            IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        )
        return name

    def put(self, group: str) -> None:
        self.ec2.modify_network_interface_attribute(
            NetworkInterfaceId=self.interface, Groups=[group]
        )

    def deny(self, *, egress: bool) -> None:
        acl = self.ec2.describe_network_acls()["NetworkAcls"][0]["NetworkAclId"]
        self.ec2.create_network_acl_entry(
            NetworkAclId=acl,
            RuleNumber=1,
            Protocol="-1",
            RuleAction="deny",
            Egress=egress,
            CidrBlock=f"{WORLD}/32",
        )

    def reached(self, *, probe: bool = False, **given: Any) -> bool:
        asked = {"Instance": self.name, "Address": WORLD, **given}
        answered = self.callers.call(NOBODY, "net:Connect", asked, probe=probe)
        assert answered.allowed or answered.denied
        return answered.allowed


@pytest.fixture
def host(bench: Bench) -> Host:
    return Host(bench)


def test_a_group_lets_in_what_its_rules_name(host: Host) -> None:
    assert host.reached(Port=443)
    assert not host.reached(Port=22)


def test_a_group_that_was_just_made_lets_everything_out(host: Host) -> None:
    host.put(host.group("fresh"))

    assert host.reached(Direction="out", Port=3333)
    assert not host.reached(Port=443)


def test_an_open_connection_survives_a_change_of_groups_and_a_new_one_does_not(host: Host) -> None:
    assert host.reached(**SHELL)
    host.put(host.closed())

    assert host.reached(**SHELL)
    assert not host.reached(**{**SHELL, "Flow": "another"})


def test_an_open_connection_that_is_silent_for_five_days_is_over(host: Host) -> None:
    host.reached(**SHELL)
    host.put(host.closed())
    host.bench.clock.advance(timedelta(days=6).total_seconds())

    assert not host.reached(**SHELL)


def test_a_connection_is_not_kept_in_mind_where_all_may_come_and_go(host: Host) -> None:
    everything = host.group("everything")
    host.ec2.authorize_security_group_ingress(
        GroupId=everything,
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    host.put(everything)
    host.reached(**SHELL)
    host.put(host.closed())

    assert not host.reached(**SHELL)


@pytest.mark.parametrize("egress", [True, False])
def test_a_network_acl_ends_an_open_connection_in_either_direction(
    host: Host, egress: bool
) -> None:
    host.reached(**SHELL)
    host.deny(egress=egress)

    assert not host.reached(**SHELL)
    assert host.reached(Direction="out", Address="198.51.100.1", Port=443)


def test_nothing_reaches_an_instance_that_is_stopped(host: Host) -> None:
    host.ec2.stop_instances(InstanceIds=[host.name])

    assert not host.reached(Port=443)


def test_a_probe_opens_no_connection(host: Host) -> None:
    host.reached(**SHELL, probe=True)
    host.put(host.closed())

    assert not host.reached(**SHELL)


def test_an_unknown_parameter_is_a_mistake_of_the_scenario(host: Host) -> None:
    assert "no parameter 'Ports'" in host.callers.mistake("net:Connect", {"Ports": 1})
    with pytest.raises(BadInput, match="needs the parameter 'Port'"):
        host.callers.call(NOBODY, "net:Connect", {"Instance": host.name})

"""Logging and detection that somebody has turned off, narrowed or deleted, each in its own way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.simulator.conftest import ACCOUNT, Bench, policy

REGION = "eu-central-1"
Made = Mapping[str, Any]


def client(bench: Bench, service: str) -> Any:
    return bench.client(service, None, region=REGION)


def log_bucket(bench: Bench, name: str) -> str:
    """A bucket that logs may be delivered to."""
    s3 = bench.client("s3", None, region="us-east-1")
    bucket = f"{name}-logs-{ACCOUNT}"
    s3.create_bucket(Bucket=bucket)
    deliver = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(deliver))
    return bucket


def trail(bench: Bench, name: str) -> str:
    """A trail that records; its name."""
    bucket = log_bucket(bench, name)
    trails = client(bench, "cloudtrail")
    trails.create_trail(Name=name, S3BucketName=bucket, IsMultiRegionTrail=True)
    trails.start_logging(Name=name)
    return name


def stopped_trail(bench: Bench, name: str) -> Made:
    client(bench, "cloudtrail").stop_logging(Name=trail(bench, name))
    return {"trail": name, "region": REGION}


def narrowed_trail(bench: Bench, name: str) -> Made:
    """It records, and no management events any more."""
    trail(bench, name)
    blind = {
        "ReadWriteType": "ReadOnly",
        "IncludeManagementEvents": False,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
    client(bench, "cloudtrail").put_event_selectors(TrailName=name, EventSelectors=[blind])
    return {"trail": name, "region": REGION, "widen": True}


def diverted_trail(bench: Bench, name: str) -> Made:
    """It writes into another bucket."""
    trail(bench, name)
    client(bench, "cloudtrail").update_trail(
        Name=name, S3BucketName=log_bucket(bench, f"{name}-x"), IsMultiRegionTrail=False
    )
    was = {"S3BucketName": f"{name}-logs-{ACCOUNT}", "IsMultiRegionTrail": True}
    return {"trail": name, "region": REGION, "settings": json.dumps(was)}


def deleted_trail(bench: Bench, name: str) -> Made:
    """There is none of that name; its bucket is there still."""
    was = {"S3BucketName": log_bucket(bench, name), "IsMultiRegionTrail": True}
    return {"trail": name, "region": REGION, "settings": json.dumps(was)}


def deleted_detector(bench: Bench, name: str) -> Made:
    return {"region": REGION}


def detector(bench: Bench) -> str:
    guardduty = client(bench, "guardduty")
    found = guardduty.list_detectors()["DetectorIds"]
    return str(found[0] if found else guardduty.create_detector(Enable=True)["DetectorId"])


def suspended_detector(bench: Bench, name: str) -> Made:
    client(bench, "guardduty").update_detector(DetectorId=detector(bench), Enable=False)
    return {"region": REGION}


def suppression_filter(bench: Bench, name: str) -> Made:
    made = detector(bench)
    client(bench, "guardduty").create_filter(
        DetectorId=made,
        Name=name,
        Action="ARCHIVE",
        Rank=1,
        FindingCriteria={"Criterion": {"severity": {"Gte": 1}}},
    )
    return {"detector": made, "name": name, "region": REGION}


def trusted_list(bench: Bench, name: str) -> Made:
    made = detector(bench)
    given = client(bench, "guardduty").create_ip_set(
        DetectorId=made,
        Name=name,
        Format="TXT",
        Location=f"https://s3.amazonaws.com/{name}/list.txt",
        Activate=True,
    )
    return {"detector": made, "ip_set": given["IpSetId"], "region": REGION}


def stopped_recorder(bench: Bench, name: str) -> Made:
    config = client(bench, "config")
    role = bench.role(f"{name}-config", f"arn:aws:iam::{ACCOUNT}:root")
    config.put_configuration_recorder(
        ConfigurationRecorder={
            "name": "default",
            "roleARN": role,
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        }
    )
    config.put_delivery_channel(
        DeliveryChannel={"name": "default", "s3BucketName": log_bucket(bench, name)}
    )
    return {"name": "default", "region": REGION}


def hub_off(bench: Bench, name: str) -> Made:
    return {"region": REGION}


def query_log(bench: Bench, name: str) -> Made:
    resolver = client(bench, "route53resolver")
    made = resolver.create_resolver_query_log_config(
        Name=name,
        DestinationArn=f"arn:aws:s3:::{log_bucket(bench, name)}",
        CreatorRequestId=name,
    )
    vpc = client(bench, "ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    return {"config": made["ResolverQueryLogConfig"]["Id"], "vpc": vpc, "region": REGION}


def flow_log(bench: Bench, name: str) -> Made:
    vpc = client(bench, "ec2").create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    was = {
        "ResourceIds": [vpc],
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogDestinationType": "s3",
        "LogDestination": f"arn:aws:s3:::{log_bucket(bench, name)}",
    }
    return {"settings": json.dumps(was), "region": REGION}


def model_log_gone(bench: Bench, name: str) -> Made:
    was = {
        "s3Config": {"bucketName": log_bucket(bench, name), "keyPrefix": "bedrock"},
        "textDataDeliveryEnabled": True,
    }
    return {"settings": json.dumps(was), "region": "us-east-1"}


def bucket_log_gone(bench: Bench, name: str) -> Made:
    s3 = bench.client("s3", None, region="us-east-1")
    s3.create_bucket(Bucket=f"{name}-data")
    was = {"TargetBucket": log_bucket(bench, name), "TargetPrefix": "data/"}
    return {"bucket": f"{name}-data", "settings": json.dumps(was)}

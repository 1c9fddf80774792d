"""Mail that is sent and models that are asked in somebody's name, each in a way of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulator.conftest import ACCOUNT, Bench, policy

REGION = "eu-central-1"
Made = Mapping[str, Any]


def ses(bench: Bench) -> Any:
    return bench.client("sesv2", None, region=REGION)


def sending(bench: Bench, name: str) -> Made:
    return {"region": REGION}


def configuration_set(bench: Bench, name: str) -> Made:
    ses(bench).create_configuration_set(ConfigurationSetName=name)
    return {"region": REGION, "configuration_set": name}


def identity(bench: Bench, name: str) -> Made:
    ses(bench).create_email_identity(EmailIdentity=f"{name}.example.com")
    return {"region": REGION, "identity": f"{name}.example.com"}


def identity_policy(bench: Bench, name: str) -> Made:
    made = identity(bench, name)
    let = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
        "Action": "ses:SendEmail",
        "Resource": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{made['identity']}",
    }
    ses(bench).create_email_identity_policy(
        EmailIdentity=made["identity"], PolicyName="partner", Policy=policy(let)
    )
    return {**made, "policy": "partner"}


def model_user(bench: Bench, name: str) -> Made:
    bench.user(name)
    return {"user": name}


def model_role(bench: Bench, name: str) -> Made:
    bench.role(name, f"arn:aws:iam::{ACCOUNT}:root")
    return {"role": name}


def throughput(bench: Bench, name: str) -> Made:
    bedrock = bench.client("bedrock", None, region="us-east-1")
    made = bedrock.create_provisioned_model_throughput(
        provisionedModelName=name, modelId="amazon.titan-text-lite-v1", modelUnits=1
    )
    return {"throughput": made["provisionedModelArn"]}


def one_api_key(bench: Bench, name: str) -> Made:
    """Two service-specific credentials, of which one is for Bedrock."""
    bench.user(name)
    for service in ("codecommit.amazonaws.com", "bedrock.amazonaws.com"):
        bench.iam.create_service_specific_credential(UserName=name, ServiceName=service)
    return {"user": name}

"""The AWS side as a CloudFormation template: rules, a way to firedoor, the responder's role.

Findings go from EventBridge to an API destination (firedoor answers HTTPS) or to an SQS queue
(firedoor polls). The role holds what the runbooks need, as `firedoor policy` prints it, and may not
change itself.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

Way = Literal["queue", "webhook"]

PATTERNS: Mapping[str, dict[str, Any]] = {
    "GuardDuty": {"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]},
    "SecurityHub": {
        "source": ["aws.securityhub"],
        "detail-type": ["Security Hub Findings - Imported", "Findings Imported V2"],
    },
    "Health": {
        "source": ["aws.health"],
        "detail": {"eventTypeCode": [{"prefix": "AWS_RISK_CREDENTIALS"}, {"prefix": "AWS_ABUSE_"}]},
    },
    "AccessAnalyzer": {"source": ["aws.access-analyzer"]},
    "Macie": {"source": ["aws.macie"], "detail-type": ["Macie Finding"]},
    "KeyDeletion": {
        "source": ["aws.kms"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventName": ["ScheduleKeyDeletion", "DisableKey"]},
    },
}
"""What is sent, by the name of its rule."""


def template(way: Way, policies: Sequence[Mapping[str, Any]], role: str) -> dict[str, Any]:
    """The template. `policies`: documents of the responder's `role`, each small enough for one
    managed policy."""
    made = _queue() if way == "queue" else _webhook()
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "firedoor: findings to it, and the role that it responds with",
        "Parameters": _parameters(way),
        "Resources": {**made, **_rules(way), **_role(policies, role)},
        "Outputs": {
            "ResponderRole": {"Value": {"Fn::GetAtt": ["Responder", "Arn"]}},
            **(
                {"QueueUrl": {"Description": "FIREDOOR_SQS_QUEUE_URL", "Value": {"Ref": "Queue"}}}
                if way == "queue"
                else {}
            ),
        },
    }


def _parameters(way: Way) -> dict[str, Any]:
    found: dict[str, Any] = {
        "TrustedPrincipal": {
            "Type": "String",
            "Description": "ARN of the principal that firedoor runs as; it assumes the role",
            "AllowedPattern": "^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$",
        },
        "ExternalId": {
            "Type": "String",
            "Description": "What plan.yaml has as external_id for this account",
            "MinLength": 8,
            "NoEcho": True,
        },
    }
    if way == "webhook":
        found["Endpoint"] = {
            "Type": "String",
            "Description": "https://…/hooks/eventbridge of firedoor",
            "AllowedPattern": "^https://.+/hooks/eventbridge$",
        }
        found["HookKeySecret"] = {
            "Type": "String",
            "Description": "Secrets Manager secret whose text is one of FIREDOOR_HOOK_KEYS",
        }
    return found


def _queue() -> dict[str, Any]:
    dead = {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    return {
        "DeadLetters": _private_queue({"MessageRetentionPeriod": 1209600}),
        "Queue": _private_queue(
            {
                "VisibilityTimeout": 60,
                "MessageRetentionPeriod": 1209600,
                "RedrivePolicy": {"deadLetterTargetArn": dead, "maxReceiveCount": 20},
            }
        ),
        "QueuePolicy": _queue_policy("Queue"),
        "DeadLettersPolicy": _queue_policy("DeadLetters"),
    }


def _webhook() -> dict[str, Any]:
    destination = {"Fn::GetAtt": ["Destination", "Arn"]}
    key = {"Fn::Sub": "{{resolve:secretsmanager:${HookKeySecret}}}"}
    return {
        "DeadLetters": _private_queue({"MessageRetentionPeriod": 1209600}),
        "DeadLettersPolicy": _queue_policy("DeadLetters"),
        "Connection": {
            "Type": "AWS::Events::Connection",
            "Properties": {
                "AuthorizationType": "API_KEY",
                "AuthParameters": {
                    "ApiKeyAuthParameters": {"ApiKeyName": "X-Api-Key", "ApiKeyValue": key}
                },
            },
        },
        "Destination": {
            "Type": "AWS::Events::ApiDestination",
            "Properties": {
                "ConnectionArn": {"Fn::GetAtt": ["Connection", "Arn"]},
                "HttpMethod": "POST",
                "InvocationEndpoint": {"Ref": "Endpoint"},
                "InvocationRateLimitPerSecond": 100,
            },
        },
        "Invoker": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": _trust({"Service": "events.amazonaws.com"}),
                "Policies": [
                    {
                        "PolicyName": "invoke",
                        "PolicyDocument": _allow("events:InvokeApiDestination", destination),
                    }
                ],
            },
        },
    }


def _rules(way: Way) -> dict[str, Any]:
    target: dict[str, Any] = {
        "Id": "firedoor",
        "Arn": {"Fn::GetAtt": ["Queue" if way == "queue" else "Destination", "Arn"]},
        "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}},
        "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
    }
    if way == "webhook":
        target["RoleArn"] = {"Fn::GetAtt": ["Invoker", "Arn"]}
    return {
        f"{name}Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {"EventPattern": pattern, "State": "ENABLED", "Targets": [target]},
        }
        for name, pattern in PATTERNS.items()
    }


def _role(policies: Sequence[Mapping[str, Any]], name_of_role: str) -> dict[str, Any]:
    names = [f"ResponderPolicy{number}" for number, _ in enumerate(policies, 1)]
    trust = _trust({"AWS": {"Ref": "TrustedPrincipal"}})
    [allows] = trust["Statement"]
    allows["Action"] = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    allows["Condition"] = {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
    return {
        "Responder": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": name_of_role,
                "MaxSessionDuration": 3600,
                "AssumeRolePolicyDocument": trust,
                "ManagedPolicyArns": [{"Ref": name} for name in names],
            },
        },
        **{
            name: {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "Description": "What firedoor's runbooks need, undo included",
                    "PolicyDocument": dict(policy),
                },
            }
            for name, policy in zip(names, policies, strict=True)
        },
    }


def _private_queue(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::Queue",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"SqsManagedSseEnabled": True, **properties},
    }


def _queue_policy(queue: str) -> dict[str, Any]:
    document = _allow("sqs:SendMessage", {"Fn::GetAtt": [queue, "Arn"]})
    [statement] = document["Statement"]
    statement["Principal"] = {"Service": "events.amazonaws.com"}
    statement["Condition"] = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": queue}], "PolicyDocument": document},
    }


def _allow(action: str, resource: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": [action], "Resource": [resource]}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _trust(principal: dict[str, Any]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole"]}
    return {"Version": "2012-10-17", "Statement": [statement]}

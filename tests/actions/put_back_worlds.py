"""Keys, logging, models and mail: what is put back or taken away, for the contract's tests."""

from __future__ import annotations

from tests.actions import kms_worlds, logging_worlds
from tests.actions import mail_and_model_worlds as others
from tests.actions.worlds import CUT, DELETE, PUT, SPECIAL, UNCUT, World

SCRIPTED = frozenset({"backup.test_restore"})
"""Actions whose APIs the simulated AWS does not have: tested against the service models instead, in
a module of their own."""

PAUSE = "sesv2:PutAccountSendingAttributes"
PAUSE_SET = "sesv2:PutConfigurationSetSendingOptions"
START, STOP = "cloudtrail:StartLogging", "cloudtrail:StopLogging"
SELECT, TURN = "cloudtrail:PutEventSelectors", "cloudtrail:UpdateTrail"
WATCH, TRUST = "guardduty:UpdateDetector", "guardduty:UpdateIPSet"
PUT_BACK_WORLDS = (
    World("bedrock.deny_models", "user", others.model_user, PUT, DELETE),
    World(
        "bedrock.deny_models",
        "user with API keys",
        others.one_api_key,
        PUT,
        DELETE,
        also_writes=frozenset({SPECIAL}),
        also_undoes=frozenset({SPECIAL}),
    ),
    World("bedrock.deny_models", "role", others.model_role, CUT, UNCUT),
    World(
        "bedrock.delete_throughput",
        "without a term",
        others.throughput,
        "bedrock:DeleteProvisionedModelThroughput",
        "",
    ),
    World("ses.pause_sending", "of the Region", others.sending, PAUSE, PAUSE),
    World("ses.pause_sending", "of one set", others.configuration_set, PAUSE_SET, PAUSE_SET),
    World("ses.delete_identity", "a domain", others.identity, "sesv2:DeleteEmailIdentity", ""),
    World(
        "ses.remove_identity_policy",
        "of another account",
        others.identity_policy,
        "sesv2:DeleteEmailIdentityPolicy",
        "sesv2:CreateEmailIdentityPolicy",
    ),
    World("kms.enable_key", "by id", kms_worlds.disabled, "kms:EnableKey", "kms:DisableKey"),
    World("kms.enable_key", "by ARN", kms_worlds.by_arn, "kms:EnableKey", "kms:DisableKey"),
    World(
        "kms.cancel_deletion",
        "pending",
        kms_worlds.going,
        "kms:CancelKeyDeletion",
        "kms:ScheduleKeyDeletion",
    ),
    World(
        "kms.restore_key_policy",
        "open to all",
        kms_worlds.foreign_policy,
        "kms:PutKeyPolicy",
        "kms:PutKeyPolicy",
    ),
    World("kms.revoke_grant", "of another account", kms_worlds.grant, "kms:RevokeGrant", ""),
    World("cloudtrail.restore_trail", "stopped", logging_worlds.stopped_trail, START, STOP),
    World("cloudtrail.restore_trail", "narrowed", logging_worlds.narrowed_trail, SELECT, SELECT),
    World("cloudtrail.restore_trail", "diverted", logging_worlds.diverted_trail, TURN, TURN),
    World(
        "cloudtrail.restore_trail",
        "deleted",
        logging_worlds.deleted_trail,
        START,
        STOP,
        also_writes=frozenset({"cloudtrail:CreateTrail"}),
        also_undoes=frozenset({"cloudtrail:DeleteTrail"}),
    ),
    World(
        "guardduty.restore_detector", "suspended", logging_worlds.suspended_detector, WATCH, WATCH
    ),
    World(
        "guardduty.restore_detector",
        "deleted",
        logging_worlds.deleted_detector,
        "guardduty:CreateDetector",
        "",
    ),
    World(
        "guardduty.remove_filter",
        "ARCHIVE",
        logging_worlds.suppression_filter,
        "guardduty:DeleteFilter",
        "guardduty:CreateFilter",
    ),
    World("guardduty.deactivate_ip_set", "active", logging_worlds.trusted_list, TRUST, TRUST),
    World(
        "config.start_recorder",
        "stopped",
        logging_worlds.stopped_recorder,
        "config:StartConfigurationRecorder",
        "config:StopConfigurationRecorder",
    ),
    World(
        "securityhub.enable_hub",
        "off",
        logging_worlds.hub_off,
        "securityhub:EnableSecurityHub",
        "securityhub:DisableSecurityHub",
    ),
    World(
        "route53resolver.restore_query_logging",
        "of a VPC",
        logging_worlds.query_log,
        "route53resolver:AssociateResolverQueryLogConfig",
        "route53resolver:DisassociateResolverQueryLogConfig",
    ),
    World(
        "ec2.restore_flow_logs",
        "of a VPC",
        logging_worlds.flow_log,
        "ec2:CreateFlowLogs",
        "ec2:DeleteFlowLogs",
    ),
    World(
        "bedrock.restore_invocation_logging",
        "gone",
        logging_worlds.model_log_gone,
        "bedrock:PutModelInvocationLoggingConfiguration",
        "bedrock:DeleteModelInvocationLoggingConfiguration",
    ),
    World(
        "s3.restore_access_logging",
        "gone",
        logging_worlds.bucket_log_gone,
        "s3:PutBucketLogging",
        "s3:PutBucketLogging",
    ),
)

"""Whether an incident in this account could be investigated, and what was harmed be recovered.

Reads only. Each look is one fact that incident reviews find missing when it is too late.
Source: https://docs.aws.amazon.com/security-ir/latest/userguide/preparation.html
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from firedoor import settings
from firedoor.actions.contract import Aws
from firedoor.doctor.model import Look, read
from firedoor.kinds import mask_key_id, parse_time

OLD = timedelta(days=90)
REPORT_TRIES = 10


def trails(aws: Aws) -> Iterator[Look]:
    """A trail in all Regions that is on, with log-file validation, and data events of S3."""
    found = _all(aws.call("cloudtrail", "describe_trails", includeShadowTrails=False), "trailList")
    wide = [each for each in found if each.get("IsMultiRegionTrail")]
    logging = [
        each
        for each in wide
        if aws.call("cloudtrail", "get_trail_status", Name=each["TrailARN"]).get("IsLogging")
    ]
    name = "cloudtrail"
    if not logging:
        seen = (
            "no trail logs in all Regions: the last 90 days of management events are all there is"
        )
        fix = "aws cloudtrail create-trail --is-multi-region-trail --enable-log-file-validation …"
        yield Look(name=name, standing="bad", seen=seen, fix=fix)
        return
    checked = [each for each in logging if each.get("LogFileValidationEnabled")]
    names = ", ".join(str(each["Name"]) for each in logging)
    if checked:
        yield Look(name=name, standing="ok", seen=f"{names}: all Regions, with validation")
    else:
        fix = (
            f"aws cloudtrail update-trail --name {logging[0]['Name']} --enable-log-file-validation"
        )
        seen = f"{names}: without log-file validation: tampering could not be shown"
        yield Look(name=name, standing="warn", seen=seen, fix=fix)
    if any(_has_data_events(aws, str(each["TrailARN"])) for each in logging):
        yield Look(name="s3 data events", standing="ok", seen="logged")
    else:
        seen = "not logged: who read which object cannot be known afterwards"
        fix = "aws cloudtrail put-event-selectors … (AWS::S3::Object)"
        yield Look(name="s3 data events", standing="warn", seen=seen, fix=fix)


def _has_data_events(aws: Aws, trail: str) -> bool:
    found = aws.call("cloudtrail", "get_event_selectors", TrailName=trail)
    plain = [
        one.get("Type")
        for each in found.get("EventSelectors") or ()
        for one in each.get("DataResources") or ()
    ]
    fields = [
        field
        for each in found.get("AdvancedEventSelectors") or ()
        for field in each.get("FieldSelectors") or ()
    ]
    advanced = [
        value
        for field in fields
        if field.get("Field") == "resources.type"
        for value in field.get("Equals") or ()
    ]
    return "AWS::S3::Object" in (*plain, *advanced)


def guardduty(aws: Aws) -> Iterator[Look]:
    """GuardDuty is on in every enabled Region."""
    off = []
    for region in aws.regions():
        ids = aws.call("guardduty", "list_detectors", region=region).get("DetectorIds") or []
        status = [
            aws.call("guardduty", "get_detector", region=region, DetectorId=each).get("Status")
            for each in ids
        ]
        if "ENABLED" not in status:
            off.append(region)
    yield from _everywhere("guardduty", off, "aws guardduty create-detector --enable --region")


def config(aws: Aws) -> Iterator[Look]:
    """AWS Config records in the Region in use."""
    found = aws.call("config", "describe_configuration_recorder_status")
    states = [each.get("recording") for each in found.get("ConfigurationRecordersStatus") or ()]
    if any(states):
        yield Look(name="config", standing="ok", seen=f"records in {aws.region}")
    else:
        seen = f"does not record in {aws.region}: what a resource was before cannot be read"
        fix = "aws configservice put-configuration-recorder …; start-configuration-recorder"
        yield Look(name="config", standing="warn", seen=seen, fix=fix)


def public_access(aws: Aws) -> Iterator[Look]:
    """S3's Block Public Access for the whole account."""
    found: Any = read(
        aws,
        "s3control",
        "get_public_access_block",
        ("NoSuchPublicAccessBlockConfiguration",),
        AccountId=aws.account,
    )
    settings_ = (found or {}).get("PublicAccessBlockConfiguration") or {}
    name = "block public access"
    if len(settings_) == 4 and all(settings_.values()):
        yield Look(name=name, standing="ok", seen="on for the account")
    else:
        seen = "not all four switches are on for the account: any bucket can be made public"
        fix = f"aws s3control put-public-access-block --account-id {aws.account} …"
        yield Look(name=name, standing="warn", seen=seen, fix=fix)


def root(aws: Aws) -> Iterator[Look]:
    """The root user has MFA and no keys."""
    found = aws.call("iam", "get_account_summary")["SummaryMap"]
    if not found.get("AccountMFAEnabled"):
        fix = (
            "Enrol MFA for the root user, or delete its credentials through centralised root access"
        )
        yield Look(name="root", standing="bad", seen="the root user has no MFA", fix=fix)
    elif found.get("AccountAccessKeysPresent"):
        fix = "Delete the root user's access keys"
        yield Look(name="root", standing="bad", seen="the root user has access keys", fix=fix)
    else:
        yield Look(name="root", standing="ok", seen="MFA, and no access keys")


def users(aws: Aws) -> Iterator[Look]:
    """IAM users with a password and no MFA, and with old keys, from the credential report."""
    for _ in range(REPORT_TRIES):
        if aws.call("iam", "generate_credential_report").get("State") == "COMPLETE":
            break
        aws.wait(1.0)
    content = aws.call("iam", "get_credential_report")["Content"]
    text = content.decode() if isinstance(content, bytes) else str(content)
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["user"] != "<root_account>"]
    bare = [
        row["user"]
        for row in rows
        if row["password_enabled"] == "true" and row["mfa_active"] != "true"
    ]
    if bare:
        seen = f"{len(bare)} users sign in without MFA: {_some(bare)}"
        yield Look(name="users' MFA", standing="warn", seen=seen, fix="Require MFA")
    else:
        yield Look(name="users' MFA", standing="ok", seen="every user with a password has it")
    before = aws.now() - OLD
    old = [row["user"] for row in rows for number in "12" if _old(row, number, before)]
    if old:
        seen = f"{len(old)} active keys are older than {OLD.days} days: {_some(old)}"
        yield Look(name="old keys", standing="warn", seen=seen, fix="Rotate them, or use roles")
    else:
        yield Look(
            name="old keys", standing="ok", seen=f"no active key is older than {OLD.days} days"
        )


def _old(row: Mapping[str, str], number: str, before: datetime) -> bool:
    said = row.get(f"access_key_{number}_last_rotated", "N/A")
    if row.get(f"access_key_{number}_active") != "true" or said in ("N/A", ""):
        return False
    return parse_time(said).astimezone(UTC) < before


def analyzer(aws: Aws) -> Iterator[Look]:
    """An Access Analyzer for external access."""
    found = _all(aws.call("accessanalyzer", "list_analyzers"), "analyzers")
    there = [
        each
        for each in found
        if each.get("status") == "ACTIVE" and "UNUSED" not in each.get("type", "")
    ]
    if there:
        yield Look(name="access analyzer", standing="ok", seen=str(there[0].get("name")))
    else:
        seen = f"none in {aws.region}: access from outside cannot be proven to be gone"
        fix = "aws accessanalyzer create-analyzer --analyzer-name external --type ACCOUNT"
        yield Look(name="access analyzer", standing="warn", seen=seen, fix=fix)


def backups(aws: Aws) -> Iterator[Look]:
    """Backup plans, and a vault that an attacker cannot empty."""
    plans = _all(aws.call("backup", "list_backup_plans"), "BackupPlansList")
    if not plans:
        seen = f"no plan in {aws.region}: what is destroyed is gone"
        yield Look(name="backup", standing="warn", seen=seen, fix="aws backup create-backup-plan …")
        return
    yield Look(name="backup", standing="ok", seen=f"{len(plans)} plans in {aws.region}")
    vaults = _all(aws.call("backup", "list_backup_vaults"), "BackupVaultList")
    if any(each.get("Locked") for each in vaults):
        yield Look(name="vault lock", standing="ok", seen="a vault is locked")
    else:
        seen = "no vault is locked: whoever may delete backups can delete them all"
        fix = "aws backup put-backup-vault-lock-configuration …"
        yield Look(name="vault lock", standing="warn", seen=seen, fix=fix)


def evidence_bucket(aws: Aws) -> Iterator[Look]:
    """Where evidence is kept: outside this machine, versioned and locked."""
    said = str(settings.vault(settings.home()))
    name = "evidence bucket"
    if not said.startswith(("s3:/", "s3://")):
        seen = "evidence is kept on this machine alone"
        yield Look(name=name, standing="warn", seen=seen, fix="FIREDOOR_VAULT=s3://bucket/prefix")
        return
    bucket = said.removeprefix("s3:").strip("/").split("/")[0]
    found: Any = read(
        aws,
        "s3",
        "get_object_lock_configuration",
        ("ObjectLockConfigurationNotFoundError",),
        Bucket=bucket,
    )
    on = ((found or {}).get("ObjectLockConfiguration") or {}).get("ObjectLockEnabled") == "Enabled"
    if on:
        yield Look(name=name, standing="ok", seen=f"{bucket}, with Object Lock")
    else:
        seen = f"{bucket} has no Object Lock: evidence can be deleted"
        yield Look(name=name, standing="warn", seen=seen, fix="A bucket with Object Lock")


LOOKS: Mapping[str, Callable[[Aws], Iterator[Look]]] = {
    "cloudtrail": trails,
    "guardduty": guardduty,
    "config": config,
    "block public access": public_access,
    "root": root,
    "users": users,
    "access analyzer": analyzer,
    "backup": backups,
    "evidence bucket": evidence_bucket,
}
"""What is looked at, by name."""


def _everywhere(name: str, off: list[str], fix: str) -> Iterator[Look]:
    if off:
        seen = f"not on in {', '.join(off)}"
        yield Look(name=name, standing="bad", seen=seen, fix=f"{fix} {off[0]}")
    else:
        yield Look(name=name, standing="ok", seen="on in every enabled Region")


def _all(answer: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    return list(answer.get(key) or ())


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return mask_key_id(", ".join(names[:5]) + more)

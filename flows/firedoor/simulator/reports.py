"""IAM's credential report, and its simulator of policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from firedoor.simulator import accounts
from firedoor.simulator.credentials import Caller
from firedoor.simulator.policy import PolicySet, Request, decide
from firedoor.simulator.state import Report, State
from firedoor.simulator.wire import ApiError, Call

Result = dict[str, Any] | None
_REPORT_LIVES = timedelta(hours=4)
_HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)


def generate_report(state: State, _: Call, caller: Caller) -> Result:
    """Start a new report, unless there is one younger than four hours."""
    kept, now = state.reports.get(caller.account), state.clock.now()
    if kept and now - kept.made < _REPORT_LIVES:
        return {"State": "COMPLETE"}
    state.reports[caller.account] = Report(now, _report(caller.account, now))
    return {
        "State": "STARTED",
        "Description": "No report exists. Starting a new report generation task",
    }


def get_report(state: State, _: Call, caller: Caller) -> Result:
    """The report as it was when it was made."""
    kept = state.reports.get(caller.account)
    if kept is None:
        raise ApiError("ReportNotPresent", "No report present. Generate one first.", 410)
    if state.clock.now() - kept.made >= _REPORT_LIVES:
        raise ApiError("ReportExpired", "The report has expired. Generate a new one.", 410)
    made = kept.made.replace(microsecond=0)
    return {"Content": kept.content, "ReportFormat": "text/csv", "GeneratedTime": made}


def _report(account: str, now: datetime) -> bytes:
    root = (
        f"<root_account>,arn:aws:iam::{account}:root,{_time(now)},not_supported,no_information,"
        "not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,"
        "false,N/A"
    )
    users = accounts.iam(account).users.values()
    return "\n".join([_HEADER, root, *(_row(user) for user in users)]).encode()


def _row(user: Any) -> str:
    fields = [user.name, user.arn, _time(user.create_date)]
    if user.password:
        changed = _time(getattr(user, "login_created", user.create_date))
        used = _time(user.password_last_used) if user.password_last_used else "no_information"
        fields += ["true", used, changed, "N/A"]
    else:
        fields += ["false", "N/A", "N/A", "N/A"]
    fields.append("true" if user.mfa_devices else "false")
    for key in [*user.access_keys[:2], None, None][:2]:
        fields += _key_fields(key)
    for certificate in [*user.signing_certificates.values(), None, None][:2]:
        active = certificate is not None and certificate.status == "Active"
        fields += [
            "true" if active else "false",
            _time(certificate.upload_date) if certificate is not None else "N/A",
        ]
    return ",".join(fields)


def _key_fields(key: Any) -> list[str]:
    if key is None:
        return ["false", "N/A", "N/A", "N/A", "N/A"]
    active = "true" if key.status == "Active" else "false"
    used = key.last_used
    last = [_time(used.timestamp), used.region, used.service] if used else ["N/A"] * 3
    return [active, _time(key.create_date), *last]


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def simulate_principal(state: State, call: Call, caller: Caller) -> Result:
    """SimulatePrincipalPolicy: what the evaluator says of each action on each resource."""
    arn = str(call.params["PolicySourceArn"])
    account = arn.split(":")[4] if arn.count(":") >= 5 else caller.account
    backend = accounts.iam(account)
    holders = [*backend.users.values(), *backend.roles.values(), *backend.groups.values()]
    found = next((holder for holder in holders if holder.arn == arn), None)
    if found is None:
        raise ApiError("NoSuchEntity", f"The entity {arn} cannot be found.", 404)
    given = [accounts.document(one) for one in call.params.get("PolicyInputList") or []]
    bounds = call.params.get("PermissionsBoundaryPolicyInputList") or []
    policies = PolicySet(
        identity=(*accounts.identity_policies(found), *given),
        boundary=accounts.document(bounds[0]) if bounds else accounts.boundary(found),
        session=None,
        scps=state.scps.get(account, ()),
        resource=(),
    )
    return _simulated(call, arn, policies)


def simulate_custom(_: State, call: Call, caller: Caller) -> Result:
    """SimulateCustomPolicy: the given documents alone."""
    bounds = call.params.get("PermissionsBoundaryPolicyInputList") or []
    policies = PolicySet(
        identity=tuple(accounts.document(one) for one in call.params["PolicyInputList"]),
        boundary=accounts.document(bounds[0]) if bounds else None,
        session=None,
        scps=(),
        resource=(),
    )
    return _simulated(call, str(call.params.get("CallerArn") or caller.arn), policies)


def _simulated(call: Call, principal: str, policies: PolicySet) -> dict[str, Any]:
    context: dict[str, str | list[str]] = {"aws:PrincipalArn": principal}
    for entry in call.params.get("ContextEntries") or []:
        values = [str(value) for value in entry.get("ContextKeyValues") or []]
        many = str(entry.get("ContextKeyType", "")).endswith("List")
        context[entry["ContextKeyName"]] = values if many else "".join(values[:1])
    results = []
    for action in call.params["ActionNames"]:
        for resource in call.params.get("ResourceArns") or ["*"]:
            verdict = decide(Request(action, resource, principal, context), policies)
            implicit = "explicitDeny" if "explicit deny" in verdict.why else "implicitDeny"
            results.append(
                {
                    "EvalActionName": action,
                    "EvalResourceName": resource,
                    "EvalDecision": "allowed" if verdict.allowed else implicit,
                    "MatchedStatements": [],
                    "MissingContextValues": [],
                }
            )
    return {"EvaluationResults": results, "IsTruncated": False}


OPERATIONS: Mapping[str, Callable[[State, Call, Caller], Result]] = {
    "iam:GenerateCredentialReport": generate_report,
    "iam:GetCredentialReport": get_report,
    "iam:SimulatePrincipalPolicy": simulate_principal,
    "iam:SimulateCustomPolicy": simulate_custom,
}

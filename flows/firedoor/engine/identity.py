"""Who answers an approval at a terminal: the operating system says so, and AWS where it matters.

AWS is asked (GetCallerIdentity) only where the plan knows somebody by an ARN or wants MFA, and only
AWS itself, or the endpoint that the incident is in: a stand-in would say whatever its owner likes.
Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from firedoor.chain import Entry
from firedoor.engine.door import Who, whoami
from firedoor.engine.people import asks_aws
from firedoor.errors import AwsError, BadInput, FiredoorError, Refused
from firedoor.response_plan import ResponsePlan

_USER = re.compile(r"(arn:aws[a-z-]*:iam::\d{12}):user/(?:.*/)?([^/]+)")
_CODE = re.compile(r"\d{6}")


def who_answers(plan: ResponsePlan, entries: Sequence[Entry], *, mfa: str = "") -> Who:
    """Whoever sits at this terminal. `mfa`: the six digits that his device shows now."""
    me = whoami()
    if mfa and not _CODE.fullmatch(mfa):
        raise BadInput("--mfa is the six digits that the device shows now")
    if not asks_aws(plan) and not mfa:
        return Who(ids=(me,))
    from firedoor.aws import connect  # lazy: botocore

    try:
        aws = connect()
        _refuse_other_endpoint(entries, aws.endpoint)
        principal = aws.principal
    except FiredoorError as error:
        if mfa:
            raise
        return Who(ids=(me,), unproven=f" (AWS does not say who you are: {error})")
    return Who(ids=(me, principal), mfa=_checked(aws, principal, mfa) if mfa else "")


def _refuse_other_endpoint(entries: Sequence[Entry], here: str) -> None:
    there = str(entries[0].data.get("target", {}).get("endpoint") or "")
    if here and here != there:
        raise Refused(f"{here} is not AWS's own endpoint, and not the incident's either")


def _checked(aws: Any, principal: str, code: str) -> str:
    """How AWS saw that the code is right; Refused when it is not, or cannot be checked."""
    user = _USER.fullmatch(principal)
    if user is None:
        raise Refused(
            f"AWS checks MFA codes of IAM users, and you are {principal}: use an IAM user's "
            "credentials, or let `mfa.sessions` of the plan name the sessions that need MFA"
        )
    try:
        devices = list(aws.pages("iam", "list_mfa_devices", "MFADevices", UserName=user[2]))
    except AwsError:
        # He may not list them: the usual name is tried.
        devices = [{"SerialNumber": f"{user[1]}:mfa/{user[2]}"}]
    problem = f"user {user[2]} has no MFA device"
    for device in devices:
        serial = str(device["SerialNumber"])
        try:
            aws.call("sts", "get_session_token", SerialNumber=serial, TokenCode=code)
        except AwsError as error:
            problem = error.message
            continue
        return f"sts:GetSessionToken with {serial}"
    raise Refused(f"AWS does not take the MFA code: {problem}")

"""Keep the account's credential report.

It lists every user with passwords, keys (two each) and MFA. AWS makes a new one at most every four
hours and answers with the old one until then, so it is context, never proof: service-specific
credentials are not in it, and what was changed since it was made is not either.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

from datetime import UTC, datetime

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.errors import AwsError
from firedoor.kinds import Time, time_text

PERMISSIONS = (Permission("iam:GenerateCredentialReport"), Permission("iam:GetCredentialReport"))
EXAMPLE: dict[str, str] = {}
LOOKS = 30
PAUSE_SECONDS = 2.0
FRESH_SECONDS = 120
"""A report older than this was not made for us: having it made takes a minute at most."""


class Input(Given, frozen=True, kw_only=True):
    """Nothing: there is one report in an account."""


class Output(contract.Output, frozen=True, kw_only=True):
    """When the report was made and how old that is, in seconds."""

    generated: Time
    age_seconds: int
    keep: tuple[Artefact, ...]
    unknown: tuple[str, ...]


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Have it made, wait at most a minute, and keep it."""
    for _ in range(LOOKS):
        state = aws.call("iam", "generate_credential_report").get("State")
        if state == "COMPLETE":
            break
        aws.wait(PAUSE_SECONDS)
    else:
        raise AwsError(
            "the credential report was not made within a minute; large accounts take longer: run "
            "this again later",
            code="ReportInProgress",
            operation="iam:GenerateCredentialReport",
        )
    answer = aws.call("iam", "get_credential_report")
    made: datetime = answer["GeneratedTime"].astimezone(UTC)
    age = max(0, int((aws.now() - made).total_seconds()))
    note = f"the credential report is {age // 60} min old: AWS answered with a cached one"
    content = answer["Content"]
    return Output(
        generated=time_text(made),
        age_seconds=age,
        keep=(
            Artefact(
                name="credential-report.csv",
                content=content.decode() if isinstance(content, bytes) else str(content),
                about=f"IAM credential report of {time_text(made)}",
            ),
        ),
        unknown=(note,) if age > FRESH_SECONDS else (),
    )

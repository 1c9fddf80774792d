"""Keep how SES is set up in a Region: whether it sends, as whom, how much, and who else may.

Account, quota and reputation, configuration sets, the statistics of two weeks, and of the named
identity everything, with its policies. Single messages are not in CloudTrail unless SES's data
events are on: what was sent to whom is known from a configuration set's event destination alone,
and that is said. Identities are listed (names only), at most 1,000 of them.
Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.errors import AwsError, NoCredentials
from firedoor.kinds import Region, SesIdentity

IDENTITY = "arn:{partition}:ses:{region}:{account}:identity/{identity}"
PERMISSIONS = (
    Permission("ses:GetAccount"),
    Permission("ses:ListEmailIdentities"),
    Permission("ses:ListConfigurationSets"),
    Permission("ses:GetSendStatistics"),
    Permission("ses:GetEmailIdentity", IDENTITY),
    Permission("ses:GetEmailIdentityPolicies", IDENTITY),
)
EXAMPLE = {"identity": "example.com", "region": "eu-central-1"}
KEEPS = ("ses.identity",)
MOST = 1000


class Input(Given, frozen=True, kw_only=True):
    """The Region, and an identity of which everything is kept."""

    region: Region | None = None
    identity: SesIdentity | None = None


class Output(contract.Output, frozen=True, kw_only=True):
    """Whether it sends, and what the numbers say: `sent` in the last 24 hours."""

    region: Region
    sending: bool | None = None
    production: bool | None = None
    sent: int = 0
    identities: int = 0
    configuration_sets: tuple[str, ...] = ()
    not_kept: tuple[str, ...] = ()
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Everything that SES tells."""
    region = given.region or aws.region
    name = given.identity

    def listed(operation: str, key: str) -> list[Any]:
        return list(islice(aws.pages("sesv2", operation, key, region=region), MOST))

    parts: dict[str, Callable[[], Any]] = {
        "account": lambda: aws.call("sesv2", "get_account", region=region),
        "identities": lambda: listed("list_email_identities", "EmailIdentities"),
        "configuration sets": lambda: listed("list_configuration_sets", "ConfigurationSets"),
        "statistics": lambda: aws.call("ses", "get_send_statistics", region=region),
    }
    if name is not None:
        parts["identity"] = lambda: aws.call(
            "sesv2", "get_email_identity", region=region, EmailIdentity=name
        )
        parts["policies"] = lambda: aws.call(
            "sesv2", "get_email_identity_policies", region=region, EmailIdentity=name
        )
    told: dict[str, Any] = {}
    unknown: list[str] = []
    for part, read in parts.items():
        try:
            told[part] = read()
        except NoCredentials:
            raise
        except AwsError as error:
            unknown.append(f"SES's {part} in {region}: {error.message}")
    unknown.append(
        "which messages were sent to whom: CloudTrail has that only where SES's data events are on"
    )
    account = told.get("account") or {}
    return Output(
        region=region,
        sending=account.get("SendingEnabled"),
        production=account.get("ProductionAccessEnabled"),
        sent=int((account.get("SendQuota") or {}).get("SentLast24Hours") or 0),
        identities=len(told.get("identities", ())),
        configuration_sets=tuple(told.get("configuration sets", ())),
        not_kept=("ses.identity",) if name is not None and "identity" not in told else (),
        keep=(Artefact(name=f"ses-{region}", content=told, about=f"SES in {region}, before"),),
        unknown=tuple(unknown),
    )

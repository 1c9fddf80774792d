"""Keep how Bedrock is set up in every Region: invocation log, provisioned throughput, batch jobs.

The invocation log is a Region's own and off by default: without it, what was asked and answered is
not recoverable, and that is said Region by Region where models can be asked. Regions in which
Bedrock does not exist are left out.
Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from firedoor.actions import contract
from firedoor.actions.contract import Artefact, Aws, Case, Given, Permission
from firedoor.errors import AwsError, AwsUnreachable, NoCredentials
from firedoor.kinds import Region

PERMISSIONS = (
    Permission("bedrock:GetModelInvocationLoggingConfiguration"),
    Permission("bedrock:ListProvisionedModelThroughputs"),
    Permission("bedrock:ListModelInvocationJobs"),
    Permission("ec2:DescribeRegions", why="which Regions to look in"),
)
EXAMPLE: dict[str, Any] = {}
WORKERS = 8


class Input(Given, frozen=True, kw_only=True):
    """Nothing: it is about the account."""


class Output(contract.Output, frozen=True, kw_only=True):
    """In which Regions prompts are logged, and what runs and costs."""

    logged: tuple[Region, ...] = ()
    unlogged: tuple[Region, ...] = ()
    throughputs: int = 0
    jobs: int = 0
    keep: tuple[Artefact, ...] = ()
    unknown: tuple[str, ...] = ()


def observe(aws: Aws, given: Input, case: Case) -> Output:
    """Region by Region, side by side."""
    regions = aws.regions()
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        asked = [pool.submit(copy_context().run, _region, aws, region) for region in regions]
        told = {region: each.result() for region, each in zip(regions, asked, strict=True)}
    here = {region: found for region, (found, _) in told.items() if found}
    unlogged = sorted(region for region, found in here.items() if found.get("log") == {})
    unknown = [note for _, notes in told.values() for note in notes]
    if unlogged:
        unknown.append(
            f"what models were asked in {', '.join(unlogged)}: their invocation log is off, so no "
            "prompt can be had back"
        )
    return Output(
        logged=tuple(sorted(region for region, found in here.items() if found.get("log"))),
        unlogged=tuple(unlogged),
        throughputs=sum(len(found.get("throughputs", ())) for found in here.values()),
        jobs=sum(len(found.get("jobs", ())) for found in here.values()),
        keep=(
            Artefact(name="bedrock", content=here, about="How Bedrock is set up, Region by Region"),
        ),
        unknown=tuple(unknown),
    )


def _region(aws: Aws, region: str) -> tuple[dict[str, Any], list[str]]:
    reads: dict[str, Callable[[], Any]] = {
        "log": lambda: aws.call(
            "bedrock", "get_model_invocation_logging_configuration", region=region
        ).get("loggingConfig", {}),
        "throughputs": lambda: list(
            aws.pages(
                "bedrock",
                "list_provisioned_model_throughputs",
                "provisionedModelSummaries",
                region=region,
            )
        ),
        "jobs": lambda: list(
            aws.pages(
                "bedrock",
                "list_model_invocation_jobs",
                "invocationJobSummaries",
                region=region,
                statusEquals="InProgress",
            )
        ),
    }
    found: dict[str, Any] = {}
    unknown: list[str] = []
    for name, read in reads.items():
        try:
            found[name] = read()
        except NoCredentials:
            raise
        except AwsUnreachable as error:
            # There is no Bedrock in every Region: its name does not resolve there.
            if name == "log":
                return {}, []
            unknown.append(f"Bedrock's {name} in {region}: {error.message}")
        except AwsError as error:
            unknown.append(f"Bedrock's {name} in {region}: {error.message}")
    return found, unknown

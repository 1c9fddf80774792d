"""Every action keeps the contract; this walks all of them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
import msgspec
import pytest

from firedoor.actions.contract import NEVER, Action, Artefact, Check, State
from firedoor.actions.registry import registry
from firedoor.check import Known, check_runbook
from firedoor.simulator.requests import action_of
from firedoor.yamlio import loads

ACTIONS = sorted(registry())
MUTATING = [name for name in ACTIONS if registry()[name].mutating]

NOT_OPERATIONS: dict[str, str] = {
    # IAM actions that are no API operation of their own, with the reason why they exist:
    "s3:GetObjectVersion": "GetObject and HeadObject of a version that is named",
    "s3:GetObjectVersionTagging": "GetObjectTagging of a version that is named",
    "s3:DeleteObjectVersion": "DeleteObject of a version that is named",
    "iam:PassRole": "handing a role to a service has no API of its own",
}

SERVICES = {"elasticloadbalancing": ("elbv2", "elb"), "s3": ("s3", "s3control")}
SERVICES |= {"access-analyzer": ("accessanalyzer",), "elasticfilesystem": ("efs",)}
SERVICES |= {"ses": ("ses", "sesv2")}
SERVICES |= {"sso": ("sso-admin",)}
"""The service models of a prefix that is named otherwise."""


def action(name: str) -> Action:
    return registry()[name]


@cache
def operations(prefix: str) -> set[str]:
    """The IAM actions of a service that its API's operations ask for."""
    session = botocore.session.Session()
    return {
        action_of(service, operation).partition(":")[2]
        for service in SERVICES.get(prefix, (prefix,))
        for operation in session.get_service_model(service).operation_names
    }


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_is_found_under_the_path_of_its_module(name: str) -> None:
    module = importlib.import_module(f"firedoor.actions.{name}")

    assert action(name).module is module


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_says_what_it_does_in_one_line_and_more_below(name: str) -> None:
    summary, _, rest = action(name).about.partition("\n")

    assert re.fullmatch(r"[A-Z][^\n]{10,95}[.]", summary)
    assert rest.startswith("\n")
    assert len(rest) > 100


@pytest.mark.parametrize("name", [name for name in ACTIONS if not name.startswith("report.")])
def test_an_action_on_aws_names_its_source(name: str) -> None:
    assert re.search(r"^Source: https://docs\.aws\.amazon\.com/\S+$", action(name).about, re.M)


@pytest.mark.parametrize("name", ACTIONS)
def test_the_example_of_an_action_fits_its_input(name: str) -> None:
    msgspec.convert(dict(action(name).example), action(name).Input)


@pytest.mark.parametrize("name", ACTIONS)
def test_the_example_of_an_action_checks_in_a_runbook(name: str) -> None:
    given = msgspec.json.encode(dict(action(name).example)).decode()
    # What it destroys has to be kept before, of the same target.
    kept = "".join(
        f"  - {{ id: before_{index}, phase: evidence, action: {keeper}, "
        f"with: {taken(keeper, action(name).example)} }}\n"
        for index, keeper in enumerate(
            next(each for each in ACTIONS if thing in action(each).keeps)
            for thing in action(name).destroys
        )
    )
    text = (
        "runbook: example\ntitle: x\nsummary: x\nsteps:\n"
        f"{kept}"
        f"  - {{ id: only, phase: contain, action: {name}, with: {given} }}\n"
    )

    _, problems = check_runbook(loads(text, "x.yaml"), Known(registry()))

    assert problems == []


def taken(name: str, example: Mapping[str, Any]) -> str:
    """What of an example another action takes too."""
    fields = action(name).Input.__struct_fields__
    return msgspec.json.encode({k: v for k, v in example.items() if k in fields}).decode()


@pytest.mark.parametrize("name", ACTIONS)
def test_every_permission_of_an_action_exists(name: str) -> None:
    grants = [(grant.action, grant.resource) for grant in action(name).permissions]
    wanted = [each for each, _ in grants]
    unknown = [
        each
        for each in wanted
        if each not in NOT_OPERATIONS and each.split(":")[1] not in operations(each.split(":")[0])
    ]

    assert unknown == []
    assert len(grants) == len(set(grants))


@pytest.mark.parametrize("name", ACTIONS)
def test_permissions_name_only_places_that_can_be_filled(name: str) -> None:
    known = {"account", "partition", *action(name).Input.__struct_fields__}
    text = repr([(grant.resource, grant.condition) for grant in action(name).permissions])
    places = set(re.findall(r"\{([a-z_]+)\}", text))

    assert places <= known


@pytest.mark.parametrize("name", MUTATING)
def test_a_mutating_action_says_what_undoing_it_means(name: str) -> None:
    found = action(name)

    # Undoing what let somebody in again shuts it again: such an action says NEVER itself.
    assert found.irreversible or hasattr(found.module, "REOPENS")
    assert not (found.irreversible and found.reopens is not NEVER)


@pytest.mark.parametrize("name", MUTATING)
def test_a_mutating_action_can_tell_its_changes_as_commands(name: str) -> None:
    assert action(name).commands is not None


@pytest.mark.parametrize("name", [name for name in ACTIONS if name not in MUTATING])
def test_a_reading_action_needs_reading_permissions_only(name: str) -> None:
    verbs = {
        re.match(r"[A-Z][a-z]+", grant.action.split(":")[1])[0]  # type: ignore[index]
        for grant in action(name).permissions
    }

    reading = {"Get", "List", "Describe", "Lookup", "Generate", "Simulate", "Assume"}

    assert verbs <= reading | {"Filter", "Download"}


@pytest.mark.parametrize("name", ACTIONS)
def test_everything_that_goes_in_or_comes_out_is_described(name: str) -> None:
    found = [struct for struct in structs(action(name)) if not (struct.__doc__ or "").strip()]

    assert found == []


def structs(found: Action) -> list[type[msgspec.Struct]]:
    """Input, Output, state, and the structs in their fields."""
    ours = [found.Input, *([found.Output] if found.Output else [])]
    seen: list[type[msgspec.Struct]] = []
    while ours:
        one = ours.pop()
        if one in seen or one in (Artefact, Check, State):
            continue
        seen.append(one)
        for field in msgspec.structs.fields(one):
            ours += inner(field.type)
    return seen


def inner(annotation: Any) -> list[type[msgspec.Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return [annotation]
    return [one for each in getattr(annotation, "__args__", ()) for one in inner(each)]

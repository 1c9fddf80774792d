"""A runbook as a flow: its form, its refusals, and the entrypoints that prefect.yaml names."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prefect import Flow
from prefect.exceptions import ParameterTypeError
from prefect.utilities.callables import parameter_schema

from firedoor.engine.artifacts import plan_text, result_text
from firedoor.engine.compiled import compiled
from firedoor.library import Library, shipped
from firedoor.program import Program, compile_program
from firedoor.runbook import Runbook
from firedoor.yamlio import load as load_yaml

ROOT = Path(__file__).parents[2]


def program_with(**inputs: Any) -> Program:
    """A program that only has inputs."""
    book = msgspec.convert(
        {
            "runbook": "shut-all",
            "title": "Shut all",
            "summary": "Shut what is open.",
            "inputs": inputs,
            "one_of": ["user", "region"],
            "steps": [],
        },
        Runbook,
    )
    return compile_program(book.runbook, lambda _: book)


INPUTS: dict[str, Any] = {
    "user": {"type": "iam_user_name", "required": False, "about": "Whose key leaked."},
    "region": {"type": "region"},
    "accounts": {"type": "list[account_id]", "default": ["111122223333"]},
    "count": {"type": "integer", "default": 3},
    "harsh": {"type": "boolean", "default": False},
}


async def echo(given: dict[str, Any]) -> dict[str, Any]:
    return given


@pytest.fixture
def flow() -> Flow[..., Any]:
    return compiled(program_with(**INPUTS), echo)


def test_the_form_has_each_input_with_its_type_its_words_and_its_default(
    flow: Flow[..., Any],
) -> None:
    schema = parameter_schema(flow).model_dump_for_openapi()
    told = schema["properties"]

    assert list(told) == list(INPUTS)
    assert schema["required"] == ["region"]
    assert told["region"]["pattern"] == r"^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$"
    assert "Whose key leaked." in str(told["user"])
    assert told["accounts"]["items"]["pattern"] == r"^[0-9]{12}$"
    assert (told["count"]["type"], told["count"]["default"]) == ("integer", 3)
    assert (told["harsh"]["type"], told["harsh"]["default"]) == ("boolean", False)


def test_a_flow_carries_the_runbooks_name_and_words(flow: Flow[..., Any]) -> None:
    assert (flow.name, flow.fn.__name__) == ("shut-all", "shut_all")
    assert "Shut what is open." in (flow.description or "")
    assert "One of user or region is needed." in (flow.description or "")


@pytest.mark.parametrize(
    "given",
    [
        {"region": "the moon"},
        {"region": "eu-central-1", "accounts": ["12"]},
        {"region": "eu-central-1", "harsh": "perhaps"},
        {"region": "eu-central-1", "user": "a b"},
    ],
)
def test_a_bad_value_is_refused_before_the_run(flow: Flow[..., Any], given: Any) -> None:
    with pytest.raises(ParameterTypeError):
        flow.validate_parameters(given)


def test_good_values_reach_the_body_by_name_with_defaults_and_without_what_is_absent(
    flow: Flow[..., Any],
) -> None:
    given = flow.validate_parameters({"region": "eu-central-1", "count": 4})

    assert asyncio.run(flow.fn(**given)) == {
        "region": "eu-central-1",
        "accounts": ["111122223333"],
        "count": 4,
        "harsh": False,
    }
    assert all(
        each.kind is inspect.Parameter.KEYWORD_ONLY
        for each in inspect.signature(flow.fn).parameters.values()
    )


def entrypoint(path: str, name: str) -> Any:
    """What an entrypoint's file has under a name, loaded as Prefect does."""
    spec = importlib.util.spec_from_file_location(f"entry_{Path(path).stem}", ROOT / path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def test_every_shipped_runbook_has_a_deployment_and_every_deployment_a_flow() -> None:
    document = load_yaml(ROOT / "prefect.yaml").value
    points = [each["entrypoint"] for each in document["deployments"]]
    runbooks = [path.stem.replace("-", "_") for path in shipped("runbooks").glob("*.yaml")]
    pools = {each["work_pool"]["name"] for each in document["deployments"]}

    assert {f"flows/runbooks.py:{name}" for name in runbooks} <= set(points)
    assert all(isinstance(entrypoint(*point.split(":")), Flow) for point in points)
    assert pools == {"firedoor"}


def test_a_runbooks_key_ids_and_markup_are_harmless_in_artifacts() -> None:
    program = Library.open(ROOT).program("compromised-credentials")
    told = result_text(
        "INC-2026-0042",
        {
            "run": "r1",
            "status": "contained",
            "steps": [
                {
                    "id": "keys",
                    "phase": "contain",
                    "status": "done",
                    "proof": "holds",
                    "why": "AKIAIOSFODNN7EXAMPLE | [click](http://evil.example)",
                }
            ],
            "unknown": ["whether ASIAIOSFODNN7EXAMPLE holds"],
        },
    )

    assert "AKIAIOSFODNN7EXAMPLE" not in told
    assert "ASIAIOSFODNN7EXAMPLE" not in told
    assert "](http" not in told
    assert "credential" in plan_text(program, [], "r1")

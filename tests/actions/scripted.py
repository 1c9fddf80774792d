"""An AWS that answers as a test says, held to the real service models on both sides.

For APIs that neither moto nor the simulator has: parameters and answers are validated against
botocore's models, as its Stubber does, so that a call that AWS would not understand fails the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.validate import validate_parameters

from firedoor.errors import AwsError
from tests.simulator.conftest import ACCOUNT, START

Answer = Mapping[str, Any] | AwsError | Callable[[Mapping[str, Any]], Mapping[str, Any]]


@cache
def _operations(service: str) -> dict[str, Any]:
    model = botocore.session.Session().get_service_model(service)
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


def refused(code: str, message: str = "no") -> AwsError:
    """AWS's answer when it does not do it."""
    return AwsError(message, code=code, operation="scripted")


class ScriptedAws:
    """`answers` maps `service:operation` (snake case) to the answer, an error, or a function of the
    parameters. `made` holds the calls in order, with their Region and parameters."""

    account = ACCOUNT
    region = "eu-central-1"
    partition = "aws"
    principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/firedoor-responder/drill"

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = dict(answers)
        self.made: list[tuple[str, str | None, dict[str, Any]]] = []
        self.clock = START.astimezone(UTC)

    def call(
        self, service: str, operation: str, /, *, region: str | None = None, **given: Any
    ) -> dict[str, Any]:
        model = _operations(service)[operation]
        validate_parameters(given, model.input_shape)
        name = f"{service}:{operation}"
        self.made.append((name, region, given))
        assert name in self.answers, f"the test has no answer to {name}"
        answer = self.answers[name]
        if isinstance(answer, AwsError):
            raise answer
        told = dict(answer(given) if callable(answer) else answer)
        if model.output_shape is not None:
            validate_parameters(told, model.output_shape)
        return told

    def pages(
        self, service: str, operation: str, key: str, /, *, region: str | None = None, **given: Any
    ) -> Iterator[Any]:
        yield from self.call(service, operation, region=region, **given).get(key) or ()

    def regions(self) -> list[str]:
        return [self.region]

    def now(self) -> datetime:
        return self.clock

    @contextmanager
    def requests(self) -> Iterator[list[str]]:
        yield []

    def wait(self, seconds: float) -> None:
        return

    def names(self) -> list[str]:
        """The calls in order."""
        return [name for name, _, _ in self.made]

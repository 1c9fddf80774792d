"""Whatever is sent to the service, by its own OpenAPI: an answer that it documents, no fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from firedoor.inbox import Inbox
from firedoor.store import Store
from firedoor.web.app import application
from firedoor.web.hooks import Hooks
from firedoor.web.openapi import document
from firedoor.web.sns import Signatures
from tests.web.conftest import KEY, TOPIC
from tests.web.signing import Signer


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The service with a key, a topic and an inbox of its own."""
    patch = pytest.MonkeyPatch()
    patch.setenv("FIREDOOR_HOOK_KEYS", KEY)
    patch.setenv("FIREDOOR_METRICS_KEYS", KEY)
    patch.setenv("FIREDOOR_SNS_TOPICS", TOPIC)
    inbox = Inbox(Store.open(tmp_path_factory.mktemp("openapi")))
    hooks = Hooks(inbox, lambda _: None, signatures=Signatures(Signer().fetch))
    app = application(hooks, lambda: (True, {}), lambda: b"figures")
    yield schemathesis.openapi.from_asgi("/openapi.json", app, headers={"X-Api-Key": KEY})
    inbox.close()
    patch.undo()


QUICK = settings(
    max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
PATHS = [(method, path) for path, told in document()["paths"].items() for method in told]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_what_is_documented_is_what_is_answered(schema: Any, method: str, path: str) -> None:
    # Not by schemathesis's own pytest plugin: it fails with this pytest.
    @given(case=schema[path][method].as_strategy())
    @QUICK
    def answered(case: schemathesis.Case) -> None:
        # What a finding is goes further than any schema of its envelope says.
        case.call_and_validate(
            headers={"X-Api-Key": KEY}, excluded_checks=[positive_data_acceptance]
        )

    answered()

"""Checks a runbook that a test writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import dedent, indent

import pytest

from firedoor.check import Known, check_runbook
from firedoor.runbook import Runbook
from firedoor.yamlio import loads
from tests.check.actions import ACTIONS

HEAD = """\
runbook: example
title: An example
summary: For tests.
inputs:
  user: { type: iam_user_name }
  key: { type: access_key_id, required: false }
  role: { type: iam_role_name, required: false }
  lookback: { type: duration, default: 48h }
  names: { type: "list[iam_user_name]", default: [] }
steps:
"""

Problems = Callable[..., list[str]]


@pytest.fixture
def problems() -> Problems:
    """The problems of a runbook whose steps are given, without their place."""

    def find(steps: str, *, more: str = "", roles: Mapping[str, int] | None = None) -> list[str]:
        text = HEAD + indent(dedent(steps).strip("\n"), "  ") + "\n" + dedent(more)
        _, found = check_runbook(loads(text, "x.yaml"), Known(ACTIONS, roles=roles))
        return [each.message for each in found]

    return find


@pytest.fixture
def made() -> Callable[[str], Runbook]:
    """The model of a runbook whose steps are given; fails when it has problems."""

    def make(steps: str) -> Runbook:
        text = HEAD + indent(dedent(steps).strip("\n"), "  ") + "\n"
        book, found = check_runbook(loads(text, "x.yaml"), Known(ACTIONS))
        assert found == []
        assert book is not None
        return book

    return make

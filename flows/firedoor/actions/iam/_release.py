"""Takes policies of ours off a user or a role again when their time has come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from firedoor.actions.contract import Aws, Case
from firedoor.actions.iam._user import GONE, document
from firedoor.errors import AwsError, Refused
from firedoor.kinds import time_text


def ours(aws: Aws, case: Case, kind: str, name: str, suffixes: Iterable[str]) -> dict[str, Any]:
    """The inline policies of the case on a user or role, by suffix; those that stand."""
    found: dict[str, Any] = {}
    for suffix in suffixes:
        named = {f"{kind.capitalize()}Name": name, "PolicyName": case.name(suffix)}
        try:
            answer = aws.call("iam", f"get_{kind}_policy", **named)
        except AwsError as error:
            if error.code not in GONE:
                raise
            continue
        found[suffix] = document(answer["PolicyDocument"])
    return found


def not_before(case: Case, lasting: timedelta, what: str) -> None:
    """Refused until `lasting` after the last change of the incident: `resume` tries it again."""
    if case.changed is None:
        # Nothing was changed in this incident: nothing of its can stand.
        return
    ends = case.changed + lasting
    if case.now < ends:
        when = time_text(ends)
        raise Refused(
            f"{what} stays until {when}: sessions from before live that long",
            rule="its time has not come",
            instead=f"`firedoor resume {case.incident}` after {when} asks whether to take it off",
        )

"""Take statements out of a function's resource policy: those for everybody, or one that is named.

Without `statement` these are the statements that let in everybody (Principal `*`) with no condition
on whose account, organization or resource it is; they stand in the policies of the function and of
its aliases and versions. With `statement` it is that one (of `qualifier`, where one is given), such
as one that the attacker added. All other statements stay: each is removed by its own id, and
nothing is written anew. Undoing adds the statement again with AddPermission; one that AddPermission
cannot write in the same words cannot come back by itself, and says so beforehand.
Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

from typing import Any

from firedoor.actions.awslambda import _function
from firedoor.actions.awslambda._function import FUNCTION, QUALIFIED, Found, OfFunction
from firedoor.actions.awslambda._statements import added_by, is_public
from firedoor.actions.contract import Aws, Case, Change, Check, Permission, Reopens
from firedoor.errors import Refused
from firedoor.kinds import FunctionQualifier, StatementId

PERMISSIONS = (
    Permission("lambda:ListAliases", FUNCTION),
    Permission("lambda:ListVersionsByFunction", FUNCTION),
    Permission("lambda:GetPolicy", FUNCTION),
    Permission("lambda:GetPolicy", QUALIFIED),
    Permission("lambda:RemovePermission", FUNCTION),
    Permission("lambda:RemovePermission", QUALIFIED),
    Permission("lambda:AddPermission", FUNCTION, "undo"),
    Permission("lambda:AddPermission", QUALIFIED, "undo"),
)
EXAMPLE = {"function": "thumbnails", "statement": "FunctionURLAllowPublicAccess"}
REOPENS = Reopens("whoever the statement lets in could call the function again")
UNWRITABLE = (
    "AddPermission cannot write this statement in the same words; its text is in the evidence"
)


class Input(OfFunction, frozen=True, kw_only=True):
    """The function; `statement` (of `qualifier`): the one that is meant, else all public ones."""

    statement: StatementId | None = None
    qualifier: FunctionQualifier | None = None


def observe(aws: Aws, given: Input, case: Case) -> Found:
    """The statements that are meant, each as the policy has it."""
    arn = _function.arn_of(aws, given)
    named = [given.qualifier or ""]
    places = named if given.statement else ["", *_function.qualifiers(aws, given)]
    parts: dict[str, Any] = {}
    for place in places:
        for statement in _function.policy_of(aws, given, place):
            wanted = statement.get("Sid") == given.statement if given.statement else None
            if wanted or (wanted is None and is_public(statement)):
                parts[_resource(arn, place, str(statement.get("Sid", "")))] = statement
    return Found(parts=parts, arn=arn)


def changes(given: Input, before: Found, case: Case) -> list[Change]:
    """Each of them to none."""
    return [
        Change(
            resource=resource,
            what="permission",
            from_=statement,
            to=None,
            lost="" if added_by(statement) else UNWRITABLE,
        )
        for resource, statement in before.parts.items()
    ]


def apply(aws: Aws, given: Input, change: Change, case: Case) -> None:
    """Remove one statement, or add it again as it was; one that is gone is removed."""
    qualifier, sid = _named(change)
    more = {"Qualifier": qualifier} if qualifier else {}
    if change.to is None:
        _function.change(aws, given, change, "remove_permission", StatementId=sid, **more)
        return
    written = added_by(change.to)
    if written is None:
        raise Refused(
            f"statement {sid!r} cannot be brought back by firedoor: {UNWRITABLE}",
            rule="irreversible",
            instead="Add it by hand from the evidence",
        )
    _function.change(aws, given, change, "add_permission", **written, **more)


def verify(aws: Aws, given: Input, case: Case) -> list[Check]:
    """None of them stands."""
    left = observe(aws, given, case).parts
    what = f"statement {given.statement}" if given.statement else "a statement for everybody"
    seen = ", ".join(resource.rpartition("/")[2] for resource in left) or "none"
    return [Check(what=f"the policy of {given.function} has not {what}", holds=not left, seen=seen)]


def _resource(arn: str, qualifier: str, sid: str) -> str:
    return f"{arn}{':' if qualifier else ''}{qualifier}#permission/{sid}"


def _named(change: Change) -> tuple[str, str]:
    """The qualifier, "" for none, and the statement's id."""
    holder, _, part = change.resource.partition("#permission/")
    parts = holder.split(":")
    return (parts[7] if len(parts) > 7 else ""), part


def commands(change: Change) -> list[list[str]]:
    """The AWS CLI's words."""
    qualifier, sid = _named(change)
    more = ["--qualifier", qualifier] if qualifier else []
    if change.to is None:
        return _function.cli(change, "remove-permission", "--statement-id", sid, *more)
    words = [
        word
        for name, value in (added_by(change.to) or {}).items()
        for word in (_OPTIONS[name], str(value))
    ]
    return _function.cli(change, "add-permission", *words, *more)


_OPTIONS = {
    "StatementId": "--statement-id",
    "Action": "--action",
    "Principal": "--principal",
    "SourceArn": "--source-arn",
    "SourceAccount": "--source-account",
    "EventSourceToken": "--event-source-token",
    "PrincipalOrgID": "--principal-org-id",
    "FunctionUrlAuthType": "--function-url-auth-type",
}

"""A few actions for tests of the checks: small stand-ins that are never run."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Literal

import msgspec

from firedoor.actions import contract
from firedoor.actions.contract import Action, Given, Permission, State
from firedoor.actions.registry import read
from firedoor.kinds import AccessKeyId, Duration, IamRoleName, IamUserName


class Account(Given, frozen=True, kw_only=True):
    """Takes nothing."""


class UserOrKey(Given, frozen=True, kw_only=True):
    """A user, or a key."""

    user: IamUserName | None = None
    key: AccessKeyId | None = None


class OneUser(Given, frozen=True, kw_only=True):
    """A user."""

    user: IamUserName


class Keys(Given, frozen=True, kw_only=True):
    """A user's keys."""

    user: IamUserName
    only: AccessKeyId | None = None
    most: int = 2
    lookback: Duration = "1h"
    note: str = ""
    urgent: bool = False


class OneRole(Given, frozen=True, kw_only=True):
    """A role."""

    role: IamRoleName


class Many(Given, frozen=True, kw_only=True):
    """Users and how to treat them."""

    users: list[IamUserName]
    mode: Literal["gentle", "firm"] = "gentle"


class Found(contract.Output, frozen=True, kw_only=True):
    """A user that was found."""

    user: IamUserName
    key: AccessKeyId | None = None
    level: Literal["low", "high"] = "low"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A user among several."""

    name: IamUserName


class Seen(contract.Output, frozen=True, kw_only=True):
    """What a look at a user yields."""

    has_console: bool
    count: int
    people: list[Person]
    names: list[IamUserName]
    roles: list[IamRoleName]
    keep: tuple[str, ...] = ()


def _action(name: str, given: type[Given], yields: type[Any] | None, *, changes: bool) -> Action:
    module = ModuleType(name.replace(".", "_"), f"{name} for tests.")
    module.__dict__.update(
        PERMISSIONS=(Permission("iam:GetUser"),),
        EXAMPLE={},
        Input=given,
        observe=lambda *_: None,
    )
    if yields:
        module.__dict__["Output"] = yields
    if changes:
        module.__dict__.update(
            State=State, changes=lambda *_: [], apply=lambda *_: None, verify=lambda *_: []
        )
    return read(name, module)


ACTIONS = {
    action.name: action
    for action in (
        _action("iam.resolve_user", UserOrKey, Found, changes=False),
        _action("iam.look_at_user", OneUser, Seen, changes=False),
        _action("iam.disable_access_keys", Keys, None, changes=True),
        _action("iam.close_role", OneRole, None, changes=True),
        _action("iam.close_many", Many, None, changes=True),
        _action("iam.capture_account", Account, Seen, changes=False),
    )
}

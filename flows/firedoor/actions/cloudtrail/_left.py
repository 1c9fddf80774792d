"""What somebody leaves behind, as later steps refer to it."""

from __future__ import annotations

import msgspec

from firedoor.kinds import AccessKeyId, IamRoleName, IamUserName, Time


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """A user that he made; `by` is the key that made it."""

    name: IamUserName
    when: Time
    by: str


class MadeKey(msgspec.Struct, frozen=True, kw_only=True):
    """An access key that he made for a user who was there before, or made active again."""

    user: IamUserName
    access_key_id: AccessKeyId
    when: Time
    how: str


class MadePassword(msgspec.Struct, frozen=True, kw_only=True):
    """A console password that he set for a user who was there before."""

    user: IamUserName
    when: Time
    how: str


class MadeCredential(msgspec.Struct, frozen=True, kw_only=True):
    """An SSH key, certificate or service-specific credential of a user who was there before."""

    user: IamUserName
    credential_id: str
    when: Time
    how: str


class Assumed(msgspec.Struct, frozen=True, kw_only=True):
    """A role of this account that he holds sessions of; `last` is when the latest was minted."""

    name: IamRoleName
    arn: str
    when: Time
    last: Time
    sessions: tuple[str, ...]


class ChangedRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role that he created, or whose trust policy he changed."""

    name: IamRoleName
    when: Time
    how: str


class MadeDevice(msgspec.Struct, frozen=True, kw_only=True):
    """An MFA device that he registered for a user, himself included."""

    user: IamUserName
    serial: str
    when: Time
    how: str


class Widened(msgspec.Struct, frozen=True, kw_only=True):
    """Rights that he gave to a user, role, group or policy: `what` names both in words.

    `holder`: the user, role or group by name, the policy by ARN; `policy`: its name or ARN, "" for
    what has none. `how` is the call, and so says what each of them is.
    """

    what: str
    when: Time
    how: str
    holder: str = ""
    policy: str = ""


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """All that he left behind, oldest first in each list.

    `own_keys`: those for himself. `changed`: each thing of IAM's that had another value before.
    """

    created_users: list[Created]
    made_keys: list[MadeKey]
    made_passwords: list[MadePassword]
    made_credentials: list[MadeCredential]
    made_devices: list[MadeDevice]
    own_keys: list[MadeKey]
    assumed_roles: list[Assumed]
    changed_roles: list[ChangedRole]
    widened: list[Widened]
    changed: list[Widened]
    unknown: list[str]

    @property
    def touched_users(self) -> list[str]:
        """The users who were there before and for whom he made credentials."""
        keys = {made.user for made in self.made_keys}
        passwords = {made.user for made in self.made_passwords}
        return sorted(keys | passwords | {made.user for made in self.made_credentials})

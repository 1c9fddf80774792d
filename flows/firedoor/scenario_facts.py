"""What has to be true at the end of a scenario for an objective to be reached."""

from __future__ import annotations

import msgspec

from firedoor.kinds import IamUserName
from firedoor.runbook import Identifier, Json, Said
from firedoor.scenario_injects import Length
from firedoor.scenario_world import AccountId, Call, Picked, RegionName


class Refused(Said, frozen=True, kw_only=True):
    """A principal of the attacker's has no success later than `within` after the finding."""

    who: Identifier
    within: Length


class State(Said, frozen=True, kw_only=True):
    """What a read of AWS's own API shows at the end: `find` (JMESPath) in the answer of `call`.

    Exactly one says what is wanted. `is`: this value. `in`: one of these. `not`: anything but this.
    `absent`: the call is answered that there is no such thing, or `find` comes to null or to
    nothing. Numbers and booleans are compared as they are written; lists in their order (sort in
    `find`). It is read by an auditor whom no policy binds and whom nobody sees.
    """

    call: Call
    with_: dict[str, Json] = msgspec.field(name="with", default_factory=dict)
    region: RegionName | None = None
    account: AccountId | None = None
    find: Picked = "@"
    is_: Json | msgspec.UnsetType = msgspec.field(name="is", default=msgspec.UNSET)
    in_: tuple[Json, ...] | msgspec.UnsetType = msgspec.field(name="in", default=msgspec.UNSET)
    not_: Json | msgspec.UnsetType = msgspec.field(name="not", default=msgspec.UNSET)
    absent: bool = False

    def __post_init__(self) -> None:
        said = [one is not msgspec.UNSET for one in (self.is_, self.in_, self.not_)]
        if sum((*said, self.absent)) != 1:
            raise ValueError("needs exactly one of 'is', 'in', 'not' and 'absent: true'")


class Fact(Said, frozen=True, kw_only=True):
    """One thing that has to be true at the end; exactly one field is set.

    `refused` is told from what the attacker's calls were answered. `state` reads anything. The
    others read the simulated account: of the IAM user they name, all access keys are Inactive
    (`keys_inactive`), there is no console password (`no_console`), all SSH keys, signing
    certificates and service-specific credentials are Inactive (`others_inactive`), a policy denies
    everything (`denied`).
    """

    refused: Refused | None = None
    state: State | None = None
    keys_inactive: IamUserName | None = None
    no_console: IamUserName | None = None
    others_inactive: IamUserName | None = None
    denied: IamUserName | None = None

    def __post_init__(self) -> None:
        if len(self.set_fields()) != 1:
            known = ", ".join(self.__struct_fields__)
            raise ValueError(f"needs exactly one of {known}")

    def set_fields(self) -> list[str]:
        """The names of the fields that are set."""
        return [name for name in self.__struct_fields__ if getattr(self, name) is not None]

"""The action contract: what one action module contains and what the engine does with it.

A module `actions/<service>/<verb_object>.py` is the action `<service>.<verb_object>`. It holds:

    docstring     what it does, what it does not do, units, errors, source; first line = summary
    PERMISSIONS   tuple[Permission, ...]: the IAM actions it calls, undo included
    EXAMPLE       dict: a literal `with:` that checks (tests run over all of them)
    Input         a `Given` struct: its fields are the schema, the documentation and the kinds that
                  references are checked against
    observe(aws, given, case) -> State | Output
                  read-only. For a reading action its result *is* the Output. For a mutating one it
                  is the state before, which plan shows and undo needs.

A mutating action also has:

    changes(given, before, case) -> list[Change]
                  pure: what would be different; [] = nothing to do. What may hold secrets is
                  marked (`Change.secret`): the state before then lies encrypted in the vault
    apply(aws, given, change, case)
                  make exactly this one change, in whichever direction it points; idempotent.
                  Containing and undoing are the same code: undo applies the inverse.
    verify(aws, given, case) -> list[Check]
                  read back from AWS and say for each thing whether it holds
    Output / output(given, before, case) -> Output
                  optional: what later steps may refer to
    commands(change) -> list[list[str]]
                  optional: AWS CLI words (`["iam", "put-user-policy", …]`) that make this change
    IRREVERSIBLE  "" or why what it does cannot come back. Each irreversible change also says so.
    REOPENS       when undoing hands access back: see `Reopens`
    DESTROYS      tuple of names such as "iam.login_profile": what applying makes unreadable. A
                  runbook compiles only when an earlier step KEEPS it of the same target
    PROOF         "stubbed" where the simulator lacks an operation and no drill can prove it; the
                  reference of actions says so

A reading action may say

    KEEPS         tuple of such names: what it keeps as evidence of its target. What it could not
                  keep this time it names in a field `not_kept: tuple[str, ...]` of its Output

One call of `apply` makes one change, so that a crash between two changes is a crash between two
journal entries. The engine journals every change before and after it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, Literal, Protocol

import msgspec

from firedoor.masking import MASK, masked
from firedoor.runbook import Json


class Given(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of an action's Input."""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what an action yields to later steps."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a mutating action found: `parts` maps each thing it may change to its value now.

    A thing is named by a stable resource string (an ARN, or an ARN with a suffix); an absent thing
    is not in the map. Drift is found by comparing a part with the `to` of a change that was made.
    """

    parts: dict[str, Json]


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that would be different: `resource` goes from `from_` to `to` (None: absent).

    `secret`: what stands there may hold secrets under any name (a function's environment, user
    data), so nothing of it is shown or written down. `seal` is the engine's: a keyed fingerprint of
    `from_` where that is masked, so that two of them can be compared.
    """

    resource: str
    what: str
    from_: Json = msgspec.field(name="from")
    to: Json
    lost: str = ""
    secret: bool = False
    seal: str = ""

    def inverse(self) -> Change:
        """The change that takes this one back."""
        return msgspec.structs.replace(self, from_=self.to, to=self.from_)

    def shown(self) -> Change:
        """The change as people, files and tables may have it: secrets masked."""
        if not self.secret:
            return msgspec.structs.replace(self, from_=masked(self.from_), to=masked(self.to))
        hidden = [None if each is None else MASK for each in (self.from_, self.to)]
        return msgspec.structs.replace(self, from_=hidden[0], to=hidden[1])


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that verify() looked at. `holds` None means it could not be looked at."""

    what: str
    holds: bool | None
    kind: Literal["denied", "state", "stubbed"] = "state"
    seen: str = ""


@dataclass(frozen=True)
class Case:
    """What an action may know of the incident it works in.

    `changed` is when the last change of the incident was made; `write_report` writes the report of
    the incident so far and returns its path.
    """

    incident: str
    account: str
    now: datetime
    partition: str = "aws"
    changed: datetime | None = None
    write_report: Callable[[], str] | None = None

    def name(self, suffix: str) -> str:
        """A resource name of ours that nobody else uses: `firedoor-INC-2026-0042-deny`."""
        return f"firedoor-{self.incident}-{suffix}"


@dataclass(frozen=True)
class Permission:
    """One IAM action and the resources it needs.

    `resource` may hold `{partition}`, `{account}` and `{field}` for a field of Input; `why` is
    shown in policies. `condition` is an IAM condition block.
    """

    action: str
    resource: str = "*"
    why: str = ""
    condition: Mapping[str, Mapping[str, str | list[str]]] | None = None


@dataclass(frozen=True)
class Reopens:
    """When undoing an action hands access back, and why.

    `lasting` None: for ever (a stolen key stays stolen). A timedelta: until that long after the
    change, when the last session it holds back has expired. `NEVER`: undoing is harmless.
    """

    why: str = ""
    lasting: timedelta | None = None

    def at(self, changed: datetime, now: datetime) -> str:
        """Why undoing now, of a change made at `changed`, would reopen; "" when it would not."""
        if not self.why:
            return ""
        if self.lasting is not None and now - changed >= self.lasting:
            return ""
        return self.why


NEVER = Reopens()


class Aws(Protocol):
    """What an action may ask of AWS. `firedoor.aws` implements it over boto3.

    A failed call raises firedoor.errors.AwsError (code, operation) or one of its kinds. Calls named
    Get/List/Describe/Lookup/Simulate/Generate are reads and retried; others are changes and never
    repeated blindly.
    """

    @property
    def account(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def partition(self) -> str: ...
    @property
    def principal(self) -> str:
        """The ARN that the calls are made as."""
        ...

    def call(
        self, service: str, operation: str, /, *, region: str | None = None, **given: Any
    ) -> dict[str, Any]:
        """One call, `operation` in boto3's snake_case: call("iam", "get_user", UserName=…)."""
        ...

    def pages(
        self, service: str, operation: str, key: str, /, *, region: str | None = None, **given: Any
    ) -> Iterator[Any]:
        """The items under `key` of every page."""
        ...

    def download(self, url: str, *, most: int) -> bytes:
        """What a link that AWS gave leads to, at most `most` bytes; AwsError when it cannot be had.

        Only AWS's own hosts are asked (in a drill: the simulator).
        """
        ...

    def regions(self) -> list[str]:
        """The account's enabled Regions (the own one first); [own] when they cannot be listed."""
        ...

    def now(self) -> datetime:
        """The time, in UTC: the simulator's in a drill."""
        ...

    def requests(self) -> AbstractContextManager[list[str]]:
        """The AWS request ids of the calls made in the block, by this thread."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass (virtual in a drill)."""
        ...

    def organization(self) -> Aws:
        """The same where the organization is administered: its management account, or one that it
        has delegated to. The account itself where no role is set for it."""
        ...

    def as_root(self, task: str) -> Aws:
        """A session as this account's root user for one of AWS's `root-task/` policies, made where
        the organization is administered. It may do that task and nothing else, for 15 minutes."""
        ...


class Artefact(msgspec.Struct, frozen=True, kw_only=True):
    """A document to be kept as evidence: an Output may carry some in a field `keep`.

    The engine stores them in the vault and journals their hashes in place of the field. A field
    `unknown: tuple[str, ...]` of an Output says what could not be looked at; the run shows it. A
    field `checks: tuple[Check, ...]` is proof: a run is not contained while one does not hold.
    """

    name: str
    content: Json
    about: str = ""


@dataclass(frozen=True)
class Action:
    """An action module, read once."""

    name: str
    module: ModuleType
    summary: str
    about: str
    Input: type[Given]
    Output: type[msgspec.Struct] | None
    permissions: tuple[Permission, ...]
    example: Mapping[str, Json]
    irreversible: str
    reopens: Reopens
    destroys: tuple[str, ...]
    keeps: tuple[str, ...]
    observe: Callable[..., Any]
    changes: Callable[..., list[Change]] | None
    apply: Callable[..., None] | None
    verify: Callable[..., list[Check]] | None
    output: Callable[..., msgspec.Struct] | None
    commands: Callable[[Change], list[list[str]]] | None

    @property
    def mutating(self) -> bool:
        """Whether it changes anything in AWS."""
        return self.apply is not None

"""What a scenario says of the attack: who holds which credentials, what is done, how it is proved.

All times are relative to the finding: `-40m` is before it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import msgspec

from firedoor.kinds import IamUserName, parse_duration
from firedoor.runbook import Identifier, Json, Said
from firedoor.scenario_injects import Length, Offset

Side = Literal["attacker", "innocent", "fresh"]
Call = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9-]*:[A-Z][A-Za-z0-9]+$",
        description="An API call as service:Operation, with boto3's service name: iam:ListUsers.",
    ),
]
Ip = Annotated[
    str,
    msgspec.Meta(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$", description="An IPv4 address."),
]


def offset(text: str) -> timedelta:
    """`-40m` as a timedelta; `0` and `0s` are none."""
    number = text.lstrip("-")
    if not number.strip("0smhd"):
        return timedelta(0)
    length = parse_duration(number)
    return -length if text.startswith("-") else length


class Principal(Said, frozen=True, kw_only=True):
    """Credentials that exist before the attack, or (`fresh`) are made after containment.

    `key` is an access key of a user of the world. `session_of` is a role of the world, assumed
    by the principal `by`; a `fresh` one is assumed when containment is to be proved.
    """

    side: Side
    key: Identifier | None = None
    session_of: Identifier | None = None
    by: Identifier | None = None

    def __post_init__(self) -> None:
        if (self.key is None) == (self.session_of is None):
            raise ValueError("needs either 'key' or 'session_of'")
        if (self.session_of is None) != (self.by is None):
            raise ValueError("'session_of' and 'by' belong together")


class Beat(Said, frozen=True, kw_only=True):
    """One act: a call by a principal, once (`at`) or again and again until refused (`every`).

    `with`: its parameters as boto3 takes them; `{account}` and `{<principal>.key}` (an access key
    id) are filled in. `gives` names the credentials that the answer holds (CreateAccessKey,
    AssumeRole, GetSessionToken, GetFederationToken). `trick`: instead of a call, take away what
    denies the user: every policy of his that was not there before the finding. `lose` names what
    is lost if it succeeds after the finding.
    """

    as_: Identifier = msgspec.field(name="as")
    call: Call | None = None
    trick: Literal["remove_new_policies"] | None = None
    of: IamUserName | None = None
    at: Offset | None = None
    every: Length | None = None
    from_: Offset = msgspec.field(name="from", default="0")
    until: Offset = "60m"
    with_: dict[str, Json] = msgspec.field(name="with", default_factory=dict)
    gives: Identifier | None = None
    lose: str = ""
    ip: Ip | None = None

    def __post_init__(self) -> None:
        if (self.call is None) == (self.trick is None):
            raise ValueError("needs either 'call' or 'trick'")
        if (self.trick is None) != (self.of is None):
            raise ValueError("'trick' needs 'of', the user; a call has no 'of'")
        if (self.at is None) == (self.every is None):
            raise ValueError("needs either 'at' (once) or 'every' (until refused)")
        if self.every is not None and offset(self.from_) < timedelta(0):
            raise ValueError("'from' of a repeated act has to be after the finding")

    @property
    def first(self) -> timedelta:
        """When it is done (first), relative to the finding."""
        return offset(self.from_ if self.at is None else self.at)


class Attack(Said, frozen=True, kw_only=True):
    """The attacker: where he calls from, and what he does before and after the finding."""

    ip: Ip = "203.0.113.50"
    agent: str = "aws-cli/2.27.41 md/awscrt#0.26.1 ua/2.1 os/linux#6.1 md/arch#x86_64"
    acts: Annotated[tuple[Beat, ...], msgspec.Meta(min_length=1)]


class FindingSaid(Said, frozen=True, kw_only=True):
    """The alert that starts it: a GuardDuty finding about one principal's credentials."""

    type: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[A-Za-z]+:[A-Za-z0-9]+/[A-Za-z0-9.!]+$",
            description="A GuardDuty finding type.",
        ),
    ]
    about: Identifier
    severity: Annotated[float, msgspec.Meta(ge=1, le=10)]
    title: str
    description: str = ""
    api: Call = "iam:ListUsers"
    seen_from: Offset = "-50m"


class Tried(Said, frozen=True, kw_only=True):
    """A call that proves or disproves: never one that AWS allows to everybody."""

    who: Identifier
    call: Call
    with_: dict[str, Json] = msgspec.field(name="with", default_factory=dict)

    def __post_init__(self) -> None:
        if self.call in ("sts:GetCallerIdentity", "sts:GetSessionToken"):
            raise ValueError(
                f"{self.call} proves nothing: AWS allows it even under an explicit deny"
            )


class ProofSaid(Said, frozen=True, kw_only=True):
    """How containment is proved: calls tried before and, `hold` after the last step, again."""

    hold: Length = "2m"
    tries: Annotated[tuple[Tried, ...], msgspec.Meta(min_length=1)]

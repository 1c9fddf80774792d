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
from firedoor.scenario_world import AccountId, Call, Gives, RegionName

Side = Literal["attacker", "innocent", "fresh"]
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

    Exactly one of these says whose they are. `key`: an access key of a user of the world.
    `session_of`: a role of the world (or the ARN of one), assumed by the principal `by`, which may
    be a session itself. `instance`, `function`: the name that a call of the world gave to an EC2
    instance or a Lambda function; the credentials of its role, as the instance or the function
    itself gets them. `account`: a user, with a key, of another account, who may do everything
    there. `root`: the root user's key. `anonymous`: nobody's, requests are not signed.

    A `fresh` principal is a session, or an instance's or function's credentials, made anew when
    containment is to be proved. `renews` (instance): whoever holds them is on the instance, and
    fetches new ones before every call, for as long as he gets to it: it runs, and a security group
    lets something in or out.
    """

    side: Side
    key: Identifier | None = None
    session_of: str | None = None
    by: Identifier | None = None
    instance: Identifier | None = None
    function: Identifier | None = None
    account: AccountId | None = None
    root: bool = False
    anonymous: bool = False
    renews: bool = False

    def __post_init__(self) -> None:
        if len(self.kinds()) != 1:
            raise ValueError(f"needs exactly one of {', '.join(map(repr, WHOSE))}")
        if (self.session_of is None) != (self.by is None):
            raise ValueError("'session_of' and 'by' belong together")
        if self.renews and self.instance is None:
            raise ValueError("only an 'instance' renews")

    def kinds(self) -> list[str]:
        """Which of the fields that say whose they are is set."""
        return [name for name in WHOSE if getattr(self, name) not in (None, False)]

    @property
    def lasts(self) -> bool:
        """Whether these are long-term credentials (or none), not made for a while."""
        return self.kinds()[0] in ("key", "account", "root", "anonymous")


WHOSE = ("key", "session_of", "instance", "function", "account", "root", "anonymous")


class Beat(Said, frozen=True, kw_only=True):
    """One act: a call by a principal, once (`at`) or again and again until refused (`every`).

    `with`: its parameters as boto3 takes them; `{account}`, `{region}`, `{<principal>.key}` (an
    access key id) and the names that calls gave are filled in. `gives` names the credentials that
    the answer holds (CreateAccessKey, AssumeRole, GetSessionToken, GetFederationToken), or, as a
    mapping, values of the answer. `trick`: instead of a call, take away what denies the user: every
    policy of his that was not there before the finding. `lose` names what is lost if it succeeds
    after the finding.
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
    region: RegionName | None = None
    gives: Identifier | Gives | None = None
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
    def mints(self) -> str:
        """The name of the credentials that it gives; "" when it gives none."""
        return self.gives if isinstance(self.gives, str) else ""

    @property
    def picks(self) -> Gives:
        """The values that it gives, by name."""
        return self.gives if isinstance(self.gives, dict) else {}

    @property
    def first(self) -> timedelta:
        """When it is done (first), relative to the finding."""
        return offset(self.from_ if self.at is None else self.at)


class Attack(Said, frozen=True, kw_only=True):
    """The attacker: where he calls from, and what he does before and after the finding."""

    ip: Ip = "203.0.113.50"
    agent: str = "aws-cli/2.27.41 md/awscrt#0.26.1 ua/2.1 os/linux#6.1 md/arch#x86_64"
    acts: Annotated[tuple[Beat, ...], msgspec.Meta(min_length=1)]


class Tried(Said, frozen=True, kw_only=True):
    """A call that proves or disproves: never one that AWS allows to everybody.

    `restored`: what the attack has taken away and the response is to give back; it is tried only
    afterwards, since before it shows nothing.
    """

    who: Identifier
    call: Call
    with_: dict[str, Json] = msgspec.field(name="with", default_factory=dict)
    region: RegionName | None = None
    restored: bool = False

    def __post_init__(self) -> None:
        if self.call in ("sts:GetCallerIdentity", "sts:GetSessionToken"):
            raise ValueError(
                f"{self.call} proves nothing: AWS allows it even under an explicit deny"
            )


class ProofSaid(Said, frozen=True, kw_only=True):
    """How containment is proved: calls tried before and, `hold` after the last step, again."""

    hold: Length = "2m"
    tries: Annotated[tuple[Tried, ...], msgspec.Meta(min_length=1)]

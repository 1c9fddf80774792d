"""What a shell and a resident must agree on before a run is handed over: AWS, rules, state.

Only names and hashes are compared, nothing that opens anything. The resident acts with its own
account and its own rules; a shell that is set up for others would be shown, and would say yes to,
something else than what it means.
"""

from __future__ import annotations

import base64
import configparser
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from firedoor import __version__, settings
from firedoor.library import Library

PLACES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_MASK, _SHIFT = 0x7FFFFFFFFF80, 7
"""The account's bits in the first six bytes of a key id."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What one side sees. `account`: "" where it cannot be told without a call."""

    firedoor: str
    digest: str
    runbooks: str
    playbooks: str
    profile: str
    regions: dict[str, str]
    endpoints: dict[str, str]
    places: dict[str, str]
    account: str
    database: str
    vault: str


def here(home: Path) -> Surroundings:
    """The surroundings of this process."""
    policy = Library.open().policy()
    environment = os.environ
    return Surroundings(
        firedoor=__version__,
        digest=policy["digest"],
        runbooks=policy["runbooks"],
        playbooks=policy["playbooks"],
        profile=_profile(environment),
        regions=_named(environment, REGIONS),
        endpoints={
            name: _address(value)
            for name, value in sorted(environment.items())
            if name.startswith("AWS_ENDPOINT_URL") and value
        },
        places=_named(environment, PLACES),
        account=account_told(environment),
        database=_hashed(settings.database_url() or ""),
        vault=str(settings.vault(home).resolve()),
    )


def differences(
    theirs: Surroundings, mine: Surroundings, *, account: str, region_given: bool = False
) -> list[str]:
    """What a caller's shell (`theirs`) has otherwise than the resident, each in a sentence.

    `account` is the one that the resident reached, "" where it is not AWS itself.
    """
    found: list[str] = []

    def compare(name: str, one: str, other: str) -> None:
        if one != other:
            found.append(f"{name} is {one or 'not set'} here and {other or 'not set'} there")

    compare("AWS_PROFILE", theirs.profile, mine.profile)
    for name in () if region_given else REGIONS:
        compare(name, theirs.regions.get(name, ""), mine.regions.get(name, ""))
    for name in sorted({*theirs.endpoints, *mine.endpoints}):
        compare(name, theirs.endpoints.get(name, ""), mine.endpoints.get(name, ""))
    for name in PLACES:
        compare(name, theirs.places.get(name, ""), mine.places.get(name, ""))
    known = mine.account or account
    if theirs.account and known and theirs.account != known:
        found.append(f"the AWS keys are of account {theirs.account} here and of {known} there")
    if theirs.digest != mine.digest:
        ours = f"{theirs.runbooks} and {theirs.playbooks}"
        found.append(
            f"the rules are those of {ours} here, and those of {mine.runbooks} and "
            f"{mine.playbooks} there, and they are not the same"
        )
    if theirs.database != mine.database:
        found.append("FIREDOOR_DATABASE_URL names another store here than there")
    compare("FIREDOOR_VAULT", theirs.vault, mine.vault)
    return found


def account_told(environment: Mapping[str, str]) -> str:
    """The account of the keys that would be used, when it stands in them or beside them."""
    key = environment.get("AWS_ACCESS_KEY_ID")
    if key:
        return account_of_key(key)
    profile = _profile(environment) or "default"
    credentials = _section(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials", profile)
    name = "default" if profile == "default" else f"profile {profile}"
    config = _section(environment, "AWS_CONFIG_FILE", "config", name)
    role = config.get("role_arn") or credentials.get("role_arn") or ""
    if role:
        parts = role.split(":")
        return parts[4] if len(parts) > 5 else ""
    key = credentials.get("aws_access_key_id") or config.get("aws_access_key_id") or ""
    return account_of_key(key) if key else config.get("sso_account_id", "")


def account_of_key(key: str) -> str:
    """The 12 digits in an access key id; "" for the older ones, which do not hold them.

    A key id is a prefix of four letters and base32 of ten bytes, of which the account is 40 bits.
    """
    if len(key) != 20 or key[4] < "Q":
        return ""
    try:
        raw = base64.b32decode(key[4:])
    except ValueError:
        return ""
    return f"{(int.from_bytes(raw[:6], 'big') & _MASK) >> _SHIFT:012d}"


def _named(environment: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: environment[name] for name in names if environment.get(name)}


def _profile(environment: Mapping[str, str]) -> str:
    return environment.get("AWS_DEFAULT_PROFILE") or environment.get("AWS_PROFILE") or ""


def _section(
    environment: Mapping[str, str], variable: str, file: str, name: str
) -> Mapping[str, str]:
    path = Path(environment.get(variable) or Path.home() / ".aws" / file).expanduser()
    parser = configparser.RawConfigParser()
    try:
        parser.read(path)
    except (configparser.Error, OSError, UnicodeDecodeError):
        # What cannot be read tells nothing; whoever uses it will say so.
        return {}
    return dict(parser[name]) if parser.has_section(name) else {}


def _address(url: str) -> str:
    """An endpoint without a password that somebody may have put into it."""
    found = urlsplit(url)
    return found._replace(netloc=found.netloc.rpartition("@")[2]).geturl()


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""

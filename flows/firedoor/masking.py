"""Masks secrets at the door of everything that is kept or shown: journal, vault, report, output.

A secret is known by the name it stands under (`SecretAccessKey`, `password: …`), by how it begins
(session tokens, Slack's and GitHub's tokens, PEM private keys, `Bearer …`), or, for the 40
characters of a secret access key, by being as mixed as only chance makes it. A password that stands
in a sentence under no name cannot be known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

MASK = "«secret»"

_NAMES = frozenset(
    {
        "secretaccesskey",
        "awssecretaccesskey",
        "secretkey",
        "sessiontoken",
        "awssessiontoken",
        "password",
        "passwd",
        "passphrase",
        "servicepassword",
        "newpassword",
        "oldpassword",
        "servicecredentialsecret",
        "securitytoken",
        "privatekey",
        "secretstring",
        "clientsecret",
        "authorization",
        "accesstoken",
        "refreshtoken",
        "apikey",
        "apitoken",
        "bearertoken",
        "xamzsecuritytoken",
        "xapikey",
    }
)
_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----"
    r"(?:.{0,20000}?-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|.*)",
    re.DOTALL,
)
# Session tokens as STS writes them: base64 of a protobuf whose first bytes are always these.
_KNOWN = re.compile(
    r"\b(?:FwoGZXIvYXdz|IQoJb3JpZ2lu|FQoGZXIvYXdz|AQoDYXdz)[A-Za-z0-9+/=%]{40,}"
    r"|\bxox[a-z]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
)
_BEARER = re.compile(
    r"\b([Bb]earer|BEARER|[Bb]asic|BASIC)(\s+)(?=\S*[A-Z0-9=_~+/])([A-Za-z0-9._~+/-]{12,}=*)"
)
# `password=…`, `"SecretAccessKey": "…"`, `aws_session_token = …`, `--password …` inside a text.
_NAMED = re.compile(
    r"""(?ix)
    ( (?<![a-z0-9])(?:aws[_-]?)?(?:secret[_-]?access[_-]?key|session[_-]?token|x-amz-security-token
        |(?:new|old|service)?[_-]?password|passwd|pwd|passphrase|private[_-]?key|secret[_-]?string
        |client[_-]?secret|api[_-]?key|(?:access|refresh|bearer)[_-]?token|secret[_-]?key)
      \\?["']?  (?: \s*[:=]\s* | (?<=d)\s+(?:is|was|to)\s+(?=\S*[^\sa-z.,;]) )  \\?["']?
    | --(?:[a-z]+-)?password(?:\s+|=) ["']? )
    ( [^\s"'\\,;&<>)\]}«]{6,} )
    """
)
# A user and a password in front of a host: `https://name:password@host`.
_IN_URL = re.compile(r"(?<=://)([^\s/:@]{1,100}):([^\s/@]{3,200})@")
_FORTY = re.compile(r"(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_ENCODED = re.compile(r"(?<![A-Za-z0-9/+%])(?:[A-Za-z0-9]|%2[BF]){40}(?![A-Za-z0-9/+=%])", re.I)
_HINTS = re.compile(
    r"(?i)-----BEGIN|FwoGZXIv|IQoJb3Jp|FQoGZXIv|AQoDYXdz|xox|xapp-|gh[pousr]_|github_pat|eyJ"
    r"|bearer|basic\s|secret|token|pass|pwd|private|api[_-]?key|://"
)
MIXED = 12
"""How often the sort of letter (large, small, digit, sign) changes within the 40 characters of a
secret at least: by chance it is 25 times, in words and paths rarely so often."""


def masked(value: Any) -> Any:
    """A JSON value with every secret in it replaced by a mask; mapping keys stay as they are."""
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, Mapping):
        return {
            key: MASK if _is_secret(key, inner) else masked(inner) for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(inner) for inner in value]
    return value


def masked_text(text: str) -> str:
    """A text with every secret in it replaced by a mask."""
    if len(text) >= 40:
        text = _FORTY.sub(_if_mixed, text)
        if "%2" in text:
            text = _ENCODED.sub(_if_mixed, text)
    if not _HINTS.search(text):
        return text
    text = _PEM.sub(MASK, text)
    text = _KNOWN.sub(MASK, text)
    text = _BEARER.sub(rf"\1\2{MASK}", text)
    text = _IN_URL.sub(rf"\1:{MASK}@", text)
    return _NAMED.sub(rf"\1{MASK}", text)


def _is_secret(key: object, value: Any) -> bool:
    # A policy condition or a flag named like a secret (`password: true`) is none.
    plain = re.sub(r"[^a-z]", "", str(key).lower())
    return plain in _NAMES and isinstance(value, str) and value != ""


def _if_mixed(found: re.Match[str]) -> str:
    text = found[0]
    sorts = [_sort(letter) for letter in text]
    changes = sum(one != other for one, other in pairwise(sorts))
    return MASK if changes >= MIXED and {"large", "small"} <= set(sorts) else text


def _sort(letter: str) -> str:
    if letter.isdigit():
        return "digit"
    if letter.isalpha():
        return "large" if letter.isupper() else "small"
    return "sign"

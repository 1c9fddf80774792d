"""Messages of Amazon SNS over HTTP(S): their signature, their age, their topic.

Versions 1 (SHA1) and 2 (SHA256) of the signature are verified against the certificate that the
message names, fetched only from SNS itself. A signature proves that the topic sent it, not that
what stands in it is so.
Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import base64
import re
import threading
import urllib.error
import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from firedoor.kinds import parse_time

WINDOW = timedelta(hours=1)
"""SNS tries to deliver for up to an hour; older messages are replays."""

AHEAD = timedelta(minutes=5)
"""How far clocks may differ."""

HOST = re.compile(r"sns\.[a-z]{2}(-[a-z]+)+-[0-9]\.amazonaws\.com(\.cn)?")
CERTIFICATE = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem")
FETCH_SECONDS = 5.0
MOST_CERTIFICATE_BYTES = 64 * 1024
MOST_CERTIFICATES = 16

_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
_HASHES: Mapping[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}

Fetch = Callable[[str], bytes]


class Untrue(Exception):
    """A message that SNS did not send, or not now; the text says why."""


class Signatures:
    """Verifies messages; holds the certificates it has fetched. Safe for threads."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        self._fetch = fetch or fetched
        self._certificates: OrderedDict[str, x509.Certificate] = OrderedDict()
        self._lock = threading.Lock()

    def verify(self, message: Mapping[str, Any], now: datetime | None = None) -> None:
        """Untrue when the message is not signed by SNS, or outside its time."""
        moment = now or datetime.now(UTC)
        fields = _SIGNED.get(str(message.get("Type")))
        if fields is None:
            raise Untrue(
                f"it is of type {str(message.get('Type'))[:40]!r}, which SNS does not send"
            )
        strange = [
            name for name in fields if name in message and not isinstance(message[name], str)
        ]
        if strange:
            raise Untrue(f"{strange[0]} is no text")
        _in_time(message, moment)
        algorithm = _HASHES.get(str(message.get("SignatureVersion")))
        if algorithm is None:
            raise Untrue("its signature is of no version that SNS has (1 or 2)")
        certificate = self._certificate(str(message.get("SigningCertURL") or ""))
        if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            raise Untrue("its signing certificate is not valid now")
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise Untrue("its signing certificate has no RSA key")
        try:
            signature = base64.b64decode(str(message.get("Signature") or ""), validate=True)
            key.verify(signature, signed_text(message), padding.PKCS1v15(), algorithm)
        except (ValueError, InvalidSignature):
            raise Untrue("its signature is not SNS's") from None

    def _certificate(self, url: str) -> x509.Certificate:
        refuse_other_hosts(url, CERTIFICATE)
        with self._lock:
            if url in self._certificates:
                return self._certificates[url]
        try:
            certificate = x509.load_pem_x509_certificate(self._fetch(url))
        except (OSError, ValueError) as error:
            raise Untrue(f"its signing certificate cannot be fetched: {error}") from None
        with self._lock:
            self._certificates[url] = certificate
            while len(self._certificates) > MOST_CERTIFICATES:
                self._certificates.popitem(last=False)
        return certificate


def signed_text(message: Mapping[str, Any]) -> bytes:
    """What SNS signs: names and values of the fields of its type, each on a line."""
    names = _SIGNED[str(message["Type"])]
    return "".join(f"{name}\n{message[name]}\n" for name in names if name in message).encode()


def refuse_other_hosts(url: str, path: re.Pattern[str] | None = None) -> None:
    """Untrue unless a URL is SNS's own, over https."""
    try:
        found = urlsplit(url)
        plain = found.port is None and found.username is None and found.password is None
    except ValueError:
        raise Untrue("it names a URL that is none") from None
    own = found.scheme == "https" and plain and HOST.fullmatch(found.hostname or "")
    if not own or found.netloc != found.hostname:
        raise Untrue("it names a URL that is not of SNS (https://sns.<region>.amazonaws.com)")
    if path is not None and (not path.fullmatch(found.path) or found.query or found.fragment):
        raise Untrue("it names a certificate that is not SNS's")


def confirm(message: Mapping[str, Any], fetch: Fetch | None = None) -> None:
    """Answer a SubscriptionConfirmation that was verified; Untrue when that fails."""
    url = str(message.get("SubscribeURL") or "")
    refuse_other_hosts(url)
    try:
        (fetch or fetched)(url)
    except (OSError, ValueError) as error:
        raise Untrue(f"the subscription could not be confirmed: {error}") from None


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows nobody anywhere."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def fetched(url: str) -> bytes:
    """What stands at a URL of SNS: no redirects, bounded in time and size; else OSError."""
    opener = urllib.request.build_opener(_Straight)
    with opener.open(url, timeout=FETCH_SECONDS) as reply:
        found: bytes = reply.read(MOST_CERTIFICATE_BYTES + 1)
    if len(found) > MOST_CERTIFICATE_BYTES:
        raise ValueError("it is larger than 64 KiB")
    return found


def _in_time(message: Mapping[str, Any], now: datetime) -> None:
    try:
        sent = parse_time(str(message.get("Timestamp")))
    except ValueError:
        raise Untrue("it does not say when it was sent") from None
    if not now - WINDOW <= sent <= now + AHEAD:
        raise Untrue(f"it was sent at {sent:%Y-%m-%dT%H:%M:%SZ}, and only the last hour counts")

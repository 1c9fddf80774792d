"""Check of a SigV4 signature: the server's side of what botocore.auth does for clients.

The age of a request is not checked: clients sign with the machine's clock, while the simulated
AWS runs on a clock of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import normalize_url_path

from firedoor.simulator.wire import Call

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=([^/,]+)/(\d{8})/([^/]*)/([^/]*)/aws4_request,\s*"
    r"SignedHeaders=([^,]+),\s*Signature=([0-9a-f]+)"
)


@dataclass(frozen=True)
class Signed:
    """Who a request says it is from, and its signature; `headers` are the names signed."""

    access_key_id: str
    region: str
    service: str
    headers: tuple[str, ...]
    signature: str
    timestamp: str
    token: str | None
    query: bool


def read_signature(call: Call) -> Signed | None:
    """The signature of a request, from its header or its query string; None if it has none."""
    found = _HEADER.match(call.header("authorization"))
    if found:
        return Signed(
            access_key_id=found[1],
            region=found[3],
            service=found[4],
            headers=tuple(found[5].split(";")),
            signature=found[6],
            timestamp=call.header("x-amz-date"),
            token=call.header("x-amz-security-token") or None,
            query=False,
        )
    pairs = dict(call.query_pairs())
    scope = pairs.get("X-Amz-Credential", "").split("/")
    if len(scope) != 5 or "X-Amz-Signature" not in pairs:
        return None
    return Signed(
        access_key_id=scope[0],
        region=scope[2],
        service=scope[3],
        headers=tuple(pairs.get("X-Amz-SignedHeaders", "host").split(";")),
        signature=pairs["X-Amz-Signature"],
        timestamp=pairs.get("X-Amz-Date", ""),
        token=pairs.get("X-Amz-Security-Token"),
        query=True,
    )


def signature_holds(call: Call, signed: Signed, secret: str) -> bool:
    """Whether the signature was made with `secret` over this very request."""
    auth = SigV4Auth(Credentials(signed.access_key_id, secret), signed.service, signed.region)
    request = AWSRequest(call.method, f"http://signed.invalid{call.path}")
    request.context["timestamp"] = signed.timestamp
    canonical = "\n".join(
        [
            call.method,
            call.path
            if signed.service == "s3"
            else quote(normalize_url_path(call.path), safe="/~"),
            _canonical_query(call),
            *(f"{name}:{' '.join(call.header(name).split())}" for name in sorted(signed.headers)),
            "",
            ";".join(sorted(signed.headers)),
            _payload_hash(call, signed),
        ]
    )
    wanted = auth.signature(auth.string_to_sign(request, canonical), request)
    return hmac.compare_digest(wanted, signed.signature)


def _payload_hash(call: Call, signed: Signed) -> str:
    declared = call.header("x-amz-content-sha256")
    if signed.query and signed.service == "s3":
        return declared or "UNSIGNED-PAYLOAD"
    if declared and not re.fullmatch(r"[0-9a-f]{64}", declared):
        return declared  # UNSIGNED-PAYLOAD and the streaming forms
    return hashlib.sha256(call.body).hexdigest()


def _canonical_query(call: Call) -> str:
    pairs = [pair for pair in call.query_pairs() if pair[0] != "X-Amz-Signature"]
    encoded = sorted((quote(key, safe="-_.~"), quote(value, safe="-_.~")) for key, value in pairs)
    return "&".join(f"{key}={value}" for key, value in encoded)

"""Which AWS is spoken to: said in every plan, run and undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from firedoor.errors import Refused

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


Target = Mapping[str, str]
"""`account`, `region`, `principal`, `endpoint` ("" for AWS's own), and `world`: `aws`, or
`simulated` when firedoor itself simulates it."""


OWN = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".api.aws",
    ".aws.dev",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
)
"""What AWS's own endpoints end with, in all partitions."""


def is_aws(endpoint: str) -> bool:
    """Whether an endpoint is AWS's own."""
    return (urlsplit(endpoint).hostname or "").endswith(OWN)


def refuse_real(endpoint: str) -> None:
    """Refused when a client of a simulated world would speak to anything but this machine."""
    host = urlsplit(endpoint).hostname or ""
    if host not in LOOPBACK:
        raise Refused(
            f"a simulated world reaches {host or endpoint!r}, which is not on this machine: "
            "nothing was called"
        )


def keep_host(client: Any) -> None:
    """Make a client of a server on this machine speak to that very host.

    S3 Control puts the account in front of the host (`111122223333.127.0.0.1`), which leads
    nowhere. Clients of AWS itself are left alone.
    """
    own = urlsplit(client.meta.endpoint_url)
    if own.hostname not in LOOPBACK:
        return

    def put_back(request: Any, **_: Any) -> None:
        asked = urlsplit(request.url)
        request.url = urlunsplit((own.scheme, own.netloc, asked.path, asked.query, ""))

    client.meta.events.register_first("before-sign.s3-control", put_back)

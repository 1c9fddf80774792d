"""Fetches what AWS hands out as a link: a presigned URL that is good for minutes.

Only from AWS itself, over TLS; where AWS is another endpoint (an emulator, a simulated world), only
from that one. No more is read than is asked for. The link is a secret: it never stands in an error.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import urlsplit

from firedoor.aws.target import is_aws
from firedoor.errors import AwsError

SECONDS = 30
OPERATION = "download"


def fetch(url: str, *, endpoint: str, most: int) -> bytes:
    """What the link leads to; AwsError when it leads elsewhere, to nothing, or to too much.

    `endpoint`: the one that stands for AWS, "" for AWS's own.
    """
    host = urlsplit(url).netloc
    if endpoint:
        fine = bool(host) and host == urlsplit(endpoint).netloc
    else:
        fine = url.startswith("https://") and is_aws(url)
    if not fine:
        raise _error(f"the link leads to {host or 'nowhere'!r}, which is not AWS")
    # Redirects would lead elsewhere unseen; environment proxies are for AWS's own alone.
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if endpoint:
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)
    try:
        with opener.open(url, timeout=SECONDS) as answer:
            content: bytes = answer.read(most + 1)
    except urllib.error.HTTPError as error:
        raise _error(f"{host} answered {error.code} {error.reason}") from None
    except (OSError, ValueError) as error:
        raise _error(f"no answer from {host}: {type(error).__name__}") from None
    if len(content) > most:
        raise _error(f"it is larger than {most} bytes")
    return content


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for the answer."""

    def redirect_request(self, *_: object) -> None:
        """No other request is made."""


def _error(message: str) -> AwsError:
    return AwsError(message, code="NotDownloaded", operation=OPERATION)

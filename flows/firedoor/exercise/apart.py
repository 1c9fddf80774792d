"""Keeps a drill apart from the world: nothing of the environment's AWS reaches it.

A profile, an endpoint, a region or a proxy of the shell's must not decide whom a drill speaks to.
That no client speaks to anything but this machine is checked again by `firedoor.aws` itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

NOTHING = os.devnull
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@contextmanager
def apart() -> Iterator[None]:
    """Meanwhile no AWS setting of the environment counts; it is put back afterwards."""
    kept = dict(os.environ)
    try:
        for name in [name for name in os.environ if name.startswith("AWS_") or name in PROXIES]:
            del os.environ[name]
        os.environ["AWS_CONFIG_FILE"] = NOTHING
        os.environ["AWS_SHARED_CREDENTIALS_FILE"] = NOTHING
        os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
        yield
    finally:
        for name in set(os.environ) - set(kept):
            if name.startswith("AWS_"):
                del os.environ[name]
        os.environ.update(
            {name: kept[name] for name in kept if name.startswith("AWS_") or name in PROXIES}
        )

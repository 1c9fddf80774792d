"""The code of a function or version as evidence.

Lambda gives a link to the archive, good for 10 minutes, and says which hash it has.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from firedoor.actions.contract import Artefact, Aws
from firedoor.errors import AwsError, NoCredentials

MOST_CODE = 64 << 20
"""Bytes of code that are downloaded; Lambda's own limit for an archive is 50 MB."""


def code_of(aws: Aws, function: dict[str, Any], name: str) -> tuple[Artefact | None, list[str]]:
    """The code in an answer of GetFunction as evidence, called `name`, and what is not known of it.

    An archive is kept in base64; of a container image its digest is kept. None: it cannot be had.
    """
    config, code = function.get("Configuration") or {}, function.get("Code") or {}
    if code.get("ImageUri"):
        image = {key: code.get(key) for key in ("ImageUri", "ResolvedImageUri")}
        about = f"The container image of function {name}: its digest"
        return Artefact(name=f"lambda-code-{name}", content=image, about=about), []
    try:
        archive = aws.download(str(code.get("Location") or ""), most=MOST_CODE)
    except NoCredentials:
        raise
    except AwsError as error:
        return None, [f"the code of {name} could not be downloaded: {error}"]
    digest = hashlib.sha256(archive).digest()
    said = str(config.get("CodeSha256") or "")
    content = {
        "sha256": digest.hex(),
        "size": len(archive),
        "as_lambda_says": said,
        "zip_base64": base64.b64encode(archive).decode(),
    }
    unknown = []
    if said and said != base64.b64encode(digest).decode():
        unknown.append(f"the code of {name} that was downloaded is not what Lambda says it is")
    about = f"The code of function {name}, a zip archive in base64"
    return Artefact(name=f"lambda-code-{name}", content=content, about=about), unknown

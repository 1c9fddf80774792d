"""How each of AWS's protocols writes an error, and the codes it has for the general ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape

from firedoor.simulator.wire import ApiError, Call, Reply


def write_error(call: Call, error: ApiError) -> Reply:
    """An error in the protocol of the call."""
    code, message = escape(error.code), escape(error.message)
    if call.protocol in ("json", "rest-json"):
        body = json.dumps({"__type": error.code, "message": error.message})
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error.code}
    elif call.service == "s3":
        headers = {"Content-Type": "application/xml"}
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}'
            f"</Message><RequestId>{call.request_id}</RequestId></Error>"
        )
    elif call.protocol == "ec2":
        headers = {"Content-Type": "text/xml;charset=UTF-8"}
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{code}</Code>'
            f"<Message>{message}</Message></Error></Errors>"
            f"<RequestID>{call.request_id}</RequestID></Response>"
        )
    else:
        headers = {"Content-Type": "text/xml"}
        kind = "Sender" if error.status < 500 else "Receiver"
        body = (
            f"<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}"
            f"</Message></Error><RequestId>{call.request_id}</RequestId></ErrorResponse>"
        )
    empty = call.method == "HEAD"
    return Reply(error.status, headers, b"" if empty else body.encode())


def refusal(call: Call, kind: str, message: str = "") -> ApiError:
    """One of AWS's general errors, under the code and status of the call's protocol.

    Kinds: unknown_key, bad_signature, bad_token, expired, missing, denied, throttled, internal.
    """
    family = "s3" if call.service == "s3" else call.protocol
    code, status, text = _REFUSALS[kind].get(family, _REFUSALS[kind]["query"])
    return ApiError(code, message or text, status)


_INVALID = "The security token included in the request is invalid."
_FAILED = "AWS was not able to validate the provided access credentials"
_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method."
)
_EXPIRED = "The security token included in the request is expired"
_REFUSALS: Mapping[str, Mapping[str, tuple[str, int, str]]] = {
    "unknown_key": {
        "query": ("InvalidClientTokenId", 403, _INVALID),
        "s3": (
            "InvalidAccessKeyId",
            403,
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        "ec2": ("AuthFailure", 401, _FAILED),
        "json": ("UnrecognizedClientException", 400, _INVALID),
        "rest-json": ("UnrecognizedClientException", 403, _INVALID),
    },
    "bad_signature": {
        "query": ("SignatureDoesNotMatch", 403, _SIGNATURE),
        "ec2": ("AuthFailure", 401, _FAILED),
        "json": ("InvalidSignatureException", 400, _SIGNATURE),
        "rest-json": ("InvalidSignatureException", 403, _SIGNATURE),
    },
    "bad_token": {
        "query": ("InvalidClientTokenId", 403, _INVALID),
        "s3": ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
        "ec2": ("AuthFailure", 401, _FAILED),
        "json": ("UnrecognizedClientException", 400, _INVALID),
        "rest-json": ("UnrecognizedClientException", 403, _INVALID),
    },
    "expired": {
        "query": ("ExpiredToken", 403, _EXPIRED),
        "s3": ("ExpiredToken", 400, "The provided token has expired."),
        "ec2": ("RequestExpired", 400, "Request has expired."),
        "json": ("ExpiredTokenException", 400, _EXPIRED),
        "rest-json": ("ExpiredTokenException", 403, _EXPIRED),
    },
    "missing": {
        "query": ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
        "json": ("MissingAuthenticationTokenException", 400, "Missing Authentication Token"),
    },
    "denied": {
        "query": ("AccessDenied", 403, "Access Denied"),
        "ec2": ("UnauthorizedOperation", 403, "You are not authorized to perform this operation."),
        "json": ("AccessDeniedException", 400, "Access Denied"),
        "rest-json": ("AccessDeniedException", 403, "Access Denied"),
    },
    "throttled": {
        "query": ("Throttling", 400, "Rate exceeded"),
        "s3": ("SlowDown", 503, "Please reduce your request rate."),
        "ec2": ("RequestLimitExceeded", 503, "Request limit exceeded."),
        "json": ("ThrottlingException", 400, "Rate exceeded"),
        "rest-json": ("ThrottlingException", 429, "Rate exceeded"),
    },
    "internal": {
        "query": ("InternalFailure", 500, "An internal error has occurred."),
        "s3": ("InternalError", 500, "We encountered an internal error. Please try again."),
        "ec2": ("InternalError", 500, "An internal error has occurred."),
        "json": ("InternalServerError", 500, "An internal error has occurred."),
        "rest-json": ("InternalServerError", 500, "An internal error has occurred."),
    },
}

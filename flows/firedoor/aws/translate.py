"""AWS's errors as ours: one sentence, the code, the operation, and what it means for a change.

A throttled change was not carried out. A change without an answer may have been.
"""

from __future__ import annotations

from typing import Any

from firedoor.errors import AwsError, AwsRefused, AwsThrottled, AwsUnreachable, NoCredentials

REFUSED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "AuthorizationError",
        "AuthorizationErrorException",
        "403",
        "Forbidden",
        "OptInRequired",
    }
)
THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "SlowDown",
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
        "TransactionInProgressException",
    }
)
BAD_CREDENTIALS = frozenset(
    {
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "AuthFailure",
        "UnrecognizedClientException",
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
    }
)
_HINT = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret, or sign in again"


def from_client_error(error: Any, operation: str) -> AwsError:
    """botocore's ClientError as ours."""
    told = error.response.get("Error", {})
    code = str(told.get("Code", "")) or "Unknown"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = " ".join(str(told.get("Message", "")).split())[:500]
    if code in THROTTLED:
        return AwsThrottled(
            f"AWS asks for fewer calls of {operation} ({code})", code=code, operation=operation
        )
    if code in BAD_CREDENTIALS:
        return NoCredentials(
            f"AWS does not take these credentials ({code}): {message}; {_HINT}",
            code=code,
            operation=operation,
        )
    if code in REFUSED:
        return AwsRefused(
            f"AWS refused {operation}: {message or code}", code=code, operation=operation
        )
    if isinstance(status, int) and status >= 500:
        return AwsUnreachable(
            f"AWS failed at {operation} ({status} {code}); it may or may not have been done",
            code=code,
            operation=operation,
        )
    return AwsError(f"{operation}: {message or code} ({code})", code=code, operation=operation)


def from_connection_error(error: Exception, operation: str) -> AwsError:
    """What botocore raises when no answer came, or when it cannot even ask."""
    from botocore import exceptions as boto  # lazy: see the package
    from botocore.parsers import ResponseParserError

    name = type(error).__name__
    text = " ".join(str(error).split())[:300]
    credentials = (
        boto.NoCredentialsError,
        boto.PartialCredentialsError,
        boto.CredentialRetrievalError,
        boto.TokenRetrievalError,
        boto.SSOTokenLoadError,
        boto.UnauthorizedSSOTokenError,
        boto.ProfileNotFound,
        boto.ConfigParseError,
    )
    if isinstance(error, credentials):
        return NoCredentials(f"no AWS credentials: {text}; {_HINT}", code=name, operation=operation)
    if isinstance(error, boto.NoRegionError):
        return NoCredentials(
            "no AWS Region is set: give --region, or set AWS_REGION", code=name, operation=operation
        )
    if isinstance(error, ResponseParserError):
        return AwsUnreachable(
            f"{operation} was not answered as AWS answers; it may or may not have been done",
            code=name,
            operation=operation,
        )
    if isinstance(error, boto.HTTPClientError):
        return AwsUnreachable(
            f"no answer from AWS to {operation}: {text}", code=name, operation=operation
        )
    hint = "; see the network and AWS_ENDPOINT_URL" if "onnect" in text else ""
    return AwsError(f"{operation} could not be asked: {text}{hint}", code=name, operation=operation)

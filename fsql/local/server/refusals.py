"""Why a request's signature does not open the store, in each service's words.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/athena/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from enum import Enum

from fsql.local.wire import AwsError

__all__ = ["Refusal", "refuse"]


class Refusal(Enum):
    """What is wrong, and its code at S3, STS, and Athena and Glue."""

    MISSING = ("AccessDenied", "MissingAuthenticationToken", "MissingAuthenticationTokenException")
    UNKNOWN_KEY = ("InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException")
    MISMATCH = ("SignatureDoesNotMatch", "SignatureDoesNotMatch", "InvalidSignatureException")
    SKEWED = ("RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException")
    EXPIRED = ("AccessDenied", "AccessDenied", "AccessDeniedException")
    MALFORMED = (
        "AuthorizationHeaderMalformed",
        "IncompleteSignature",
        "IncompleteSignatureException",
    )


_MESSAGES = {
    Refusal.MISSING: "This server takes signed requests only. Sign with one of the keys that it "
    "was started with.",
    Refusal.UNKNOWN_KEY: "The AWS access key ID you provided does not exist in our records.",
    Refusal.MISMATCH: "The request signature we calculated does not match the signature you "
    "provided. Check your key and signing method.",
    Refusal.SKEWED: "The difference between the request time and the current time is too large.",
    Refusal.EXPIRED: "Request has expired",
    Refusal.MALFORMED: "The authorization that you provided is not one of AWS Signature Version 4.",
}


def refuse(why: Refusal, service: str, message: str | None = None) -> AwsError:
    """The error as the service reports it."""
    s3, sts, others = why.value
    code = {"s3": s3, "sts": sts}.get(service, others)
    json_protocol = service not in ("s3", "sts")
    status = 400 if json_protocol or why is Refusal.MALFORMED else 403
    return AwsError(code, message or _MESSAGES[why], status)

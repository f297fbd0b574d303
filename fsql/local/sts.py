"""The embedded STS: who am I, and nobody else."""

from __future__ import annotations

from urllib.parse import parse_qs

from fsql.local.s3.xml import document, respond
from fsql.local.wire import ACCOUNT, AwsError, Response, request_id, unknown_operation

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_HEADERS = {"Content-Type": "text/xml"}


def answer_sts(body: str) -> Response:
    """Answer a request of STS's query protocol: GetCallerIdentity is the store's own account."""
    operation = parse_qs(body).get("Action", [""])[0]
    if operation != "GetCallerIdentity":
        raise unknown_operation("STS", operation)
    identity = {
        "Arn": f"arn:aws:iam::{ACCOUNT}:root",
        "UserId": ACCOUNT,
        "Account": ACCOUNT,
    }
    metadata = {"RequestId": request_id()}
    children = {"GetCallerIdentityResult": identity, "ResponseMetadata": metadata}
    return respond(200, document("GetCallerIdentityResponse", children, _NAMESPACE), _HEADERS)


def sts_error(error: AwsError) -> Response:
    """An error as STS answers it."""
    kind = "Sender" if error.status < 500 else "Receiver"
    members = {"Type": kind, "Code": error.code, "Message": error.message}
    children = {"Error": members, "RequestId": request_id()}
    return respond(error.status, document("ErrorResponse", children, _NAMESPACE), _HEADERS)

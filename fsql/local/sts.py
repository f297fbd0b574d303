"""The embedded STS: who am I, and nobody else."""

from __future__ import annotations

from urllib.parse import parse_qs

from fsql.local.s3.xml import document, respond
from fsql.local.wire import ACCOUNT, Response, request_id, unknown_operation

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def answer_sts(body: str) -> Response:
    """Answer a request of STS's query protocol: GetCallerIdentity is the store's own account."""
    operation = parse_qs(body).get("Action", [""])[0]
    metadata = {"RequestId": request_id()}
    headers = {"Content-Type": "text/xml"}
    if operation == "GetCallerIdentity":
        identity = {
            "Arn": f"arn:aws:iam::{ACCOUNT}:root",
            "UserId": ACCOUNT,
            "Account": ACCOUNT,
        }
        children = {"GetCallerIdentityResult": identity, "ResponseMetadata": metadata}
        return respond(200, document("GetCallerIdentityResponse", children, _NAMESPACE), headers)
    error = unknown_operation("STS", operation)
    members = {"Type": "Sender", "Code": error.code, "Message": error.message}
    body_xml = document("ErrorResponse", {"Error": members, **metadata}, _NAMESPACE)
    return respond(400, body_xml, headers)

"""What a bucket answers that nobody has configured: defaults, or that there is no configuration.

The defaults are those of a bucket made today: encrypted with S3's own keys, no access by ACL, no
public access. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingBucket.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fsql.local.s3.buckets import OWNER
from fsql.local.s3.request import Request
from fsql.local.s3.xml import xml_response
from fsql.local.store import Store
from fsql.local.wire import AwsError, Response

__all__ = ["Unconfigured"]

_BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_ENCRYPTED = {
    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
    "BucketKeyEnabled": False,
}
_DEFAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "accelerate": ("AccelerateConfiguration", {}),
    "encryption": ("ServerSideEncryptionConfiguration", {"Rule": _ENCRYPTED}),
    "logging": ("BucketLoggingStatus", {}),
    "notification": ("NotificationConfiguration", {}),
    "ownershipControls": (
        "OwnershipControls",
        {"Rule": {"ObjectOwnership": "BucketOwnerEnforced"}},
    ),
    "publicAccessBlock": ("PublicAccessBlockConfiguration", dict.fromkeys(_BLOCKED, True)),
    "requestPayment": ("RequestPaymentConfiguration", {"Payer": "BucketOwner"}),
    "versioning": ("VersioningConfiguration", {}),
}
_MISSING = {
    "cors": ("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
    "lifecycle": (
        "NoSuchLifecycleConfiguration",
        "The lifecycle configuration does not exist",
    ),
    "object-lock": (
        "ObjectLockConfigurationNotFoundError",
        "Object Lock configuration does not exist for this bucket",
    ),
    "policy": ("NoSuchBucketPolicy", "The bucket policy does not exist"),
    "policyStatus": ("NoSuchBucketPolicy", "The bucket policy does not exist"),
    "replication": (
        "ReplicationConfigurationNotFoundError",
        "The replication configuration was not found",
    ),
    "website": (
        "NoSuchWebsiteConfiguration",
        "The specified bucket does not have a website configuration",
    ),
}
_GRANT = (
    '<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:type="CanonicalUser"><ID>{id}</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>'
)


class Unconfigured:
    """The GET operations on configurations that a bucket here never has, and on ACLs."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def operations(self) -> dict[tuple[str, str, str], Callable[[Request], Response]]:
        """The requests that are answered, as S3 files its operations."""
        names = [*_DEFAULTS, *_MISSING]
        return {("GET", "bucket", name): self._answer(name) for name in names}

    def acl(self, request: Request) -> Response:
        """Answer GetBucketAcl and GetObjectAcl: the owner may do everything, nobody else."""
        self._store.bucket_path(request.bucket)
        if request.key and self._store.find(request.bucket, request.key) is None:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
        answer = xml_response("AccessControlPolicy", {"Owner": OWNER, "AccessControlList": ""})
        assert isinstance(answer.body, bytes)
        # The grantee's kind is an attribute, which nothing else in S3's answers has.
        empty, grant = "<AccessControlList></AccessControlList>", _GRANT.format(id=OWNER["ID"])
        full = f"<AccessControlList>{grant}</AccessControlList>"
        answer.body = answer.body.replace(empty.encode(), full.encode())
        answer.headers["Content-Length"] = str(len(answer.body))
        return answer

    def _answer(self, name: str) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            self._store.bucket_path(request.bucket)
            if name in _DEFAULTS:
                return xml_response(*_DEFAULTS[name])
            code, message = _MISSING[name]
            raise AwsError(code, message, 404, {"BucketName": request.bucket})

        return answer

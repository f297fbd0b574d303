"""The embedded Amazon S3: which request is which operation."""

from __future__ import annotations

from collections.abc import Callable

from fsql.local.s3.attributes import Attributes
from fsql.local.s3.buckets import Buckets
from fsql.local.s3.listing import Listings
from fsql.local.s3.multipart import Uploads
from fsql.local.s3.objects import Objects
from fsql.local.s3.request import Request, not_implemented, read_all
from fsql.local.s3.tagging import Tagging
from fsql.local.s3.unconfigured import Unconfigured
from fsql.local.s3.xml import error_response
from fsql.local.store import Store, check_key
from fsql.local.wire import AwsError, Response

Operation = Callable[[Request], Response]

# Query arguments that leave a request the operation that it is; any other names another one.
_PARAMETERS = frozenset(
    (
        *("AWSAccessKeyId", "Expires", "Signature"),  # URLs presigned in the old way
        "bucket-region",
        "continuation-token",
        "delimiter",
        "encoding-type",
        "fetch-owner",
        "key-marker",
        "marker",
        "max-buckets",
        "max-keys",
        "max-parts",
        "max-uploads",
        "part-number-marker",
        "prefix",
        "start-after",
        "upload-id-marker",
        "version-id-marker",
        "versionId",
        "x-id",
    )
)


class S3:
    """Answers S3's REST requests out of the store's folder."""

    def __init__(self, store: Store) -> None:
        buckets, listings, objects = Buckets(store), Listings(store), Objects(store)
        uploads, tagging, unconfigured = (
            Uploads(store, objects),
            Tagging(store),
            Unconfigured(store),
        )
        self._objects = objects
        self._operations: dict[tuple[str, str, str], Operation] = {
            ("GET", "service", ""): buckets.list,
            ("PUT", "bucket", ""): buckets.create,
            ("DELETE", "bucket", ""): buckets.delete,
            ("HEAD", "bucket", ""): buckets.head,
            ("GET", "bucket", ""): listings.list_v1,
            ("GET", "bucket", "list-type"): listings.list_v2,
            ("GET", "bucket", "location"): buckets.location,
            ("GET", "bucket", "uploads"): uploads.list,
            ("GET", "bucket", "acl"): unconfigured.acl,
            ("GET", "bucket", "versions"): listings.list_versions,
            ("GET", "bucket", "tagging"): tagging.get_bucket,
            ("PUT", "bucket", "tagging"): tagging.put_bucket,
            ("DELETE", "bucket", "tagging"): tagging.delete_bucket,
            **unconfigured.operations(),
            ("POST", "bucket", "delete"): self._delete_many,
            ("PUT", "object", ""): objects.put,
            ("PUT", "object", "copy"): objects.copy,
            ("GET", "object", ""): objects.get,
            ("HEAD", "object", ""): objects.get,
            ("DELETE", "object", ""): objects.delete,
            ("GET", "object", "acl"): unconfigured.acl,
            ("GET", "object", "attributes"): Attributes(objects).get,
            ("GET", "object", "tagging"): tagging.get,
            ("PUT", "object", "tagging"): tagging.put,
            ("DELETE", "object", "tagging"): tagging.delete,
            ("POST", "object", "uploads"): uploads.create,
            ("PUT", "object", "partNumber uploadId"): uploads.put_part,
            ("PUT", "object", "partNumber uploadId copy"): uploads.copy_part,
            ("POST", "object", "uploadId"): uploads.complete,
            ("DELETE", "object", "uploadId"): uploads.abort,
            ("GET", "object", "uploadId"): uploads.list_parts,
        }

    def handle(self, request: Request) -> Response:
        """The answer to one request.

        Errors are answers too: ``<Error><Code>…``, without a body for HEAD.
        """
        try:
            return self._operation(request)(request)
        except AwsError as error:
            return error_response(error, head=request.method == "HEAD")

    def _operation(self, request: Request) -> Operation:
        request.check()
        if request.key:
            check_key(request.key)
        scope = "object" if request.key else "bucket" if request.bucket else "service"
        named = " ".join(sorted(filter(_names_operation, request.query)))
        if request.method == "PUT" and "x-amz-copy-source" in request.headers:
            named = f"{named} copy".strip()
        operation = self._operations.get((request.method, scope, named))
        if operation is None:
            raise not_implemented(f"{request.method} {scope} {named}".strip())
        return operation

    def _delete_many(self, request: Request) -> Response:
        return self._objects.delete_many(request, read_all(request))


def _names_operation(argument: str) -> bool:
    presigned = argument.lower().startswith("x-amz-")
    return not (argument in _PARAMETERS or argument.startswith("response-") or presigned)

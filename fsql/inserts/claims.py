"""Who decides what becomes of staged files: one object, put by whoever is first.

Two calls may do the same work. Once one of them has begun to make the files a table's own, nobody
knows any more from outside whether they are; once one has begun to delete them, nobody may adopt
them. S3 puts an object only if there is none
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from botocore.exceptions import ClientError

from fsql.storage import Storage, path_of

__all__ = ["Purpose", "claimed"]

Purpose: TypeAlias = Literal["adopted", "deleted"]


def claimed(storage: Storage, uri: str, purpose: Purpose) -> bool:
    """Whether staged files are to be adopted, or deleted: what was said first counts.

    Args:
        uri: of the object that says it.
    """
    bucket, _, key = path_of(uri).partition("/")
    s3 = storage.aws.client("s3")
    while True:
        try:
            s3.put_object(Bucket=bucket, Key=key, Body=purpose.encode(), IfNoneMatch="*")
        except ClientError as error:
            if _status(error) not in (409, 412):  # another call puts it at this moment, or has
                raise
        else:
            return True
        try:
            said: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if _status(error) != 404:  # else it was taken away again, with the files
                raise
        else:
            return said == purpose.encode()


def _status(error: ClientError) -> int:
    status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status

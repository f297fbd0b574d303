"""What AWS and its files could not do, told as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from fsql.errors import ServiceError, StorageError

__all__ = ["told"]

_ADVICE = "`fsql doctor` checks credentials, permissions and locations."
_DENIED = ("AccessDenied", "Unauthorized", "UnrecognizedClient", "InvalidClientTokenId", "Expired")


@contextmanager
def told(undone: str = "") -> Iterator[None]:
    """A block, or a function, out of which no error of boto3's or of a filesystem's comes.

    Args:
        undone: what the error adds: what is known of the state that things are in.

    Raises:
        StorageError: S3 or the disk did not do it, or there are no credentials.
        ServiceError: Glue or Athena did not.
    """
    try:
        yield
    except ClientError as error:
        kind = StorageError if _is_of_s3(error) else ServiceError
        raise kind(_sentence(error, undone, denied=_is_denial(error))) from error
    except BotoCoreError as error:
        raise StorageError(_sentence(error, undone, denied=True)) from error
    except BrokenPipeError:
        raise  # of whoever reads our output
    except OSError as error:
        raise StorageError(_sentence(error, undone)) from error


def _sentence(error: Exception, undone: str, *, denied: bool = False) -> str:
    parts = (str(error).rstrip("."), undone, _ADVICE.rstrip(".") if denied else "")
    return ". ".join(part for part in parts if part) + "."


def _is_denial(error: ClientError) -> bool:
    code = error.response.get("Error", {}).get("Code", "")
    return any(word in code for word in _DENIED)


def _is_of_s3(error: ClientError) -> bool:
    return any(noun in error.operation_name for noun in ("Object", "Bucket", "Upload"))

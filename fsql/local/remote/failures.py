"""What botocore reports, in the words of the service that said it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from fsql.local.wire import AwsError

__all__ = ["aws_error", "translated"]

# Answers to HEAD have no body that could say a code.
_CODES = {"403": "AccessDenied", "404": "NoSuchKey", "412": "PreconditionFailed"}


def aws_error(error: ClientError) -> AwsError:
    """The error that a service answered with."""
    said = error.response.get("Error", {})
    code = said.get("Code", "Unknown")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    return AwsError(_CODES.get(code, code), said.get("Message") or str(error), status)


@contextmanager
def translated() -> Iterator[None]:
    """Raise AwsError for what goes wrong in the block, whether a service said so or not."""
    try:
        yield
    except ClientError as error:
        raise aws_error(error) from error
    except ParamValidationError as error:
        raise AwsError("InvalidInputException", str(error)) from error
    except BotoCoreError as error:
        raise AwsError("ServiceUnavailableException", str(error), 503) from error

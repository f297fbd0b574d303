"""The AWS that the behaviours run on.

Each backend is a context manager that is given an empty folder and yields a boto3 Session; another
endpoint joins by an entry in BACKENDS. Tests make what they need through that session and assume
nothing but an empty account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from fsql.local import attach, isolated_session

Backend = Callable[[Path], AbstractContextManager[boto3.Session]]

# botocore's parsed service models: one loader for all tests saves most of a client's cost.
_MODELS = isolated_session()._session.get_component("data_loader")


@contextmanager
def embedded(folder: Path) -> Iterator[boto3.Session]:
    """The AWS in a folder."""
    session = isolated_session()
    session._session.register_component("data_loader", _MODELS)
    local = attach(session, folder)
    try:
        yield session
    finally:
        local.close()


BACKENDS: dict[str, Backend] = {"embedded": embedded}


@pytest.fixture(params=BACKENDS)
def aws(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[boto3.Session]:
    """A session on an empty account."""
    with BACKENDS[request.param](tmp_path / "aws") as session:
        yield session


@pytest.fixture
def glue(aws: boto3.Session) -> Any:
    """A Glue client."""
    return aws.client("glue")


@pytest.fixture
def s3(aws: boto3.Session) -> Any:
    """An S3 client."""
    return aws.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    """The name of an empty bucket."""
    s3.create_bucket(Bucket="some-bucket")
    return "some-bucket"


@pytest.fixture
def refused() -> Callable[..., tuple[str, str]]:
    """Call a client's method that must fail: the error's code and message."""

    def call(method: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            method(**arguments)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return call

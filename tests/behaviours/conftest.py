"""The AWS that the behaviours run on.

Each backend is a context manager that is given an empty folder and yields a boto3 Session; another
endpoint joins by an entry in BACKENDS. Tests make what they need through that session and assume
nothing but an empty account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from fsql.local import attach, isolated_session
from fsql.local.server import Server
from fsql.local.services import Services
from fsql.local.store import Store
from fsql.local.wire import HttpRequest, Response
from fsql.sessions import EndpointSession

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


class OneAtATime:
    """Services that a server outlives: starting one for each test would take longer than most."""

    current: Services

    @property
    def store(self) -> Store:
        return self.current.store

    def answer(self, request: HttpRequest, service: str) -> Response:
        return self.current.answer(request, service)

    def close(self) -> None:
        """Each test closes its own."""


@cache
def running() -> tuple[Server, OneAtATime]:
    """The server of all tests, which checks signatures."""
    services = OneAtATime()
    server = Server(cast("Services", services), keys={"KEY": "SECRET"})
    server.start()
    return server, services


@contextmanager
def served(folder: Path) -> Iterator[boto3.Session]:
    """The same over HTTP."""
    server, services = running()
    services.current = Services(folder)
    session = EndpointSession(
        server.url,
        aws_access_key_id="KEY",
        aws_secret_access_key="SECRET",
        region_name="us-east-1",
    )
    session._session.register_component("data_loader", _MODELS)
    try:
        yield session
    finally:
        services.current.close()


@pytest.fixture(scope="session", autouse=True)
def stopped() -> Iterator[None]:
    """No server outlives the tests."""
    yield
    if running.cache_info().currsize:
        running()[0].stop()


BACKENDS: dict[str, Backend] = {"embedded": embedded, "served": served}


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

"""The AWS that the behaviours run on.

Each backend is a context manager that is given an empty folder and yields a boto3 Session; another
endpoint joins by an entry in BACKENDS. Tests make what they need through that session and assume
nothing but an empty account.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from botocore import xform_name
from moto.glue.responses import GlueResponse
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from fsql.local import attach, isolated_session
from fsql.local.remote.services import RemoteServices
from fsql.local.server import Server
from fsql.local.services import Services
from fsql.local.store import Store
from fsql.local.wire import HttpRequest, Response
from fsql.sessions import EndpointSession
from tests.motos import forget

Backend = Callable[[Path], AbstractContextManager[boto3.Session]]


@contextmanager
def embedded(folder: Path) -> Iterator[boto3.Session]:
    """The AWS in a folder."""
    session = isolated_session()
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
    try:
        yield _session(server.url)
    finally:
        services.current.close()


@dataclass(frozen=True)
class Foreign:
    """Moto's server, which answers S3, Glue and STS, and ours, which answers Athena over them."""

    moto: ThreadedMotoServer
    url: str
    athena: Server
    services: OneAtATime
    glue: Any
    s3: Any


@cache
def foreign() -> Foreign:
    """Both servers of all tests."""
    moto = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    url = f"http://{host}:{port}"
    services = OneAtATime()
    athena = Server(cast("Services", services))
    athena.start()
    session = _session(url)
    return Foreign(moto, url, athena, services, session.client("glue"), session.client("s3"))


def _session(url: str, athena: str | None = None) -> EndpointSession:
    return EndpointSession(
        url,
        athena,
        aws_access_key_id="KEY",
        aws_secret_access_key="SECRET",
        region_name="us-east-1",
    )


@contextmanager
def moto(folder: Path) -> Iterator[boto3.Session]:
    """S3 and Glue that nobody here wrote, and our Athena over their public APIs alone."""
    servers = foreign()
    forget(servers.url)
    servers.services.current = RemoteServices(folder, servers.glue, servers.s3)
    session = _session(servers.url, servers.athena.url)
    session.events.register("before-call.glue", cast("Any", _skip_what_moto_lacks))
    try:
        yield session
    finally:
        servers.services.current.close()


def _skip_what_moto_lacks(event_name: str, **_: object) -> None:
    """Moto answers an operation that it does not have with an internal error, after retries."""
    operation = event_name.rpartition(".")[2]
    if not hasattr(GlueResponse, xform_name(operation)):
        pytest.skip(f"moto's Glue has no {operation}")


def age(tmp_path: Path, uri: str, days: float) -> None:
    """Make an object of a backend whose folder is ``aws`` so many days old; S3 has no call for it.

    Moto's objects are in this process, its folder has none.
    """
    then = time.time() - days * 86400
    file = tmp_path / "aws" / "s3" / uri.removeprefix("s3://")
    if file.exists():
        os.utime(file, (then, then))
        return
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    found = s3_backends["123456789012"]["aws"].get_object(bucket, key)
    assert found is not None
    found.last_modified = datetime.fromtimestamp(then, UTC).replace(tzinfo=None)


def stop() -> None:
    """End the servers that were started."""
    if running.cache_info().currsize:
        running()[0].stop()
    if foreign.cache_info().currsize:
        foreign().athena.stop()
        foreign().moto.stop()


BACKENDS: dict[str, Backend] = {"embedded": embedded, "served": served, "moto": moto}

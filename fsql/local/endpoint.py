"""The embedded AWS as a botocore transport: requests are answered in process, with no socket."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.handlers import disable_signing

from fsql.local.services import SERVICES, Services
from fsql.local.wire import REGION, Body, HttpRequest, Stream

if TYPE_CHECKING:
    import boto3


class ServiceNotEmbedded(NotImplementedError):
    """A session of an embedded store was asked for a service that only AWS has."""


class LocalAWS(Services):
    """The services of one folder, for boto3 sessions of this process."""

    def attach(self, session: boto3.Session) -> None:
        """Answer every request of the clients that ``session`` makes from now on.

        The session is given credentials that open nothing and, if it has none, a region; it
        looks for none in the environment, in ``~/.aws`` or in instance metadata. Clients that
        it made before are not covered.
        """
        inner = session._session
        inner.set_credentials("local", "local")
        inner.set_config_variable("config_file", os.devnull)
        inner.set_config_variable("credentials_file", os.devnull)
        inner.set_config_variable("ignore_configured_endpoint_urls", True)
        if session.region_name is None:
            inner.set_config_variable("region", REGION)
        session.events.register("before-send", cast("Any", self._answer))
        for service in ("athena", "glue"):  # of S3 there are presigned URLs
            # Nobody checks what never leaves the process, and it takes a third of a request.
            session.events.register(f"choose-signer.{service}", cast("Any", disable_signing))

    def handle(self, request: AWSPreparedRequest, service: str) -> AWSResponse:
        """The answer to a request that botocore is about to send to ``service``.

        ServiceNotEmbedded for a service that the embedded AWS does not have.
        """
        if service not in SERVICES:
            raise ServiceNotEmbedded(
                f"The embedded store in {self.store.root} answers Athena, Glue, S3 and STS, not "
                f"{service}. For {service} use a session of your own, or an fsql:// URL of AWS."
            )
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        body = _stream(request.body)
        answer = self.answer(HttpRequest(request.method, request.url, headers, body), service)
        raw = cast("Any", _raw(answer.body))
        return AWSResponse(request.url, answer.status, cast("Any", answer.headers), raw)

    def _answer(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        return self.handle(request, event_name.split(".")[1])


def attach(session: boto3.Session, root: str | os.PathLike[str]) -> LocalAWS:
    """Let every client that ``session`` makes from now on talk to the embedded store in ``root``.

    The folder is made if missing; OSError if it can't be. See :meth:`LocalAWS.attach`.
    """
    local = LocalAWS(root)
    local.attach(session)
    return local


def isolated_session(region_name: str = REGION) -> boto3.Session:
    """A boto3 Session that no file in ``~/.aws`` and no AWS_PROFILE has a say in.

    boto3's own constructor reads both before anybody can stop it, and fails on a profile that
    does not exist.
    """
    import boto3
    import botocore.session

    from fsql.local.models import models

    inner = botocore.session.Session(
        {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    inner.register_component("data_loader", models())
    return boto3.Session("local", "local", region_name=region_name, botocore_session=inner)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _stream(body: Any) -> Body:
    if hasattr(body, "read"):
        return cast("Body", body)
    return io.BytesIO(body.encode() if isinstance(body, str) else bytes(body or b""))


class _RawBytes(io.BytesIO):
    """What botocore expects of a connection's response body."""

    def stream(self, amt: int = 2**16, decode_content: bool | None = None) -> Iterator[bytes]:
        """The rest, at once: it is in memory anyway."""
        yield self.read()


def _raw(body: bytes | Stream) -> Stream:
    return _RawBytes(body) if isinstance(body, bytes) else body

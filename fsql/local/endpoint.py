"""The embedded AWS as a botocore transport: requests are answered in process, with no socket."""

from __future__ import annotations

import io
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from fsql.local.glue import Glue
from fsql.local.s3 import S3
from fsql.local.s3.xml import error_response
from fsql.local.store import Store
from fsql.local.sts import answer_sts
from fsql.local.wire import REGION, AwsError, Response, Stream, json_error, json_response

if TYPE_CHECKING:
    import boto3

    from fsql.local.athena.service import Athena

Call = Callable[[str, dict[str, Any]], dict[str, Any]]

_VIRTUAL_HOST = re.compile(r"(?P<bucket>.+)\.s3[.-](?:[a-z0-9.-]+\.)?amazonaws\.com(?:\.cn)?")


class ServiceNotEmbedded(NotImplementedError):
    """A session of an embedded store was asked for a service that only AWS has."""


class LocalAWS:
    """Athena, Glue, S3 and STS of one folder."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.store = Store(root)
        self.glue = Glue(self.store)
        self.s3 = S3(self.store)
        self._athena: Athena | None = None
        self._lock = threading.Lock()

    @property
    def athena(self) -> Athena:
        """Made at the first Athena request: importing DuckDB takes a while."""
        with self._lock:
            if self._athena is None:
                from fsql.local.athena.service import Athena

                self._athena = Athena(self.store, self.glue)
            return self._athena

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
        handler = cast("Callable[..., None]", self._answer)  # the stubs know none that answer
        session.events.register("before-send", handler)

    def close(self) -> None:
        """Stop running queries and close the store's files."""
        with self._lock:
            if self._athena is not None:
                self._athena.close()
                self._athena = None
        self.store.close()

    def handle(self, request: AWSPreparedRequest, service: str) -> AWSResponse:
        """The answer to a request that botocore is about to send to ``service``.

        ServiceNotEmbedded for a service that the embedded AWS does not have.
        """
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        if service == "athena":
            response = _answer_json(request, headers, self.athena.call)
        elif service == "glue":
            response = _answer_json(request, headers, self.glue.call)
        elif service == "s3":
            response = self._answer_s3(request, headers)
        elif service == "sts":
            response = answer_sts(_bytes(request.body).decode())
        else:
            raise ServiceNotEmbedded(
                f"The embedded store in {self.store.root} answers Athena, Glue, S3 and STS, not "
                f"{service}. For {service} use a session of your own, or an fsql:// URL of AWS."
            )
        raw = cast("Any", _raw(response.body))
        return AWSResponse(request.url, response.status, cast("Any", response.headers), raw)

    def _answer(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        return self.handle(request, event_name.split(".")[1])

    def _answer_s3(self, request: AWSPreparedRequest, headers: dict[str, str]) -> Response:
        try:
            bucket, key, query = parse_s3_url(request.url)
        except AwsError as error:
            return error_response(error)
        return self.s3.handle(request.method, bucket, key, query, headers, _stream(request.body))


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

    inner = botocore.session.Session(
        {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return boto3.Session("local", "local", region_name=region_name, botocore_session=inner)


def parse_s3_url(url: str) -> tuple[str | None, str | None, dict[str, str]]:
    """Bucket, key and query of an S3 request's URL, virtual-hosted or path style."""
    parts = urlsplit(url)
    try:
        path = unquote(parts.path, errors="strict")
        query = dict(parse_qsl(parts.query, keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        raise AwsError("InvalidURI", "Couldn't parse the specified URI.") from None
    hosted = _VIRTUAL_HOST.fullmatch(parts.hostname or "")
    if hosted:
        return hosted["bucket"], path.removeprefix("/") or None, query
    bucket, _, key = path.removeprefix("/").partition("/")
    return bucket or None, key or None, query


def _answer_json(request: AWSPreparedRequest, headers: dict[str, str], call: Call) -> Response:
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    try:
        return json_response(call(operation, _members(_bytes(request.body))))
    except AwsError as error:
        return json_error(error)


def _members(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body or b"{}")
    except ValueError:
        members = None
    if not isinstance(members, dict):
        raise AwsError("SerializationException", "The request's body is no JSON object.")
    return members


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _stream(body: Any) -> BinaryIO:
    return cast("BinaryIO", body) if hasattr(body, "read") else io.BytesIO(_bytes(body))


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body.read()) if hasattr(body, "read") else bytes(body)


class _RawBytes(io.BytesIO):
    """What botocore expects of a connection's response body."""

    def stream(self, amt: int = 2**16, decode_content: bool | None = None) -> Iterator[bytes]:
        """The rest, at once: it is in memory anyway."""
        yield self.read()


def _raw(body: bytes | Stream) -> Stream:
    return _RawBytes(body) if isinstance(body, bytes) else body

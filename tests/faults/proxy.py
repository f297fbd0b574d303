"""A proxy on loopback that answers some AWS requests with the errors that AWS has on bad days."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Answer", "Fault", "FaultyProxy", "Request", "json_error", "s3_error"]

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "proxy-connection", "expect"}


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        """``AWSGlue.UpdateTable``, ``AmazonAthena.StartQueryExecution``, ``s3.PUT``."""
        return self.headers.get("x-amz-target", f"s3.{self.method}")


@dataclass(frozen=True)
class Answer:
    """What it gets."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Fault:
    """Requests that go wrong.

    Args:
        operation: as `Request.operation` has it.
        answer: what they get, or what gives it.
        times: how many of them; the later ones pass.
        where: which of the operation's requests; all of them by default.
        afterwards: the request is carried out, and only its answer is lost.
        skip: how many of them pass first.
    """

    operation: str
    answer: Answer | Callable[[Request], Answer]
    times: int = 1
    where: Callable[[Request], bool] = lambda request: True
    afterwards: bool = False
    skip: int = 0
    hits: int = 0

    def strikes(self, request: Request) -> bool:
        """Whether this request is one of them."""
        if request.operation != self.operation or not self.where(request):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.hits >= self.times:
            return False
        self.hits += 1
        return True


def s3_error(status: int, code: str) -> Answer:
    """An error of S3."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}.</Message></Error>"
    return Answer(status, body.encode(), {"Content-Type": "application/xml"})


def json_error(status: int, code: str) -> Answer:
    """An error of Glue or Athena."""
    body = json.dumps({"__type": code, "message": f"{code} was injected."})
    return Answer(status, body.encode(), {"Content-Type": "application/x-amz-json-1.1"})


Watcher = Callable[[Request], None]


def _nothing(request: Request) -> None:
    """Nobody watches."""


class FaultyProxy:
    """Passes requests on to a server, but for those that a fault strikes."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream).netloc
        self._lock = threading.Lock()
        self.faults: list[Fault] = []
        self.seen: list[str] = []
        self._before: Watcher = _nothing
        self._after: Watcher = _nothing
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """What clients take for the endpoint."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def suffering(self, *faults: Fault) -> Iterator[None]:
        """Within the block these go wrong."""
        with self._lock:
            self.faults, self.seen = list(faults), []
        try:
            yield
        finally:
            with self._lock:
                self.faults = []

    @contextmanager
    def watched(self, before: Watcher, after: Watcher) -> Iterator[None]:
        """Within the block these are called with each request, `after` when it is carried out."""
        self._before, self._after = before, after
        try:
            yield
        finally:
            self._before = self._after = _nothing

    def count(self, operation: str) -> int:
        """How many requests of an operation came since the last block began."""
        with self._lock:
            return self.seen.count(operation)

    def answer(self, request: Request) -> Answer:
        """The answer, of the server or of a fault."""
        with self._lock:
            self.seen.append(request.operation)
            fault = next((fault for fault in self.faults if fault.strikes(request)), None)
        if fault is None:
            self._before(request)
            answer = self._passed_on(request)
            self._after(request)
            return answer
        if fault.afterwards:
            self._passed_on(request)
        return fault.answer if isinstance(fault.answer, Answer) else fault.answer(request)

    def _passed_on(self, request: Request) -> Answer:
        connection = http.client.HTTPConnection(self._upstream, timeout=60)
        try:
            connection.request(request.method, request.path, request.body, request.headers)
            response = connection.getresponse()
            body = response.read()
            headers = {k: v for k, v in response.getheaders() if k.lower() not in HOP_BY_HOP}
            return Answer(response.status, body, headers)
        finally:
            connection.close()

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, proxy: FaultyProxy, *rest: Any) -> None:
        self._proxy = proxy
        super().__init__(*rest)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _do(self) -> None:
        headers = {k.lower(): v for k, v in self.headers.items()}
        body = self._body(headers)
        kept = {k: v for k, v in headers.items() if k not in HOP_BY_HOP}
        self._send(self._proxy.answer(Request(self.command, self.path, kept, body)))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _do

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(headers.get("content-length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        names = {name.lower() for name in answer.headers}
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "content-length" not in names:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

"""The ASGI application: requests come by the event loop and are answered by threads."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fsql.local.server.bodies import Receive, StreamedBody, body_of
from fsql.local.server.front import Answered, Front, is_health
from fsql.local.server.guard import valid_host
from fsql.local.server.requestlog import log_request
from fsql.local.wire import Body, HttpRequest, Response, Stream

__all__ = ["Application"]

Scope = dict[str, Any]
Send = Callable[[Any], Awaitable[None]]

_BLOCK = 1 << 20
_READERS = 4
_OPERATION = re.compile(r"\w+")


class Application:
    """Serves one store.

    Args:
        front: who answers.
        threads: how many requests at once; what clients send or fetch slowly holds none up.
        idle: seconds that a client may keep silent within a request.
    """

    def __init__(self, front: Front, threads: int, idle: float) -> None:
        self._front = front
        self._idle = idle
        self._threads = ThreadPoolExecutor(threads, "fsql-serve")
        # Apart from the others, so that neither health nor downloads wait for uploads.
        self._readers = ThreadPoolExecutor(_READERS, "fsql-serve-read")
        self._bodies: set[StreamedBody] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        answered = await self._answer(scope, receive, send)
        seconds = time.perf_counter() - started
        target = (scope["raw_path"] + _query(scope)).decode("latin-1")
        client = (scope.get("client") or ["-"])[0]
        named = _OPERATION.search(_headers(scope).get("x-amz-target", "").rpartition(".")[2])
        operation = " ".join(filter(None, (answered.by, named and named[0])))
        status = answered.response.status
        log_request(client, scope["method"], target, operation, status, seconds)

    def close(self) -> None:
        """Let the threads end: no body goes on."""
        for body in list(self._bodies):
            body.stop()
        self._threads.shutdown()
        self._readers.shutdown()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> Answered:
        headers = _headers(scope)
        host = headers.setdefault("host", "localhost")
        if not valid_host(host):
            answered = Answered("-", Response(400, {"Content-Length": "0"}))
            await self._send(answered.response, send)
            return answered
        url = f"http://{host}{(scope['raw_path'] + _query(scope)).decode('latin-1')}"
        body = await body_of(headers, receive, self._idle)
        answered = await self._run(HttpRequest(scope["method"], url, headers, body))
        # A client that waits for leave to send its body, and gets an answer instead, sends none.
        if "expect" in headers and isinstance(body, StreamedBody) and not body.begun:
            answered.response.headers["Connection"] = "close"
        await self._send(answered.response, send)
        return answered

    async def _run(self, request: HttpRequest) -> Answered:
        loop, body = asyncio.get_running_loop(), request.body
        if is_health(request):
            return await loop.run_in_executor(self._readers, self._front.answer, request)
        if not isinstance(body, StreamedBody):
            return await loop.run_in_executor(self._threads, self._front.answer, request)
        self._bodies.add(body)
        try:
            return await loop.run_in_executor(self._threads, self._front.answer, request)
        finally:
            self._bodies.discard(body)
            body.stop()

    async def _send(self, response: Response, send: Send) -> None:
        head = [(_bytes(name), _bytes(value)) for name, value in response.headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": head})
        last: Body | bytes = response.body if isinstance(response.body, bytes) else b""
        if not isinstance(response.body, bytes):
            await self._stream(response.body, send)
        await send({"type": "http.response.body", "body": last})

    async def _stream(self, body: Stream, send: Send) -> None:
        loop = asyncio.get_running_loop()
        try:
            while block := await loop.run_in_executor(self._readers, body.read, _BLOCK):
                await send({"type": "http.response.body", "body": block, "more_body": True})
        finally:
            body.close()


def _headers(scope: Scope) -> dict[str, str]:
    """By name in lower case; a header given more than once has its values joined."""
    pairs: Iterable[tuple[bytes, bytes]] = scope["headers"]
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _query(scope: Scope) -> bytes:
    query: bytes = scope["query_string"]
    return b"?" + query if query else b""


def _bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()

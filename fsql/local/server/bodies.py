"""Bodies of requests on their way from the event loop to the thread that answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from io import BytesIO
from typing import Any

from fsql.local.s3.body import incomplete
from fsql.local.wire import AwsError, Body

__all__ = ["Receive", "StreamedBody", "body_of"]

Receive = Callable[[], Awaitable[Any]]

_IN_MEMORY = 256 << 10


async def body_of(headers: dict[str, str], receive: Receive, idle: float) -> Body:
    """A request's body: received already if it is small, else as it is read."""
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or int(length) > _IN_MEMORY:
        return StreamedBody(receive, asyncio.get_running_loop(), idle)
    if length == "0":
        return BytesIO()
    small = StreamedBody(receive, asyncio.get_running_loop(), idle)
    return BytesIO(await small.gather(int(length)))


class StreamedBody:
    """A body that a worker thread reads while the event loop receives it.

    No more is held than one read asks for and the server's own buffer of a connection.
    """

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop, idle: float) -> None:
        self._receive = receive
        self._loop = loop
        self._idle = idle
        self._left = b""
        self._more = True
        self._reading: Future[bytes] | None = None
        self._stopped = False
        self.begun = False

    def read(self, size: int = -1, /) -> bytes:
        """``size`` bytes, fewer only at the end.

        AwsError RequestTimeout if the client sends nothing for too long, IncompleteBody if it is
        gone: what came of a body without a length would otherwise pass for the whole.
        """
        if self._stopped:
            raise incomplete()
        if size == 0 or not (self._left or self._more):
            return b""
        self._reading = asyncio.run_coroutine_threadsafe(self.gather(size), self._loop)
        try:
            found = self._reading.result()
        except CancelledError:
            self._stopped = True
            raise incomplete() from None
        except TimeoutError:
            raise AwsError(
                "RequestTimeout",
                "Your socket connection to the server was not read from or written to within the "
                "timeout period. Idle connections will be closed.",
            ) from None
        if self._stopped:
            raise incomplete()
        return found

    async def gather(self, size: int) -> bytes:
        """As :meth:`read`, for the event loop's own thread; TimeoutError."""
        self.begun = True
        parts, missing = [self._left], size - len(self._left)
        while self._more and (size < 0 or missing > 0):
            async with asyncio.timeout(self._idle):
                message = await self._receive()
            self._stopped = self._stopped or message["type"] == "http.disconnect"
            part = message.get("body", b"")
            self._more = message.get("more_body", False)
            parts.append(part)
            missing -= len(part)
        whole = b"".join(parts)
        cut = len(whole) if size < 0 else size
        self._left = whole[cut:]
        return whole[:cut]

    def stop(self) -> None:
        """Let a thread that waits for the client go on: the body ends here."""
        self._stopped = True
        if self._reading is not None:
            self._reading.cancel()

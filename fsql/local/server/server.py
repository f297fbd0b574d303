"""The server's life: bind, serve, end what runs, stop."""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fsql.local.server.app import Application
from fsql.local.server.front import Front
from fsql.local.server.guard import Guard
from fsql.local.services import Services

__all__ = ["Server"]

_IDLE_SECONDS = 120.0
_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 1024
_LARGEST_HEAD = 64 << 10  # bytes; a presigned URL with a session token takes a few thousand
_HEAD_SECONDS = 30.0  # for a whole head, and for the first byte of a new connection


class Server:
    """Answers AWS clients over HTTP, on threads of its own, until it is stopped.

    Args:
        services: what is served; they are closed with the server.
        host, port: where; port 0 takes a free one.
        keys: secrets by key id, of which every request must be signed with one; None asks for
            no signatures.
        threads: how many requests are answered at once.
        grace: seconds that running requests get to end when the server stops.

    Raises:
        OSError: the address cannot be bound.
    """

    def __init__(
        self,
        services: Services,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        keys: Mapping[str, str] | None = None,
        threads: int = 32,
        grace: float = 10.0,
    ) -> None:
        self._services = services
        self._app = Application(Front(services, Guard(host), keys), threads, _IDLE_SECONDS)
        self._socket = _bound(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=_BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=math.ceil(grace),
            )
        )
        self._thread = threading.Thread(target=self._run, name="fsql-serve-loop")
        self._stopped = False

    @property
    def url(self) -> str:
        """What clients take for AWS_ENDPOINT_URL."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether it answers, or is about to."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.002)

    def stop(self) -> None:
        """Take no further requests, let those that run end, and close the store."""
        if self._stopped:
            return
        self._stopped = True
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join()
        self._socket.close()
        self._app.close()
        self._services.close()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        self._server.run([self._socket])


class _Protocol(HttpToolsProtocol):
    """uvicorn's, which takes heads of any size for any time, with limits to both."""

    _head_bytes: int | None = None
    _header_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a head, but not for ever."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        super().data_received(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > _LARGEST_HEAD:
                self.send_400_response("The request's head is too large.")

    def on_message_begin(self) -> None:
        """Count from here,"""
        super().on_message_begin()
        self._head_bytes = self._header_bytes = 0
        self._wait_for_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count those that come at once too; the parser answers 400 to what is raised here."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > _LARGEST_HEAD:
            raise ValueError
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """to here."""
        self._head_bytes = None
        self._stop_waiting()
        super().on_headers_complete()

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._head_timer = self.loop.call_later(_HEAD_SECONDS, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol spelled out, asyncio knows that TCP_NODELAY is there to be set.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        with suppress(AttributeError):  # Windows: there it would let others take the port over
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made

"""moto's server: S3 and Glue that nobody here wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

from moto.server import ThreadedMotoServer

__all__ = ["empty_moto", "forget"]


@contextmanager
def empty_moto() -> Iterator[str]:
    """The URL of a server with nothing in it; all of a process share what is in them."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        forget(url)
        yield url
    finally:
        server.stop()


def forget(url: str) -> None:
    """Take everything out of the servers of this process, of which one has this URL."""
    urlopen(Request(f"{url}/moto-api/reset", method="POST")).close()

"""``fsql serve``: a server from its start to the signal that stops it."""

from __future__ import annotations

import ipaddress
import logging
import re
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from fsql.aws import LOCAL_BUCKET, open_server
from fsql.errors import ConfigError
from fsql.naming import DEFAULT_DATABASE

__all__ = ["Serving", "is_loopback", "parse_keys", "serve"]

_LOOK_SECONDS = 1.0
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_BESIDE = 2 << 30  # bytes: stacks of threads, Arrow's pools, bodies of requests


@dataclass(frozen=True)
class Serving:
    """How to serve.

    Attributes:
        host, port: where to listen; port 0 takes a free one.
        keys: secrets by key id, of which requests must be signed with one; None for no matter.
        threads: how many requests are answered at once.
        grace: seconds that running requests get to end.
        max_memory, query_timeout: bytes and seconds that queries may take; None for the URL's.
        glue_endpoint, s3_endpoint: where Glue and S3 are that Athena alone is to stand before.
        log: whether to log requests, to standard error.
    """

    host: str
    port: int
    keys: Mapping[str, str] | None = None
    threads: int = 32
    grace: float = 10.0
    log: bool = True
    max_memory: int | None = None
    query_timeout: float | None = None
    glue_endpoint: str | None = None
    s3_endpoint: str | None = None


def serve(url: str, how: Serving, echo: Callable[[str], None]) -> bool:
    """Serve an embedded store until SIGINT or SIGTERM; a second one ends the process at once.

    Returns whether it ended because it was asked to.

    Raises:
        ConfigError: the URL is AWS's, or the address cannot be bound.
        MissingExtra: the server's dependencies are not installed.
    """
    _log_to_stderr(how.log)
    server = open_server(
        url,
        host=how.host,
        port=how.port,
        keys=how.keys,
        max_memory=how.max_memory,
        query_timeout=how.query_timeout,
        glue_endpoint=how.glue_endpoint,
        s3_endpoint=how.s3_endpoint,
        threads=how.threads,
        grace=how.grace,
    )
    if how.max_memory is not None:
        _bound_process(how.max_memory)
    asked = _signals()
    with server:
        if how.glue_endpoint or how.s3_endpoint:
            echo(_athena_instructions(url, server.url, how))
        else:
            echo(_instructions(url, server.url, how.keys))
        while not asked.wait(_LOOK_SECONDS) and server.alive:
            pass
        if asked.is_set():
            with suppress(BrokenPipeError):  # who read it may be gone
                echo("Stopping; running requests may end.")
    return asked.is_set()


def parse_keys(given: Sequence[str], required: bool) -> dict[str, str] | None:
    """Secrets by key id from ``ID:SECRET``; None where no signatures are asked for.

    Raises:
        ConfigError: one of another form, or keys and the demand for them don't go together.
    """
    if not required:
        if given:
            raise ConfigError("Keys without --require-signature would not be asked for. Add it.")
        return None
    pairs = [text.partition(":")[::2] for text in given]
    if not pairs or not all(key and secret for key, secret in pairs):
        raise ConfigError(
            "--require-signature needs the keys that may sign: --key ID:SECRET, once for each, or"
            " FSQL_SERVE_KEYS='ID:SECRET ID:SECRET'."
        )
    return dict(pairs)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _bound_process(memory: int) -> None:
    """Let the process have so much memory and what it needs beside, and no more.

    DuckDB's own limit does not count what single values take: without this, one text of
    gigabytes could take all that the machine has. Linux only; elsewhere nothing happens.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    status = Path("/proc/self/status")
    if status.exists():
        now = int(status.read_text().partition("VmData:")[2].split()[0]) << 10
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        bound = now + memory + _BESIDE
        if hard == resource.RLIM_INFINITY or bound < hard:
            resource.setrlimit(resource.RLIMIT_DATA, (bound, hard))


def _signals() -> threading.Event:
    asked = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        asked.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    return asked


def _log_to_stderr(requests: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines("%(asctime)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger("fsql.serve").setLevel(logging.INFO if requests else logging.WARNING)


class _Lines(logging.Formatter):
    """Lines that no message can be taken for: what goes on after a first one is indented."""

    def format(self, record: logging.LogRecord) -> str:
        """A record's text; control characters are shown, not done."""
        first, *more = super().format(record).splitlines()
        return "\n".join(_CONTROL.sub("?", line) for line in (first, *(f"  {m}" for m in more)))


def _instructions(url: str, endpoint: str, keys: Mapping[str, str] | None) -> str:
    key, secret = "local", "local"
    if keys is not None:
        key, secret = next(iter(keys)), "'the secret of that key'"
    staging, warehouse = f"s3://{LOCAL_BUCKET}/athena/", f"s3://{LOCAL_BUCKET}/warehouse/"
    shown = "KEY:SECRET" if keys is not None else "local:local"
    return "\n".join(
        (
            f"Serving {url} at {endpoint}. Ctrl-C stops it.",
            "",
            f"  export AWS_ENDPOINT_URL={endpoint}",
            f"  export AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret}",
            "  export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1",
            "",
            f"Athena writes its results to {staging}, the database is {DEFAULT_DATABASE}.",
            f"fsql itself: fsql://{shown}@us-east-1/{DEFAULT_DATABASE}"
            f"?endpoint_url={endpoint}&s3_staging_dir={staging}&warehouse={warehouse}",
            "",
        )
    )


def _athena_instructions(url: str, endpoint: str, how: Serving) -> str:
    glue, s3 = (each or "boto3's endpoint" for each in (how.glue_endpoint, how.s3_endpoint))
    return "\n".join(
        (
            f"Serving Athena at {endpoint}, over Glue at {glue} and S3 at {s3}. Ctrl-C stops it.",
            f"What Athena remembers of queries is in {url}.",
            "",
            f"  export AWS_ENDPOINT_URL_ATHENA={endpoint}",
            "",
            f"fsql itself: fsql://REGION/DATABASE?athena_endpoint_url={endpoint}&…",
            "",
        )
    )

"""Database URLs of the `fsql` dialect, read and checked."""

from __future__ import annotations

import inspect
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pyathena.connection import Connection

from fsql.errors import ConfigError, nearest
from fsql.naming import DEFAULT_DATABASE

__all__ = ["Location", "parse_memory", "parse_seconds", "parse_url"]

ENV_URL = "FSQL_URL"
DEFAULT_URL = "fsql:///.fsql"
CATALOG = "awsdatacatalog"

# Objects and what the URL has its own place for cannot stand in a query string.
_NOT_IN_URL = frozenset(
    {
        *("self", "kwargs", "session", "config", "s3_config", "converter", "formatter"),
        *("retry_config", "cursor_class", "cursor_kwargs", "on_start_query_execution", "on_poll"),
        *("schema_name", "region_name"),
    }
)
_PYATHENA = frozenset(inspect.signature(Connection.__init__).parameters) - _NOT_IN_URL
_BOTO = frozenset({"athena_endpoint_url", "aws_session_token", "endpoint_url", "verify", "use_ssl"})
_EMBEDDED = frozenset({"max_memory", "query_timeout"})
_CACHE = frozenset({"cache", "cache_folder", "cache_size", "cache_shared"})
_OWN = frozenset({"warehouse", "database"}) | _EMBEDDED | _CACHE
SECRET_ARGUMENTS = frozenset({"aws_session_token"})
_BOOLEANS = frozenset(
    {
        *("kill_on_interrupt", "result_reuse_enable", "glue_metadata_fallback", "verify"),
        *("use_ssl", "cache"),
    }
)
_NUMBERS: Mapping[str, type] = {
    "poll_interval": float,
    "duration_seconds": int,
    "result_reuse_minutes": int,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB|B)", re.IGNORECASE)
_LEAST_MEMORY = 128 << 20  # with less, DuckDB can't even sort


@dataclass(frozen=True)
class Location:
    """Where a store is: a folder, or an account and region of AWS.

    Attributes:
        folder: the embedded store's folder; None on AWS.
        database: the Glue database.
        region: the AWS region; None leaves it to the default chain.
        key, secret: AWS credentials; None leaves them to the default chain.
        arguments: everything else the URL says, converted.
    """

    folder: Path | None
    database: str = DEFAULT_DATABASE
    region: str | None = None
    key: str | None = None
    secret: str | None = field(default=None, repr=False)
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __hash__(self) -> int:
        return hash((self.folder, self.database, self.region, self.key))


def parse_url(url: str | sa.URL | None = None) -> Location:
    """Read a URL.

    Args:
        url: ``fsql:///folder``, ``fsql:////absolute/folder``,
            ``fsql://KEY:SECRET@REGION/DATABASE?…`` or ``fsql://``, which is what the
            environment variable FSQL_URL says and else ``fsql:///.fsql``.

    Raises:
        ConfigError: another scheme, or an argument that is unknown or has no value.
    """
    parsed = _parsed(url if url is not None else "fsql://")
    if not parsed.host and not parsed.database:
        parsed = _parsed(os.environ.get(ENV_URL) or DEFAULT_URL).update_query_dict(parsed.query)
    arguments = _arguments(parsed)
    if parsed.host:
        _refuse_embedded(arguments)
        return Location(
            folder=None,
            database=arguments.pop("database", parsed.database or DEFAULT_DATABASE),
            region=parsed.host,
            key=parsed.username,
            secret=parsed.password,
            arguments=arguments,
        )
    folder = Path(parsed.database or "").expanduser().absolute()
    return Location(folder, arguments.pop("database", DEFAULT_DATABASE), arguments=arguments)


def _parsed(url: str | sa.URL) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        # The text may hold a secret, so it is not repeated.
        raise ConfigError(
            "The URL cannot be read. Expected fsql:///folder or fsql://REGION/DATABASE?…"
        ) from error
    if parsed.get_backend_name() != "fsql":
        raise ConfigError(
            f"The URL's scheme is {parsed.drivername!r}. Expected 'fsql', as in fsql:///folder."
        )
    return parsed


def _arguments(url: sa.URL) -> dict[str, Any]:
    known = _PYATHENA | _BOTO | _OWN
    unknown = sorted(set(url.query) - known)
    if unknown:
        close = nearest(unknown[0], known, most=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ConfigError(
            f"Unknown URL argument {', '.join(map(repr, unknown))}.{hint}"
            f" Known: {', '.join(sorted(known))}."
        )
    return {name: _value(name, text) for name, text in url.query.items()}


def _value(name: str, text: Any) -> Any:
    if not isinstance(text, str):
        raise ConfigError(f"URL argument {name!r} is given {len(text)} times. Expected once.")
    if name in _BOOLEANS:
        if text.lower() not in ("true", "false", "1", "0"):
            raise ConfigError(f"URL argument {name}={text!r}. Expected true or false.")
        return text.lower() in ("true", "1")
    if name in _SIZES_AND_TIMES:
        return _SIZES_AND_TIMES[name](text)
    try:
        return _NUMBERS.get(name, str)(text)
    except ValueError as error:
        raise ConfigError(f"URL argument {name}={text!r}. Expected a number.") from error


def _parse_size(name: str, text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f"{name}={text!r} is no size. Expected one such as 512MB or 2GiB.")
    unit = found[2].upper()
    base = 1024 if "I" in unit else 1000
    return int(float(found[1]) * base ** "BKMGT".index(unit[0]))


def parse_memory(text: str) -> int:
    """Bytes of a size such as ``512MB`` (of 1000) or ``2GiB`` (of 1024); ConfigError."""
    size = _parse_size("max_memory", text)
    if not _LEAST_MEMORY <= size < 1 << 62:
        raise ConfigError(
            f"max_memory={text!r} is too little or too much. Expected 128MiB or more."
        )
    return size


def parse_seconds(text: str) -> float:
    """A number of seconds above 0; ConfigError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ConfigError(f"query_timeout={text!r}. Expected a number of seconds, as in 60.")
    return seconds


_SIZES_AND_TIMES: Mapping[str, Callable[[str], int | float]] = {
    "max_memory": parse_memory,
    "query_timeout": parse_seconds,
    "cache_size": partial(_parse_size, "cache_size"),
}


def _refuse_embedded(arguments: Mapping[str, Any]) -> None:
    for name in sorted(_EMBEDDED & arguments.keys()):
        raise ConfigError(
            f"URL argument {name!r} is for embedded stores, as in fsql:///folder?{name}=…; on AWS"
            " a workgroup's settings and the account's quotas say what a query may take."
        )

"""An AWS session for a URL: the real one, or the embedded one that answers from a folder.

This is the only module that knows which of the two it is. Everything above it calls
boto3 clients and a pyarrow filesystem.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow.fs as pafs
import sqlalchemy as sa
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from fsql.errors import ConfigError, MissingExtra, StorageError
from fsql.sessions import SESSION_ARGUMENTS, cloud_session
from fsql.urls import Location, parse_url

if TYPE_CHECKING:
    from fsql.local import Limits
    from fsql.local.server import Server

__all__ = ["Aws", "open_aws", "open_server"]

LOCAL_BUCKET = "fsql-local"
# pyarrow's own 3 seconds are too few for S3 to join the parts of a large file.
REQUEST_SECONDS = 60
_CONNECTIONS = 32  # of queries that run at once, each on several threads
_OURS = SESSION_ARGUMENTS | {
    *("warehouse", "s3_staging_dir", "max_memory", "query_timeout"),
    *("cache", "cache_folder", "cache_size", "cache_shared"),
}


class Aws:
    """The AWS side of one store.

    Attributes:
        location: the URL, read.
        session: the boto3 Session that every client comes from.
        database: the Glue database that names without one mean.
        warehouse: s3:// prefix for new tables, with a final slash; None when the URL
            has none and the Glue database's own location counts.
        staging: s3:// prefix for query results and staged files; None when the
            workgroup has its own.
        connect_args: what PyAthena's Connection takes beside the session.
    """

    def __init__(
        self,
        location: Location,
        session: boto3.Session,
        *,
        warehouse: str | None,
        staging: str | None,
    ) -> None:
        self.location = location
        self.session = session
        self.database = location.database
        self.warehouse = _slashed(warehouse)
        self.staging = _slashed(staging)
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @property
    def connect_args(self) -> dict[str, Any]:
        """Keyword arguments for `pyathena.connection.Connection`."""
        rest = {k: v for k, v in self.location.arguments.items() if k not in _OURS}
        return {
            **rest,
            "session": self.session,
            "region_name": self.session.region_name,
            "schema_name": self.database,
            # PyAthena reads environment variables for None and takes '' for "none".
            "s3_staging_dir": self.staging or "",
        }

    def client(self, service: str) -> Any:
        """The boto3 client of a service; made once."""
        with self._lock:
            if service not in self._clients:
                make: Any = self.session.client  # typed for literals only
                self._clients[service] = make(service)
            return self._clients[service]

    @property
    def filesystem(self) -> pafs.FileSystem:
        """A filesystem whose paths are ``bucket/key``."""
        raise NotImplementedError

    def make_way(self, path: str) -> None:
        """Called before ``bucket/key`` is written. Only folders need it; S3 has none."""

    def __repr__(self) -> str:
        place = self.location.folder or self.location.region
        return f"<{type(self).__name__} {place} database={self.database}>"


class _Cloud(Aws):
    """AWS itself, or an endpoint that speaks as it does."""

    def __init__(self, location: Location) -> None:
        arguments = location.arguments
        staging, group = arguments.get("s3_staging_dir"), arguments.get("work_group")
        if not staging and not group:
            raise ConfigError(
                "The URL says neither where Athena writes its results nor which workgroup does."
                " Add s3_staging_dir=s3://bucket/prefix/ or work_group=name."
            )
        super().__init__(
            location,
            cloud_session(location),
            warehouse=arguments.get("warehouse"),
            staging=staging,
        )
        self._made: tuple[Any, pafs.FileSystem] | None = None

    @property
    def filesystem(self) -> pafs.FileSystem:
        """pyarrow's own S3 client, with the session's credentials of this moment."""
        credentials = self.session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
        with self._lock:
            if self._made is None or self._made[0] != frozen:
                self._made = frozen, self._s3(frozen)
            return self._made[1]

    def _s3(self, frozen: Any) -> pafs.FileSystem:
        endpoint = self.location.arguments.get("endpoint_url")
        # Small objects, as all of Iceberg's metadata is, then take one request instead of three.
        options: dict[str, Any] = {
            "region": self.session.region_name,
            "allow_delayed_open": True,
            "request_timeout": REQUEST_SECONDS,
        }
        if frozen is not None:
            options |= {
                "access_key": frozen.access_key,
                "secret_key": frozen.secret_key,
                "session_token": frozen.token,
            }
        if endpoint:
            scheme, _, host = endpoint.rpartition("://")
            options |= {"endpoint_override": host, "scheme": scheme or "https"}
        return pafs.S3FileSystem(**options)


class _Embedded(Aws):
    """The AWS in a folder. Its requests never leave the process."""

    def __init__(self, location: Location, folder: Path) -> None:
        from fsql.local import isolated_session

        session = isolated_session()
        try:
            self._local = _local_aws(location, folder)
            self._local.attach(session)
        except OSError as error:
            raise StorageError(
                f"The folder {str(folder)!r} cannot be used as a store: {error.strerror or error}."
                " Give a folder that can be written, as in fsql:///path/to/folder."
            ) from error
        prefix = f"s3://{LOCAL_BUCKET}"
        arguments = location.arguments
        super().__init__(
            location,
            session,
            warehouse=arguments.get("warehouse", f"{prefix}/warehouse/"),
            staging=arguments.get("s3_staging_dir", f"{prefix}/athena/"),
        )
        self._objects = folder / "s3"
        self._filesystem = pafs.SubTreeFileSystem(
            str(self._objects), pafs.LocalFileSystem(use_mmap=True)
        )
        self._furnish()

    @property
    def services(self) -> Any:
        """Who answers the requests."""
        return self._local

    def _furnish(self) -> None:
        """Make the bucket and the database that a new account would lack."""
        self.client("s3").create_bucket(Bucket=LOCAL_BUCKET)
        glue = self.client("glue")
        try:
            glue.get_database(Name=self.database)
        except glue.exceptions.EntityNotFoundException:
            # Another process may be first.
            with contextlib.suppress(glue.exceptions.AlreadyExistsException):
                glue.create_database(DatabaseInput={"Name": self.database})

    @property
    def filesystem(self) -> pafs.FileSystem:
        """The folder itself."""
        return self._filesystem

    def make_way(self, path: str) -> None:
        """Make the folder that an object lies in; the bucket has to exist."""
        bucket, _, key = path.partition("/")
        parent = key.rpartition("/")[0]
        if parent and (self._objects / bucket).is_dir():
            (self._objects / path).parent.mkdir(parents=True, exist_ok=True)


def open_aws(url: str | sa.URL | Location | None = None) -> Aws:
    """The AWS that a URL means; an embedded store's folder is made if it is missing.

    Raises:
        ConfigError: the URL cannot be used.
        StorageError: the folder cannot be written.
    """
    location = url if isinstance(url, Location) else parse_url(url)
    return _Cloud(location) if location.folder is None else _Embedded(location, location.folder)


def open_server(
    url: str | sa.URL | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    keys: Mapping[str, str] | None = None,
    max_memory: int | None = None,
    query_timeout: float | None = None,
    glue_endpoint: str | None = None,
    s3_endpoint: str | None = None,
    **options: Any,
) -> Server:
    """The embedded store of a URL as an HTTP server, not started yet.

    With one of the two endpoints, it is Athena alone, over the Glue and the S3 that are there;
    the other one is where boto3 finds it. The folder then holds what Athena remembers.

    Args:
        url: an embedded store's; its bucket and database are made as when it is opened.
        host, port, keys, options: see :class:`fsql.local.server.Server`.
        max_memory, query_timeout: bytes and seconds that queries may take; None for what the URL
            says, or else the defaults.
        glue_endpoint, s3_endpoint: URLs. Credentials and region are boto3's own.

    Raises:
        ConfigError: the URL is AWS's, an endpoint is no URL, or the address cannot be bound.
        MissingExtra: the server's dependencies are not installed.
    """
    location = parse_url(url)
    folder = location.folder
    if folder is None:
        raise ConfigError(
            "Only an embedded store can be served, and this URL means AWS."
            " Expected fsql:///path/to/folder."
        )
    try:
        from fsql.local.server import Server
    except ImportError as error:
        raise MissingExtra(error.name or "uvicorn", "serve") from error
    given = {"max_memory": max_memory, "query_timeout": query_timeout}
    limits = {name: value for name, value in given.items() if value is not None}
    location = replace(location, arguments={**location.arguments, **limits})
    services: Any
    if glue_endpoint or s3_endpoint:
        services = _athena_before(location, folder, glue_endpoint, s3_endpoint)
    else:
        services = _Embedded(location, folder).services
    try:
        return Server(services, host, port, keys=keys, **options)
    except OSError as error:
        raise ConfigError(
            f"Port {port} of {host} cannot be bound: {error.strerror or error}."
            " Give another --port (0 takes a free one), or an address of this machine."
        ) from error


def _athena_before(
    location: Location, folder: Path, glue_endpoint: str | None, s3_endpoint: str | None
) -> Any:
    from fsql.local.remote.services import RemoteServices

    # A bucket's own host name would be one that nobody but AWS has.
    style: Any = {"addressing_style": "path"} if s3_endpoint else {}
    config = Config(s3=style, max_pool_connections=_CONNECTIONS)
    try:
        session = boto3.Session()
        region = session.region_name or "us-east-1"
        glue = session.client("glue", region, endpoint_url=glue_endpoint, config=config)
        s3 = session.client("s3", region, endpoint_url=s3_endpoint, config=config)
    except (BotoCoreError, ValueError) as error:
        raise ConfigError(f"No clients of Glue and S3: {error}") from error
    try:
        return RemoteServices(folder, glue, s3, _limits(location))
    except OSError as error:
        raise StorageError(f"The folder {str(folder)!r} cannot be used: {error}") from error


# One LocalAWS for each folder and process: its engine and its running queries are shared.
_open_folders: weakref.WeakValueDictionary[Path, Any] = weakref.WeakValueDictionary()
_open_lock = threading.Lock()


def _local_aws(location: Location, folder: Path) -> Any:
    from fsql.local import Limits, LocalAWS

    wanted = _limits(location)
    with _open_lock:
        folder.mkdir(parents=True, exist_ok=True)
        real = folder.resolve()
        local = _open_folders.get(real)
        if local is None:
            local = _open_folders[real] = LocalAWS(real, wanted)
        elif wanted not in (Limits(), local.limits):
            raise ConfigError(
                f"The store in {str(folder)!r} is open in this process with other limits:"
                f" {local.limits}. Give max_memory and query_timeout where it is opened first."
            )
        return local


def _limits(location: Location) -> Limits:
    from fsql.local import Limits

    arguments = location.arguments
    return Limits(arguments.get("max_memory"), arguments.get("query_timeout"))


def _slashed(uri: str | None) -> str | None:
    if uri is None:
        return None
    if not uri.startswith("s3://"):
        raise ConfigError(f"{uri!r} is no S3 location. Expected s3://bucket/prefix/.")
    return uri if uri.endswith("/") else uri + "/"

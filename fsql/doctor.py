"""Is a store usable, and if not, what to do."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from botocore.exceptions import BotoCoreError, ClientError
from pyathena.error import Error

from fsql.aws import Aws, open_aws
from fsql.catalog import Catalog
from fsql.dialect import create_engine
from fsql.errors import FsqlError
from fsql.storage import Storage

__all__ = ["Check", "examine"]

_FAILURES = (FsqlError, Error, OSError, BotoCoreError, ClientError, sa.exc.SQLAlchemyError)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what it was.
        passed: whether it works.
        detail: what was found.
        advice: what to do when it does not work.
    """

    name: str
    passed: bool
    detail: str
    advice: str = ""

    def __str__(self) -> str:
        mark = "ok  " if self.passed else "FAIL"
        advice = f"\n     → {self.advice}" if self.advice and not self.passed else ""
        return f"{mark} {self.name}: {self.detail}{advice}"


def examine(url: str) -> Iterator[Check]:
    """Look at a store from the outside in; stops at what makes the rest pointless.

    Nothing is left behind: one object is written to each location and deleted again.
    """
    try:
        aws = open_aws(url)
    except FsqlError as error:
        yield Check("URL", False, str(error), "fsql:///folder needs no AWS at all.")
        return
    yield Check("URL", True, repr(aws))
    for name, look, advice in _LOOKS:
        check = _attempt(name, lambda look=look: look(aws), advice)  # type: ignore[misc]
        yield check
        if not check.passed and name == "credentials":
            return
    yield _attempt("Athena", lambda: _query(url), "Allow athena:* on the workgroup.")


def _attempt(name: str, look: Callable[[], str], advice: str) -> Check:
    try:
        return Check(name, True, look())
    except _FAILURES as error:
        message = str(getattr(error, "orig", None) or error).splitlines()[0]
        return Check(name, False, message, advice)


def _identity(aws: Aws) -> str:
    return str(aws.client("sts").get_caller_identity()["Arn"])


def _database(aws: Aws) -> str:
    catalog = Catalog(aws)
    names = [entry.name for entry in catalog.entries()]
    catalog.glue.get_database(Name=aws.database)
    return f"{aws.database}, {len(names)} tables"


def _staging(aws: Aws) -> str:
    return _writable(aws, aws.staging) if aws.staging else "left to the workgroup"


def _warehouse(aws: Aws) -> str:
    return _writable(aws, aws.warehouse) if aws.warehouse else "left to the Glue database"


def _writable(aws: Aws, prefix: str) -> str:
    """Write, read and delete one small object."""
    storage = Storage(aws)
    path = storage.for_writing(f"{prefix}fsql-doctor-{uuid.uuid4()}")
    filesystem = storage.filesystem
    with filesystem.open_output_stream(path) as target:
        target.write(b"fsql")
    try:
        with filesystem.open_input_stream(path) as source:
            source.read()
    finally:
        filesystem.delete_file(path)
    return f"{prefix} can be written, read and deleted"


def _query(url: str) -> str:
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1").scalar_one()
    return "a query ran"


_LOOKS: tuple[tuple[str, Callable[[Aws], str], str], ...] = (
    (
        "credentials",
        _identity,
        "Give KEY:SECRET@ in the URL, profile_name=, role_arn=, or set up the default chain.",
    ),
    (
        "Glue database",
        _database,
        "FeatureStore.create makes it; allow glue:GetDatabase, GetTables and CreateDatabase.",
    ),
    (
        "staging location",
        _staging,
        "Give s3_staging_dir=s3://bucket/prefix/ of a bucket that you may write.",
    ),
    (
        "warehouse",
        _warehouse,
        "Give warehouse=s3://bucket/prefix/ of a bucket that you may write.",
    ),
)

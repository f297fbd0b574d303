"""Is a store usable, and if not, what to do."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from botocore.exceptions import BotoCoreError, ClientError
from pyathena.error import Error

from fsql.aws import Aws, open_aws
from fsql.catalog import Catalog, Entry
from fsql.compaction.leftovers import leftovers, unreferenced
from fsql.dialect import FsqlDialect, create_engine
from fsql.errors import DefinitionError, FsqlError
from fsql.lifecycle.view_texts import LATEST_PROPERTY, is_latest
from fsql.lifecycle.views import outdated
from fsql.migration.looking import health
from fsql.storage import Storage

__all__ = ["Check", "examine"]

_SHOWN = 3
_MOST_GROUPS = 50
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


def _views(aws: Aws) -> str:
    """Look at the views of groups."""
    entries = {entry.name: entry for entry in Catalog(aws).entries()}
    found = {name: _versions(entry) for name, entry in entries.items() if entry.is_view}
    views = {name: versions for name, versions in found.items() if versions}
    broken = sorted(name for name, versions in views.items() if not versions <= {*entries})
    if broken:
        raise DefinitionError(f"{_listed(broken)} select from a version that is gone")
    dialect: sa.Dialect = FsqlDialect()  # type: ignore[no-untyped-call]  # PyAthena's is not
    missing = outdated(dialect, filter(_is_readable, entries.values()))
    if missing:
        raise DefinitionError(f"{_listed(missing)}: missing, or behind the group")
    return f"{len(views)} of feature groups, all on tables that are there" if views else "none"


def _versions(view: Entry) -> set[str]:
    """The tables that a view is on which `FeatureStore.create` made."""
    if is_latest(view):
        return {view.parameters[LATEST_PROPERTY]}
    table = rf'"{re.escape(view.database)}"\."({re.escape(view.name)}_v\d{{4}})"'
    return set(re.findall(table, view.view_sql or ""))


def _is_readable(entry: Entry) -> bool:
    """Whether what fsql says of it was not spoilt; of that, another look tells."""
    with contextlib.suppress(FsqlError, ValueError, KeyError, TypeError, AttributeError):
        return entry.is_view or entry.group is not None or not entry.is_group
    return False


def _leftovers(aws: Aws) -> str:
    """Look for what operations that were killed have left."""
    catalog = Catalog(aws)
    found = leftovers(catalog)
    if not found:
        return "no staged tables of killed operations"
    # That an operation is at work is as likely, so that this is nothing wrong.
    return f"{_listed(map(str, found))}; `fsql compact` of a group drops those idle for a day"


def _files(aws: Aws) -> str:
    """Look for data files that belong to nothing."""
    catalog = Catalog(aws)
    groups = [entry for entry in catalog.entries() if entry.is_group]
    found = []
    for entry in groups[:_MOST_GROUPS]:
        files = unreferenced(catalog, entry, dt.timedelta(days=1))
        if files:
            size = sum(file.size for file in files) / 1e6
            found.append(f"{len(files):,} files, {size:,.1f} MB, in {entry.name}")
    if not found:
        return "no files older than a day that no table needs"
    return (
        f"older than a day and in no table: {_listed(found)}; `fsql compact` deletes them in time"
    )


def _listed(items: Iterable[str]) -> str:
    """The first few of them."""
    given = list(items)
    more = f" and {len(given) - _SHOWN} more" if len(given) > _SHOWN else ""
    return ", ".join(given[:_SHOWN]) + more


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
    (
        "views",
        _views,
        "`fsql views` makes those of groups; DROP VIEW those whose table is gone.",
    ),
    (
        "migrations",
        lambda aws: health.standing(Catalog(aws)),
        "Run that command again where the revisions are; it goes on from there.",
    ),
    (
        "changed by hand",
        lambda aws: health.changed_by_hand(Catalog(aws)),
        "Undo that, or take it over into the groups by `fsql migrate adopt`.",
    ),
    (
        "dropped and kept",
        lambda aws: health.dropped(Catalog(aws)),
        "Allow glue:GetTables.",
    ),
    (
        "leftovers",
        _leftovers,
        "Allow glue:GetTables.",
    ),
    (
        "data files",
        _files,
        "Allow s3:ListBucket and s3:GetObject on the warehouse.",
    ),
)

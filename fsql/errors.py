"""Every error fsql raises, in one tree.

::

    FsqlError
    ├── ConfigError (InterfaceError)            a URL or setting that cannot be used
    ├── StorageError (OperationalError)         a folder or bucket that cannot be read or written
    ├── ServiceError (OperationalError)         Glue or Athena that refused or did not answer
    ├── DefinitionError (ProgrammingError)      a feature group declared wrongly
    │   └── InvalidName                         a name outside the convention
    ├── UnsupportedType (NotSupportedError)     a type that cannot be stored
    ├── UnsupportedMode (NotSupportedError)     a way of writing that does not exist
    ├── MissingExtra (InterfaceError)           an optional dependency that is not installed
    ├── CatalogError (ProgrammingError)
    │   ├── TableNotFound
    │   ├── TableExists
    │   └── NotAFeatureGroup
    ├── InvalidData (DataError)                 a frame that does not fit, every problem at once
    ├── TrainingSetError (ProgrammingError)     a training set that contradicts itself
    ├── LossyCast (DataError)                   a value that the restored type cannot hold
    ├── CommitConflict (OperationalError)       somebody else changed the table first
    ├── PartlyWritten (OperationalError)        some statements of a write were done, not all
    ├── MigrationError (ProgrammingError)       a change that the group as it stands cannot take
    │   ├── IncompatibleChange                  it breaks the group's compatibility level
    │   ├── SchemaDrift                         somebody changed the table without a revision
    │   ├── MigrationConflict (OperationalError)  another migration is under way, or came first
    │   ├── NeedsNewVersion                     what only another version of the group can be
    │   └── Irreversible                        a change that nothing takes back
    └── QueryError
        ├── InvalidQuery (ProgrammingError)     Athena rejected the SQL
        ├── QueryFailed (OperationalError)      Athena accepted the SQL and then failed
        ├── QueryCancelled (OperationalError)
        └── TooExpensive (OperationalError)     it would scan more than it may; it did not start

Each one also derives from the PEP 249 class it is a kind of, so that code written
for any DB-API driver catches it; those classes are PyAthena's own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pyathena.error import (
    DataError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)

__all__ = [
    "CatalogError",
    "CommitConflict",
    "ConfigError",
    "DefinitionError",
    "FsqlError",
    "IncompatibleChange",
    "InvalidData",
    "InvalidName",
    "InvalidQuery",
    "Irreversible",
    "LossyCast",
    "MigrationConflict",
    "MigrationError",
    "MissingExtra",
    "NeedsNewVersion",
    "NotAFeatureGroup",
    "PartlyWritten",
    "Problem",
    "QueryCancelled",
    "QueryError",
    "QueryFailed",
    "SchemaDrift",
    "ServiceError",
    "StorageError",
    "TableExists",
    "TableNotFound",
    "TooExpensive",
    "TrainingSetError",
    "UnsupportedMode",
    "UnsupportedType",
]


class FsqlError(Exception):
    """The root of every error that fsql raises on purpose."""


class ConfigError(FsqlError, InterfaceError):
    """A URL, an argument or an environment setting that cannot be used."""


class StorageError(FsqlError, OperationalError):
    """A folder, bucket or object that cannot be read or written."""


class ServiceError(FsqlError, OperationalError):
    """Glue or Athena refused a request, or did not answer in time."""


class DefinitionError(FsqlError, ProgrammingError):
    """A feature group whose declaration contradicts itself."""


class InvalidName(DefinitionError):
    """A name outside the convention ``<client>_<app>_<entity>_<version>``."""


class UnsupportedType(FsqlError, NotSupportedError):
    """A type that neither table format can store."""


class UnsupportedMode(FsqlError, NotSupportedError):
    """A way of writing that does not exist."""

    def __init__(self, mode: str, known: Iterable[str]) -> None:
        expected = ", ".join(map(repr, known))
        super().__init__(f"mode={mode!r} is not supported. Expected {expected}.")


class MissingExtra(FsqlError, InterfaceError):
    """An optional dependency is needed and not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed. Install it with: pip install 'fsql[{extra}]'"
        )


class CatalogError(FsqlError, ProgrammingError):
    """The catalog does not hold what the call needs, or holds it already."""


class TableNotFound(CatalogError):
    """No such table or view.

    Attributes:
        name: what was asked for.
        nearest: existing names that look like it, best first.
    """

    def __init__(self, name: str, database: str, known: Iterable[str] = ()) -> None:
        self.name = name
        self.nearest = nearest(name, known)
        hint = f" Did you mean {_either(self.nearest)}?" if self.nearest else ""
        super().__init__(
            f"Table {name!r} does not exist in database {database!r}.{hint}"
            " `fsql groups` lists the feature groups."
        )


class TableExists(CatalogError):
    """A table of that name is there already."""

    def __init__(
        self,
        name: str,
        database: str,
        advice: str = "Pass if_exists='skip' to keep it, or declare a new version.",
    ) -> None:
        super().__init__(f"Table {name!r} already exists in database {database!r}. {advice}")


class NotAFeatureGroup(CatalogError):
    """The table exists, but fsql did not make it."""

    def __init__(self, name: str, database: str) -> None:
        super().__init__(
            f"Table {name!r} in database {database!r} is no feature group: it carries no"
            " 'fsql.group' parameter. SQL reads it as any other table."
        )


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a frame.

    Attributes:
        column: the column's name, or None when the frame as a whole is meant.
        what: what was found and what was expected.
        rows: the first few row numbers (0-based positions) that show it.
        count: how many rows show it in all; 0 when it is not about rows.
        values: what stands in `rows`.
    """

    column: str | None
    what: str
    rows: Sequence[int] = ()
    count: int = 0
    values: Sequence[object] = field(default=(), compare=False)

    def __str__(self) -> str:
        subject = "the frame" if self.column is None else f"column {self.column!r}"
        return f"{subject}: {self.told}"

    @property
    def told(self) -> str:
        """What is wrong, and which rows show it."""
        if not self.count:
            return self.what
        shown = ", ".join(map(str, self.rows)) + (", …" if self.count > len(self.rows) else "")
        rows = "row" if self.count == 1 else f"{self.count:,} rows"
        return f"{self.what} ({rows} {shown})"


class InvalidData(FsqlError, DataError):
    """Data that does not fit a feature group; nothing was written.

    Attributes:
        problems: everything that is wrong, not just the first thing.
    """

    def __init__(self, table: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(
            f"The data does not fit {table!r}; nothing was written. Problems:\n{lines}"
        )


class TrainingSetError(FsqlError, ProgrammingError):
    """A training set that contradicts itself, or does not come out as it must."""


class LossyCast(FsqlError, DataError):
    """A value that the column's exact type cannot hold."""

    def __init__(self, column: str, value: object, expected: str) -> None:
        super().__init__(
            f"Column {column!r}: value {value!r} does not fit {expected} without loss."
            " Cast the column in SQL to read it as another type."
        )


class CommitConflict(FsqlError, OperationalError):
    """Another writer committed first and the retries are used up; nothing was written.

    In a Hive-style group, whose partitions go over one by one, some may have been; it says which.
    """


class PartlyWritten(FsqlError, OperationalError):
    """A write that takes several statements: the first ones were done, another one was not.

    Each of them was done as a whole or not at all. The same write can be repeated.
    """


class MigrationError(FsqlError, ProgrammingError):
    """A change that a feature group as it stands cannot take; nothing was changed.

    Attributes:
        group: the table that it was meant for; "" when none is.
        path: the column or field, as in ``wind.gust``; None when the group as a whole is meant.
    """

    def __init__(self, message: str, group: str = "", path: str | None = None) -> None:
        self.group, self.path = group, path
        super().__init__(message)


class IncompatibleChange(MigrationError):
    """A change that breaks the compatibility level which the group declares."""


class SchemaDrift(MigrationError):
    """The table is not as the last revision left it: somebody changed it by other means."""


class MigrationConflict(MigrationError, OperationalError):
    """Another migration is under way, or came first; this one changed nothing."""


class NeedsNewVersion(MigrationError):
    """The group cannot become what is declared; a new version of it, filled from it, can.

    Attributes:
        reasons: everything that the group as it stands cannot take.
    """

    def __init__(self, group: str, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        lines = "\n".join(f"  - {reason}" for reason in self.reasons)
        super().__init__(
            f"{group!r} cannot become what is declared. Declare it as a new version:\n{lines}",
            group,
        )


class Irreversible(MigrationError):
    """A change that nothing takes back, and why."""


class QueryError(FsqlError):
    """A query that did not end well.

    Attributes:
        query_id: Athena's QueryExecutionId, or None when it never started.
    """

    def __init__(self, message: str, query_id: str | None = None) -> None:
        self.query_id = query_id
        super().__init__(message)


class InvalidQuery(QueryError, ProgrammingError):
    """Athena rejected the SQL: syntax, names or types."""


class QueryFailed(QueryError, OperationalError):
    """Athena accepted the SQL and failed while running it.

    Attributes:
        retryable: whether the same SQL may succeed next time, as far as Athena says.
    """

    def __init__(
        self, message: str, query_id: str | None = None, *, retryable: bool = False
    ) -> None:
        self.retryable = retryable
        super().__init__(message, query_id)


class QueryCancelled(QueryError, OperationalError):
    """The query was cancelled before it ended."""


class TooExpensive(QueryError, OperationalError):
    """The query would scan more bytes than it may, or nobody can tell; it was not started.

    Attributes:
        estimate: the bytes that it would scan at most; None if that cannot be told.
        limit: the bytes that it may scan.
    """

    def __init__(self, message: str, estimate: int | None, limit: int) -> None:
        self.estimate, self.limit = estimate, limit
        super().__init__(message)


def nearest(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The names in `known` that look most like `name`, best first."""
    return tuple(difflib.get_close_matches(name, list(known), n=most, cutoff=0.6))


def _either(names: Sequence[str]) -> str:
    return " or ".join(repr(name) for name in names)

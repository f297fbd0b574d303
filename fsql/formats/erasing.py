"""Rows taken out of tables of either format, from what is and from what was."""

from __future__ import annotations

from collections.abc import Callable

from fsql.catalog import Catalog, Entry
from fsql.errors import StorageError
from fsql.formats import forgetting, removing
from fsql.formats.choosing import Choice
from fsql.formats.forgetting import Forgotten
from fsql.formats.hive import removing as hive
from fsql.formats.removing import Removed

__all__ = ["check_forgettable", "forget", "remove_rows"]


def remove_rows(
    catalog: Catalog,
    entry: Entry,
    choice: Choice,
    token: str | None = None,
    *,
    buried: bool = False,
    show: Callable[[int], None] = lambda rows: None,
) -> Removed:
    """Take the rows that are meant out of a table: of Iceberg in one commit, else by partition.

    Args:
        token: names the removal, which can be done only once.
        buried: `forget` comes next, so leave as little behind as can be.
        show: is told of rows that are done.

    Raises:
        CommitConflict: other writers were always quicker.
        TableNotFound: the table was dropped meanwhile.
        StorageError: files cannot be read or written, or AWS refused.
        UnsupportedType: the table has equality deletes, which only other engines can apply.
    """
    remove = hive.remove_rows if entry.is_hive_group else removing.remove_rows
    try:
        return remove(catalog, entry, choice, token, buried=buried, show=show)
    except OSError as error:
        raise StorageError(
            f"Rows of {entry.name!r} could not be taken out: {error}. Do the same again."
        ) from error


def forget(catalog: Catalog, entry: Entry, choice: Choice) -> Forgotten:
    """Delete what is left of rows that `remove_rows` has taken out.

    Raises:
        CommitConflict: other writers were always quicker; the rows are still in the past.
        ConfigError: a branch or tag keeps them.
    """
    work = hive.forget if entry.is_hive_group else forgetting.forget
    return work(catalog, entry, choice)


def check_forgettable(catalog: Catalog, entry: Entry, choice: Choice) -> None:
    """Make sure that no branch or tag keeps rows that are to be erased.

    Raises:
        ConfigError: one does.
    """
    if not entry.is_hive_group:
        forgetting.check_forgettable(catalog, entry, choice)

"""A snapshot whose files are gone while somebody reads them: see `unless_overtaken`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

__all__ = ["Overtaken", "unless_overtaken"]


class Overtaken(Exception):
    """Another writer has committed since the statement read the table; nothing was changed."""


@contextmanager
def unless_overtaken(location: str, current: Callable[[], str]) -> Iterator[None]:
    """Tell files that another's VACUUM has deleted with their snapshot from lost ones.

    Args:
        location: the metadata file that tells of the files that are read.
        current: tells where the table's metadata file is now.

    Raises:
        Overtaken: a file is gone, and the table has another metadata file.
        FileNotFoundError, duckdb.Error: a file that the table needs is gone.
    """
    try:
        yield
    except (duckdb.Error, FileNotFoundError) as error:
        if not _may_miss_a_file(error) or current() == location:
            raise
        raise Overtaken("the table has changed while it was read") from error


def _may_miss_a_file(error: Exception) -> bool:
    """Whether it may be of reading files; DuckDB tells no kind of a filesystem's in Python."""
    return isinstance(error, duckdb.IOException | FileNotFoundError) or type(error) is duckdb.Error

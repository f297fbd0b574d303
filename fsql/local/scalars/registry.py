"""Where functions written in Python are kept until a statement names them.

DuckDB calls them with Arrow arrays; a function here takes and gives single values. NULL in any
argument gives NULL, as in Trino, unless `nulls` is said. To teach DuckDB one, write a function
with `@scalar` and name it in a template of `fsql.local.transpile.functions`. To teach it all of
them when it starts would take longer than most queries do.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

__all__ = ["Fault", "Taught", "scalar"]

_NAME = re.compile(r"\bfsql_\w+", re.ASCII)


class Fault(ValueError):
    """A value that a function refuses.

    Args:
        name: Trino's name of the error, such as INVALID_FUNCTION_ARGUMENT.
        message: what Trino would say.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"TRINO:{name}:{message}")


@dataclass(frozen=True)
class _Scalar:
    call: Callable[..., Any]
    arguments: tuple[str, ...]
    result: str
    nulls: bool


_SCALARS: dict[str, _Scalar] = {}
C = TypeVar("C", bound=Callable[..., Any])


def scalar(*types: str, nulls: bool = False) -> Callable[[C], C]:
    """Make a function known to SQL by the name ``fsql_<its own>``.

    Args:
        types: DuckDB's types of the arguments and, last, of the result.
        nulls: whether NULLs reach the function.
    """

    def keep(call: C) -> C:
        _SCALARS[f"fsql_{call.__name__}"] = _Scalar(call, types[:-1], types[-1], nulls)
        return call

    return keep


class Taught:
    """The functions that a connection and all its cursors know.

    Args:
        connection: used by nobody else.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._names: set[str] = set()
        self._lock = threading.Lock()

    def teach(self, sql: str) -> None:
        """Make the functions known that a statement names."""
        names = _SCALARS.keys() & set(_NAME.findall(sql))
        if names <= self._names:
            return
        with self._lock:
            for name in names - self._names:
                self._create(name, _SCALARS[name])
                self._names.add(name)

    def _create(self, name: str, own: _Scalar) -> None:
        self._connection.create_function(
            name,
            _vector(own),
            list(own.arguments),
            own.result,
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )


def _vector(own: _Scalar) -> Callable[..., pa.Array]:
    call, type_ = own.call, _arrow(own.result)

    @wraps(call)  # DuckDB wants to see as many parameters as types
    def all_of(*columns: pa.ChunkedArray) -> pa.Array:
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        if own.nulls:
            return pa.array([call(*row) for row in rows], type_)
        return pa.array([None if None in row else call(*row) for row in rows], type_)

    return all_of


_ARROW: dict[str, pa.DataType] = {
    "BIGINT": pa.int64(),
    "BLOB": pa.binary(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "DOUBLE": pa.float64(),
    "FLOAT": pa.float32(),
    "INTEGER": pa.int32(),
    "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR": pa.string(),
}


def _arrow(type_: str) -> pa.DataType:
    if type_.endswith("[]"):
        return pa.list_(_arrow(type_[:-2]))
    if type_.startswith("MAP("):
        key, value = type_[4:-1].split(", ", 1)
        return pa.map_(_arrow(key), _arrow(value))
    return _ARROW[type_]

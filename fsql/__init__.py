"""A feature store that people talk to in SQL: on S3, Glue and Athena, or in a folder.

    engine = fsql.create_engine("fsql:///demo")
    fsql.read_sql("SELECT * FROM nyc_flights_weather WHERE wind.speed > 30", engine)

Names are imported when they are first used: ``import fsql`` alone costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fsql import clients, dbapi, errors, featurestore, types
    from fsql.checking import check
    from fsql.dbapi import connect
    from fsql.dialect import create_engine
    from fsql.model import FeatureGroup
    from fsql.reader import read_arrow, read_batches, read_sql
    from fsql.store import FeatureStore

__version__ = "0.1.0"

__all__ = [
    "FeatureGroup",
    "FeatureStore",
    "__version__",
    "check",
    "clients",
    "connect",
    "create_engine",
    "dbapi",
    "errors",
    "featurestore",
    "read_arrow",
    "read_batches",
    "read_sql",
    "types",
]

_MODULES = {
    name: f"fsql.{name}" for name in ("clients", "dbapi", "errors", "featurestore", "types")
}
_HOMES = {
    "FeatureGroup": "fsql.model",
    "FeatureStore": "fsql.store",
    "check": "fsql.checking",
    "connect": "fsql.dbapi",
    "create_engine": "fsql.dialect",
    "read_arrow": "fsql.reader",
    "read_batches": "fsql.reader",
    "read_sql": "fsql.reader",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in _HOMES:
        raise AttributeError(f"module 'fsql' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

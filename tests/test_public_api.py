"""The public names, pinned: adding or removing one is a decision."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
import sqlalchemy as sa
from pyathena import error as pep249

import fsql
from fsql import errors

NAMES = [
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
TYPES = ["Array", "Arrow", "Epoch", "IsoText", "Map", "Struct", "Timestamp"]
CLASSIC = ["create_fg", "dump_fg", "read_fg", "upload_fg"]
GLUE = ["add_partitions", "register_table"]
STORE = [
    "catalog",
    "compact",
    "create",
    "delete",
    "describe",
    "diff",
    "drop",
    "dump",
    "groups",
    "history",
    "insert_from",
    "latest",
    "load_training_set",
    "read",
    "training_set",
    "training_sets",
    "write",
]


def test_names_of_the_package() -> None:
    assert sorted(fsql.__all__) == NAMES == dir(fsql)
    for name in NAMES:
        assert getattr(fsql, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = fsql.nonsense


def test_types_that_columns_take() -> None:
    assert set(TYPES) <= set(fsql.types.__all__)
    assert all(issubclass(getattr(fsql.types, name), sa.types.TypeEngine) for name in TYPES)


def test_the_classic_functions() -> None:
    assert sorted(fsql.featurestore.__all__) == CLASSIC
    assert set(GLUE) <= set(fsql.clients.aws_glue.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = fsql.clients.nonsense


def test_the_facade_stays_small() -> None:
    assert sorted(name for name in vars(fsql.FeatureStore) if not name.startswith("_")) == STORE


def test_every_error_is_fsqls_and_pep_249s() -> None:
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind)]
    mine = [kind for kind in kinds if kind.__module__ == "fsql.errors"]
    raised = [kind for kind in mine if issubclass(kind, Exception) and not kind.__subclasses__()]
    assert len(raised) > 10
    for kind in raised:
        assert issubclass(kind, errors.FsqlError)
        assert issubclass(kind, pep249.Error), kind


def test_every_public_thing_says_what_it_does() -> None:
    for name in fsql.__all__:
        thing = getattr(fsql, name)
        assert name.startswith("__") or inspect.getdoc(thing)


def test_importing_fsql_imports_nothing_heavy() -> None:
    code = "import sys, fsql; print([m for m in ('pandas', 'boto3', 'duckdb') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""The places where fsql reaches behind the public names of its drivers.

A release that moves one of them fails here, by name, before anything subtle breaks.
"""

from __future__ import annotations

import inspect
from typing import Any

import pyathena.common
import pyathena.cursor
import pyathena.result_set
import pytest
from pyathena.model import AthenaQueryExecution
from pyathena.sqlalchemy.base import AthenaDialect
from pyathena.sqlalchemy.compiler import AthenaStatementCompiler
from pyiceberg.catalog.glue import GlueCatalog

import fsql


def parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize(
    ("owner", "name", "takes"),
    [
        (pyathena.common.BaseCursor, "_poll", ["self", "query_id", "options"]),
        (pyathena.common.BaseCursor, "_wait_poll_interval", ["self"]),
        (pyathena.common.BaseCursor, "_ensure_open", ["self"]),
        (
            pyathena.common.BaseCursor,
            "_build_start_query_execution_request",
            [
                *("self", "query", "work_group", "s3_staging_dir", "result_reuse_enable"),
                *("result_reuse_minutes", "execution_parameters"),
            ],
        ),
        (pyathena.result_set.WithResultSet, "_reset_state", ["self"]),
        (
            pyathena.result_set.AthenaResultSetMetadataReader,
            "get_query_results",
            ["self", "max_results", "next_token"],
        ),
        (pyathena.result_set.AthenaResultSet, "_set_update_count", ["self", "update_count"]),
        (AthenaDialect, "_get_column_type", ["self", "type_", "_nested"]),
        (GlueCatalog, "_load_file_io", ["self", "properties", "location"]),
    ],
)
def test_hooks_are_where_they_were(owner: Any, name: str, takes: list[str]) -> None:
    assert parameters(getattr(owner, name)) == takes


def test_result_sets_can_be_made_without_a_page() -> None:
    taken = parameters(pyathena.result_set.AthenaResultSet.__init__)
    assert taken[1:6] == [
        "connection",
        "converter",
        "query_execution",
        "arraysize",
        "retry_config",
    ]
    assert "_pre_fetch" in taken
    assert isinstance(vars(pyathena.result_set.AthenaResultSet)["_reader"], property)


def test_cursors_can_cancel_and_wait() -> None:
    assert "self._cancel_and_wait(query_id)" in inspect.getsource(pyathena.cursor.Cursor._poll)


def test_cursors_take_another_result_set() -> None:
    source = inspect.getsource(pyathena.cursor.Cursor)
    assert "self._result_set_class(" in source
    assert "**self._result_set_kwargs" in source


def test_an_execution_can_be_made_without_a_query() -> None:
    execution = AthenaQueryExecution(
        {
            "QueryExecution": {
                "QueryExecutionId": "none",
                "Query": "SELECT 1",
                "Status": {"State": "SUCCEEDED"},
                "Statistics": {"DataScannedInBytes": 7},
            }
        }
    )
    assert execution.data_scanned_in_bytes == 7
    assert execution.state == AthenaQueryExecution.STATE_SUCCEEDED


def test_the_compiler_asks_for_its_type_compiler() -> None:
    assert "_dml_type_compiler" in vars(AthenaStatementCompiler)


def test_boto_answers_in_process(tmp_path: Any) -> None:
    """A request that reaches the network would fail here: there is no such host."""
    connection = fsql.connect(f"fsql:///{tmp_path}/store")
    names = connection.aws.client("glue").get_databases()["DatabaseList"]
    assert [found["Name"] for found in names] == ["feature_store"]

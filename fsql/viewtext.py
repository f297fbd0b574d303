"""Views as Athena keeps them in Glue: base64 of JSON in a comment, beside the columns.

It is Trino's form, https://github.com/trinodb/trino/blob/master/plugin/trino-hive
(``ViewReaderUtil``), with the names of types that Trino gives them. Whoever makes a view by one
CreateTable of this saves the query that ``CREATE VIEW`` is.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["MAX_TEXT", "table_input"]

MAX_TEXT = 409_600
"""Characters of a view's text: https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html."""


def table_input(
    name: str,
    database: str,
    sql: str,
    columns: Iterable[tuple[str, str, str]],
    parameters: Mapping[str, str],
) -> dict[str, Any]:
    """Glue's TableInput of a view.

    Args:
        database: that names without one mean.
        sql: its query.
        columns: names, types in Trino's words, and types in Hive's.
        parameters: of the table in Glue, beside those that every view has.
    """
    listed = list(columns)
    view = {
        "originalSql": sql,
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": column, "type": trino} for column, trino, _ in listed],
    }
    text = base64.b64encode(json.dumps(view).encode()).decode()
    stored = [{"Name": column, "Type": hive} for column, _, hive in listed]
    return {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View", **parameters},
        "PartitionKeys": [],
        "StorageDescriptor": {"Columns": stored, "Location": "", "SerdeInfo": {}},
        "ViewOriginalText": f"/* Presto View: {text} */",
        "ViewExpandedText": "/* Presto View */",
    }

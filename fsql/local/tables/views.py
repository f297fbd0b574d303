"""Presto views, as Athena keeps them in Glue: base64 of JSON in ViewOriginalText."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fsql.local.tables.hive_types import to_hive
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt

__all__ = ["View", "is_view"]

_HEAD, _TAIL = "/* Presto View: ", " */"
_PARAMETERS = {"presto_view": "true", "comment": "Presto View"}


@dataclass(frozen=True)
class View:
    """A view: its query, the database that the query's plain names mean, and its columns."""

    sql: str
    database: str
    columns: Sequence[tuple[str, tt.Type]]

    @property
    def version(self) -> str:
        """Changes whenever the view does."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    @classmethod
    def of(cls, table: dict[str, Any]) -> View:
        """The view that a Glue table is; TrinoError INVALID_VIEW for text of another engine."""
        text = table.get("ViewOriginalText") or ""
        if not text.startswith(_HEAD) or not text.endswith(_TAIL):
            raise _invalid(table, "is no view of Athena's")
        try:
            saved = json.loads(base64.b64decode(text[len(_HEAD) : -len(_TAIL)], validate=True))
            columns = [(c["name"].lower(), tt.parse_type(c["type"])) for c in saved["columns"]]
            return cls(saved["originalSql"], saved["schema"], columns)
        except (binascii.Error, ValueError, KeyError, TypeError) as error:
            raise _invalid(table, f"can't be read ({error})") from error

    def table_input(self, name: str) -> dict[str, Any]:
        """Glue's TableInput for this view."""
        saved = {
            "originalSql": self.sql,
            "catalog": "awsdatacatalog",
            "schema": self.database,
            "columns": [{"name": name, "type": str(type_)} for name, type_ in self.columns],
        }
        text = base64.b64encode(json.dumps(saved).encode()).decode()
        columns = [{"Name": name, "Type": _glue_type(type_)} for name, type_ in self.columns]
        return {
            "Name": name,
            "TableType": "VIRTUAL_VIEW",
            "Parameters": _PARAMETERS,
            "PartitionKeys": [],
            "StorageDescriptor": {"Columns": columns, "Location": "", "SerdeInfo": {}},
            "ViewOriginalText": f"{_HEAD}{text}{_TAIL}",
            "ViewExpandedText": "/* Presto View */",
        }


def is_view(table: dict[str, Any]) -> bool:
    """Whether a Glue table is a view."""
    return table.get("TableType") == "VIRTUAL_VIEW"


def _glue_type(type_: tt.Type) -> str:
    # A view may have columns that no Hive table could store, such as a timestamp with zone.
    try:
        return to_hive(type_)
    except TrinoError:
        return "string" if type_.base != tt.TIMESTAMP_TZ else "timestamp"


def _invalid(table: dict[str, Any], what: str) -> TrinoError:
    return TrinoError("INVALID_VIEW", f"View '{table['DatabaseName']}.{table['Name']}' {what}")

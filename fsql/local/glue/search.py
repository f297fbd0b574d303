"""SearchTables: tables of all databases by words, properties and times.

As documented, a property is split at its punctuation, and a piece must be the value that is asked
for. https://docs.aws.amazon.com/glue/latest/webapi/API_SearchTables.html
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from fsql.local.glue.shapes import Json, Many, Number, Text, check, invalid
from fsql.local.paging import decode_token, encode_token
from fsql.local.store import Store

__all__ = ["Search"]

_PIECES = re.compile(r"[^0-9A-Za-z_]+")
_TIMES = ("CreateTime", "UpdateTime", "LastAccessTime", "LastAnalyzedTime")
_COMPARATORS: dict[str, Callable[[Any, Any], bool]] = {
    "EQUALS": operator.eq,
    "GREATER_THAN": operator.gt,
    "LESS_THAN": operator.lt,
    "GREATER_THAN_EQUALS": operator.ge,
    "LESS_THAN_EQUALS": operator.le,
}
_FILTER = {"Key": Text(1, 255), "Value": Text(1, 1024)}


class Search:
    """SearchTables."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def tables(self, request: Json) -> Json:
        """Answer SearchTables, in the order of names unless SortCriteria say otherwise."""
        check(
            request,
            (),
            Filters=Many(_FILTER),
            SearchText=Text(0, 1024),
            SortCriteria=Many({"FieldName": Text(1, 255)}, 1),
            MaxResults=Number(1, 1000),
        )
        start = decode_token(request.get("NextToken")) or 0
        with self._store.read() as db:
            rows = db.execute("SELECT body FROM glue_table ORDER BY database, name").fetchall()
        tables = [json.loads(body) for (body,) in rows]
        found = [table for table in tables if _matches(table, request)]
        for criterion in request.get("SortCriteria") or []:
            name = criterion.get("FieldName", "Name")
            descending = criterion.get("Sort") == "DESC"
            found.sort(key=lambda table: _sortable(table, name), reverse=descending)
        end = start + (request.get("MaxResults") or 100)
        more = {"NextToken": encode_token(end)} if end < len(found) else {}
        return {"TableList": found[start:end], **more}


def _matches(table: Json, request: Json) -> bool:
    text = request.get("SearchText") or ""
    if text and not _says(table, text):
        return False
    return all(_holds(table, predicate) for predicate in request.get("Filters") or [])


def _says(table: Json, text: str) -> bool:
    """Whether a table's texts have these words; in quotes, one of them must be just this."""
    texts = [found.lower() for found in _texts(table)]
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].lower() in texts
    return all(any(word in found for found in texts) for word in text.lower().split())


def _texts(table: Json) -> Iterator[str]:
    named = ("Name", "DatabaseName", "Description", "Owner")
    yield from (table[key] for key in named if table.get(key))
    columns = table.get("StorageDescriptor", {}).get("Columns", [])
    for column in (*columns, *table.get("PartitionKeys", [])):
        yield column["Name"]
        yield column.get("Comment", "")
    for key, value in table.get("Parameters", {}).items():
        yield from (key, value)


def _holds(table: Json, predicate: Json) -> bool:
    key, value = predicate.get("Key", ""), predicate.get("Value", "")
    if key in _TIMES:
        compare = _COMPARATORS.get(predicate.get("Comparator") or "EQUALS")
        if compare is None:
            raise invalid(f"Comparator must be one of {', '.join(_COMPARATORS)}.")
        return key in table and compare(table[key], _moment(value))
    found = table.get(key, table.get("Parameters", {}).get(key))
    if not isinstance(found, str):
        return False
    pieces = {piece.lower() for piece in _PIECES.split(found)}
    return value.lower() in pieces | {found.lower()}


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise invalid(f"{text!r} is no time: epoch seconds or ISO 8601.") from None


def _sortable(table: Json, name: str) -> tuple[bool, Any]:
    value = table.get(name)
    return (value is not None, value if value is not None else "")

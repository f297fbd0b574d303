"""CAST to and from JSON, and of arrays, maps and rows item by item."""

from __future__ import annotations

import json
from typing import Any

from fsql.local.transpile.casts import allow, cast_sql, cut
from fsql.local.transpile.sqltext import lambda_name, once, raised, string, template
from fsql.local.transpile.types import (
    INTEGERS,
    JSON,
    TIMESTAMP_TZ,
    VARCHAR,
    Type,
    duckdb_type,
    quoted,
)

__all__: list[str] = []

# ---- JSON --------------------------------------------------------------------------------------


def _json(sql: str, source: Type, target: Type) -> str:
    if target.base == "json":
        return f"to_json({sql})"
    return f"CAST({sql} AS {duckdb_type(target)})"


def _decimal_to_json(sql: str, source: Type, target: Type) -> str:
    return f"CAST(CAST({sql} AS VARCHAR) AS JSON)"


def _float_to_json(sql: str, source: Type, target: Type) -> str:
    exact = sql if source.base == "double" else f"CAST(CAST({sql} AS VARCHAR) AS DOUBLE)"
    return f"CAST(fsql_json_double({exact}) AS JSON)"


def _text_of_json(sql: str, source: Type, target: Type) -> str:
    wrong = raised("INVALID_CAST_ARGUMENT", "'Cannot cast ' || {0} || ' to varchar'", "VARCHAR")
    double = "fsql_double_as_varchar(TRY_CAST({0} AS DOUBLE))"
    text = template(
        f"CASE json_type({{0}}) WHEN 'ARRAY' THEN {wrong} WHEN 'OBJECT' THEN {wrong}"
        f" WHEN 'DOUBLE' THEN {double} ELSE json_extract_string({{0}}, '$') END",
        [sql],
    )
    return cut(text, VARCHAR, target)


def _number_of_json(sql: str, source: Type, target: Type) -> str:
    kind = duckdb_type(target)
    shown = {"integer": "INT"}.get(target.base, str(target).upper())
    wrong = raised("INVALID_CAST_ARGUMENT", f"'Cannot cast ''' || {{0}} || ''' to {shown}'", kind)
    text = "json_extract_string({0}, '$')"
    truth = "CAST(TRY_CAST({0} AS BOOLEAN) AS TINYINT)"
    whole = text
    if target.base in INTEGERS:
        text, whole = cast_sql(text, VARCHAR, target), "round(TRY_CAST({0} AS DOUBLE))"
    return template(
        f"CASE json_type({{0}}) WHEN 'ARRAY' THEN {wrong} WHEN 'OBJECT' THEN {wrong}"
        f" WHEN 'BOOLEAN' THEN CAST({truth} AS {kind}) WHEN 'DOUBLE' THEN CAST({whole} AS {kind})"
        f" ELSE CAST({text} AS {kind}) END",
        [sql],
    )


def _time_to_json(sql: str, source: Type, target: Type) -> str:
    return f"to_json({cast_sql(sql, source, VARCHAR)})"


def _time_of_json(sql: str, source: Type, target: Type) -> str:
    said = f"'Cannot cast JSON value to {target}; expected a JSON string'"
    wrong = raised("INVALID_CAST_ARGUMENT", said, duckdb_type(target))
    text = cast_sql("json_extract_string({0}, '$')", VARCHAR, target)
    return template(
        f"CASE json_type({{0}}) WHEN 'VARCHAR' THEN {text} WHEN 'NULL' THEN NULL"
        f" ELSE CASE WHEN {{0}} IS NOT NULL THEN {wrong} END END",
        [sql],
    )


# ---- arrays, maps, rows ------------------------------------------------------------------------


def _array(sql: str, source: Type, target: Type) -> str:
    item = lambda_name(f"{sql} AS {target}")
    cast = cast_sql(item, source.items[0], target.items[0])
    return f"list_transform({sql}, lambda {item}: {cast})"


def _map(sql: str, source: Type, target: Type) -> str:
    item = lambda_name(f"{sql} AS {target}")
    key = cast_sql(f"({item}.key)", source.items[0], target.items[0])
    value = cast_sql(f"({item}.value)", source.items[1], target.items[1])
    pairs = f"list_transform(map_entries({sql}), lambda {item}: {{'key': {key}, 'value': {value}}})"
    return f"map_from_entries({pairs})"


def _row(sql: str, source: Type, target: Type) -> str:
    """Field by field in order: DuckDB's own cast would pair the fields by name."""

    def repacked(value: str) -> str:
        fields = zip(
            *(source.field_names(), source.items, target.field_names(), target.items), strict=True
        )
        casts = [
            f"{quoted(new)} := {cast_sql(f'({value}).{quoted(old)}', a, b)}"
            for old, a, new, b in fields
        ]
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({', '.join(casts)}) END"

    return once(sql, repacked)


# ---- arrays, maps and rows of JSON -------------------------------------------------------------


def _nested_of_json(sql: str, source: Type, target: Type) -> str:
    """By one call for each value: nested lambdas would take DuckDB seconds to bind."""
    alike = f"fsql_json_into(CAST({sql} AS VARCHAR), {_spec(target)}, {string(str(target))})"
    structure = string(json.dumps(duckdb_type(_json_as_text(target))))
    made = f"json_transform_strict({alike}, {structure})"
    return f"CAST({made} AS {duckdb_type(target)})"


def _nested_to_json(sql: str, source: Type, target: Type) -> str:
    if _is_plain_json(source):
        return f"to_json({sql})"
    return f"CAST(fsql_json_from(CAST(to_json({sql}) AS VARCHAR), {_spec(source, True)}) AS JSON)"


def _is_plain_json(type_: Type) -> bool:
    """Whether DuckDB's own JSON is what Trino writes."""
    if type_.base in ("array", "row"):
        return None not in type_.names and all(map(_is_plain_json, type_.items))
    return type_.base in ("boolean", *INTEGERS, "varchar", "char", "date", "json", "unknown")


def _json_as_text(type_: Type) -> Type:
    if type_ == JSON:
        return VARCHAR
    items = tuple(map(_json_as_text, type_.items))
    return Type(type_.base, type_.sizes, items, type_.names)


def _spec(type_: Type, shown: bool = False) -> str:
    return string(json.dumps(_spelled(type_, shown), ensure_ascii=False))


def _spelled(type_: Type, shown: bool) -> list[Any]:
    """A type as `fsql.local.scalars.jsoncasts` reads it; `shown` adds the names of JSON."""
    items = [_spelled(item, shown) for item in type_.items]
    if type_.base != "row":
        return [type_.base, *type_.sizes, *items]
    names = zip(type_.field_names(), type_.names, items, strict=True)
    fields = [[own, name or "", item] if shown else [own, item] for own, name, item in names]
    return ["row", *fields]


# ---- the table ---------------------------------------------------------------------------------

_NUMBERS = (*INTEGERS, "real", "double", "decimal")
_TEXT = ("varchar", "char")
_NESTED = ("array", "map", "row")

allow(("boolean", *INTEGERS, *_TEXT), ("json",), _json)
allow(("decimal",), ("json",), _decimal_to_json)
allow(("real", "double"), ("json",), _float_to_json)
allow(("date", "timestamp", TIMESTAMP_TZ), ("json",), _time_to_json)
allow(_NESTED, ("json",), _nested_to_json)
allow(("json",), _TEXT, _text_of_json)
allow(("json",), ("boolean",), _json)
allow(("json",), _NUMBERS, _number_of_json)
allow(("json",), ("date", "time", "timestamp"), _time_of_json)
allow(("json",), _NESTED, _nested_of_json)
allow(("array",), ("array",), _array)
allow(("map",), ("map",), _map)
allow(("row",), ("row",), _row)

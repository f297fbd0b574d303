"""CAST to and from JSON, and of arrays, maps and rows item by item."""

from __future__ import annotations

from fsql.local.transpile.casts import allow, cast_sql, cut
from fsql.local.transpile.sqltext import lambda_name, once, raised, string, template
from fsql.local.transpile.types import INTEGERS, JSON, TIMESTAMP_TZ, Type, duckdb_type, quoted

__all__: list[str] = []

# ---- JSON --------------------------------------------------------------------------------------


def _json(sql: str, source: Type, target: Type) -> str:
    if target.base == "json":
        return f"to_json({sql})"
    return f"CAST({sql} AS {duckdb_type(target)})"


def _text_of_json(sql: str, source: Type, target: Type) -> str:
    wrong = raised("INVALID_CAST_ARGUMENT", "'Cannot cast ' || {0} || ' to varchar'", "VARCHAR")
    text = template(
        f"CASE WHEN json_type({{0}}) IN ('ARRAY', 'OBJECT') THEN {wrong}"
        " ELSE json_extract_string({0}, '$') END",
        [sql],
    )
    return cut(text, Type("varchar"), target)


def _number_of_json(sql: str, source: Type, target: Type) -> str:
    text = f"json_extract_string({sql}, '$')"
    if target.base not in INTEGERS:
        return f"CAST({text} AS {duckdb_type(target)})"
    truth = "WHEN json_type({0}) = 'BOOLEAN' THEN CAST(CAST({0} AS BOOLEAN) AS BIGINT)"
    whole = "ELSE CAST(CAST(json_extract_string({0}, '$') AS DECIMAL(38,9)) AS BIGINT)"
    return f"CAST({template(f'CASE {truth} {whole} END', [sql])} AS {duckdb_type(target)})"


def _time_to_json(sql: str, source: Type, target: Type) -> str:
    return f"to_json({cast_sql(sql, source, Type('varchar'))})"


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


def _array_of_json(sql: str, source: Type, target: Type) -> str:
    item = lambda_name(f"{sql} OF {target}")
    return (
        f"list_transform(CAST({sql} AS JSON[]), lambda {item}: {_of_json(item, target.items[0])})"
    )


def _map_of_json(sql: str, source: Type, target: Type) -> str:
    item = lambda_name(f"{sql} OF {target}")
    key = cast_sql(f"({item}.key)", Type("varchar"), target.items[0])
    value = _of_json(f"({item}.value)", target.items[1])
    entry = f"struct_pack(key := {key}, value := {value})"
    pairs = f"map_entries(CAST({sql} AS MAP(VARCHAR, JSON)))"
    return f"map_from_entries(list_transform({pairs}, lambda {item}: {entry}))"


def _row_of_json(sql: str, source: Type, target: Type) -> str:
    """From an object by its members' names, or from an array in order."""

    def packed(value: str) -> str:
        fields = []
        for i, (name, item) in enumerate(zip(target.field_names(), target.items, strict=True)):
            member = string('$."' + name.replace('"', "") + '"')
            path = f"CASE json_type({value}) WHEN 'ARRAY' THEN '$[{i}]' ELSE {member} END"
            fields.append(f"{quoted(name)} := {_of_json(f'json_extract({value}, {path})', item)}")
        known = f"json_type({value}) IN ('OBJECT', 'ARRAY')"
        return f"CASE WHEN {known} THEN struct_pack({', '.join(fields)}) END"

    return once(sql, packed)


def _of_json(sql: str, target: Type) -> str:
    return cast_sql(sql, JSON, target)


# ---- the table ---------------------------------------------------------------------------------

_NUMBERS = (*INTEGERS, "real", "double", "decimal")
_TEXT = ("varchar", "char")

allow(("boolean", *_NUMBERS, *_TEXT, "array", "map", "row"), ("json",), _json)
allow(("date", "timestamp", TIMESTAMP_TZ), ("json",), _time_to_json)
allow(("json",), _TEXT, _text_of_json)
allow(("json",), ("boolean",), _json)
allow(("json",), _NUMBERS, _number_of_json)
allow(("json",), ("array",), _array_of_json)
allow(("json",), ("map",), _map_of_json)
allow(("json",), ("row",), _row_of_json)
allow(("array",), ("array",), _array)
allow(("map",), ("map",), _map)
allow(("row",), ("row",), _row)

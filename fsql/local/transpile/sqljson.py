"""The SQL/JSON functions: json_exists, json_value, json_query, json_array and json_object.

Paths are checked here and evaluated by `fsql.local.scalars.sqljson` while the query runs.
Source: Trino documentation, "JSON functions and operators".
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from fsql.local.scalars.jsonpath_parser import InvalidPath, parse_path
from fsql.local.transpile.binder import Binder
from fsql.local.transpile.calls import SPECIAL
from fsql.local.transpile.casts import can_cast, cast_sql
from fsql.local.transpile.places import fault
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import let, raised, string
from fsql.local.transpile.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGERS,
    JSON,
    VARBINARY,
    VARCHAR,
    InvalidType,
    Type,
    duckdb_type,
    parse_type,
)

__all__: list[str] = []

_ENCODINGS = {"": "utf-8", "UTF8": "utf-8", "UTF16": "utf-16-le", "UTF32": "utf-32-le"}
_TEXTS = ("varchar", "char")
_NUMBERS = (*INTEGERS, "decimal", "real", "double", "boolean")
_GIVE_JSON = ("json_query", "json_array", "json_object")


class _Call:
    """One call, its expressions translated."""

    def __init__(self, binder: Binder, node: exp.Anonymous) -> None:
        if "json" not in node.meta:
            raise fault(node, "SYNTAX_ERROR", f"mismatched input '\"{node.name}\"'")
        self.node = node
        self.clauses: dict[str, Any] = node.meta["json"]
        self.values = [binder.bind(each) for each in node.expressions]

    def json(self, number: int) -> str:
        """The JSON text that an argument is."""
        value, encoding = self.values[number], self.clauses["format"].get(number, "")
        if value.type.base in (*_TEXTS, "unknown") or value.type == JSON:
            if encoding:
                message = f"Cannot read input of type {value.type} as JSON using encoding"
                raise fault(self.node, "TYPE_MISMATCH", message)
            return cast_sql(value.sql, value.type, VARCHAR) if value.type != JSON else _text(value)
        if value.type != VARBINARY:
            message = f"Cannot read input of type {value.type} as JSON using formatting JSON"
            raise fault(self.node, "TYPE_MISMATCH", message)
        return f"fsql_decoded({value.sql}, '{_ENCODINGS[encoding]}')"

    def item(self, number: int) -> str:
        """The JSON of a value that is passed, NULL for NULL."""
        value = self.values[number]
        inner = self.node.expressions[number]
        implicit = isinstance(inner, exp.Anonymous) and inner.name.lower() in _GIVE_JSON
        if implicit or number in self.clauses["format"]:
            return f"fsql_json_checked({self.json(number)})"
        if value.type == JSON:
            return _text(value)
        plain = value.type.base in (*_NUMBERS, *_TEXTS, "unknown")
        if not plain and not can_cast(value.type, VARCHAR):
            message = f"Cannot read input of type {value.type} as JSON"
            raise fault(self.node, "TYPE_MISMATCH", message)
        type_ = value.type if plain else VARCHAR
        sql = value.sql if plain else cast_sql(value.sql, value.type, VARCHAR)
        return f"CAST({cast_sql(sql, type_, JSON)} AS VARCHAR)"

    def path(self) -> str:
        """The path's text, checked."""
        text = self.values[1].literal
        if not isinstance(text, str):
            raise fault(self.node, "SYNTAX_ERROR", "mismatched input. Expecting: <string>")
        try:
            path = parse_path(text)
        except InvalidPath:
            raise fault(self.node, "INVALID_PATH", f"Invalid JSON path: '{text}'") from None
        known = {name for _, name in self.clauses["passing"]}
        for name in sorted(path.variables - known):
            raise fault(self.node, "INVALID_PATH", f"no value passed for parameter {name}")
        return string(text)

    def passing(self) -> str:
        """The passed values as one JSON object."""
        return self.object([(string(n), self.item(i)) for i, n in self.clauses["passing"]])

    def object(self, pairs: list[tuple[str, str]]) -> str:
        """A JSON object of names and of JSON texts, where a NULL becomes null."""
        if not pairs:
            return "'{}'"
        shown = (f"to_json({name}) || ':' || coalesce({value}, 'null')" for name, value in pairs)
        return f"('{{' || {' || chr(44) || '.join(shown)} || '}}')"

    def arguments(self) -> str:
        """What the three functions that query take first."""
        return f"{self.json(0)}, {self.path()}, {self.passing()}"

    def outcome(self, case: str, default: str = "null") -> str:
        """What ON EMPTY or ON ERROR says, as a literal."""
        found = self.clauses.get(f"on_{case}", default)
        return "'default'" if isinstance(found, int) else string(found)

    def has_defaults(self) -> bool:
        """Whether a DEFAULT stands for what is empty or wrong."""
        return any(isinstance(self.clauses.get(f"on_{case}"), int) for case in ("empty", "error"))

    def returned(self, sql: str) -> Typed:
        """JSON as the type that RETURNING names."""
        type_ = self.returning()
        if type_ == VARBINARY:
            encoding = _ENCODINGS[self.clauses.get("returning_encoding", "")]
            return Typed(f"fsql_encoded({sql}, '{encoding}')", type_)
        if type_.base not in _TEXTS:
            message = f"Cannot output JSON value as {type_} using formatting JSON"
            raise fault(self.node, "TYPE_MISMATCH", message)
        return Typed(cast_sql(sql, VARCHAR, type_), type_)

    def returning(self) -> Type:
        """The type that RETURNING names, or varchar."""
        text = self.clauses.get("returning", "varchar")
        try:
            return parse_type(text.lower())
        except InvalidType:
            raise fault(self.node, "TYPE_MISMATCH", f"Unknown type: {text}") from None


def _text(value: Typed) -> str:
    return f"CAST({value.sql} AS VARCHAR)"


def _exists(binder: Binder, node: exp.Anonymous) -> Typed:
    call = _Call(binder, node)
    return Typed(f"fsql_json_exists({call.arguments()}, {call.outcome('error', 'false')})", BOOLEAN)


def _query(binder: Binder, node: exp.Anonymous) -> Typed:
    call = _Call(binder, node)
    how = f"'{call.clauses['wrapper']}', '{call.clauses['quotes']}'"
    if call.clauses["quotes"] == "omit" and call.clauses["wrapper"] != "without":
        message = "OMIT QUOTES behavior specified with WITH ARRAY WRAPPER behavior"
        raise fault(node, "INVALID_FUNCTION_ARGUMENT", message)
    outcomes = f"{call.outcome('empty')}, {call.outcome('error')}"
    return call.returned(f"fsql_json_query({call.arguments()}, {how}, {outcomes})")


def _value(binder: Binder, node: exp.Anonymous) -> Typed:
    """What is found is cast from its own kind of value to the type that RETURNING names."""
    call = _Call(binder, node)
    type_ = call.returning()
    found = f"fsql_json_value({call.arguments()}, {call.outcome('empty')}, {call.outcome('error')})"
    if type_ == VARCHAR and not call.has_defaults():
        return Typed(f"{found}[2]", type_)
    empty = _default(call, "empty", type_)
    error = _default(call, "error", type_)

    def made(name: str) -> str:
        kinds = " ".join(f"WHEN '{kind}' THEN {_converted(name, kind, type_)}" for kind in _KINDS)
        cast = f"CASE {name}[1] {kinds} END"
        if call.clauses.get("on_error") != "error":
            cast = f"TRY({cast})"
        if isinstance(call.clauses.get("on_error"), int):
            cast = f"CASE WHEN {name}[1] = 'null' THEN NULL ELSE coalesce({cast}, {error}) END"
        return f"CASE {name}[1] WHEN 'empty' THEN {empty} WHEN 'error' THEN {error} ELSE {cast} END"

    return Typed(let([found], made), type_)


_KINDS = {"text": VARCHAR, "integer": BIGINT, "double": DOUBLE, "boolean": BOOLEAN}


def _converted(found: str, kind: str, type_: Type) -> str:
    source = _KINDS[kind]
    if type_.base in _TEXTS:
        return cast_sql(f"{found}[2]", VARCHAR, type_)
    if not can_cast(source, type_):
        said = string(f"cannot extract SQL scalar from JSON: no {type_}")
        return raised("JSON_VALUE_RESULT_ERROR", said, duckdb_type(type_))
    sql = f"{found}[2]"
    plain = sql if source == VARCHAR else f"CAST({sql} AS {duckdb_type(source)})"
    return cast_sql(plain, source, type_) if source != type_ else plain


def _default(call: _Call, case: str, type_: Type) -> str:
    number = call.clauses.get(f"on_{case}")
    if not isinstance(number, int):
        return f"CAST(NULL AS {duckdb_type(type_)})"
    value = call.values[number]
    if not can_cast(value.type, type_):
        message = (
            f"Function json_value default ON {case.upper()} result must evaluate to a {type_}"
            f" (actual: {value.type})"
        )
        raise fault(call.node, "TYPE_MISMATCH", message)
    return cast_sql(value.sql, value.type, type_)


def _array(binder: Binder, node: exp.Anonymous) -> Typed:
    call = _Call(binder, node)
    items = [call.item(number) for number in call.clauses["items"]]
    if call.clauses["nulls"] == "null":
        items = [f"coalesce({item}, 'null')" for item in items]
    joined = f"array_to_string(CAST([{', '.join(items)}] AS VARCHAR[]), ',')"
    return call.returned(f"('[' || {joined} || ']')")


def _object(binder: Binder, node: exp.Anonymous) -> Typed:
    call = _Call(binder, node)
    if call.clauses.get("unique") and call.clauses["format"]:
        message = "WITH UNIQUE KEYS behavior is not supported for JSON_OBJECT function"
        raise fault(node, "NOT_SUPPORTED", message)
    members = [_member(call, *pair) for pair in call.clauses["items"]]
    sql = f"('{{' || array_to_string(CAST([{', '.join(members)}] AS VARCHAR[]), ',') || '}}')"
    return call.returned(f"fsql_json_unique({sql})" if call.clauses.get("unique") else sql)


def _member(call: _Call, key: int, value: int) -> str:
    name = call.values[key]
    if name.type.base not in _TEXTS:
        message = f"Invalid type of JSON object key: {name.type}"
        raise fault(call.node, "INVALID_FUNCTION_ARGUMENT", message)
    missing = raised(
        "INVALID_FUNCTION_ARGUMENT", "'null value passed for JSON object key'", "VARCHAR"
    )
    shown = (
        f"CAST(to_json(coalesce({cast_sql(name.sql, name.type, VARCHAR)}, {missing})) AS VARCHAR)"
    )
    item = call.item(value)
    item = f"coalesce({item}, 'null')" if call.clauses["nulls"] == "null" else item
    return f"({shown} || ':' || {item})"


SPECIAL.update(
    {
        "json_exists": _exists,
        "json_query": _query,
        "json_value": _value,
        "json_array": _array,
        "json_object": _object,
    }
)

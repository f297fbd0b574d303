"""Array and map functions, with lambdas. Source: Trino documentation, those pages."""

from __future__ import annotations

from fsql.local.transpile.casts import can_cast, cast_sql
from fsql.local.transpile.functions.registry import SCALAR, Call, Emit, register
from fsql.local.transpile.places import fault
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import escaped, joined, lambda_name, raised, template
from fsql.local.transpile.types import (
    UNKNOWN,
    VARCHAR,
    Type,
    array,
    duckdb_type,
    map_of,
    quoted,
    row,
)

__all__ = ["pair_of"]

_HAS_NULL = "len(list_filter({0}, lambda @n: @n IS NULL)) > 0"
_DISTINCT = "list_filter({0}, lambda @x, @i: list_position({0}, @x) = @i)"
"""The first of each item in order, one NULL included; DuckDB's list_distinct has neither."""


def _matches(found: str, otherwise: str) -> str:
    """Whether a lambda is true of an array's items, with NULL for what can't be known."""
    unknown = "len(list_filter(@t, lambda @n: @n IS NULL)) > 0"
    return (
        f"invoke(lambda @t: CASE WHEN list_contains(@t, {found}) THEN {otherwise}"
        f" WHEN @t IS NULL OR {unknown} THEN NULL ELSE NOT {otherwise} END,"
        " list_transform({0}, {1}))"
    )


def _extreme(name: str) -> str:
    return f"CASE WHEN {_HAS_NULL} THEN NULL ELSE {name}({{0}}) END"


def _array_text(call: Call) -> str:
    """Items as CAST to varchar prints them; a NULL is left out or replaced."""
    item_type = call.types[0].items[0]
    if not can_cast(item_type, VARCHAR):
        raise fault(call.node, "INVALID_FUNCTION_ARGUMENT", f"Input type {item_type} not supported")
    item = lambda_name(f"join {call.arguments[0]}")
    text = cast_sql(item, item_type, VARCHAR)
    if len(call.arguments) == 3:
        text = f"coalesce({text}, {call.arguments[2]})"
    listed = f"list_transform({call.arguments[0]}, lambda {item}: {text})"
    return joined(listed, call.arguments[1], call.given[1].literal is not None)


def _element(call: Call) -> str:
    zero = raised(
        "INVALID_FUNCTION_ARGUMENT",
        "'SQL array indices start at 1'",
        escaped(duckdb_type(call.result)),
    )
    place = call.given[1].literal
    if isinstance(place, int) and place > 0:
        return template("{0}[{1}]", call.arguments)
    return template(f"CASE WHEN {{1}} = 0 THEN {zero} ELSE {{0}}[{{1}}] END", call.arguments)


def _zipped(call: Call) -> Typed:
    """Arrays side by side as rows, the shorter ones filled with NULLs."""
    items = [type_.items[0] for type_ in call.types]
    count = len(items)
    known = " AND ".join(f"{{{i}}} IS NOT NULL" for i in range(count))
    longest = ", ".join(f"len({{{i}}})" for i in range(count))
    fields = ", ".join(f"field{i} := {{{i}}}[@n]" for i in range(count))
    text = (
        f"CASE WHEN {known} THEN list_transform(range(1, greatest({longest}) + 1),"
        f" lambda @n: struct_pack({fields})) END"
    )
    return Typed(template(text, call.arguments), array(row([(None, item) for item in items])))


def _sequence(step: str) -> str:
    return f"generate_series({{0}}, {{1}}, {step})"


def _dates(step: str) -> str:
    return f"list_transform(generate_series({{0}}, {{1}}, {step}), lambda @d: CAST(@d AS DATE))"


def _checked(message: str, type_: str = "BIGINT[]") -> str:
    return raised("INVALID_FUNCTION_ARGUMENT", message, type_)


_TOO_LONG = _checked("'result of sequence function must not have more than 10000 entries'")
_NO_STEP = _checked("'step must not be zero'")
_WRONG_STEP = _checked(
    "'sequence stop value should be greater than or equal to start value if step is greater"
    " than zero otherwise stop should be less than or equal to start'"
)


def _repeated(call: Call) -> str:
    kind = escaped(duckdb_type(call.result))
    said = "'count argument of repeat function must be"
    low = _checked(f"{said} greater than or equal to 0'", kind)
    high = _checked(f"{said} less than or equal to 10000'", kind)
    return template(
        f"CASE WHEN {{1}} < 0 THEN {low} WHEN {{1}} > 10000 THEN {high}"
        " ELSE list_transform(range({1}), lambda @n: {0}) END",
        call.arguments,
    )


def _trimmed(call: Call) -> str:
    kind = escaped(duckdb_type(call.result))
    low = _checked("'size must not be negative: ' || {1}", kind)
    said = "'size must not exceed array cardinality ' || len({0}) || ': ' || {1}"
    return template(
        f"CASE WHEN {{1}} < 0 THEN {low} WHEN {{1}} > len({{0}}) THEN {_checked(said, kind)}"
        " ELSE {0}[1:len({0}) - {1}] END",
        call.arguments,
    )


def _sliced(call: Call) -> str:
    kind = escaped(duckdb_type(call.result))
    zero = _checked("'SQL array indices start at 1'", kind)
    short = _checked("'length must be greater than or equal to 0'", kind)
    return template(
        f"CASE WHEN {{2}} < 0 THEN {short} WHEN {{1}} = 0 THEN {zero}"
        " WHEN {1} > 0 THEN {0}[{1}:{1} + {2} - 1]"
        " WHEN len({0}) + {1} >= 0 THEN {0}[len({0}) + {1} + 1:len({0}) + {1} + {2}]"
        " ELSE {0}[1:0] END",
        call.arguments,
    )


_DEFAULT_STEP = "CASE WHEN {1} >= {0} THEN 1 ELSE -1 END"
_DAYS = "to_milliseconds({2})"
_MONTHS = "to_months(CAST({2} AS INTEGER))"

register(
    SCALAR,
    {
        "all_match(array(T), function(T, boolean)) boolean": _matches("false", "false"),
        "any_match(array(T), function(T, boolean)) boolean": _matches("true", "true"),
        "none_match(array(T), function(T, boolean)) boolean": _matches("true", "false"),
        "array_distinct(array(T)) array(T)": _DISTINCT,
        "array_except(array(T), array(T)) array(T)": (
            f"CASE WHEN {{1}} IS NOT NULL THEN list_filter({_DISTINCT},"
            " lambda @y: list_position({1}, @y) IS NULL) END"
        ),
        "array_intersect(array(T), array(T)) array(T)": (
            f"CASE WHEN {{1}} IS NOT NULL THEN list_filter({_DISTINCT},"
            " lambda @y: list_position({1}, @y) IS NOT NULL) END"
        ),
        "array_union(array(T), array(T)) array(T)": (
            "CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN invoke(lambda @l: list_filter(@l,"
            " lambda @x, @i: list_position(@l, @x) = @i), list_concat({0}, {1})) END"
        ),
        "array_join(array(T), varchar) varchar": _array_text,
        "array_join(array(T), varchar, varchar) varchar": _array_text,
        "array_max(array(T)) T": _extreme("list_max"),
        "array_min(array(T)) T": _extreme("list_min"),
        "array_position(array(T), T) bigint": (
            "CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL"
            " THEN CAST(coalesce(list_position({0}, {1}), 0) AS BIGINT) END"
        ),
        "array_remove(array(T), T) array(T)": (
            "list_filter({0}, lambda @x: @x IS DISTINCT FROM {1})"
        ),
        "array_sort(array(T)) array(T)": "list_sort({0}, 'ASC', 'NULLS LAST')",
        "arrays_overlap(array(T), array(T)) boolean": (
            "CASE WHEN list_has_any({0}, {1}) THEN true"
            f" WHEN {_HAS_NULL} OR {_HAS_NULL.replace('{0}', '{1}')} THEN NULL"
            " WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN false END"
        ),
        "cardinality(array(T)) bigint": "len({0})",
        "cardinality(map(K, V)) bigint": "CAST(cardinality({0}) AS BIGINT)",
        "contains(array(T), T) boolean": (
            "CASE WHEN {1} IS NULL OR {0} IS NULL THEN NULL WHEN list_contains({0}, {1}) THEN true"
            f" WHEN {_HAS_NULL} THEN NULL ELSE false END"
        ),
        "element_at(array(T), bigint) T": _element,
        "element_at(map(K, V), K) V": "{0}[{1}]",
        "filter(array(T), function(T, boolean)) array(T)": "list_filter({0}, {1})",
        "flatten(array(array(T))) array(T)": "flatten({0})",
        "reduce(array(T), S, function(S, T, S), function(S, R)) R": (
            "CASE WHEN {0} IS NOT NULL THEN invoke({3}, list_reduce({0}, {2}, {1})) END"
        ),
        "repeat(T, bigint) array(T)": _repeated,
        "sequence(bigint, bigint) array(bigint)": (
            f"CASE WHEN abs({{1}} - {{0}}) >= 10000 THEN {_TOO_LONG}"
            f" ELSE {_sequence(_DEFAULT_STEP)} END"
        ),
        "sequence(bigint, bigint, bigint) array(bigint)": (
            f"CASE WHEN {{2}} = 0 THEN {_NO_STEP} WHEN ({{1}} - {{0}}) * sign({{2}}) < 0"
            f" THEN {_WRONG_STEP} WHEN ({{1}} - {{0}}) // {{2}} >= 10000 THEN {_TOO_LONG}"
            f" ELSE {_sequence('{2}')} END"
        ),
        "sequence(date, date) array(date)": _dates(
            "CASE WHEN {1} >= {0} THEN INTERVAL 1 DAY ELSE INTERVAL (-1) DAY END"
        ),
        "sequence(date, date, interval day to second) array(date)": _dates(_DAYS),
        "sequence(date, date, interval year to month) array(date)": _dates(_MONTHS),
        "sequence(timestamp, timestamp, interval day to second) array(T)": (
            lambda c: Typed(template(_sequence(_DAYS), c.arguments), array(c.types[0]))
        ),
        "sequence(timestamp, timestamp, interval year to month) array(T)": (
            lambda c: Typed(template(_sequence(_MONTHS), c.arguments), array(c.types[0]))
        ),
        "slice(array(T), bigint, bigint) array(T)": _sliced,
        "trim_array(array(T), bigint) array(T)": _trimmed,
        "transform(array(T), function(T, U)) array(U)": "list_transform({0}, {1})",
        "zip(array(A), array(B)) array(A)": _zipped,
        "zip(array(A), array(B), array(C)) array(A)": _zipped,
        "zip(array(A), array(B), array(C), array(D)) array(A)": _zipped,
        "zip(array(A), array(B), array(C), array(D), array(E)) array(A)": _zipped,
        "zip_with(array(T), array(U), function(T, U, R)) array(R)": (
            "CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN list_transform("
            "range(1, greatest(len({0}), len({1})) + 1),"
            " lambda @n: invoke({2}, {0}[@n], {1}[@n])) END"
        ),
    },
)

# ---- maps --------------------------------------------------------------------------------------

_ENTRY = "struct_pack(key := {key}, value := {value})"


def _empty(call: Call) -> Typed:
    return Typed("CAST(map([], []) AS MAP(INTEGER, INTEGER))", map_of(UNKNOWN, UNKNOWN))


def _entries(call: Call) -> Typed:
    """Rows without names, where DuckDB's have key and value."""
    entry = "struct_pack(field0 := @e.key, field1 := @e.value)"
    listed = f"list_transform(map_entries({{0}}), lambda @e: {entry})"
    pair = row([(None, item) for item in call.types[0].items])
    return Typed(template(listed, call.arguments), array(pair))


def pair_of(call: Call, function: str) -> Type:
    """The type of the key and value in each item of an array.

    Raises:
        TrinoError: its items are no such pairs.
    """
    pair = call.types[0].items[0]
    if pair.base != "row" or len(pair.items) != 2:
        message = (
            f"Unexpected parameters ({call.types[0]}) for function {function}. "
            f"Expected: {function}(array(row(K, V)))"
        )
        raise fault(call.node, "FUNCTION_NOT_FOUND", message)
    return pair


def _from_entries(call: Call) -> Typed:
    pair = pair_of(call, "map_from_entries")
    key, value = (f"(fsql_e).{quoted(name)}" for name in pair.field_names())
    pairs = (
        f"list_transform({call.arguments[0]}, lambda fsql_e: {_ENTRY.format(key=key, value=value)})"
    )
    return Typed(f"map_from_entries({pairs})", map_of(*pair.items))


def _rebuilt(key: str, value: str) -> Emit:
    """A map made anew of each entry's ``e.key`` and ``e.value``, given to a lambda."""
    made = _ENTRY.format(key=key, value=value)
    return f"map_from_entries(list_transform(map_entries({{0}}), lambda @e: {made}))"


_APPLIED = "invoke({1}, @e.key, @e.value)"

register(
    SCALAR,
    {
        "map() map(K, V)": _empty,
        "map(array(K), array(V)) map(K, V)": "map({0}, {1})",
        "map_concat(map(K, V), map(K, V)...) map(K, V)": (
            lambda call: template(
                f"CASE WHEN {' AND '.join(f'{{{i}}} IS NOT NULL' for i in range(len(call.types)))}"
                f" THEN map_concat({', '.join(f'{{{i}}}' for i in range(len(call.types)))}) END",
                call.arguments,
            )
        ),
        "map_entries(map(K, V)) array(K)": _entries,
        "map_filter(map(K, V), function(K, V, boolean)) map(K, V)": (
            f"map_from_entries(list_filter(map_entries({{0}}), lambda @e: {_APPLIED}))"
        ),
        "map_from_entries(array(T)) map(T, T)": _from_entries,
        "map_keys(map(K, V)) array(K)": "map_keys({0})",
        "map_values(map(K, V)) array(V)": "map_values({0})",
        "transform_keys(map(K, V), function(K, V, R)) map(R, V)": _rebuilt(_APPLIED, "@e.value"),
        "transform_values(map(K, V), function(K, V, R)) map(K, R)": _rebuilt("@e.key", _APPLIED),
        "map_zip_with(map(K, A), map(K, B), function(K, A, B, R)) map(K, R)": (
            "map_from_entries(list_transform(list_distinct(list_concat(map_keys({0}),"
            " map_keys({1}))), lambda @k: struct_pack(key := @k,"
            " value := invoke({2}, @k, {0}[@k], {1}[@k]))))"
        ),
    },
)

"""Array functions that arrange items anew. Source: Trino documentation, "Array functions"."""

from __future__ import annotations

from fsql.local.transpile.functions.arrays import pair_of
from fsql.local.transpile.functions.registry import SCALAR, Call, register
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import escaped, raised, template
from fsql.local.transpile.types import array, duckdb_type, map_of, quoted

__all__: list[str] = []


def _refused(message: str, type_: str) -> str:
    return raised("INVALID_FUNCTION_ARGUMENT", f"'{message}'", type_)


# ---- sorting by a comparator -------------------------------------------------------------------

_UNORDERED = _refused("Lambda comparator must return either -1, 0, or 1", "BOOLEAN")
_NOT_AFTER = (
    f"invoke(lambda @c: CASE WHEN @c IN (-1, 0, 1) THEN @c <= 0 ELSE {_UNORDERED} END,"
    " invoke({1}, @e, @b[1]))"
)
_SORTED = (
    "list_reduce(list_transform({0}, lambda @i: [@i]), lambda @a, @b: invoke(lambda @k:"
    " list_concat(@a[1:@k], @b, @a[@k + 1:]),"
    f" len(list_filter(@a, lambda @e: {_NOT_AFTER}))), {{0}}[1:0])"
)
"""Each item goes behind those that aren't after it."""


# ---- groups of items ---------------------------------------------------------------------------


def _grams(call: Call) -> str:
    wrong = _refused("N must be positive", escaped(duckdb_type(call.result)))
    return template(
        f"CASE WHEN {{1}} < 1 THEN {wrong} WHEN {{0}} IS NOT NULL THEN list_transform("
        "range(1, greatest(len({0}) - {1} + 1, 1) + 1), lambda @n: {0}[@n:@n + {1} - 1]) END",
        call.arguments,
    )


def _counted(call: Call) -> Typed:
    type_ = map_of(call.types[0].items[0], call.result.items[1])
    kind = escaped(duckdb_type(type_))
    text = (
        f"CASE WHEN {{0}} IS NOT NULL THEN CAST(coalesce(list_aggregate({{0}}, 'histogram'),"
        f" CAST(map([], []) AS {kind})) AS {kind}) END"
    )
    return Typed(template(text, call.arguments), type_)


def _grouped(call: Call) -> Typed:
    """Entries with one key in one list."""
    pair = pair_of(call, "multimap_from_entries")
    key, value = (escaped(quoted(name)) for name in pair.field_names())
    keys = f"list_transform({{0}}, lambda @r: (@r).{key})"
    text = (
        "invoke(lambda @q: map_from_entries(list_transform(list_filter(@q,"
        " lambda @x, @i: list_position(@q, @x) = @i), lambda @k: struct_pack(key := @k,"
        f" value := list_transform(list_filter({{0}}, lambda @r: (@r).{key} IS NOT DISTINCT FROM @k"
        f"), lambda @r: (@r).{value})))), {keys})"
    )
    return Typed(template(text, call.arguments), map_of(pair.items[0], array(pair.items[1])))


def _vectors(own: str) -> str:
    wrong = _refused("The arguments must have the same length", "DOUBLE")
    return f"CASE WHEN len({{0}}) <> len({{1}}) THEN {wrong} ELSE {own}({{0}}, {{1}}) END"


register(
    SCALAR,
    {
        "array_first(array(T)) T": "{0}[1]",
        "array_last(array(T)) T": "{0}[-1]",
        "array_histogram(array(T)) map(T, bigint)": _counted,
        "array_sort(array(T), function(T, T, bigint)) array(T)": _SORTED,
        "combinations(array(T), bigint) array(array(T))": (
            "list_transform(fsql_combinations(len({0}), {1}),"
            " lambda @g: list_transform(@g, lambda @n: {0}[@n]))"
        ),
        "contains_sequence(array(T), array(T)) boolean": (
            "CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN list_contains(list_transform("
            "range(1, len({0}) - len({1}) + 2), lambda @n: {0}[@n:@n + len({1}) - 1]), {1}) END"
        ),
        "dot_product(array(double), array(double)) double": _vectors("list_inner_product"),
        "euclidean_distance(array(double), array(double)) double": _vectors("list_distance"),
        "multimap_from_entries(array(T)) map(T, array(T))": _grouped,
        "ngrams(array(T), bigint) array(array(T))": _grams,
        "shuffle(array(T)) array(T)": (
            "list_transform(fsql_permutation(len({0})), lambda @n: {0}[@n])"
        ),
    },
)

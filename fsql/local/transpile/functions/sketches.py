"""approx_set() and what counts with it. Source: Trino documentation, "HyperLogLog functions".

What Trino keeps in a HyperLogLog are here the 4,096 smallest hashes of the values: as small, as
mergeable, and as near (about 1.6 %), by how close together the hashes lie; exact for fewer values.
"""

from __future__ import annotations

from fsql.local.transpile.functions.registry import AGGREGATE, SCALAR, register

__all__: list[str] = []

_KEPT = 4096
_HASHES = "18446744073709551616e0"

register(
    AGGREGATE,
    {
        "approx_set(T) hyperloglog": (
            f"<min(DISTINCT CASE WHEN {{0}} IS NOT NULL THEN hash({{0}}) END, {_KEPT})>"
        ),
        "merge(hyperloglog) hyperloglog": (
            "invoke(lambda @l: CASE WHEN len(@l) > 0 THEN"
            f" list_slice(list_sort(list_distinct(flatten(@l))), 1, {_KEPT}) END,"
            " list_filter(<list({0})>, lambda @s: @s IS NOT NULL))"
        ),
    },
)

register(
    SCALAR,
    {
        "cardinality(hyperloglog) bigint": (
            f"CASE WHEN len({{0}}) < {_KEPT} THEN CAST(len({{0}}) AS BIGINT)"
            f" ELSE CAST(round({_KEPT - 1} * {_HASHES} / {{0}}[{_KEPT}]) AS BIGINT) END"
        ),
        "empty_approx_set() hyperloglog": "CAST([] AS UBIGINT[])",
    },
)

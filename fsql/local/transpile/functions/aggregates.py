"""Aggregate and window functions. Source: Trino documentation, the pages of those names."""

from __future__ import annotations

from sqlglot import exp

from fsql.local.transpile.decimals import divided
from fsql.local.transpile.functions.registry import AGGREGATE, WINDOW, Call, register
from fsql.local.transpile.places import fault
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import escaped, raised, string
from fsql.local.transpile.types import UNKNOWN, decimal, duckdb_type

__all__: list[str] = []


def _decimal_sum(call: Call) -> Typed:
    return Typed("<sum({0})>", decimal(38, call.types[0].scale))


def _decimal_average(call: Call) -> Typed:
    """Rounded half up, exactly: DuckDB's own goes by doubles."""
    type_ = call.types[0]
    total = Typed("<sum({0})>", decimal(38, type_.scale))
    count = Typed("CAST(nullif(<count({0})>, 0) AS DECIMAL(19,0))", decimal(19, 0))
    return Typed(divided(total, count, type_), type_)


def _percentile(call: Call) -> str:
    """Exactly, where Trino's is approximate: an exact answer is within any error bound.

    The share has to be a constant for DuckDB.
    """
    if call.given[1].type == UNKNOWN or any(
        call.node.expressions[1].find_all(exp.Column, exp.Query)
    ):
        raise fault(call.node, "NOT_SUPPORTED", "approx_percentile needs a constant percentage")
    return "<quantile_disc({0}, {1})>"


def _listed(call: Call) -> str:
    if call.given[1].literal is None:
        raise fault(call.node, "NOT_SUPPORTED", "The separator of listagg must be constant")
    return "<string_agg({0}, {1})>"


_NAN = "CAST('NaN' AS DOUBLE)"


def _offset(least: int) -> str:
    """The second argument where it is at least so much."""
    wrong = raised(
        "INVALID_FUNCTION_ARGUMENT", string(f"Offset must be at least {least}"), "BIGINT"
    )
    return f"CASE WHEN {{1}} < {least} THEN {wrong} ELSE {{1}} END"


_GROUPED = (
    "invoke(lambda @l: map_from_entries(list_transform(list_distinct(list_transform(@l,"
    " lambda @e: @e.k)), lambda @k: struct_pack(key := @k, value := VALUE))), OWN)"
)
_PAIRS = "list_filter(<list(struct_pack(k := {0}, v := {1}))>, lambda @e: @e.k IS NOT NULL)"
_FIRST = "list_filter(@l, lambda @e: @e.k = @k)[1].v"
_EVERY = "list_transform(list_filter(@l, lambda @e: @e.k = @k), lambda @e: @e.v)"

register(
    AGGREGATE,
    {
        "count() bigint": "<count(*)>",
        "count(T) bigint": "<count({0})>",
        "count_if(boolean) bigint": "coalesce(CAST(<count_if({0})> AS BIGINT), 0)",
        **{
            f"sum({kind}) bigint": "CAST(<sum({0})> AS BIGINT)"
            for kind in (
                "tinyint",
                "smallint",
                "integer",
                "bigint",
            )
        },
        "sum(decimal) decimal": _decimal_sum,
        "sum(real) real": "CAST(<sum({0})> AS FLOAT)",
        "sum(double) double": "<sum({0})>",
        "sum(interval day to second) =0": "CAST(<sum({0})> AS BIGINT)",
        "sum(interval year to month) =0": "CAST(<sum({0})> AS BIGINT)",
        "avg(decimal) =0": _decimal_average,
        "avg(real) real": "CAST(<avg({0})> AS FLOAT)",
        **{
            f"avg({kind}) double": "<avg({0})>"
            for kind in (
                "tinyint",
                "smallint",
                "integer",
                "bigint",
                "double",
            )
        },
        "avg(interval day to second) =0": "CAST(round(<avg({0})>) AS BIGINT)",
        "avg(interval year to month) =0": "CAST(round(<avg({0})>) AS BIGINT)",
        "min(T) T": "<min({0})>",
        "min(T, bigint) array(T)": "<min({0}, {1})>",
        "max(T) T": "<max({0})>",
        "max(T, bigint) array(T)": "<max({0}, {1})>",
        "min_by(T, U) T": "<arg_min_null({0}, {1})>",
        "min_by(T, U, bigint) array(T)": "<arg_min({0}, {1}, {2})>",
        "max_by(T, U) T": "<arg_max_null({0}, {1})>",
        "max_by(T, U, bigint) array(T)": "<arg_max({0}, {1}, {2})>",
        "arbitrary(T) T": "<any_value({0})>",
        "any_value(T) T": "<any_value({0})>",
        "array_agg(T) array(T)": "<list({0})>",
        "bool_and(boolean) boolean": "<bool_and({0})>",
        "every(boolean) boolean": "<bool_and({0})>",
        "bool_or(boolean) boolean": "<bool_or({0})>",
        "listagg(varchar, varchar) varchar": _listed,
        "approx_distinct(T) bigint": "<approx_count_distinct({0})>",
        "approx_distinct(T, double) bigint": "<approx_count_distinct({0})>",
        **{
            f"approx_percentile({kind}, double) {kind}": _percentile
            for kind in (
                "bigint",
                "real",
                "double",
            )
        },
        **{
            f"approx_percentile({kind}, array(double)) array({kind})": _percentile
            for kind in (
                "bigint",
                "real",
                "double",
            )
        },
        "bitwise_and_agg(bigint) bigint": "<bit_and({0})>",
        "bitwise_or_agg(bigint) bigint": "<bit_or({0})>",
        "bitwise_xor_agg(bigint) bigint": "<bit_xor({0})>",
        **{
            f"{name}(double) double": f"<{own}({{0}})>"
            for name, own in (
                ("stddev", "stddev_samp"),
                ("stddev_samp", "stddev_samp"),
                ("stddev_pop", "stddev_pop"),
                ("variance", "var_samp"),
                ("var_samp", "var_samp"),
                ("var_pop", "var_pop"),
                ("kurtosis", "kurtosis"),
            )
        },
        "skewness(double) double": (
            "<skewness({0})> * (<count({0})> - 2)"
            " / sqrt(CAST(<count({0})> AS DOUBLE) * (<count({0})> - 1))"
        ),
        "geometric_mean(double) double": "exp(<avg(ln({0}))>)",
        **{
            f"{name}(double, double) double": f"<{name}({{0}}, {{1}})>"
            for name in (
                "covar_pop",
                "covar_samp",
                "regr_avgx",
                "regr_avgy",
                "regr_r2",
                "regr_sxx",
                "regr_sxy",
                "regr_syy",
            )
        },
        **{
            f"{name}(double, double) double": f"nullif(<{name}({{0}}, {{1}})>, {_NAN})"
            for name in ("corr", "regr_slope", "regr_intercept")
        },
        "regr_count(double, double) bigint": "CAST(<regr_count({0}, {1})> AS BIGINT)",
        "histogram(T) map(T, bigint)": (
            lambda call: f"CAST(<histogram({{0}})> AS {escaped(duckdb_type(call.result))})"
        ),
        "map_agg(K, V) map(K, V)": _GROUPED.replace("VALUE", _FIRST).replace("OWN", _PAIRS),
        "multimap_agg(K, V) map(K, array(V))": (
            _GROUPED.replace("VALUE", _EVERY).replace("OWN", _PAIRS)
        ),
    },
)

_COUNTED = (
    "list_slice(list_reverse_sort(list_transform(map_entries(<histogram({1})>),"
    " lambda @e: struct_pack(n := @e.value, k := @e.key))), 1, {0})"
)
_UNITED = (
    "invoke(lambda @l: map_from_entries(list_transform(list_distinct(list_transform(@l,"
    " lambda @e: @e.key)), lambda @k: struct_pack(key := @k,"
    " value := list_filter(@l, lambda @e: @e.key = @k)[1].value))),"
    " flatten(list_transform(<list({0})>, lambda @m: map_entries(@m))))"
)

register(
    AGGREGATE,
    {
        "approx_most_frequent(bigint, T, bigint) map(T, bigint)": (
            lambda call: (
                f"CAST(map_from_entries(list_transform({_COUNTED}, lambda @e:"
                " struct_pack(key := @e.k, value := @e.n)))"
                f" AS {escaped(duckdb_type(call.result))})"
            )
        ),
        "map_union(map(K, V)) map(K, V)": _UNITED,
        "reduce_agg(T, S, function(S, T, S), function(S, S, S)) S": (
            "invoke(lambda @l: CASE WHEN len(@l) > 0 THEN list_reduce(@l, {2}, {1}) END,"
            " list_filter(<list({0})>, lambda @i: @i IS NOT NULL))"
        ),
    },
)

register(
    WINDOW,
    {
        "row_number() bigint": "<row_number()>",
        "rank() bigint": "<rank()>",
        "dense_rank() bigint": "<dense_rank()>",
        "percent_rank() double": "<percent_rank()>",
        "cume_dist() double": "<cume_dist()>",
        "ntile(bigint) bigint": "<ntile({0})>",
        "first_value(T) T": "<first_value({0})>",
        "last_value(T) T": "<last_value({0})>",
        "nth_value(T, bigint) T": f"<nth_value({{0}}, {_offset(1)})>",
        **{f"{name}(T) T": f"<{name}({{0}})>" for name in ("lag", "lead")},
        **{f"{name}(T, bigint) T": f"<{name}({{0}}, {_offset(0)})>" for name in ("lag", "lead")},
        **{
            f"{name}(T, bigint, T) T": f"<{name}({{0}}, {_offset(0)}, {{2}})>"
            for name in ("lag", "lead")
        },
    },
)

"""Mathematical, bitwise and comparison functions. Source: Trino documentation, those pages."""

from __future__ import annotations

from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.coercion import common_type
from fsql.local.transpile.functions.registry import SCALAR, Call, Emit, register
from fsql.local.transpile.operators import arithmetic
from fsql.local.transpile.places import fault
from fsql.local.transpile.scope import Typed
from fsql.local.transpile.sqltext import once, raised, string, template
from fsql.local.transpile.types import UNKNOWN, decimal, duckdb_type

__all__: list[str] = []

_INTS = ("tinyint", "smallint", "integer", "bigint")
_TRIGONOMETRY = ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
_ALL = (*_INTS, "decimal", "real", "double")


def _for(kinds: tuple[str, ...], signature: str, emit: Emit) -> dict[str, Emit]:
    """One overload for each type, written as ``#`` in the signature."""
    return {signature.replace("#", kind): emit for kind in kinds}


def _whole(name: str, digits_added: int) -> Emit:
    """A decimal rounded to none after the point, with room for a carry."""

    def made(call: Call) -> Typed:
        type_ = call.types[0]
        carry = min(type_.scale, digits_added)
        result = decimal(max(type_.precision - type_.scale + carry, 1), 0)
        sql = f"CAST({name}({call.arguments[0]}) AS {duckdb_type(result)})"
        return Typed(sql, result)

    return made


def _round_decimal(call: Call) -> Typed:
    type_ = call.types[0]
    result = decimal(type_.precision + 1, type_.scale)
    wide = cast_sql(call.arguments[0], type_, result)
    return Typed(f"CAST({_rounded_to(call, 'round', wide)} AS {duckdb_type(result)})", result)


def _rounded_to(call: Call, name: str, value: str) -> str:
    """DuckDB rounds a decimal to a constant number of digits only."""
    digits = call.given[1].literal
    if isinstance(digits, int):
        return f"{name}({value}, {digits})"
    message = f"{name} of a decimal needs a constant number of digits"
    raise fault(call.node, "NOT_SUPPORTED", message)


def _truncate_decimal(call: Call) -> Typed:
    cut, type_ = _rounded_to(call, "trunc", call.arguments[0]), call.types[0]
    return Typed(f"CAST({cut} AS {duckdb_type(type_)})", type_)


def _modulus(call: Call) -> Typed:
    result = arithmetic("%", call.given[0], call.given[1])
    if result is None:
        types = f"{call.given[0].type}, {call.given[1].type}"
        message = f"Unexpected parameters ({types}) for function mod"
        raise fault(call.node, "FUNCTION_NOT_FOUND", message)
    return result


def _refused(message: str, kind: str = "double") -> str:
    return raised("INVALID_FUNCTION_ARGUMENT", string(message), kind.upper())


def _cosine(name: str) -> str:
    """Of two vectors of one length; NULL where a number in one is unknown."""
    return (
        f"CASE WHEN len({{0}}) <> len({{1}}) THEN"
        f" {_refused('The arguments must have the same length')}"
        f" WHEN len(list_filter({{0}}, lambda @x: @x IS NOT NULL)) = len({{0}})"
        f" AND len(list_filter({{1}}, lambda @x: @x IS NOT NULL)) = len({{1}})"
        f" THEN list_cosine_{name}({{0}}, {{1}}) END"
    )


_CUBE_ROOT = (
    "CASE WHEN {0} = 0 OR NOT isfinite({0}) THEN {0}"
    " ELSE invoke(lambda @c, @x: @c - (@c * @c * @c - @x) / (3 * @c * @c), cbrt({0}), {0}) END"
)
"""One step of Newton's makes the last digit right, as it is in Java."""

_NEGATIVE_SHIFT = raised(
    "INVALID_FUNCTION_ARGUMENT", "'Specified shift must be positive'", "TINYINT"
)

register(
    SCALAR,
    {
        **_for(_ALL, "abs(#) =0", "abs({0})"),
        "cbrt(double) double": _CUBE_ROOT,
        **_for((*_INTS,), "ceil(#) =0", "{0}"),
        "ceil(decimal) decimal": _whole("ceil", 1),
        **_for(("real", "double"), "ceil(#) =0", "ceil({0})"),
        **_for((*_INTS,), "ceiling(#) =0", "{0}"),
        "ceiling(decimal) decimal": _whole("ceil", 1),
        **_for(("real", "double"), "ceiling(#) =0", "ceil({0})"),
        **_for((*_INTS,), "floor(#) =0", "{0}"),
        "floor(decimal) decimal": _whole("floor", 1),
        **_for(("real", "double"), "floor(#) =0", "floor({0})"),
        **_for((*_INTS,), "round(#) =0", "{0}"),
        "round(decimal) decimal": _whole("round", 1),
        **_for(("real", "double"), "round(#) =0", "round({0})"),
        **_for((*_INTS,), "round(#, bigint) =0", "round({0}, CAST({1} AS INTEGER))"),
        "round(decimal, bigint) decimal": _round_decimal,
        **_for(("real", "double"), "round(#, bigint) =0", "round({0}, CAST({1} AS INTEGER))"),
        **_for((*_INTS,), "truncate(#) =0", "{0}"),
        "truncate(decimal) decimal": _whole("trunc", 0),
        **_for(("real", "double"), "truncate(#) =0", "trunc({0})"),
        "truncate(decimal, bigint) decimal": _truncate_decimal,
        "truncate(double, bigint) double": "trunc({0} * pow(10, {1})) / pow(10, {1})",
        "degrees(double) double": "degrees({0})",
        "radians(double) double": "radians({0})",
        "e() double": "CAST(2.718281828459045e0 AS DOUBLE)",
        "pi() double": "pi()",
        "exp(double) double": "exp({0})",
        "ln(double) double": "ln({0})",
        "log(double, double) double": "(ln({1}) / ln({0}))",
        "log2(double) double": "log2({0})",
        "log10(double) double": "log10({0})",
        "mod(A, B) A": _modulus,
        "pow(double, double) double": "pow({0}, {1})",
        "power(double, double) double": "pow({0}, {1})",
        **_for(
            _INTS,
            "sign(#) =0",
            lambda c: f"CAST(sign({c.arguments[0]}) AS {duckdb_type(c.result)})",
        ),
        "sign(decimal) decimal(1,0)": "CAST(sign({0}) AS DECIMAL(1,0))",
        "sign(real) real": "CASE WHEN isnan({0}) THEN {0} ELSE CAST(sign({0}) AS FLOAT) END",
        "sign(double) double": "CASE WHEN isnan({0}) THEN {0} ELSE CAST(sign({0}) AS DOUBLE) END",
        "sqrt(double) double": "sqrt({0})",
        "width_bucket(double, double, double, bigint) bigint": (
            f"CAST(CASE WHEN isnan({{0}}) THEN {_refused('operand must not be NaN')}"
            f" WHEN NOT isfinite({{1}}) THEN {_refused('first bound must be finite')}"
            f" WHEN NOT isfinite({{2}}) THEN {_refused('second bound must be finite')}"
            f" WHEN {{1}} = {{2}} THEN {_refused('bounds cannot equal each other')}"
            f" WHEN {{3}} <= 0 THEN {_refused('bucketCount must be greater than 0')}"
            " WHEN {1} < {2} AND {0} < {1} OR {1} > {2} AND {0} > {1} THEN 0"
            " WHEN {1} < {2} AND {0} >= {2} OR {1} > {2} AND {0} <= {2} THEN {3} + 1"
            " ELSE floor(({0} - {1}) / ({2} - {1}) * {3}) + 1 END AS BIGINT)"
        ),
        "width_bucket(double, array(double)) bigint": (
            "CAST(len(list_filter({1}, lambda @b: @b <= {0})) AS BIGINT)"
        ),
        **{f"{name}(double) double": f"{name}({{0}})" for name in _TRIGONOMETRY},
        "atan2(double, double) double": "atan2({0}, {1})",
        "infinity() double": "CAST('Infinity' AS DOUBLE)",
        "nan() double": "CAST('NaN' AS DOUBLE)",
        "is_finite(double) boolean": "isfinite({0})",
        "is_infinite(double) boolean": "isinf({0})",
        "is_nan(real) boolean": "isnan({0})",
        "is_nan(double) boolean": "isnan({0})",
        "random() double": "random()",
        "rand() double": "random()",
        **{
            f"{name}({kind}) {kind}": (
                f"CASE WHEN {{0}} <= 0 THEN {_refused('bound must be positive', kind)}"
                f" ELSE CAST(floor(random() * {{0}}) AS {kind.upper()}) END"
            )
            for name in ("random", "rand")
            for kind in _INTS
        },
        **{
            f"{name}({kind}, {kind}) {kind}": (
                "CASE WHEN {0} >= {1} THEN"
                f" {_refused('start value must be less than stop value', kind)} ELSE"
                f" CAST({{0}} + floor(random() * ({{1}} - {{0}})) AS {kind.upper()}) END"
            )
            for name in ("random", "rand")
            for kind in _INTS
        },
        "to_base(bigint, bigint) varchar": (
            "CASE WHEN {0} < 0 THEN '-' ELSE '' END"
            " || lower(to_base(abs({0}), CAST({1} AS INTEGER)))"
        ),
        "bitwise_and(bigint, bigint) bigint": "({0} & {1})",
        "bitwise_or(bigint, bigint) bigint": "({0} | {1})",
        "bitwise_xor(bigint, bigint) bigint": "xor({0}, {1})",
        "bitwise_not(bigint) bigint": "(~{0})",
        **{
            f"bitwise_{side}_shift({kind}, bigint) {kind}": (
                f"CAST(fsql_shifted({{0}}, {{1}}, {bits}, {side == 'left'}) AS {kind.upper()})"
            )
            for kind, bits in zip(_INTS, (8, 16, 32, 64), strict=True)
            for side in ("left", "right")
        },
        **{
            f"bitwise_right_shift_arithmetic({kind}, bigint) {kind}": (
                f"CASE WHEN {{1}} < 0 THEN {_NEGATIVE_SHIFT} ELSE"
                f" CAST({{0}} >> CAST(least({{1}}, {bits - 1}) AS {kind.upper()})"
                f" AS {kind.upper()}) END"
            )
            for kind, bits in zip(_INTS, (8, 16, 32, 64), strict=True)
        },
        "bit_count(bigint, bigint) bigint": (
            "CASE WHEN {1} < 2 OR {1} > 64 THEN "
            + raised(
                "INVALID_FUNCTION_ARGUMENT",
                "'Bits specified in bit_count must be between 2 and 64, got ' || {1}",
                "BIGINT",
            )
            + " WHEN {1} < 64 AND ({0} >= 1 << (least({1}, 63) - 1)"
            " OR {0} < -(1 << (least({1}, 63) - 1))) THEN "
            + raised(
                "INVALID_FUNCTION_ARGUMENT",
                "'Number must be representable with the bits specified. '"
                " || {0} || ' can not be represented with ' || {1} || ' bits'",
                "BIGINT",
            )
            + " ELSE CAST(bit_count({0} & CASE WHEN {1} = 64 THEN -1"
            " ELSE ((1 << (least({1}, 63) - 1)) - 1) * 2 + 1 END) AS BIGINT) END"
        ),
    },
)

# ---- distributions, vectors, other bases -------------------------------------------------------

_SHARE = "(CAST({0} AS DOUBLE) / {1})"
_WILSON = (
    f"CASE WHEN {{0}} < 0 THEN {_refused('number of successes must not be negative')}"
    f" WHEN {{1}} <= 0 THEN {_refused('number of trials must be positive')}"
    f" WHEN {{0}} > {{1}} THEN"
    f" {_refused('number of successes must not be larger than number of trials')}"
    f" WHEN {{2}} < 0 THEN {_refused('z-score must not be negative')}"
    f" WHEN NOT isfinite({{2}}) THEN EDGE"
    f" ELSE ({_SHARE} + {{2}} * {{2}} / (2 * {{1}}) SIGN {{2}} * sqrt("
    f"{_SHARE} * (1 - {_SHARE}) / {{1}} + {{2}} * {{2}} / (4.0e0 * {{1}} * {{1}})))"
    " / (1 + {2} * {2} / {1}) END"
)
_MAP_LENGTH = "sqrt(list_sum(list_transform(map_values({#}), lambda @v: @v * @v)))"
_EARTH = 6371.01  # kilometers

register(
    SCALAR,
    {
        **{
            f"{name}(double, double, double) double": f"fsql_{name}({{0}}, {{1}}, {{2}})"
            for name in ("normal_cdf", "inverse_normal_cdf", "beta_cdf", "inverse_beta_cdf")
        },
        "wilson_interval_lower(bigint, bigint, double) double": (
            _WILSON.replace("SIGN", "-").replace("EDGE", "0e0")
        ),
        "wilson_interval_upper(bigint, bigint, double) double": (
            _WILSON.replace("SIGN", "+").replace("EDGE", "1e0")
        ),
        "cosine_similarity(array(double), array(double)) double": _cosine("similarity"),
        "cosine_distance(array(double), array(double)) double": _cosine("distance"),
        "cosine_similarity(map(varchar, double), map(varchar, double)) double": (
            "CASE WHEN len(list_filter(list_concat(map_values({0}), map_values({1})),"
            " lambda @v: @v IS NULL)) = 0 THEN"
            " list_sum(list_transform(map_entries({0}), lambda @e:"
            " coalesce(@e.value * ({1})[@e.key], 0)))"
            f" / ({_MAP_LENGTH.replace('#', '0')} * {_MAP_LENGTH.replace('#', '1')}) END"
        ),
        "from_base(varchar, bigint) bigint": "fsql_from_base({0}, {1})",
        "format_number(double) varchar": "fsql_short_number({0})",
        "parse_data_size(varchar) decimal(38,0)": ("CAST(fsql_data_size({0}) AS DECIMAL(38,0))"),
        "parse_duration(varchar) interval day to second": "fsql_duration({0})",
        "human_readable_seconds(double) varchar": "fsql_readable_seconds({0})",
        "great_circle_distance(double, double, double, double) double": (
            f"CASE WHEN abs({{0}}) > 90 OR abs({{2}}) > 90 THEN"
            f" {_refused('Latitude must be between -90 and 90')}"
            " WHEN {0} + {1} + {2} + {3} IS NULL THEN NULL"
            f" WHEN abs({{1}}) > 180 OR abs({{3}}) > 180 THEN"
            f" {_refused('Longitude must be between -180 and 180')}"
            f" ELSE {_EARTH} * 2 * asin(sqrt(least(1e0,"
            " pow(sin(radians({2} - {0}) / 2), 2) + cos(radians({0})) * cos(radians({2}))"
            " * pow(sin(radians({3} - {1}) / 2), 2)))) END"
        ),
    },
)

# ---- conditional functions ---------------------------------------------------------------------


def _extreme(name: str) -> Emit:
    """NULL where any argument is; DuckDB passes over NULLs."""

    def made(call: Call) -> str:
        places = [f"{{{i}}}" for i in range(len(call.arguments))]
        known = " AND ".join(f"{place} IS NOT NULL" for place in places)
        return template(f"CASE WHEN {known} THEN {name}({', '.join(places)}) END", call.arguments)

    return made


def _null_if(call: Call) -> Typed:
    """Keeps the type of the first argument, compares as the common type."""
    first, second = call.given
    common = common_type(first.type, second.type)
    if common is None:
        raise fault(
            call.node,
            "TYPE_MISMATCH",
            f"Types are not comparable with nullif: {first.type} vs {second.type}",
        )
    right = cast_sql(second.sql, second.type, common)

    def compared(left: str) -> str:
        same = f"{cast_sql(left, first.type, common)} = {right}"
        return f"CASE WHEN {same} THEN NULL ELSE {left} END"

    return Typed(once(first.sql, compared), first.type)


def _coalesced(call: Call) -> str:
    return f"coalesce({', '.join(call.arguments)})"


register(
    SCALAR,
    {
        "coalesce(T, T...) T": _coalesced,
        "nullif(A, B) A": _null_if,
        "greatest(T...) T": _extreme("greatest"),
        "least(T...) T": _extreme("least"),
        "uuid() uuid": "uuid()",
        "fail(varchar) unknown": lambda call: raised(
            "GENERIC_USER_ERROR", call.arguments[0], duckdb_type(UNKNOWN)
        ),
    },
)

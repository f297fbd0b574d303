"""The engine's types of what functions compute.

A rule stands here only where Trino's result type is certain
(https://trino.io/docs/current/functions.html); everything else is not known.
"""

from __future__ import annotations

from sqlglot import exp

from fsql.analysis import arithmetic
from fsql.analysis.arithmetic import Rule, ValueOf, is_number
from fsql.analysis.engine_types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    JSON,
    REAL,
    TIMESTAMP,
    UUID,
    VARBINARY,
    VARCHAR,
    ZONED,
    EngineType,
    array_of,
    common_type,
    map_of,
)

__all__ = ["result_type"]


def result_type(node: exp.Expr, value: ValueOf) -> EngineType | None:
    """The engine's type of a computed expression; None if that is not certain.

    Args:
        node: the expression.
        value: what is known of its arguments.
    """
    if isinstance(node, exp.Anonymous):
        name = str(node.this).lower()
        rule, constant = _RULES_BY_NAME.get(name), _TYPES_BY_NAME.get(name)
    else:
        rule, constant = _RULES.get(type(node)), _TYPES.get(type(node))
    return rule(node, value) if rule else constant


def _arguments(node: exp.Expr, value: ValueOf) -> list[EngineType | None]:
    if isinstance(node, exp.Anonymous):
        arguments = node.expressions
    else:
        given = [node.args.get("this"), node.args.get("expression"), *node.expressions]
        arguments = [each for each in given if isinstance(each, exp.Expr)]
    return [value(each).type for each in arguments]


# --- scalars -----------------------------------------------------------------------------------


def _same(node: exp.Expr, value: ValueOf) -> EngineType | None:
    return value(node.this).type


def _same_number(node: exp.Expr, value: ValueOf) -> EngineType | None:
    """abs, ceiling, round and so on; they change a decimal's precision."""
    type_ = value(node.this).type
    return type_ if type_ and is_number(type_) and type_.name != "decimal" else None


def _same_float(node: exp.Expr, value: ValueOf) -> EngineType | None:
    type_ = value(node.this).type
    return type_ if type_ in (REAL, DOUBLE) else None


def _text(node: exp.Expr, value: ValueOf) -> EngineType | None:
    """Functions that Trino has for varbinary or char too."""
    type_ = value(node.this).type
    return VARCHAR if type_ and type_.name == "varchar" else None


def _zoned(node: exp.Expr, value: ValueOf) -> EngineType | None:
    argument = node.expressions[0] if isinstance(node, exp.Anonymous) else node.this
    type_ = value(argument).type
    if type_ is None or not type_.name.startswith("timestamp"):
        return None
    return EngineType("timestamp with time zone", type_.numbers)


def _current(node: exp.Expr, value: ValueOf) -> EngineType | None:
    name = _CLOCKS[type(node)]
    digits = node.this
    return EngineType(name, (int(digits.name) if isinstance(digits, exp.Literal) else 3,))


_CLOCKS: dict[type[exp.Expr], str] = {
    exp.CurrentTimestamp: "timestamp with time zone",
    exp.CurrentTime: "time with time zone",
    exp.Localtimestamp: "timestamp",
    exp.Localtime: "time",
}


def _epoch(node: exp.Expr, value: ValueOf) -> EngineType | None:
    return ZONED if set(node.args) <= {"this", "zone"} else None


def _json_extract(node: exp.Expr, value: ValueOf) -> EngineType | None:
    return None if node.args.get("json_query") else JSON


# --- arrays, maps and rows ---------------------------------------------------------------------


def _concatenated(node: exp.Expr, value: ValueOf) -> EngineType | None:
    types = _arguments(node, value)
    if all(type_ is not None and type_.name == "varchar" for type_ in types):
        return VARCHAR
    return _common_array(node, value)


def _common_array(node: exp.Expr, value: ValueOf) -> EngineType | None:
    joined = common_type(_arguments(node, value))
    return joined if joined and joined.name == "array" else None


def _row(node: exp.Expr, value: ValueOf) -> EngineType | None:
    if any(isinstance(part, (exp.Alias, exp.PropertyEQ)) for part in node.expressions):
        return None
    types = [value(part).type for part in node.expressions]
    fields = tuple((None, type_) for type_ in types if type_ is not None)
    return EngineType("row", fields=fields) if fields and len(fields) == len(types) else None


def _map_of_arrays(node: exp.Expr, value: ValueOf) -> EngineType | None:
    keys, values = node.args.get("keys"), node.args.get("values")
    types = [value(part).type for part in (keys, values) if part is not None]
    arrays = [type_.fields[0][1] for type_ in types if type_ and type_.name == "array"]
    return map_of(*arrays) if len(arrays) == 2 else None


def _map_aggregate(node: exp.Expr, value: ValueOf) -> EngineType | None:
    types = [type_ for type_ in _arguments(node, value) if type_ is not None]
    return map_of(*types) if len(types) == len(node.expressions) == 2 else None


def _histogram(node: exp.Expr, value: ValueOf) -> EngineType | None:
    (key,) = _arguments(node, value)[:1] or [None]
    return map_of(key, BIGINT) if key else None


def _same_map(node: exp.Expr, value: ValueOf) -> EngineType | None:
    type_ = value(node.expressions[0]).type if node.expressions else None
    return type_ if type_ and type_.name == "map" else None


def _map_values(node: exp.Expr, value: ValueOf) -> EngineType | None:
    type_ = _same_map(node, value)
    return array_of(type_.fields[1][1]) if type_ else None


def _map_entries(node: exp.Expr, value: ValueOf) -> EngineType | None:
    type_ = _same_map(node, value)
    return array_of(EngineType("row", fields=type_.fields)) if type_ else None


def _flattened(node: exp.Expr, value: ValueOf) -> EngineType | None:
    type_ = value(node.this).type
    inner = type_.fields[0][1] if type_ and type_.name == "array" else None
    return inner if inner and inner.name == "array" else None


_RULES: dict[type[exp.Expr], Rule] = {
    **arithmetic.RULES,
    exp.Abs: _same_number,
    exp.Ceil: _same_number,
    exp.Floor: _same_number,
    exp.Round: _same_number,
    exp.Trunc: _same_float,
    exp.TimestampTrunc: _same,
    exp.DateAdd: _same,
    exp.AtTimeZone: _zoned,
    exp.CurrentTimestamp: _current,
    exp.CurrentTime: _current,
    exp.Localtimestamp: _current,
    exp.Localtime: _current,
    exp.UnixToTime: _epoch,
    exp.Lower: _text,
    exp.Upper: _text,
    exp.Trim: _text,
    exp.Substring: _text,
    exp.Pad: _text,
    exp.Concat: _concatenated,
    exp.DPipe: _concatenated,
    exp.ArrayExcept: _common_array,
    exp.ArrayIntersect: _common_array,
    exp.Flatten: _flattened,
    exp.Struct: _row,
    exp.Map: _map_of_arrays,
    exp.JSONExtract: _json_extract,
}
_RULES_BY_NAME: dict[str, Rule] = {
    "array_union": _common_array,
    "at_timezone": _zoned,
    "histogram": _histogram,
    "map_agg": _map_aggregate,
    "map_concat": _same_map,
    "map_entries": _map_entries,
    "map_filter": _same_map,
    "map_union": _same_map,
    "map_values": _map_values,
    "with_timezone": _zoned,
}


def _each(type_: EngineType, *nodes: type[exp.Expr]) -> dict[type[exp.Expr], EngineType]:
    return dict.fromkeys(nodes, type_)


_TYPES: dict[type[exp.Expr], EngineType] = {
    **_each(BOOLEAN, exp.Boolean, exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE),
    **_each(BOOLEAN, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.In, exp.Between),
    **_each(BOOLEAN, exp.Is, exp.Like, exp.Escape, exp.Exists, exp.RegexpLike, exp.StartsWith),
    **_each(BOOLEAN, exp.IsNan, exp.LogicalAnd, exp.LogicalOr, exp.ArrayContains),
    **_each(BIGINT, exp.Count, exp.CountIf, exp.ApproxDistinct, exp.Length, exp.StrPosition),
    **_each(BIGINT, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile, exp.DateDiff),
    **_each(BIGINT, exp.Year, exp.Quarter, exp.Month, exp.WeekOfYear, exp.Day, exp.Hour),
    **_each(BIGINT, exp.Minute, exp.Second, exp.DayOfWeekIso, exp.DayOfYear, exp.Extract),
    **_each(BIGINT, exp.ArraySize, exp.ArrayPosition),
    **_each(DOUBLE, exp.PercentRank, exp.CumeDist, exp.Sqrt, exp.Cbrt, exp.Exp, exp.Ln),
    **_each(DOUBLE, exp.Log, exp.Pow, exp.Pi, exp.Stddev, exp.StddevPop, exp.StddevSamp),
    **_each(DOUBLE, exp.Variance, exp.VariancePop, exp.TimeToUnix),
    **_each(VARCHAR, exp.Replace, exp.SplitPart, exp.ConcatWs, exp.RegexpReplace, exp.Chr),
    **_each(VARCHAR, exp.RegexpExtract, exp.TimeToStr, exp.ArrayToString, exp.GroupConcat),
    **_each(VARCHAR, exp.Typeof, exp.Hex, exp.JSONFormat, exp.JSONExtractScalar),
    **_each(VARCHAR, exp.ToBase64, exp.Format),
    **_each(VARBINARY, exp.MD5Digest, exp.SHA2Digest, exp.FromBase64, exp.Unhex, exp.HexString),
    **_each(DATE, exp.CurrentDate, exp.Date, exp.FromISO8601Date, exp.LastDay),
    **_each(TIMESTAMP, exp.StrToTime),
    **_each(ZONED, exp.ParseDatetime, exp.FromISO8601Timestamp),
    **_each(JSON, exp.ParseJSON),
    **_each(UUID, exp.Uuid),
    **_each(array_of(VARCHAR), exp.Split, exp.RegexpExtractAll),
    exp.FromISO8601TimestampNanos: EngineType("timestamp with time zone", (9,)),
}
_TYPES_BY_NAME: dict[str, EngineType] = {
    "arrays_overlap": BOOLEAN,
    "codepoint": INTEGER,
    "e": DOUBLE,
    "every": BOOLEAN,
    "format_datetime": VARCHAR,
    "infinity": DOUBLE,
    "json_array_length": BIGINT,
    "millisecond": BIGINT,
    "nan": DOUBLE,
    "split_to_map": map_of(VARCHAR, VARCHAR),
    "to_iso8601": VARCHAR,
    "to_milliseconds": BIGINT,
    "xxhash64": VARBINARY,
}

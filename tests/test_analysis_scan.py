from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.expressions.visitors import expression_evaluator
from pyiceberg.schema import Schema
from pyiceberg.typedef import Record
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
)

from fsql.analysis import Analysis, Relation, Scan, analyse
from fsql.analysis.pruning import to_iceberg
from fsql.types import storage_type
from tests.analysis_relations import DATABASE, lookup

STORED = pa.schema(
    [
        ("n", pa.int64()),
        ("i", pa.int32()),
        ("b", pa.int64()),
        ("d", pa.decimal128(9, 2)),
        ("f", pa.float64()),
        ("r", pa.float32()),
        ("s", pa.string()),
        ("t", pa.timestamp("us")),
        ("day", pa.date32()),
        ("flag", pa.bool_()),
        ("w", pa.struct([("speed", pa.float64()), ("dir", pa.int32())])),
        ("i2", pa.int32()),
        ("s2", pa.string()),
    ]
)


def samples(database: str | None, table: str) -> Relation | None:
    return Relation({field.name: field for field in STORED}, exact=True)


def scan_of(where: str) -> Scan | None:
    return analyse(f"SELECT n FROM samples WHERE {where}", samples, DATABASE).scan


def analysed(sql: str) -> Analysis:
    return analyse(sql, lookup, DATABASE)


# --- which queries are scans -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT temp FROM weather", [("temp", ("temp",))]),
        ("SELECT temp AS a, temp FROM weather", [("a", ("temp",)), ("temp", ("temp",))]),
        ("SELECT w.wind.SPEED FROM weather w", [("SPEED", ("wind", "speed"))]),
        (
            "SELECT x.s AS y FROM (SELECT wind.speed AS s FROM weather) x",
            [("y", ("wind", "speed"))],
        ),
        ("WITH x (a) AS (SELECT temp FROM weather) SELECT a FROM x", [("a", ("temp",))]),
        ("SELECT speed FROM other.windy", [("speed", ("wind", "speed"))]),
        ("SELECT w.wind.* FROM weather w", [(n, ("wind", n)) for n in ("dir", "speed", "gust")]),
        ("TABLE codes", None),
        ("SELECT temp + 1 FROM weather", None),
        ("SELECT 1 FROM weather", None),
        ("SELECT max(temp) FROM weather", None),
        ("SELECT try(temp) FROM weather", None),
        ("SELECT DISTINCT temp FROM weather", None),
        ("SELECT temp FROM weather GROUP BY temp", None),
        ("SELECT temp FROM weather ORDER BY temp", None),
        ("SELECT temp FROM weather OFFSET 3", None),
        ("SELECT temp FROM weather, departure", None),
        ("SELECT temp FROM weather TABLESAMPLE SYSTEM (10)", None),
        ("SELECT temp FROM weather UNION ALL SELECT temp FROM weather", None),
        ("SELECT temp FROM weather FETCH FIRST 3 ROWS WITH TIES", None),
        ("SELECT iata FROM codes", None),
        ("SELECT tags[1] FROM plane", None),
        ("SELECT temp FROM weather WHERE origin IN (SELECT iata FROM codes)", None),
        ("SELECT (SELECT max(temp) FROM weather)", None),
        ("SELECT temp FROM (SELECT temp FROM weather LIMIT 3) WHERE temp > 1", None),
        ("SELECT temp FROM (SELECT temp FROM weather ORDER BY temp LIMIT 3)", None),
        ("SELECT a.temp FROM weather a CROSS JOIN LATERAL (SELECT a.temp) b", None),
        ("SELECT temp FROM weather FOR VERSION AS OF 3", None),
        ('SELECT temp, "$path" FROM weather', None),
        ("SELECT temp FROM weather WHERE \"$path\" = 'x'", None),
        ("SELECT row_number() OVER () FROM weather", None),
    ],
)
def test_projections_of_one_feature_group_are_scans(
    sql: str, columns: list[tuple[str, tuple[str, ...]]] | None
) -> None:
    scan = analysed(sql).scan
    assert (list(scan.columns) if scan else None) == columns
    assert scan is None or (scan.database, scan.table) == (DATABASE, "weather")


@pytest.mark.parametrize(
    ("sql", "limit"),
    [
        ("SELECT temp FROM weather LIMIT 3", 3),
        ("SELECT temp FROM weather LIMIT 0", 0),
        ("SELECT temp FROM weather LIMIT ALL", None),
        ("SELECT temp FROM weather FETCH FIRST 3 ROWS ONLY", 3),
        ("SELECT * FROM (SELECT temp FROM weather LIMIT 3) LIMIT 5", 3),
        ("(SELECT temp FROM weather) LIMIT 2", 2),
    ],
)
def test_limits_are_part_of_a_scan(sql: str, limit: int | None) -> None:
    scan = analysed(sql).scan
    assert scan is not None
    assert scan.limit == limit


def test_filters_of_nested_queries_and_views_come_together() -> None:
    scan = analysed("SELECT speed FROM other.windy WHERE speed < 30").scan
    assert scan is not None
    rows = pa.table({"wind": [{"speed": speed} for speed in (10.0, 25.0, 35.0)]})
    assert rows.filter(scan.filter).num_rows == 1


@pytest.mark.parametrize(
    "where",
    [
        "i + 1 > 2",
        "abs(i) > 2",
        "i > s",
        "s > 1",
        "i = '1'",
        "day > '2013-01-01'",
        "t > '2013-01-01'",
        "d > 1e0",
        "b > 1e300",
        "b IN (1, 2e0)",
        "r > 0.1",
        "r > 1e-1",
        "f > 0.1234567890123456789",
        "CAST(i AS bigint) = 1",
        "i = CAST(1.5 AS integer)",
        "t > CAST('2013-01-01 00:00:00.123456' AS timestamp)",
        "t > CAST('2013-01-01 00:00:00 UTC' AS timestamp)",
        "t > TIMESTAMP '2013-11-03 01:30:00 America/New_York'",
        "t > TIMESTAMP '2013-01-01 00:00:00 Nowhere/Land'",
        "t > now()",
        "d = CAST('1.5' AS decimal)",
        "d = CAST('2' AS decimal)",
        "s LIKE s2",
        "s LIKE 'a$b' ESCAPE '$'",
        "i LIKE '1%'",
        "regexp_like(s, 'a')",
        "f <> w.speed",
        "NOT f < w.speed",
        "i = b",
        "flag > false",
        "w = ROW(1.0, 2)",
        "(i, b) = (1, 2)",
        "i = ALL (SELECT 1)",
        "EXISTS (SELECT 1)",
        "'a' = 'a '",
        "coalesce(i, 1) = 1",
        "i",
        "i BETWEEN b AND 3",
        "s = X'00'",
        "day = DATE '2013-02-30'",
    ],
)
def test_conditions_without_an_exact_counterpart_go_to_the_engine(where: str) -> None:
    assert scan_of(where) is None


# --- the rows that a filter selects ------------------------------------------------------------

INTEGERS = [0, 1, -1, 2, 7, 2**31 - 1, -(2**31)]
FLOATS = [0.0, -0.0, 1.0, 1.5, -2.25, 1e300, float("inf"), float("-inf"), float("nan")]
SINGLES = [0.0, 1.0, 1.5, -2.25, float("inf"), float("nan")]
TEXTS = ["", "a", "b", "ab", "a%", "a_b", "a\nb", "ä", "a\\b", "JFK", "A"]
DAYS = [dt.date(1969, 12, 31), dt.date(1970, 1, 1), dt.date(2013, 1, 1), dt.date(2013, 1, 2)]
TIMES = [
    dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
    dt.datetime(2013, 1, 1),
    dt.datetime(2013, 1, 1, 5, 0, 0, 1),
    dt.datetime(2013, 1, 2),
]


def optional(values: list[object]) -> st.SearchStrategy[object]:
    return st.one_of(st.none(), st.sampled_from(values))


VALUES: dict[str, list[object]] = {
    "i": [*INTEGERS],
    "b": [*INTEGERS, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)],
    "d": [Decimal(text) for text in ("0.00", "1.50", "-1.50", "2.00", "9999999.99")],
    "f": [*FLOATS],
    "r": [*SINGLES],
    "s": [*TEXTS],
    "t": [*TIMES],
    "day": [*DAYS],
    "w.speed": [*FLOATS],
    "w.dir": [*INTEGERS],
}
NESTED = {"speed": optional(VALUES["w.speed"]), "dir": optional(VALUES["w.dir"])}
ROW = st.fixed_dictionaries(
    {
        **{name: optional(values) for name, values in VALUES.items() if "." not in name},
        "w": st.one_of(st.none(), st.fixed_dictionaries(NESTED)),
        "flag": optional([True, False]),
        "i2": optional([*INTEGERS]),
        "s2": optional([*TEXTS]),
    }
)
NUMBER = ["0", "1", "-1", "2", "7", "1.5", "-1.50", "1.0", "0.999", "2147483648", "-99999999999"]
CONSTANTS = {
    "i": [*NUMBER, "1e0", "1.5e0", "NULL", "BIGINT '7'"],
    "b": [*NUMBER, "9007199254740993", "9223372036854775807", "1.5e0", "NULL"],
    "d": [
        *NUMBER,
        "1.501",
        "9999999.99",
        "12345678901.5",
        "DECIMAL '1.5'",
        "CAST('2' AS DECIMAL(9, 2))",
        "NULL",
    ],
    "f": [*NUMBER, "1e0", "-2.25e0", "1e300", "DOUBLE '1.5'", "CAST(2 AS DOUBLE)", "NULL"],
    "r": ["0", "1", "1.5", "-2.25", "1.5e0", "NULL"],
    "s": ["''", "'a'", "'ab'", "'ä'", "'JFK'", "'a''b'", "NULL"],
    "t": [
        "TIMESTAMP '2013-01-01 00:00:00'",
        "TIMESTAMP '2013-01-01 05:00:00.000001'",
        "TIMESTAMP '1969-12-31 23:59:59.999999'",
        "TIMESTAMP '2013-01-01'",
        "DATE '2013-01-02'",
        "NULL",
    ],
    "day": ["DATE '2013-01-01'", "DATE '1970-01-01'", "TIMESTAMP '2013-01-01 12:00:00'", "NULL"],
    "w.speed": [*NUMBER, "1.5e0", "NULL"],
    "w.dir": [*NUMBER, "NULL"],
}
COLUMNS = st.sampled_from(sorted(CONSTANTS))
OPERATORS = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">="])
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
PATTERNS = ["", "%", "%%", "a%", "%b", "%a%", "a_b", "_", "__", "a\\b", "%\\%", "a%b", "ab", "_%"]

# A condition in Trino's words, and in DuckDB's, for which NaN equals itself and exceeds all.
Condition = tuple[str, str]


def floating(column: str) -> bool:
    return column in ("f", "r", "w.speed")


def guarded(column: str, condition: str, of_nan: bool) -> str:
    if not floating(column):
        return condition
    return f"(CASE WHEN isnan({column}) THEN {of_nan} ELSE {condition} END)"


def compared(column: str, op: str, constant: str) -> Condition:
    of_nan = "CAST(NULL AS BOOLEAN)" if constant == "NULL" else str(op in ("<>", "!="))
    text = f"{column} {op} {constant}"
    duck = f"(CASE WHEN isnan({column}) THEN {of_nan} ELSE {text} END)"
    return text, duck if floating(column) else text


@st.composite
def comparison(draw: st.DrawFn) -> Condition:
    column, op = draw(COLUMNS), draw(OPERATORS)
    constant = draw(st.sampled_from(CONSTANTS[column]))
    text, duck = compared(column, op, constant)
    flipped = f"{constant} {FLIPPED.get(op, op)} {column}"
    return draw(st.sampled_from([text, flipped])), duck


@st.composite
def between(draw: st.DrawFn) -> Condition:
    column = draw(COLUMNS)
    low, high = (draw(st.sampled_from(CONSTANTS[column])) for _ in range(2))
    parts = [(f"{column} >= {low}", low), (f"{column} <= {high}", high)]
    duck = " AND ".join(
        f"({text})" if end == "NULL" else guarded(column, text, False) for text, end in parts
    )
    return f"{column} BETWEEN {low} AND {high}", f"({duck})"


@st.composite
def membership(draw: st.DrawFn) -> Condition:
    column = draw(COLUMNS)
    # One double among exact numbers makes Trino compare in double, so that is no scan.
    constants = [c for c in CONSTANTS[column] if floating(column) or "e0" not in c]
    values = draw(st.lists(st.sampled_from(constants), min_size=1, max_size=4))
    duck = " OR ".join(
        f"{column} = {value}" if value == "NULL" else guarded(column, f"{column} = {value}", False)
        for value in values
    )
    text = f"{column} {draw(st.sampled_from(['IN', 'NOT IN']))} ({', '.join(values)})"
    return text, f"(NOT ({duck}))" if "NOT IN" in text else f"({duck})"


@st.composite
def distinctness(draw: st.DrawFn) -> Condition:
    column = draw(COLUMNS)
    words = draw(st.sampled_from(["IS DISTINCT FROM", "IS NOT DISTINCT FROM"]))
    text = f"{column} {words} {draw(st.sampled_from(CONSTANTS[column]))}"
    return text, text


@st.composite
def likeness(draw: st.DrawFn) -> Condition:
    words = draw(st.sampled_from(["LIKE", "NOT LIKE"]))
    text = f"s {words} '{draw(st.sampled_from(PATTERNS))}'"
    escaped = draw(st.sampled_from(["s LIKE 'a$_b' ESCAPE '$'", "s LIKE 'a$%%' ESCAPE '$'", text]))
    return escaped, escaped


SINGLE = st.sampled_from(
    [
        *[(f"{c} IS NULL", f"{c} IS NULL") for c in [*CONSTANTS, "w", "flag"]],
        *[(f"{c} IS NOT NULL", f"{c} IS NOT NULL") for c in [*CONSTANTS, "w", "flag"]],
        *[(text, text) for text in ("flag", "flag = true", "flag <> true", "flag IN (false)")],
        *[(text, text) for text in ("true", "NULL", "1 = 1", "1 <> 1", "i = i2", "i < i2")],
        *[(text, text) for text in ("s >= s2", "s <> s2", "i <= w.dir")],
    ]
)


def joined(word: str, parts: list[Condition]) -> Condition:
    trino, duck = zip(*parts, strict=True)
    return f"({f' {word} '.join(trino)})", f"({f' {word} '.join(duck)})"


def combined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        inner.map(lambda c: (f"NOT ({c[0]})", f"NOT ({c[1]})")),
        st.builds(joined, st.sampled_from(["AND", "OR"]), several),
    )


LEAF = st.one_of(comparison(), between(), membership(), distinctness(), likeness(), SINGLE)
CONDITION = st.recursive(LEAF, combined, max_leaves=6)


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scan") / "rows.parquet"


def check(conditions: list[Condition], samples: pa.Table, parquet: Path) -> None:
    """Every condition selects the same rows of `samples` here and in DuckDB."""
    pq.write_table(samples, parquet, row_group_size=2)
    stored = ds.dataset(parquet, schema=STORED)
    with duckdb.connect() as engine:
        columns = ", ".join(f"coalesce({duck}, false)" for _, duck in conditions)
        answers = engine.execute(f"SELECT {columns} FROM samples ORDER BY n").fetchall()
    for (trino, _), chosen in zip(conditions, zip(*answers, strict=True), strict=True):
        scan = scan_of(trino)
        assert scan is not None, trino
        expected = [n for n, is_chosen in enumerate(chosen) if is_chosen]
        assert samples.filter(scan.filter)["n"].to_pylist() == expected, trino
        # Once more with row groups left out by their statistics, which know nothing of NaN.
        read = stored.to_table(columns=["n"], filter=scan.filter)
        assert read["n"].to_pylist() == expected, trino
        assert set(expected) <= set(kept_by_iceberg(scan, samples)), trino


@pytest.mark.parametrize("column", sorted(CONSTANTS))
def test_each_comparison_selects_the_rows_that_the_engine_would(column: str, parquet: Path) -> None:
    values = VALUES[column]
    pairs = [pair for value in values for pair in ((value, values[-1]), (value, None))]
    name, *inside = column.split(".")
    rows = [{name: {inside[0]: value} if inside else value} for pair in pairs for value in pair]
    samples = pa.Table.from_pylist([{"n": i, **row} for i, row in enumerate(rows)], STORED)
    plain = [
        compared(column, op, constant)
        for op in ("=", "<>", "<", "<=", ">", ">=")
        for constant in CONSTANTS[column]
    ]
    negated = [(f"NOT ({trino})", f"NOT ({duck})") for trino, duck in plain]
    check(plain + negated, samples, parquet)


def test_each_pattern_selects_the_rows_that_the_engine_would(parquet: Path) -> None:
    rows = [{"n": i, "s": text} for i, text in enumerate([*TEXTS, None])]
    conditions = [
        (f"s {words} '{pattern}'", f"s {words} '{pattern}'")
        for words in ("LIKE", "NOT LIKE")
        for pattern in PATTERNS
    ]
    escapes = ["s LIKE 'a$_b' ESCAPE '$'", "s LIKE 'a$%%' ESCAPE '$'", "s LIKE '_$_%' ESCAPE '$'"]
    conditions += [(text, text) for text in escapes]
    check(conditions, pa.Table.from_pylist(rows, STORED), parquet)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(ROW, min_size=1, max_size=6),
    conditions=st.lists(CONDITION, min_size=1, max_size=5),
)
def test_a_filter_selects_the_rows_that_the_engine_would(
    rows: list[dict[str, object]], conditions: list[Condition], parquet: Path
) -> None:
    samples = pa.Table.from_pylist([{"n": i, **row} for i, row in enumerate(rows)], STORED)
    check(conditions, samples, parquet)


ICEBERG = Schema(
    NestedField(1, "n", LongType()),
    NestedField(2, "i", IntegerType()),
    NestedField(3, "b", LongType()),
    NestedField(4, "d", DecimalType(9, 2)),
    NestedField(5, "f", DoubleType()),
    NestedField(6, "r", FloatType()),
    NestedField(7, "s", StringType()),
    NestedField(8, "t", TimestampType()),
    NestedField(9, "day", DateType()),
    NestedField(10, "flag", BooleanType()),
    NestedField(
        11,
        "w",
        StructType(NestedField(14, "speed", DoubleType()), NestedField(15, "dir", IntegerType())),
    ),
    NestedField(12, "i2", IntegerType()),
    NestedField(13, "s2", StringType()),
)


def kept_by_iceberg(scan: Scan, table: pa.Table) -> list[int]:
    """Rows that Iceberg's own evaluator keeps, in Iceberg's representation of values."""
    if scan.predicate is None:
        return list(range(table.num_rows))
    keeps = expression_evaluator(ICEBERG, to_iceberg(scan.predicate), case_sensitive=True)
    epoch = table.set_column(7, "t", table["t"].cast(pa.int64()))
    epoch = epoch.set_column(8, "day", epoch["day"].cast(pa.int32()))
    return [row["n"] for row in epoch.to_pylist() if keeps(as_record(row))]


def as_record(row: dict[str, object]) -> Record:
    wind = row["w"]
    nested = Record(wind["speed"], wind["dir"]) if isinstance(wind, dict) else Record(None, None)
    return Record(*(nested if name == "w" else value for name, value in row.items()))


def test_zoned_constants_are_compared_as_instants() -> None:
    times = pa.table({"t": pa.array([dt.datetime(2013, 1, 1, hour) for hour in range(8)])})
    for constant in (
        "05:00:00 UTC",
        "00:00:00 -05:00",
        "00:00:00-05:00",
        "00:00:00 America/New_York",
    ):
        scan = scan_of(f"t < TIMESTAMP '2013-01-01 {constant}'")
        assert scan is not None, constant
        assert times.filter(scan.filter).num_rows == 5


def test_a_real_column_is_compared_with_what_a_real_can_be() -> None:
    assert scan_of("r = 16777216") is not None
    assert scan_of("r = 16777217") is None


def test_constants_have_the_storage_type() -> None:
    scan = analysed("SELECT humid FROM weather WHERE humid = 300 OR origin = 'JFK'").scan
    assert scan is not None
    stored = pa.schema([("humid", storage_type(pa.uint8())), ("origin", pa.string())])
    rows = pa.table({"humid": [300, 1, None], "origin": ["LGA", "JFK", None]}, schema=stored)
    assert rows.filter(scan.filter)["humid"].to_pylist() == [300, 1]


def test_iceberg_is_not_asked_for_what_its_counts_do_not_say() -> None:
    for where in ("w.speed IS NULL", "s NOT LIKE 'a%'", "i NOT IN (1, 2)"):
        scan = scan_of(where)
        assert scan is not None
        assert scan.predicate is not None
        assert str(to_iceberg(scan.predicate)) in ("AlwaysTrue()", _not_null(where))


def _not_null(where: str) -> str:
    return f"NotNull(term=Reference(name='{where.split()[0]}'))"


def test_names_with_a_dot_are_not_given_to_iceberg() -> None:
    relation = Relation({"a.b": pa.field("a.b", pa.int32())}, exact=True)
    scan = analyse('SELECT * FROM t WHERE "a.b" > 1', lambda _, __: relation, "d").scan
    assert scan is not None
    assert scan.predicate is not None
    assert str(to_iceberg(scan.predicate)) == "AlwaysTrue()"

from __future__ import annotations

import ast
from pathlib import Path

import duckdb
import pytest
from sqlglot import exp

import fsql.local.transpile
from fsql.local.transpile import (
    Column,
    Scan,
    TrinoError,
    bind_parameters,
    parse_statements,
    translate,
    trino_error,
)
from tests.local.trino_sql import Table, failure, fetched, run


def scan(node: exp.Table) -> Scan:
    return Scan(exp.Table(this=exp.Var(this="read_parquet('s3/b/t.parquet')")), {"A": "bigint"})


def translated(sql: str) -> str:
    return translate(parse_statements(sql)[0], scan).sql


# ---- statements --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "kinds"),
    [
        ("SELECT 1", [exp.Select]),
        ("SELECT 1;", [exp.Select]),
        ("  -- c\nSELECT 1 /* d */ ; ; ", [exp.Select]),
        ("SELECT 1; SELECT 2", [exp.Select, exp.Select]),
        ("(SELECT 1) UNION SELECT 2", [exp.Union]),
        ("VALUES 1", [exp.Values]),
        ("TABLE t", [exp.Select]),
        ("WITH a AS (SELECT 1) SELECT * FROM a", [exp.Select]),
        ("INSERT INTO t SELECT 1", [exp.Insert]),
        ("CREATE TABLE t AS SELECT 1", [exp.Create]),
        ("CREATE EXTERNAL TABLE t (a int) LOCATION 's3://b/'", [exp.Create]),
        ("DROP TABLE `t`", [exp.Drop]),
        ("UNLOAD (SELECT 1) TO 's3://b/' WITH (format = 'PARQUET')", [exp.Command]),
        ("MSCK REPAIR TABLE t", [exp.Command]),
    ],
)
def test_statements(sql: str, kinds: list[type[exp.Expr]]) -> None:
    assert [type(statement) for statement in parse_statements(sql)] == kinds


def test_reading_a_statement_of_hive_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    parse_statements("SHOW TABLES IN db LIKE 'a*'")
    parse_statements("UNLOAD (SELECT 1) TO 's3://b/'")
    assert caplog.records == []


def test_parameters_take_the_place_of_question_marks_in_order() -> None:
    statement = parse_statements("SELECT ? AS a, 'it''s ?' AS b WHERE ? < 5")[0]
    bound = bind_parameters(statement, ["DATE '2020-01-01'", "3"])
    answer = translate(bound, scan)
    assert answer.columns[0].trino_type == "date"
    assert fetched(answer.sql)[0][1] == "it's ?"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ([], "line 1:1: Incorrect number of parameters: expected 1 but found 0"),
        (["1", "2"], "line 1:1: Incorrect number of parameters: expected 1 but found 2"),
        (["1, 2"], "line 1:1: '1, 2' is not one value, expected a literal"),
        (["1 FROM t"], "line 1:1: '1 FROM t' is not one value, expected a literal"),
    ],
)
def test_parameters_that_do_not_fit(parameters: list[str], message: str) -> None:
    statement = parse_statements("SELECT ?")[0]
    with pytest.raises(TrinoError, match="INVALID_PARAMETER_USAGE") as caught:
        bind_parameters(statement, parameters)
    assert caught.value.message == message


def test_a_parameter_cannot_break_out() -> None:
    statement = parse_statements("SELECT ? AS a")[0]
    bind_parameters(statement, ["'x'' UNION SELECT ''y'"])
    assert fetched(translate(statement, scan).sql) == [("x' UNION SELECT 'y",)]
    statement = parse_statements("SELECT ?")[0]
    with pytest.raises(TrinoError, match="SYNTAX_ERROR"):
        bind_parameters(statement, ["1) --"])


# ---- the seam ----------------------------------------------------------------------------------


def test_a_scan_is_put_into_from_as_it_is() -> None:
    assert translated("SELECT a FROM db.t") == (
        'SELECT r0."A" AS "a" FROM read_parquet(\'s3/b/t.parquet\') AS r0'
    )


def test_columns_have_names_and_types() -> None:
    answer = translate(parse_statements("SELECT a, 1 FROM t")[0], scan)
    assert answer.columns == (
        Column("a", "bigint", answer.columns[0].type),
        Column("_col1", "integer", answer.columns[1].type),
    )


def test_a_type_knows_the_zone_it_is_shown_in() -> None:
    sql = "SELECT TIMESTAMP '2020-01-01 00:00:00 America/New_York' AS t"
    outer = f"SELECT t FROM ({sql})"
    for text in (sql, outer):
        (column,) = translate(parse_statements(text)[0], scan).columns
        assert column.type is not None
        assert (column.trino_type, column.type.zone) == (
            "timestamp(0) with time zone",
            "America/New_York",
        )


def test_only_names_of_tables_are_resolved() -> None:
    seen: list[str] = []

    def resolve(node: exp.Table) -> Scan:
        seen.append(node.sql("trino"))
        return scan(node)

    sql = (
        "WITH c AS (SELECT a FROM x) SELECT 1 FROM c, db.y AS z, (SELECT a FROM awsdatacatalog.d.c)"
    )
    translate(parse_statements(sql)[0], resolve)
    assert seen == ["x", "db.y AS z", "awsdatacatalog.d.c"]


def test_what_resolve_raises_is_passed_on() -> None:
    error = TrinoError("TABLE_NOT_FOUND", "line 1:15: Table 'awsdatacatalog.d.t' does not exist")

    def resolve(node: exp.Table) -> Scan:
        raise error

    with pytest.raises(TrinoError) as caught:
        translate(parse_statements("SELECT * FROM t")[0], resolve)
    assert caught.value is error
    assert (error.category, error.retryable) == (2, False)
    assert str(error) == ("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.d.t' does not exist")


def test_the_same_query_is_always_translated_alike() -> None:
    sql = "SELECT round(a / 3.7, 2), transform(ARRAY[a], x -> x + 1) FROM t GROUP BY a"
    assert translated(sql) == translated(sql)


def test_a_query_is_not_changed_by_its_translation() -> None:
    query = parse_statements("SELECT listagg(x, ',') WITHIN GROUP (ORDER BY y DESC) FROM t")[0]
    before = query.sql("trino")
    with pytest.raises(TrinoError, match="COLUMN_NOT_FOUND"):
        translate(query, scan)
    assert query.sql("trino") == before


# ---- hostile and huge queries ------------------------------------------------------------------

HOSTILE = Table({'x"; DROP TABLE t; --': "bigint", "r0": "bigint"}, "(1, 2)")


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("""SELECT "x""; DROP TABLE t; --" FROM h""", (1,)),
        ("""SELECT "x""; DROP TABLE t; --" AS "a""b" FROM h AS "c""d" """, (1,)),
        ("SELECT r0 FROM h AS r1", (2,)),
        ("SELECT r0.r0 FROM h AS r0", (2,)),
        ("SELECT '{0} {1}' || regexp_replace('a', 'a', '{0}') FROM h", ("{0} {1}{0}",)),
        ('SELECT CAST(ROW(1) AS row("{0}" bigint)) FROM h', ({"{0}": 1},)),
        (
            'SELECT ARRAY[CAST(ROW(1) AS row("{1} @x" bigint))][1] FROM h',
            ({"{1} @x": 1},),
        ),
        (
            'SELECT nullif(CAST(ROW(1) AS row("{0}" bigint)), ROW(2)) FROM h',
            ({"{0}": 1},),
        ),
        (
            'SELECT map(ARRAY[1], ARRAY[CAST(ROW(1) AS row("{0}@y" bigint))])[1] FROM h',
            ({"{0}@y": 1},),
        ),
        (
            """SELECT CAST(JSON '{"a@b": 1}' AS row("a@b" bigint)) FROM h""",
            ({"a@b": 1},),
        ),
        ("SELECT transform(ARRAY[1], x -> x + r0) FROM h", ([3],)),
        ("SELECT transform(ARRAY[5], r0 -> r0 + 1) FROM h", ([6],)),
        ("SELECT 'TRINO:X:y' FROM h", ("TRINO:X:y",)),
        ("SELECT 'a' || chr(0) || 'b' FROM h", ("a\0b",)),
    ],
)
def test_names_and_texts_mean_nothing_else(sql: str, row: tuple[object, ...]) -> None:
    assert run(sql, {"h": HOSTILE}).rows == [row]


def test_a_text_may_hold_a_zero_byte() -> None:
    assert run("SELECT 'a\0b' || ''").rows == [("a\0b",)]


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT " + " AND ".join(["true"] * 3000), True),
        ("SELECT 5 IN (" + ", ".join(map(str, range(5000))) + ")", True),
        ("SELECT sum(x) FROM (" + " UNION ALL ".join(["SELECT 1 AS x"] * 400) + ")", 400),
        ("SELECT " + "ARRAY[" * 25 + "7" + "]" * 25 + "[1]" * 25, 7),
        ("SELECT " + "nullif(" * 25 + "7" + ", 0)" * 25, 7),
        ("SELECT " + "row(" * 20 + "7" + ")" * 20 + " IS NULL", False),
    ],
    ids=["and", "in", "union", "arrays", "nullif", "rows"],
)
def test_long_and_nested_queries(sql: str, value: object) -> None:
    assert run(sql).value == value


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 2000 + "1" + ")" * 2000,
        "SELECT " + " + ".join(["1"] * 5000),
        "SELECT " + " || ".join(["'a'"] * 2000),
    ],
    ids=["parentheses", "sum", "text"],
)
def test_a_query_that_is_too_deep_is_an_error(sql: str) -> None:
    assert failure(sql).startswith("STACK_OVERFLOW: statement is too large")


# ---- DuckDB's errors ---------------------------------------------------------------------------


def test_an_unknown_error_tells_nothing_of_this_machine() -> None:
    error = trino_error(duckdb.IOException('IO Error: Could not read "/srv/me/secret.parquet"'))
    assert (error.name, error.category) == ("GENERIC_INTERNAL_ERROR", 1)
    assert "secret" not in str(error)


def test_a_file_that_is_gone_is_not_named() -> None:
    error = trino_error(duckdb.IOException('IO Error: Cannot open file "/srv/me/secret.parquet"'))
    assert error.name == "HIVE_CANNOT_OPEN_SPLIT"
    assert "secret" not in str(error)


def test_memory_that_runs_out() -> None:
    error = trino_error(duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate"))
    assert (error.name, error.category) == ("EXCEEDED_LOCAL_MEMORY_LIMIT", 1)


def test_the_package_reads_and_opens_nothing() -> None:
    """Pure by its imports: no files, no sockets, no connection."""
    folder = Path(fsql.local.transpile.__file__).parent
    for path in folder.rglob("*.py"):
        imported = {
            name for node in ast.walk(ast.parse(path.read_text())) for name in _imported(node)
        }
        assert not imported & {"os", "io", "pathlib", "socket", "subprocess", "boto3"}, path
        assert ".connect(" not in path.read_text(), path


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []

"""No text makes the translation fail but with a `TrinoError`, or gives what DuckDB can't read."""

from __future__ import annotations

import re
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from fsql.local.transpile import TrinoError, parse_statements, translate
from fsql.local.transpile.calls import SPECIAL
from fsql.local.transpile.functions import FUNCTIONS
from tests.local.trino_sql import Table, run

TABLE = Table(
    {
        "i": "bigint",
        "s": "varchar",
        "d": "double",
        "ts": "timestamp(6)",
        "w": "row(dir bigint, speed double)",
        "a": "array(bigint)",
        "m": "map(varchar, bigint)",
        "p": "decimal(10,2)",
        "b": "boolean",
    },
    """(1, 'a', 1.5e0, TIMESTAMP '2020-01-01', {'dir': 1, 'speed': 2.5e0}, [1, 2], MAP {'k': 1},
        1.25, true),
       (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)""",
)
TYPES = ["bigint", "tinyint", "double", "decimal(10,2)", "varchar", "varchar(2)", "date", "json"]
TYPES += ["timestamp(6)", "timestamp(3) with time zone", "boolean", "array(varchar)"]

ATOMS = st.sampled_from(
    [
        *("i", "s", "d", "ts", "w", "a", "m", "p", "b", "w.speed", "t.i", "nope", "NULL", "true"),
        *("1", "-1", "5000000000", "1.5", "1e0", "'a'", "''", "'day'", "'$.a'", "'%Y'", "X'00'"),
        *("DATE '2020-01-01'", "INTERVAL '1' DAY", "ARRAY[1, NULL]", "ROW(1, 'a')", "now()"),
        *("TIMESTAMP '2020-01-01 00:00:00 America/New_York'", "map(ARRAY['k'], ARRAY[1])"),
        *("JSON '[1]'", "x -> x", "(x, y) -> x = y", "random()", "count(*)"),
    ]
)


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Larger expressions of smaller ones."""
    names = st.sampled_from(sorted([*FUNCTIONS, *SPECIAL]))
    calls = st.tuples(names, st.lists(inner, max_size=3))
    signs = st.sampled_from(["+", "-", "*", "/", "%", "||", "=", "<", "<>", "AND", "OR", "LIKE"])
    return (
        calls.map(lambda c: f"{c[0]}({', '.join(c[1])})")
        | calls.map(lambda c: f"{c[0]}({', '.join(c[1])}) OVER (ORDER BY i)")
        | st.tuples(inner, signs, inner).map(lambda o: f"({' '.join(o)})")
        | st.tuples(inner, st.sampled_from(TYPES)).map(lambda o: f"CAST({o[0]} AS {o[1]})")
        | st.tuples(inner, st.sampled_from(TYPES)).map(lambda o: f"TRY_CAST({o[0]} AS {o[1]})")
        | st.tuples(inner, inner).map(lambda o: f"{o[0]}[{o[1]}]")
        | st.tuples(inner, inner, inner).map(
            lambda o: f"CASE WHEN {o[0]} THEN {o[1]} ELSE {o[2]} END"
        )
        | inner.map(lambda o: f"TRY({o})")
        | inner.map(lambda o: f"({o} IS NULL)")
    )


EXPRESSIONS = st.recursive(ATOMS, compound, max_leaves=8)


def answer(sql: str) -> None:
    """Run a query; every failure is one of Trino's."""
    caught: TrinoError | None = None
    try:
        run(sql, {"t": TABLE})
    except TrinoError as error:
        caught = error
    if caught is not None:
        assert re.fullmatch(r"[A-Z_]+", caught.name)
        assert caught.name != "GENERIC_INTERNAL_ERROR", (sql, caught.__cause__)


@settings(max_examples=400)
@given(EXPRESSIONS)
def test_any_expression(expression: str) -> None:
    answer(f"SELECT {expression} FROM t")


@settings(max_examples=200)
@given(EXPRESSIONS, EXPRESSIONS, EXPRESSIONS)
def test_any_clauses(item: str, key: str, order: str) -> None:
    answer(f"SELECT {item}, {key} FROM t WHERE {key} IS NOT NULL GROUP BY {key} ORDER BY {order}")


WORDS = st.sampled_from(
    [
        *("SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "HAVING", "LIMIT", "OFFSET", "WITH"),
        *("UNION", "ALL", "JOIN", "ON", "USING", "CROSS", "UNNEST", "LATERAL", "VALUES", "AS"),
        *("OVER", "FILTER", "DISTINCT", "EXISTS", "IN", "NOT", "NULL", "CASE", "WHEN", "END"),
        *("CAST", "ROW", "ARRAY", "INTERVAL", "AT TIME ZONE", "t", "i", "s", "count", "1", "'a'"),
        *("(", ")", "[", "]", ",", ".", "*", "+", "=", "->", ";", "?", '"', "'", "--", "/*", "{"),
    ]
)


@settings(max_examples=400)
@given(st.lists(WORDS | st.text(max_size=3), max_size=15).map(" ".join))
def test_any_text(words: str) -> None:
    with suppress(TrinoError):
        for statement in parse_statements(f"SELECT i FROM t {words}"):
            translate(statement, lambda node: TABLE.scan())


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_any_letters_within_a_text_and_a_name(text: str) -> None:
    quoted, name = text.replace("'", "''"), text.replace('"', '""')
    found = run(f"SELECT '{quoted}' AS \"x{name}\"")
    assert (found.rows, found.names) == ([(text,)], (f"x{text}",))

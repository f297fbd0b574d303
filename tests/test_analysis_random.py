"""Random queries whose columns' origins are known by construction, and seen in the data.

Every cell of the tables holds the name of its own column, so whatever a query does, the
values that come out say where they came from.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsql.analysis import Output, analyse, unload_select
from tests.analysis_relations import DATABASE, SCHEMAS, field_at, lookup
from tests.test_analysis import CASES

TABLES = ("weather", "departure", "plane")
PASSING = [
    "{}",
    "({})",
    "max({}) OVER ()",
    "min({}) OVER ()",
    "coalesce({0}, {0})",
    "CASE WHEN true THEN {} END",
    "if(1 = 1, {}, NULL)",
    "lag({}, 1) OVER (ORDER BY 1)",
    "first_value({}) OVER (ORDER BY 1)",
    "(SELECT {})",
]
CHANGING = ["CAST({} AS varchar)", "{} IS NULL", "count({}) OVER ()"]
WORDS = ["a", "b", "Origin", "temp", "wind", "w", "SEATS", "x y", "date", "Group"]


@dataclass(frozen=True)
class Column:
    """A column of a relation: `tag` is the stored column's name, or None."""

    name: str
    tag: str | None
    plain: bool = True


@dataclass(frozen=True)
class Source:
    """What can stand in FROM."""

    sql: str
    columns: tuple[Column, ...]


@dataclass
class Query:
    """A query under construction and the WITH queries before it."""

    ctes: list[str] = field(default_factory=list)


def quoted(name: str) -> str:
    return f'"{name}"'


@st.composite
def spelled(draw: st.DrawFn, name: str) -> str:
    """The name in another case, quoted or not: it means the same to Trino."""
    changed = draw(st.sampled_from([name, name.upper(), name.lower()]))
    must_quote = " " in name or name.lower() in ("date", "group")
    return quoted(changed) if must_quote or draw(st.booleans()) else changed


@st.composite
def base(draw: st.DrawFn) -> Source:
    table = draw(st.sampled_from(TABLES))
    names = [name.lower() for name in SCHEMAS[table].names]
    columns = tuple(Column(name, f"{table}.{name}") for name in names)
    return Source(draw(st.sampled_from([table, table.upper(), f"feature_store.{table}"])), columns)


@st.composite
def item(draw: st.DrawFn, column: Column, reference: str) -> tuple[str, str | None, bool]:
    """An expression of a column, its tag, and whether it is the plain column."""
    tag = column.tag
    if tag == "weather.wind" and draw(st.booleans()):
        part = draw(st.sampled_from(["dir", "speed", "gust"]))
        tag, reference = f"{tag}.{part}", f"{reference}.{part}"
    if draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(CHANGING)).format(reference), None, False
    form = draw(st.sampled_from(PASSING))
    return form.format(reference), tag, form in PASSING[:2]


@st.composite
def projected(draw: st.DrawFn, query: Query, depth: int) -> tuple[str, tuple[Column, ...]]:
    """A SELECT over one or two relations."""
    parts = draw(st.lists(relation(query, depth - 1), min_size=1, max_size=2))
    aliases = ["q", "r"][: len(parts)]
    joint = draw(st.sampled_from([" CROSS JOIN ", ", ", " JOIN ", " LEFT JOIN "]))
    on = " ON 1 = 1" if len(parts) > 1 and joint.strip().endswith("JOIN") else ""
    on = "" if "CROSS" in joint else on
    clause = joint.join(f"{p.sql} AS {a}" for p, a in zip(parts, aliases, strict=True)) + on
    if draw(st.integers(0, 3)) == 0 and len(parts) == 1:
        star = draw(st.sampled_from(["*", "q.*"]))
        return f"SELECT {star} FROM {clause}", parts[0].columns
    choices = [(a, c) for p, a in zip(parts, aliases, strict=True) for c in p.columns]
    chosen = draw(st.lists(st.sampled_from(choices), min_size=1, max_size=4))
    names = draw(st.permutations(WORDS))
    items, columns = [], []
    for name, (alias, column) in zip(names, chosen, strict=False):
        alone = [c.name.lower() for _, c in choices].count(column.name.lower()) == 1
        qualifier = "" if alone and draw(st.booleans()) else f"{alias}."
        reference = f"{qualifier}{draw(spelled(column.name))}"
        text, tag, plain = draw(item(column, reference))
        items.append(f"{text} AS {quoted(name)}")
        columns.append(Column(name, tag, plain))
    return f"SELECT {', '.join(items)} FROM {clause}", tuple(columns)


@st.composite
def relation(draw: st.DrawFn, query: Query, depth: int) -> Source:
    kind = draw(st.sampled_from(["base", "subquery", "cte", "renamed", "union"]))
    if depth <= 0 or kind == "base":
        return draw(base())
    sql, columns = draw(projected(query, depth))
    if kind == "union":
        wrapped = f"SELECT * FROM ({sql}) AS u UNION ALL SELECT * FROM ({sql}) AS u"
        return Source(f"({wrapped})", columns)
    if kind == "cte":
        name = f"cte{len(query.ctes)}"
        query.ctes.append(f"{name} AS ({sql})")
        return Source(name, columns)
    if kind == "renamed":
        name = f"cte{len(query.ctes)}"
        renamed = tuple(Column(f"c{i}", c.tag, c.plain) for i, c in enumerate(columns))
        query.ctes.append(f"{name} ({', '.join(c.name for c in renamed)}) AS ({sql})")
        return Source(name, renamed)
    return Source(f"({sql})", columns)


@st.composite
def queries(draw: st.DrawFn) -> tuple[str, tuple[Column, ...]]:
    query = Query()
    sql, columns = draw(projected(query, 3))
    return (f"WITH {', '.join(query.ctes)} {sql}" if query.ctes else sql), columns


def cell(tag: str) -> str:
    if tag != "weather.wind":
        return f"'{tag}'"
    return "{" + ", ".join(f"'{p}': '{tag}.{p}'" for p in ("dir", "speed", "gust")) + "}"


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA feature_store").fetchall()
        for table in TABLES:
            cells = ", ".join(
                f'{cell(f"{table}.{name.lower()}")} AS "{name.lower()}"'
                for name in SCHEMAS[table].names
            )
            for schema in ("feature_store", "main"):
                connection.execute(f"CREATE TABLE {schema}.{table} AS SELECT {cells}").fetchall()
        yield connection


def tag_of(output: Output) -> str | None:
    if output.origin is None or output.field is None:
        return None
    return ".".join((output.origin.table, *output.origin.path))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=queries())
def test_origins_are_those_of_the_construction_and_of_the_data(
    made: tuple[str, tuple[Column, ...]], engine: duckdb.DuckDBPyConnection
) -> None:
    sql, columns = made
    analysis = analyse(sql, lookup, DATABASE)
    outputs = analysis.outputs
    assert outputs is not None
    assert [output.name for output in outputs] == [column.name for column in columns]
    assert [tag_of(output) for output in outputs] == [column.tag for column in columns]
    for output, column in zip(outputs, columns, strict=True):
        if column.tag is not None:
            assert output.field is not None
            assert output.field.type.equals(field_at(column.tag).type, check_metadata=True)
    if analysis.scan is not None:
        assert all(column.plain for column in columns)
        paths = [(analysis.scan.table, *path) for _, path in analysis.scan.columns]
        assert [".".join(path) for path in paths] == [column.tag for column in columns]
    (duck,) = sqlglot.transpile(sql, read="trino", write="duckdb")
    for row in engine.cursor().sql(duck).fetchall():
        for value, column in zip(row, columns, strict=True):
            if column.tag is not None and value is not None:
                assert value == (column.tag if isinstance(value, str) else wind(column.tag))


def wind(tag: str) -> dict[str, str]:
    return {part: f"{tag}.{part}" for part in ("dir", "speed", "gust")}


def test_no_text_makes_an_analysis_fail() -> None:
    chooser = random.Random(20130101)
    broken = [sqlglot.tokenize(sql, read="trino") for sql, _ in CASES]
    words = sorted({token.text for tokens in broken for token in tokens})
    for (sql, _), tokens in zip(CASES, broken, strict=True):
        for _ in range(3):
            texts = [sql[token.start : token.end + 1] for token in tokens]
            for _ in range(chooser.randint(1, 3)):
                place = chooser.randrange(len(texts))
                texts[place : place + chooser.randint(0, 1)] = [chooser.choice(words)]
            text = " ".join(texts)
            analysis = analyse(text, lookup, DATABASE)
            unload_select(text, analysis)
            assert analysis.scan is None or analysis.outputs is not None

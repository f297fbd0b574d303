"""SQLAlchemy's and pandas' ways of writing rows: one file and one commit, whatever their number."""

from __future__ import annotations

import datetime as dt
import enum
import json
import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session

import fsql
from fsql.errors import ConfigError, InvalidData
from fsql.types import Array, Arrow, Map, Struct, Timestamp

T = dt.datetime(2020, 1, 1)
METADATA = sa.MetaData()
GROUP = fsql.FeatureGroup(
    *("a", "b", "rows", "v0001", METADATA),
    sa.Column("k", sa.BigInteger),
    sa.Column("t", Timestamp("us")),
    sa.Column("x", sa.Integer),
    sa.Column("f", sa.Double),
    sa.Column("name", sa.String),
    keys=["k"],
    event_time="t",
    partition_by=["day(t)"],
)
RICH = fsql.FeatureGroup(
    *("a", "b", "rich", "v0001", METADATA),
    sa.Column("k", sa.BigInteger),
    sa.Column("small", Arrow(pa.uint8())),
    sa.Column("ns", Timestamp("ns", "Europe/Berlin")),
    sa.Column("amount", sa.Numeric(12, 3)),
    sa.Column("wind", Struct(dir=sa.Integer, speed=sa.Double)),
    sa.Column("tags", Array(sa.Double)),
    sa.Column("counts", Map(sa.String, sa.Integer)),
    sa.Column("raw", sa.LargeBinary),
    sa.Column("day", sa.Date),
    sa.Column("at", sa.Time),
    sa.Column("real", Arrow(pa.float32())),
    sa.Column("flag", sa.Boolean),
    sa.Column("kind", Arrow(pa.dictionary(pa.int32(), pa.string()))),
    keys=["k"],
)


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('rows')}/store")
    made.create(GROUP)
    made.create(RICH)
    yield made
    made.engine.dispose()


def snapshots(store: fsql.FeatureStore, name: str = GROUP.name) -> int:
    return len(store.catalog.iceberg.load_table(("feature_store", name)).snapshots())


def rows(store: fsql.FeatureStore, sql: str = f"SELECT * FROM {GROUP.name} ORDER BY k") -> Any:
    return fsql.read_arrow(sql, store.engine).to_pylist()


def keys(store: fsql.FeatureStore) -> list[int]:
    return [row["k"] for row in rows(store)]


def queries(store: fsql.FeatureStore) -> list[str]:
    athena = store.catalog.aws.client("athena")
    ids = athena.list_query_executions(MaxResults=50)["QueryExecutionIds"]
    found = athena.batch_get_query_execution(QueryExecutionIds=ids) if ids else {}
    return [each["Query"] for each in found.get("QueryExecutions", [])]


def frame(count: int = 300) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "k": range(count),
            "t": pd.date_range("2020", periods=count, freq="D"),
            "x": pd.array([None if k % 3 else k for k in range(count)], dtype="Int64"),
            "f": [np.nan if k % 7 == 0 else k / 3 for k in range(count)],
            "name": [None if k % 5 == 0 else f"it's {k}% 'ü€'" for k in range(count)],
        }
    )


# --- insert(group) -----------------------------------------------------------------------------


def test_many_rows_are_one_commit_and_no_query(store: fsql.FeatureStore) -> None:
    given = [{"k": k, "t": T + dt.timedelta(days=k), "x": k} for k in range(250)]
    before = len(queries(store))
    with store.engine.begin() as connection:
        result = connection.execute(sa.insert(GROUP), given)
    assert result.rowcount == 250
    assert snapshots(store) == 1
    assert len(queries(store)) == before
    assert [{key: row[key] for key in ("k", "t", "x")} for row in rows(store)] == given
    assert {(row["f"], row["name"]) for row in rows(store)} == {(None, None)}


def test_every_way_to_give_values(store: fsql.FeatureStore) -> None:
    ways: list[tuple[Any, Any]] = [
        (sa.insert(GROUP).values([{"k": 1, "t": T}, {"k": 2, "t": T}]), None),
        (sa.insert(GROUP).values([(3, T, 1, 0.5, "a"), (4, T, 2, None, None)]), None),
        (sa.insert(GROUP).values({GROUP.c.k: 5, GROUP.c.t: T}), None),
        (sa.insert(GROUP).values(k=6, t=T), None),
        (sa.insert(GROUP).values((7, T)), None),
        (sa.insert(GROUP), {"k": 8, "t": T}),
        (GROUP.insert(), [{"k": 9, "t": T}]),
        (sa.insert(GROUP).values(t=T), [{"k": 10}, {"k": 11}]),
    ]
    with store.engine.connect() as connection:
        counts = [connection.execute(statement, given).rowcount for statement, given in ways]
    assert counts == [2, 2, 1, 1, 1, 1, 1, 2]
    assert keys(store) == list(range(1, 12))
    assert snapshots(store) == len(ways)


def test_a_block_is_one_commit(store: fsql.FeatureStore) -> None:
    with store.engine.begin() as connection:
        for k in range(5):
            connection.execute(sa.insert(GROUP), {"k": k, "t": T})
        assert snapshots(store) == 0
    assert snapshots(store) == 1
    assert keys(store) == list(range(5))


def test_a_block_sees_its_own_rows(store: fsql.FeatureStore) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.insert(GROUP), {"k": 1, "t": T})
        assert connection.scalars(sa.select(GROUP.c.k)).all() == [1]


def test_a_block_that_fails_leaves_nothing(store: fsql.FeatureStore) -> None:
    def fail() -> None:
        with store.engine.begin() as connection:
            connection.execute(sa.insert(GROUP), [{"k": 1, "t": T}, {"k": 2, "t": T}])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(sa.insert(GROUP), {"k": 1, "t": T})
        transaction.rollback()
    assert keys(store) == []
    location = store.catalog.get(GROUP.name).location
    assert not [o for o in store.catalog.storage.list(f"{location}/") if ".parquet" in o.uri]


def test_outside_a_block_each_statement_commits(store: fsql.FeatureStore) -> None:
    """As all of Athena's do; so nothing is lost that nobody commits."""
    with store.engine.connect() as connection:
        connection.execute(sa.insert(GROUP), {"k": 1, "t": T})
        connection.execute(sa.insert(GROUP), {"k": 2, "t": T})
    assert keys(store) == [1, 2]
    assert snapshots(store) == 2


def test_every_type(store: fsql.FeatureStore) -> None:
    noon = pd.Timestamp("2020-06-01 12:00:00.000001", tz="Europe/Berlin")
    given: list[dict[str, Any]] = [
        {
            "k": np.int64(1),
            "small": 255,
            "ns": noon,
            "amount": Decimal("-1.25"),
            "wind": {"dir": 3, "speed": float("nan")},
            "tags": [1.0, None, float("inf")],
            "counts": {"k,2": 2, "": None},
            "raw": b"\x00'",
            "day": dt.date(2020, 2, 29),
            "at": dt.time(1, 2, 3, 4),
            "real": np.float32(1.1),
            "flag": np.bool_(True),
            "kind": "a",
        },
        {"k": 2, "ns": pd.NaT, "real": float("nan"), "flag": pd.NA, "kind": float("nan")},
        {"k": 3, "tags": [], "counts": {}, "wind": {"dir": None, "speed": None}},
    ]
    full = [dict.fromkeys(RICH.arrow_schema.names) | row for row in given]
    with store.engine.begin() as connection:
        connection.execute(sa.insert(RICH), full)
    read = fsql.read_arrow(f"SELECT * FROM {RICH.name} ORDER BY k", store.engine)
    assert read.schema.equals(RICH.arrow_schema)
    first, second, third = read.to_pylist()
    assert repr(first["wind"]) == "{'dir': 3, 'speed': nan}"
    assert pd.Timestamp(first["ns"]) == noon
    assert (first["real"], first["amount"]) == (float(np.float32(1.1)), Decimal("-1.250"))
    same = ("k", "small", "tags", "raw", "day", "at", "flag", "kind")
    assert {name: first[name] for name in same} == {name: given[0][name] for name in same}
    assert first["counts"] == [("k,2", 2), ("", None)]
    assert np.isnan(second.pop("real"))
    assert {value for name, value in second.items() if name != "k"} == {None}
    assert (third["tags"], third["counts"]) == ([], [])
    assert third["wind"] == {"dir": None, "speed": None}


def test_nanoseconds_are_not_cut(store: fsql.FeatureStore) -> None:
    time = pd.Timestamp("2020-01-01 00:00:00.000000001", tz="UTC")
    with pytest.raises(sa.exc.DataError, match="has nanoseconds"), store.engine.begin() as c:
        c.execute(sa.insert(RICH), [{"k": 1, "ns": time}])


def test_errors_are_those_of_a_write(store: fsql.FeatureStore) -> None:
    wrong: list[dict[str, Any]] = [{"k": 1, "t": T, "x": 2**40}, {"k": None, "t": T, "x": 1}]
    with pytest.raises(InvalidData) as written:
        store.write(GROUP, pd.DataFrame(wrong).assign(f=None, name=None).astype({"k": "Int64"}))
    with pytest.raises(sa.exc.DataError) as caught, store.engine.begin() as connection:
        connection.execute(sa.insert(GROUP), wrong)
    assert isinstance(caught.value.orig, InvalidData)
    assert str(caught.value.orig) == str(written.value)
    assert keys(store) == []


def test_a_block_of_which_one_statement_fails_writes_nothing(store: fsql.FeatureStore) -> None:
    with store.engine.begin() as connection:
        connection.execute(sa.insert(GROUP), {"k": 1, "t": T})
        with pytest.raises(sa.exc.DataError):
            connection.execute(sa.insert(GROUP), {"k": None, "t": T})
        with pytest.raises(sa.exc.OperationalError, match="Roll it back and begin anew"):
            connection.execute(sa.insert(GROUP), {"k": 2, "t": T})
    assert keys(store) == []
    with store.engine.connect() as connection:
        with pytest.raises(sa.exc.DataError):
            connection.execute(sa.insert(GROUP), {"k": None, "t": T})
        connection.execute(sa.insert(GROUP), {"k": 3, "t": T})
    assert keys(store) == [3]


def test_rows_of_other_columns_are_refused(store: fsql.FeatureStore) -> None:
    with store.engine.connect() as connection:
        with pytest.raises(sa.exc.StatementError, match="A value is required"):
            connection.execute(sa.insert(GROUP), [{"k": 1, "t": T}, {"k": 2}])
        with pytest.raises(sa.exc.DataError, match="'naem': is no column of the group"):
            connection.execute(sa.insert(GROUP), [{"k": 1, "t": T, "naem": "x"}])
        with pytest.raises(sa.exc.ArgumentError, match="Row 1 has values of name"):
            connection.execute(sa.insert(GROUP), [{"k": 1, "t": T}, {"k": 2, "t": T, "name": "x"}])
    assert keys(store) == []


def test_values_that_athena_computes(store: fsql.FeatureStore) -> None:
    before = dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.timedelta(seconds=1)
    with store.engine.begin() as connection:
        statement = sa.insert(GROUP).values(k=1, t=sa.func.now(), x=sa.func.length("abc"))
        assert connection.execute(statement).rowcount == 1
        many = [{"k": 2, "t": sa.func.now()}, {"k": 3, "t": sa.func.now()}]
        assert connection.execute(sa.insert(GROUP).values(many)).rowcount == 2
    found = rows(store)
    assert [row["k"] for row in found] == [1, 2, 3]
    assert found[0]["x"] == 3
    assert all(row["t"] >= before for row in found)


def test_equal_values_of_two_statements_are_two_rows(store: fsql.FeatureStore) -> None:
    statement = sa.insert(GROUP).values(k=1, t=sa.func.from_unixtime(0))
    with store.engine.connect() as connection:
        for _ in range(2):
            connection.execute(statement)
    assert keys(store) == [1, 1]


def test_defaults_of_columns(store: fsql.FeatureStore) -> None:
    table = sa.Table(
        GROUP.name,
        sa.MetaData(),
        sa.Column("k", sa.BigInteger),
        sa.Column("t", sa.DateTime, default=lambda: T),
        sa.Column("number", sa.Integer, key="x", default=7),
    )
    table.c.x.name = "x"
    with store.engine.begin() as connection:
        connection.execute(sa.insert(table), [{"k": 1}, {"k": 2}])
        connection.execute(sa.insert(table), [{"k": 3, "x": 1}])
    assert [(row["t"], row["x"]) for row in rows(store)] == [(T, 7), (T, 7), (T, 1)]


def test_objects_of_the_orm(store: fsql.FeatureStore) -> None:
    class Base(DeclarativeBase):
        pass

    class Row(Base):
        __table__ = GROUP
        __mapper_args__ = {"primary_key": [GROUP.c.k]}  # noqa: RUF012  # SQLAlchemy's form

    with Session(store.engine) as session:
        session.add_all([Row(k=k, t=T, x=k) for k in range(3)])
        session.commit()
        session.execute(sa.insert(Row), [{"k": 3, "t": T, "x": 3}, {"k": 4, "t": T, "x": 4}])
        session.commit()
        assert session.get(Row, 2).x == 2  # type: ignore[union-attr]
    assert [(row["k"], row["x"]) for row in rows(store)] == [(k, k) for k in range(5)]


def test_statements_still_print_as_sql(store: fsql.FeatureStore) -> None:
    statement = sa.insert(GROUP).values([{"k": 1, "t": T}])
    assert str(statement.compile(store.engine)) == (
        f"INSERT INTO {GROUP.name} (k, t) VALUES (%(k_m0)s, %(t_m0)s)"
    )


def test_another_database_by_translation(store: fsql.FeatureStore) -> None:
    options = {"schema_translate_map": {"elsewhere": "feature_store"}}
    table = sa.Table(GROUP.name, sa.MetaData(), *(c._copy() for c in GROUP.c), schema="elsewhere")
    with store.engine.connect().execution_options(**options) as connection:
        connection.execute(sa.insert(table), [{"k": 1, "t": T}, {"k": 2, "t": T}])
    assert keys(store) == [1, 2]


# --- INSERT … SELECT, UPDATE, DELETE -----------------------------------------------------------


def test_insert_from_select_is_split_by_partitions(store: fsql.FeatureStore) -> None:
    frame().to_sql(GROUP.name, store.engine, if_exists="append", index=False)
    c = GROUP.c
    select = sa.select(c.t, c.k + 1000, sa.literal("50%")).where(c.k < 200)
    with store.engine.begin() as connection:
        result = connection.execute(sa.insert(GROUP).from_select(["t", "k", "name"], select))
    assert result.rowcount == 200
    assert snapshots(store) == 2
    found = rows(store, f"SELECT k, name, x FROM {GROUP.name} WHERE k >= 1000 ORDER BY k")
    assert found == [{"k": 1000 + k, "name": "50%", "x": None} for k in range(200)]


def test_insert_from_a_cte(store: fsql.FeatureStore) -> None:
    cte = sa.select(sa.literal(5).label("k"), sa.literal(T, Timestamp("us")).label("t")).cte("one")
    with store.engine.begin() as connection:
        statement = sa.insert(GROUP).from_select(["k", "t"], sa.select(cte.c.k, cte.c.t))
        assert connection.execute(statement).rowcount == 1
    assert keys(store) == [5]


def test_update_and_delete(store: fsql.FeatureStore) -> None:
    frame(10).to_sql(GROUP.name, store.engine, if_exists="append", index=False)
    c = GROUP.c
    with store.engine.begin() as connection:
        update = sa.update(GROUP).where(c.k.in_([3, 6]), c.name.is_not(None)).values(x=c.x * 10)
        assert connection.execute(update).rowcount == 2
        assert connection.execute(sa.update(GROUP).values({c.f: None}).where(c.k > 7)).rowcount == 2
        assert connection.execute(sa.delete(GROUP).where(c.t < T + dt.timedelta(1))).rowcount == 1
    found = rows(store, f"SELECT k, x FROM {GROUP.name} WHERE k < 7 ORDER BY k")
    assert [(row["k"], row["x"]) for row in found if row["x"]] == [(3, 30), (6, 60)]
    assert found[0]["k"] == 1
    assert rows(store, f"SELECT count(f) AS n FROM {GROUP.name} WHERE k > 7") == [{"n": 0}]


def test_updates_by_ordered_values(store: fsql.FeatureStore) -> None:
    statement = sa.update(GROUP).ordered_values((GROUP.c.x, 1), (GROUP.c.f, 2.5))
    assert str(statement.compile(store.engine)) == (f"UPDATE {GROUP.name} SET x=%(x)s, f=%(f)s")


# --- pandas ------------------------------------------------------------------------------------

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "multi": {"method": "multi"},
    "chunks": {"chunksize": 70},
    "chunks of multi": {"method": "multi", "chunksize": 7},
    "database": {"schema": "feature_store"},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=list(OPTIONS))
def test_to_sql_is_one_commit(store: fsql.FeatureStore, options: dict[str, Any]) -> None:
    given = frame()
    done = given.to_sql(GROUP.name, store.engine, if_exists="append", index=False, **options)
    assert done == 300
    assert snapshots(store) == 1
    assert not [query for query in queries(store) if "VALUES" in query]
    through_write = frame().assign(k=given["k"] + 1000)
    store.write(GROUP, through_write)
    found = pd.DataFrame(rows(store))
    mine, theirs = found[found.k < 1000], found[found.k >= 1000]
    pd.testing.assert_frame_equal(
        mine.drop(columns="k").reset_index(drop=True),
        theirs.drop(columns="k").reset_index(drop=True),
    )


def test_to_sql_on_a_connection(store: fsql.FeatureStore) -> None:
    with store.engine.begin() as connection:
        frame(5).to_sql(GROUP.name, connection, if_exists="append", index=False, chunksize=2)
        frame(3).to_sql(GROUP.name, connection, if_exists="append", index=False)
    assert snapshots(store) == 1
    assert len(keys(store)) == 8


def test_to_sql_of_nested_values(store: fsql.FeatureStore) -> None:
    given = pd.DataFrame(
        {
            "k": [1, 2],
            "wind": [{"dir": 1, "speed": 0.5}, None],
            "tags": [np.array([1.0, 2.0]), [3.0]],
            "counts": [{"a": 1}, {}],
        }
    )
    given.to_sql(RICH.name, store.engine, if_exists="append", index=False)
    found = rows(store, f"SELECT k, wind, tags, counts FROM {RICH.name} ORDER BY k")
    assert found == [
        {"k": 1, "wind": {"dir": 1, "speed": 0.5}, "tags": [1.0, 2.0], "counts": [("a", 1)]},
        {"k": 2, "wind": None, "tags": [3.0], "counts": []},
    ]


def test_to_sql_that_does_not_fit(store: fsql.FeatureStore) -> None:
    wrong = frame(250).assign(x=lambda f: f["k"] / 2)
    with pytest.raises(Exception, match="column 'x': is no whole number") as caught:
        wrong.to_sql(GROUP.name, store.engine, if_exists="append", index=False, chunksize=1)
    assert "nothing was written" in str(caught.value)
    assert keys(store) == []


def test_a_group_is_not_replaced_by_a_table(store: fsql.FeatureStore) -> None:
    with pytest.raises(ConfigError, match=r"store.write\(group, frame, mode='overwrite'\)"):
        frame(3).to_sql(GROUP.name, store.engine, if_exists="replace", index=False)
    with pytest.raises(ValueError, match="already exists"):
        frame(3).to_sql(GROUP.name, store.engine, if_exists="fail", index=False)
    assert store.describe(GROUP).totals.rows == 0
    frame(3).to_sql(GROUP.name, store.engine, if_exists="append", index=False)
    frame(2).to_sql(GROUP.name, store.engine, if_exists="delete_rows", index=False)
    assert keys(store) == [0, 1]


def test_new_tables_are_iceberg_tables(store: fsql.FeatureStore) -> None:
    zoned = frame().assign(t=lambda f: f["t"].dt.tz_localize("Europe/Berlin"))
    assert zoned.to_sql("plain", store.engine, chunksize=100) == 300
    entry = store.catalog.get("plain")
    assert entry.is_iceberg
    assert dict(entry.columns) == {
        "index": "bigint",
        "k": "bigint",
        "t": "timestamp",
        "x": "bigint",
        "f": "double",
        "name": "string",
    }
    found = pd.read_sql("SELECT * FROM plain ORDER BY k", store.engine)
    assert found["t"].dt.tz_localize("UTC").tolist() == zoned["t"].tolist()
    assert found["name"].isna().tolist() == zoned["name"].isna().tolist()
    assert snapshots(store, "plain") == 1
    assert zoned.to_sql("plain", store.engine, if_exists="replace", index=False) == 300
    assert "index" not in dict(store.catalog.get("plain").columns)
    with store.engine.begin() as connection:
        plain = sa.Table("plain", sa.MetaData(), autoload_with=connection)
        assert connection.execute(sa.delete(plain).where(plain.c.k > 10)).rowcount == 289
    assert not list(store.catalog.entries(pattern="fsql_*"))


# --- tables that are no groups -----------------------------------------------------------------


class Color(enum.Enum):
    RED = 1
    BLUE = 2


HIVE = """
    CREATE EXTERNAL TABLE old
    (k tinyint, t timestamp, name varchar(9), amount decimal(9,2), day date)
    PARTITIONED BY (p int) STORED AS PARQUET LOCATION 's3://fsql-local/old/'
"""


def test_many_rows_into_a_hive_table(store: fsql.FeatureStore) -> None:
    old = sa.table("old", *map(sa.column, ("k", "t", "name", "amount", "day", "p")))
    table = sa.Table("old", sa.MetaData(), *(sa.Column(c.name) for c in old.c))
    given = [
        {
            "k": k,
            "t": T + dt.timedelta(milliseconds=k),
            "name": None if k else "x",
            "amount": Decimal(k),
            "day": T.date(),
            "p": k % 3,
        }
        for k in range(120)
    ]
    with store.engine.begin() as connection:
        connection.execute(sa.text(HIVE))
        assert connection.execute(sa.insert(table), given).rowcount == 120
    inserts = [query for query in queries(store) if query.startswith("INSERT")]
    assert len(inserts) == 1
    assert "fsql_stage_" in inserts[0]
    found = rows(store, "SELECT k, t, name, amount, day, p FROM old ORDER BY k")
    assert found == given
    assert not list(store.catalog.entries(pattern="fsql_*"))
    for column, value in {"k": 128, "t": T + dt.timedelta(microseconds=1), "amount": 0.5}.items():
        with pytest.raises(sa.exc.DataError, match=f"column '{column}'"), store.engine.begin() as c:
            c.execute(sa.insert(table), [given[0], {**given[1], column: value}])
    assert len(rows(store, "SELECT k FROM old")) == 120


def test_types_of_sqlalchemy_have_their_say(store: fsql.FeatureStore) -> None:
    table = sa.Table(
        "typed",
        sa.MetaData(),
        sa.Column("k", sa.Integer),
        sa.Column("color", sa.Enum(Color)),
        sa.Column("doc", _Json),
    )
    with store.engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TABLE typed (k int, color string, doc string)"
                " LOCATION 's3://fsql-local/typed/' TBLPROPERTIES ('table_type' = 'ICEBERG')"
            )
        )
        given = [{"k": k, "color": Color.BLUE, "doc": {"a": [k]}} for k in range(3)]
        connection.execute(sa.insert(table), given)
        found = connection.execute(sa.select(table).order_by(table.c.k)).mappings().all()
    assert [dict(row) for row in found] == given
    assert rows(store, "SELECT color, doc FROM typed WHERE k = 1") == [
        {"color": "BLUE", "doc": '{"a": [1]}'}
    ]


class _Json(sa.types.TypeDecorator[Any]):
    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return json.dumps(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return json.loads(value)


def test_no_such_table(store: fsql.FeatureStore) -> None:
    nowhere = sa.Table("nowhere", sa.MetaData(), sa.Column("k", sa.Integer))
    with pytest.raises(sa.exc.ProgrammingError, match="nowhere"), store.engine.begin() as c:
        c.execute(sa.insert(nowhere), [{"k": 1}, {"k": 2}])


def test_engines_log_the_statement(
    store: fsql.FeatureStore, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.INFO, "sqlalchemy.engine"),
        store.engine.begin() as connection,
    ):
        connection.execute(sa.insert(GROUP), [{"k": 1, "t": T}, {"k": 2, "t": T}])
    assert f"INSERT INTO {GROUP.name} (k, t) VALUES (%(k)s, %(t)s)" in caplog.text


def test_raw_connections_take_rows_back(store: fsql.FeatureStore) -> None:
    """What waits on a connection that is closed is not seen, and leaves no files."""
    connection = store.engine.connect()
    connection.begin().__enter__()
    connection.execute(sa.insert(GROUP), {"k": 1, "t": T})
    connection.close()
    assert keys(store) == []
    assert store.write(GROUP, frame(1)).rows == 1

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

import fsql
from fsql.catalog import Entry
from fsql.definition import Partition
from fsql.dialect import catalog_of
from fsql.errors import DefinitionError, InvalidName, MigrationError
from fsql.migration.runtime import operations
from fsql.model import FeatureGroup
from fsql.types import Arrow, Map, Struct, Timestamp

GROUP = "test_app_thing_v0001"
NEXT = "test_app_thing_v0002"

OWN = [name for name in vars(operations.GroupOperations) if not name.startswith("_")]


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return fsql.create_engine(f"fsql:///{tmp_path}/store")


@pytest.fixture
def op(engine: sa.Engine) -> Iterator[Any]:
    with engine.connect() as connection:
        made: Any = Operations(MigrationContext.configure(connection))
        made.create_feature_group(
            GROUP,
            sa.Column("k", sa.BigInteger(), nullable=False),
            sa.Column("t", Timestamp("us", "UTC"), nullable=False),
            sa.Column("n", sa.Integer(), comment="how many"),
            sa.Column("wind", Struct(dir=sa.Double())),
            sa.Column("limits", Map(sa.Text(), Struct(low=sa.Double()))),
            keys=["k"],
            event_time="t",
            description="Things",
            tags={"team": "a"},
        )
        yield made


def entry(engine: sa.Engine, name: str = GROUP) -> Entry:
    return catalog_of(engine).get(name)


def group(engine: sa.Engine) -> FeatureGroup:
    found = entry(engine).group
    assert found is not None
    return found


def scalar(engine: sa.Engine, sql: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(sa.text(sql)).scalar()


@pytest.mark.parametrize("name", OWN)
def test_each_function_is_described_with_an_example(name: str) -> None:
    said = inspect.getdoc(getattr(Operations, name)) or ""
    assert f"``op.{name}(" in said
    assert "Raises:" in said


@pytest.mark.parametrize("name", OWN)
def test_each_function_is_on_alembics_op(name: str) -> None:
    from alembic import op as module

    assert callable(getattr(module, name))


def test_create_feature_group(engine: sa.Engine, op: Any) -> None:
    found = group(engine)
    assert found.keys == ("k",)
    assert found.event_time == "t"
    assert found.definition.description == "Things"
    assert found.columns["n"].comment == "how many"
    assert entry(engine, "test_app_thing").is_view


def test_create_feature_group_refuses_what_contradicts_itself(op: Any) -> None:
    with pytest.raises(InvalidName, match="is no feature group name"):
        op.create_feature_group("nonsense", sa.Column("k", sa.Text()), keys=["k"])
    with pytest.raises(DefinitionError, match="which is no column"):
        op.create_feature_group(NEXT, sa.Column("k", sa.Text()), keys=["other"])


def test_add_column(engine: sa.Engine, op: Any) -> None:
    op.add_column(GROUP, sa.Column("x", Arrow(pa.uint8()), comment="an x"))
    op.add_column(GROUP, sa.Column("wind.gust", sa.Double()))
    op.add_column(GROUP, sa.Column("limits.value.high", sa.REAL()))
    schema = entry(engine).arrow_schema
    assert schema.field("x").type == pa.uint8()
    assert schema.field("wind").type.field("gust").type == pa.float64()
    assert schema.field("limits").type.item_type.field("high").type == pa.float32()
    assert group(engine).columns["x"].comment == "an x"


def test_add_column_with_a_default_for_rows_that_are_there(engine: sa.Engine, op: Any) -> None:
    op.execute(f"INSERT INTO {GROUP} (k, t, n) VALUES (1, TIMESTAMP '2013-01-01 00:00:00', 2)")
    op.add_column(GROUP, sa.Column("x", sa.Integer()), default=7)
    assert scalar(engine, f"SELECT x FROM {GROUP}") == 7


@pytest.mark.parametrize(
    "column",
    [sa.Column("x", sa.Integer(), default=1), sa.Column("x", sa.Integer(), server_default="1")],
)
def test_a_columns_own_default_is_refused(op: Any, column: Any) -> None:
    with pytest.raises(MigrationError, match=r"op.add_column\(…, default=…\)"):
        op.add_column(GROUP, column)


def test_conditions_are_refused(op: Any) -> None:
    with pytest.raises(MigrationError, match="if_not_exists=True"):
        op.add_column(GROUP, sa.Column("x", sa.Integer()), if_not_exists=True)
    with pytest.raises(MigrationError, match="if_exists=True"):
        op.drop_column(GROUP, "n", if_exists=True)


def test_alter_column_does_several_things(engine: sa.Engine, op: Any) -> None:
    op.alter_column(GROUP, "n", type_=sa.BigInteger(), comment="many", new_column_name="count")
    field = entry(engine).arrow_schema.field("count")
    assert field.type == pa.int64()
    assert group(engine).columns["count"].comment == "many"
    op.alter_column(GROUP, "count", comment=None)
    assert group(engine).columns["count"].comment is None
    op.alter_column(GROUP, "t", nullable=True)
    assert entry(engine).arrow_schema.field("t").nullable


@pytest.mark.parametrize("more", [{"server_default": "1"}, {"autoincrement": True}])
def test_alter_column_refuses_what_athena_has_not(op: Any, more: Any) -> None:
    with pytest.raises(MigrationError, match="neither defaults nor counters"):
        op.alter_column(GROUP, "n", **more)


def test_rename_move_and_drop_column(engine: sa.Engine, op: Any) -> None:
    op.rename_column(GROUP, "wind.dir", "direction")
    op.rename_column(GROUP, "k", "key")
    op.move_column(GROUP, "n", after=None)
    op.move_column(GROUP, "wind", after="key")
    op.drop_column(GROUP, "limits")
    assert entry(engine).arrow_schema.names == ["n", "key", "wind", "t"]
    assert entry(engine).arrow_schema.field("wind").type.names == ["direction"]
    assert group(engine).keys == ("key",)


def test_alter_feature_group(engine: sa.Engine, op: Any) -> None:
    op.alter_feature_group(GROUP, ttl=dt.timedelta(hours=3), owner="me", tags={})
    definition = group(engine).definition
    assert definition.ttl == dt.timedelta(hours=3)
    assert (definition.owner, dict(definition.tags)) == ("me", {})
    with pytest.raises(MigrationError, match="nonsense"):
        op.alter_feature_group(GROUP, nonsense=1)


def test_descriptions_are_table_comments_to_alembic(engine: sa.Engine, op: Any) -> None:
    op.create_table_comment(GROUP, "Other things", existing_comment="Things")
    assert group(engine).definition.description == "Other things"
    op.drop_table_comment(GROUP)
    assert group(engine).definition.description is None


@pytest.mark.parametrize(
    "given", ["day(t)", ["day(t)"], [Partition("t", "day")], (Partition.parse("day(t)"),)]
)
def test_set_partitioning(engine: sa.Engine, op: Any, given: Any) -> None:
    op.set_partitioning(GROUP, given)
    assert group(engine).definition.partition_by == (Partition("t", "day"),)


def test_a_new_version_is_filled_and_released(engine: sa.Engine, op: Any) -> None:
    op.execute(f"INSERT INTO {GROUP} (k, t, n) VALUES (1, TIMESTAMP '2013-01-01 00:00:00', 2)")
    op.new_version(
        NEXT, sa.Column("k", sa.BigInteger()), sa.Column("amount", sa.Double()), keys=["k"]
    )
    op.backfill(NEXT, f"SELECT k, CAST(n AS double) AS amount FROM {GROUP}")
    assert scalar(engine, "SELECT n FROM test_app_thing") == 2
    op.release(NEXT)
    assert scalar(engine, "SELECT amount FROM test_app_thing") == 2.0
    op.release(GROUP)
    assert scalar(engine, "SELECT n FROM test_app_thing") == 2


def test_drop_feature_group(engine: sa.Engine, op: Any) -> None:
    op.drop_feature_group(GROUP)
    assert catalog_of(engine).find(GROUP) is None
    assert catalog_of(engine).find("test_app_thing") is None


def test_execute_takes_text_and_statements(engine: sa.Engine, op: Any) -> None:
    things = sa.table("other", sa.column("a", sa.Integer()), sa.column("b", sa.String()))
    op.create_table("other", sa.Column("a", sa.Integer()), sa.Column("b", sa.String()))
    op.execute(things.insert().values(a=1, b="it's 100% :sure"))
    op.execute("INSERT INTO other VALUES (2, '50%')")
    op.execute(sa.text("INSERT INTO other VALUES (:a, :b)").bindparams(a=3, b="%s"))
    op.execute(things.update().where(things.c.b.like("50%")).values(a=20))
    with engine.connect() as connection:
        rows = connection.execute(sa.select(things).order_by("a")).all()
    assert [tuple(row) for row in rows] == [(1, "it's 100% :sure"), (3, "%s"), (20, "50%")]
    op.drop_table("other")
    assert catalog_of(engine).find("other") is None


def test_bulk_insert_takes_more_rows_than_one_statement(engine: sa.Engine, op: Any) -> None:
    op.create_table("other", sa.Column("a", sa.Integer()), sa.Column("b", sa.String()))
    things = sa.table("other", sa.column("a", sa.Integer()), sa.column("b", sa.String()))
    op.bulk_insert(things, [{"a": n, "b": "x" * 1000} for n in range(450)])
    op.bulk_insert(things, [])
    assert scalar(engine, "SELECT count(DISTINCT a) FROM other") == 450
    assert scalar(engine, "SELECT count(*) FROM other") == 450


def test_a_batch_is_as_good_as_one_by_one(engine: sa.Engine, op: Any) -> None:
    with op.batch_alter_table(GROUP) as batch:
        batch.add_column(sa.Column("x", sa.Double()))
        batch.alter_column("n", new_column_name="count")
        batch.drop_column("limits")
    assert entry(engine).arrow_schema.names == ["k", "t", "count", "wind", "x"]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("rename_table", (GROUP, NEXT), "Glue renames no table"),
        ("create_index", ("i", GROUP, ["n"]), "no indexes"),
        ("drop_index", ("i", GROUP), "no indexes"),
        ("create_primary_key", ("p", GROUP, ["k"]), "no constraints"),
        ("create_unique_constraint", ("u", GROUP, ["k"]), "no constraints"),
        ("drop_constraint", ("u", GROUP), "no constraints"),
    ],
)
def test_what_athena_has_not_is_refused(op: Any, name: str, arguments: Any, said: str) -> None:
    with pytest.raises(MigrationError, match=said):
        getattr(op, name)(*arguments)


def test_other_dialects_add_columns_as_ever(tmp_path: Path) -> None:
    with sa.create_engine(f"sqlite:///{tmp_path}/other.db").connect() as connection:
        connection.execute(sa.text("CREATE TABLE t (a INTEGER)"))
        op = Operations(MigrationContext.configure(connection))
        op.add_column("t", sa.Column("b", sa.Integer(), server_default="1"))
        assert [c["name"] for c in sa.inspect(connection).get_columns("t")] == ["a", "b"]

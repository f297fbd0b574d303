"""Writes to a table whose columns have changed: since its files, or while rows were written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.table import Table

import fsql
from fsql.errors import CommitConflict, DefinitionError, InvalidData, InvalidQuery, QueryError
from fsql.formats import open_write
from fsql.local.tables import iceberg_write
from fsql.storage import path_of
from tests.evolving import both, evolve, loaded

STRUCT = pa.struct([("a", pa.int32()), ("b", pa.string())])
BEFORE = pa.schema([("id", pa.int64()), ("n", pa.int32()), ("u", pa.uint8()), ("s", STRUCT)])


def group(schema: pa.Schema, **options: Any) -> fsql.FeatureGroup:
    options = {"keys": "id", **options}
    return fsql.FeatureGroup.from_frame(
        "a", "b", "writes", "v0001", frame=schema.empty_table(), **options
    )


TABLE = group(BEFORE).name


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> fsql.FeatureStore:
    folder: Path = tmp_path_factory.mktemp("writes")
    return fsql.FeatureStore(f"fsql:///{folder}/store")


@pytest.fixture
def store(shared: fsql.FeatureStore) -> Iterator[fsql.FeatureStore]:
    """A store with rows 1, 2 and 3 of the old columns."""
    made = group(BEFORE)
    shared.create(made)
    shared.write(made, before(1, 2, 3))
    yield shared
    shared.drop(made, purge=True)


def before(*ids: int) -> pa.Table:
    given = [{"id": k, "n": k, "u": k, "s": {"a": k, "b": "b"}} for k in ids]
    return pa.Table.from_pylist(given, BEFORE)


def fields(*changed: tuple[str, pa.DataType]) -> pa.Schema:
    """The old columns, some in another type (null for none), and new ones behind them."""
    given = {**dict(zip(BEFORE.names, BEFORE.types, strict=True)), **dict(changed)}
    return pa.schema([(name, type_) for name, type_ in given.items() if type_ != pa.null()])


def renamed(names: dict[str, str]) -> pa.Schema:
    return pa.schema([field.with_name(names.get(field.name, field.name)) for field in BEFORE])


MORE = pa.struct([("a2", pa.int64()), ("b", pa.string()), ("c", pa.uint8())])
AFTER = pa.schema(
    [
        ("id", pa.int64()),
        ("s", MORE),
        ("m", pa.int64()),
        ("new", pa.dictionary(pa.int32(), pa.string())),
    ]
)
RENAMES = {"n": "m", "s.a": "s.a2"}


def after(*ids: int) -> pa.Table:
    big = 2**40
    given = [{"id": k, "s": {"a2": big, "b": "x", "c": k}, "m": big, "new": "n"} for k in ids]
    return pa.Table.from_pylist(given, AFTER)


def expected(old: Sequence[int], new: Sequence[int]) -> list[dict[str, Any]]:
    rows = [
        {"id": k, "s": {"a2": k, "b": "b", "c": None}, "m": k, "new": None} for k in old
    ] + after(*new).to_pylist()
    return sorted(rows, key=lambda row: int(row["id"]))


def stored(store: fsql.FeatureStore) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = both(store, f"SELECT * FROM {TABLE}").to_pylist()
    return sorted(rows, key=lambda row: int(row["id"]))


def execute(store: fsql.FeatureStore, sql: str) -> int:
    connection: Any = store.engine.raw_connection()
    with connection.cursor() as cursor:
        rows: int = cursor.execute(sql).rowcount
    connection.close()
    return rows


def check_ids(store: fsql.FeatureStore) -> None:
    """Every file that has been written since carries the ids of the present columns."""
    table: Table = loaded(store, TABLE)
    known = {field.field_id: field.name for field in table.schema().fields}
    for task in table.scan().plan_files():
        path = path_of(task.file.file_path)
        file = pq.read_schema(path, filesystem=store.catalog.storage.filesystem)
        found = {int(field.metadata[b"PARQUET:field_id"]): field.name for field in file}
        if "m" in found.values():
            assert found == known


@pytest.mark.parametrize("mode", ["append", "upsert", "overwrite"])
def test_each_mode(store: fsql.FeatureStore, mode: str) -> None:
    made = group(AFTER)
    evolve(store, made, RENAMES)
    store.write(made, after(3, 4) if mode == "upsert" else after(4, 5), mode=mode)
    kept = {"append": ([1, 2, 3], [4, 5]), "upsert": ([1, 2], [3, 4]), "overwrite": ([], [4, 5])}
    assert stored(store) == expected(*kept[mode])
    check_ids(store)


def test_sql_rewrites_files_of_older_columns(store: fsql.FeatureStore) -> None:
    evolve(store, group(AFTER), RENAMES)
    assert execute(store, f"UPDATE {TABLE} SET new = 'u', m = 1099511627776 WHERE id = 1") == 1
    assert execute(store, f"DELETE FROM {TABLE} WHERE m = 2") == 1
    merge = (
        f"MERGE INTO {TABLE} AS t USING (VALUES (3, 'm'), (4, 'm')) AS v (id, new) ON t.id = v.id"
        " WHEN MATCHED THEN UPDATE SET new = v.new"
        " WHEN NOT MATCHED THEN INSERT (id, new) VALUES (v.id, v.new)"
    )
    assert execute(store, merge) == 2
    found = [(row["id"], row["m"], row["new"], row["s"]) for row in stored(store)]
    assert found == [
        (1, 2**40, "u", {"a2": 1, "b": "b", "c": None}),
        (3, 3, "m", {"a2": 3, "b": "b", "c": None}),
        (4, None, "m", None),
    ]
    check_ids(store)


def test_deletes_and_compaction(store: fsql.FeatureStore) -> None:
    made = group(AFTER)
    evolve(store, made, RENAMES)
    store.write(made, after(4, 5))
    assert store.delete(made, [{"id": 2}, {"id": 4}]).rows == 2
    assert stored(store) == expected([1, 3], [5])
    store.delete(made, [{"id": 3}], purge=True)
    store.compact(made, min_files=2)
    assert stored(store) == expected([1], [5])
    assert len(list(loaded(store, TABLE).scan().plan_files())) == 1
    check_ids(store)


def test_statements_that_insert(store: fsql.FeatureStore) -> None:
    made = group(AFTER)
    evolve(store, made, RENAMES)
    query = f"SELECT id + 10 AS id, s, m, new FROM {TABLE} WHERE m < 3"
    assert store.insert_from(made, query).rows == 2
    row = {"id": 30, "s": {"a2": 1, "b": "b", "c": 2}, "m": 2**40, "new": "n"}
    with store.engine.begin() as connection:
        connection.execute(made.insert(), [row])
    found = stored(store)
    assert [r["id"] for r in found] == [1, 2, 3, 11, 12, 30]
    assert {**found[3], "id": 1} == found[0]
    assert found[-1] == row
    check_ids(store)


def test_an_old_declaration_is_told_what_is_stored(store: fsql.FeatureStore) -> None:
    made = group(AFTER)
    evolve(store, made, RENAMES)
    with pytest.raises(DefinitionError, match="column 'n' is declared and not stored"):
        store.write(group(BEFORE), before(9))
    with pytest.raises(InvalidData) as error:
        store.write(TABLE, before(9))
    assert "column 'n': is no column of the group" in str(error.value)
    assert "column 'new': is missing" in str(error.value)
    assert stored(store) == expected([1, 2, 3], [])


def during(
    store: fsql.FeatureStore, to: pa.Schema, renames: dict[str, str] | None = None, **options: Any
) -> pa.RecordBatchReader:
    """Rows 4 and 5, and between them the table becomes another one."""

    def batches() -> Iterator[pa.RecordBatch]:
        yield from before(4).to_batches()
        evolve(store, group(to, **options), renames)
        yield from before(5).to_batches()

    return pa.RecordBatchReader.from_batches(BEFORE, batches())


@pytest.mark.parametrize("mode", ["append", "overwrite"])
@pytest.mark.parametrize(
    ("to", "renames", "column", "values"),
    [
        (fields(("new", pa.string())), {}, "new", [None, None]),
        (renamed({"n": "m"}), {"n": "m"}, "m", [4, 5]),
        (renamed({"n": "m", "u": "n"}), {"n": "m", "u": "n"}, "n", [4, 5]),
        (fields(("n", pa.null())), {}, "u", [4, 5]),
        (pa.schema(list(reversed(BEFORE))), {}, "n", [4, 5]),
    ],
    ids=["add", "rename", "take a name", "drop", "reverse"],
)
def test_files_that_still_fit_are_committed(
    store: fsql.FeatureStore,
    mode: str,
    to: pa.Schema,
    renames: dict[str, str],
    column: str,
    values: list[Any],
) -> None:
    store.write(TABLE, during(store, to, renames), mode=mode)
    late = [row for row in stored(store) if row["id"] > 3]
    assert [row[column] for row in late] == values
    assert [row["id"] for row in late] == [4, 5]
    assert len(stored(store)) == (2 if mode == "overwrite" else 5)


@pytest.mark.parametrize("mode", ["append", "overwrite"])
@pytest.mark.parametrize(
    ("to", "options", "said"),
    [
        (fields(("n", pa.int64())), {}, "the type of its column 'n' was changed"),
        (fields(("u", pa.int16())), {}, "the type of its column 'u' was changed"),
        (BEFORE, {"keys": ["id", "n"]}, "its keys or times were changed"),
    ],
)
def test_files_that_mean_something_else_are_not(
    store: fsql.FeatureStore, mode: str, to: pa.Schema, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(CommitConflict, match=said):
        store.write(TABLE, during(store, to, **options), mode=mode)
    assert [row["id"] for row in stored(store)] == [1, 2, 3]


def test_an_entry_from_before_a_migration(store: fsql.FeatureStore) -> None:
    """Rows that were fitted to one declaration are never written by another one's names."""
    entry = store.catalog.get(TABLE)
    swapped = {"n": "m", "u": "n"}
    evolve(store, group(renamed(swapped)), swapped)
    with pytest.raises(CommitConflict, match="was migrated while its rows were written"):
        open_write(store.catalog, entry, group(BEFORE).storage_schema)


def test_an_upsert_over_a_migration(store: fsql.FeatureStore) -> None:
    """A MERGE goes by names: what it does not find it says, and nothing is done."""
    store.write(TABLE, during(store, fields(("new", pa.string()))), mode="upsert")
    assert [(row["id"], row["new"]) for row in stored(store)] == [(k, None) for k in range(1, 6)]
    evolve(store, group(BEFORE))
    late = during(store, renamed({"n": "m"}), {"n": "m"})
    with pytest.raises(InvalidQuery, match="COLUMN_NOT_FOUND"):
        store.write(TABLE, late, mode="upsert")
    assert [row["id"] for row in stored(store)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("to", "options", "added"),
    [
        (fields(("new", pa.string())), {}, True),
        (renamed({"n": "m", "u": "n"}), {}, True),
        (BEFORE, {"partition_by": ["u"]}, False),
    ],
    ids=["add", "rename", "partitions"],
)
def test_an_insert_over_a_migration(
    store: fsql.FeatureStore,
    monkeypatch: pytest.MonkeyPatch,
    to: pa.Schema,
    options: dict[str, Any],
    added: bool,
) -> None:
    """Files of the embedded Athena's own fit another declaration, too, but no other partitions."""
    write = iceberg_write.write_rows

    def slowly(*args: Any, **kw: Any) -> Any:
        files = write(*args, **kw)
        evolve(store, group(to, **options), {"n": "m", "u": "n"} if "m" in to.names else {})
        return files

    monkeypatch.setattr(iceberg_write, "write_rows", slowly)
    sql = f"INSERT INTO {TABLE} (id, n, u) SELECT 4, 40, 50"
    if added:
        execute(store, sql)
        row = stored(store)[-1]
        assert (row["id"], row.get("m", row["n"])) == (4, 40)
        assert row["n"] == (50 if "m" in to.names else 40)
        return
    with pytest.raises(QueryError, match="or partitioned otherwise"):
        execute(store, sql)
    assert [row["id"] for row in stored(store)] == [1, 2, 3]


def test_tables_that_sql_has_altered(store: fsql.FeatureStore) -> None:
    """What still stands has its exact type, what is new Athena's; writes say what is wrong."""
    execute(store, f"ALTER TABLE {TABLE} ADD COLUMNS (fresh timestamp, more array<int>)")
    execute(store, f"ALTER TABLE {TABLE} CHANGE COLUMN s s struct<a:int,b:string,c:date>")
    store.write(TABLE, before(4))
    found = both(store, f"SELECT * FROM {TABLE} WHERE id > 2")
    assert found.schema.names == ["id", "n", "u", "s", "fresh", "more"]
    assert found.schema.field("u").type == pa.uint8()
    assert found.schema.field("fresh").type == pa.timestamp("us")
    assert found.schema.field("s").type.names == ["a", "b", "c"]
    execute(store, f"UPDATE {TABLE} SET more = ARRAY[1, 2] WHERE id = 4")
    store.delete(TABLE, [{"id": 3}])
    found = both(store, f"SELECT id, u, more, s.c FROM {TABLE} WHERE id > 2")
    assert found.to_pylist() == [{"id": 4, "u": 4, "more": [1, 2], "c": None}]
    execute(store, f"ALTER TABLE {TABLE} CHANGE COLUMN u v int")
    execute(store, f"ALTER TABLE {TABLE} DROP COLUMN n")
    found = both(store, f"SELECT * FROM {TABLE}")
    assert found.schema.names == ["id", "v", "s", "fresh", "more"]
    assert found.schema.field("v").type == pa.int32()
    assert sorted(found["v"].to_pylist()) == [1, 2, 4]
    with pytest.raises(DefinitionError, match=r"has no column 'n', 'u' any more.*-x adopt"):
        store.write(TABLE, before(5))
    assert len(stored(store)) == 3

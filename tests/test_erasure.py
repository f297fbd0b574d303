"""Erasing keys: nothing of their rows is left below the tables, whatever happened to them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from pyiceberg.avro.file import AvroFile
from pyiceberg.io.pyarrow import ArrowScan, PyArrowFileIO
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestContent
from pyiceberg.table.update.snapshot import _OverwriteFiles
from pyiceberg.typedef import Record
from pyiceberg.types import LongType

import fsql
from fsql import formats
from fsql.errors import CommitConflict, ConfigError, StorageError, UnsupportedType
from fsql.formats import erasure_notes, file_rows
from fsql.types import Timestamp
from tests.behaviours.test_athena_sql import commit_delete_file
from tests.programs import ran

START = dt.datetime(2020, 1, 1)
SECRET = "nightingale"  # what every value to be erased has in it


def group(entity: str, **options: Any) -> fsql.FeatureGroup:
    columns = [
        sa.Column("who", sa.String),
        sa.Column("n", sa.Integer),
        sa.Column("t", Timestamp("us")),
        sa.Column("note", sa.String),
    ]
    roles = {"keys": ["who"], "event_time": "t"} | options
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "a", "b", entity, "v0001", sa.MetaData(), *columns, **roles
    )
    return made


def day(number: float) -> dt.datetime:
    return START + dt.timedelta(days=number)


def table(*rows: tuple[str, int, float]) -> pa.Table:
    """Rows of a key, number and day; the note says the same as the key, in longer words."""
    who, numbers, days = zip(*rows, strict=True)
    columns = {
        "who": pa.array(who),
        "n": pa.array(numbers, pa.int32()),
        "t": pa.array(map(day, days), pa.timestamp("us")),
        "note": pa.array([f"a note on {name} that is long" for name in who]),
    }
    return pa.table(columns)


@pytest.fixture
def store(tmp_path: Path) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path}/store")


def tree(store: fsql.FeatureStore) -> Iterator[Path]:
    """Every file below the tables."""
    root = Path(str(store.engine.url.database)) / "s3" / "fsql-local" / "warehouse"
    return (path for path in sorted(root.rglob("*")) if path.is_file())


def traces(store: fsql.FeatureStore, secret: str = SECRET) -> list[str]:
    """The files in whose name, bytes or decoded content the secret is."""
    return [str(path) for path in tree(store) if secret in str(path) or secret in content(path)]


def content(path: Path) -> str:
    """All that a file says, packed or not."""
    raw = path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet":
        return raw + str(pq.read_table(path).to_pylist()) + str(pq.read_metadata(path).to_dict())
    if path.suffix == ".avro":
        records: AvroFile[Record] = AvroFile(PyArrowFileIO().new_input(str(path)))
        with records:
            return raw + "".join(decoded(record) for record in records)
    return raw


def decoded(record: Any) -> str:
    """An Avro record's fields as text, byte strings decoded."""
    if isinstance(record, Record):
        return "".join(decoded(record[place]) for place in range(len(record)))
    if isinstance(record, dict):
        return "".join(map(decoded, itertools.chain(record.keys(), record.values())))
    if isinstance(record, list | tuple):
        return "".join(map(decoded, record))
    return record.decode("latin-1") if isinstance(record, bytes) else f"{record} "


def names(store: fsql.FeatureStore, of: fsql.FeatureGroup) -> list[str]:
    """The keys that are there, as the engine sees them and as a scan does, with each row."""
    sql = f"SELECT who FROM {of.name}"
    read = fsql.read_arrow(sql, store.engine, transport="engine")["who"].to_pylist()
    assert sorted(read) == sorted(fsql.read_arrow(sql, store.engine)["who"].to_pylist())
    assert store.describe(of).totals.rows == len(read)
    return sorted(read)


def loaded(store: fsql.FeatureStore, of: fsql.FeatureGroup) -> Any:
    return store.catalog.iceberg.load_table(("feature_store", of.name))


LAYOUTS: dict[str, dict[str, Any]] = {
    "one file each": {},
    "by day": {"partition_by": ["day(t)"]},
    "by key": {"partition_by": ["who"]},
    "by bucket": {"partition_by": ["bucket(4, who)"]},
    "several keys": {"keys": ["who", "n"]},
}


@pytest.mark.parametrize("options", LAYOUTS.values(), ids=list(LAYOUTS))
def test_nothing_is_left(store: fsql.FeatureStore, options: dict[str, Any]) -> None:
    made = group("layout", **options)
    store.create(made)
    lost = f"aa {SECRET}"  # the least value of its files, so that bounds have it
    for batch in range(3):
        rows = [(lost, 1, batch), (f"bob{batch}", 1, batch), (f"zoe{batch}", 2, batch + 0.5)]
        store.write(made, table(*rows))
    store.delete(made, {key: {"who": lost, "n": 1}[key] for key in made.keys})
    store.write(made, table((f"zz {SECRET}", 1, 5), ("kept", 1, 5)))
    before = store.describe(made).totals.snapshot_id
    assert len(traces(store)) >= 10
    keys = [{key: {"who": who, "n": 1}[key] for key in made.keys} for who in (lost, f"zz {SECRET}")]
    result = store.delete(made, keys, purge=True)
    assert traces(store) == []
    left = sorted([f"{name}{batch}" for name in ("bob", "zoe") for batch in range(3)] + ["kept"])
    assert names(store, made) == left
    assert (result.keys, result.rows, result.files) == (2, 4, 4)
    assert result.snapshots == 4
    assert "Time travel to before is lost." in str(result)
    assert result.snapshot_id == store.describe(made).totals.snapshot_id
    with pytest.raises(fsql.errors.QueryError):
        fsql.read_sql(f"SELECT * FROM {made.name} FOR VERSION AS OF {before}", store.engine)
    assert sorted(fsql.read_sql(store.latest(made), store.engine)["who"]) == left
    store.write(made, table((lost, 1, 0)))  # written again, it is there: its tombstone is gone
    assert lost in fsql.read_sql(store.latest(made), store.engine)["who"].tolist()


def test_groups_without_times(store: fsql.FeatureStore) -> None:
    made = group("timeless", event_time=None)
    store.create(made)
    store.write(made, table((SECRET, 1, 0), ("bob", 1, 0)))
    store.delete(made, {"who": SECRET})
    assert names(store, made) == ["bob"]
    assert traces(store)
    result = store.delete(made, {"who": SECRET}, purge=True)
    assert traces(store) == []
    assert result.rows == 0
    assert names(store, made) == ["bob"]


def test_rows_from_a_time_on(store: fsql.FeatureStore) -> None:
    made = group("since")
    store.create(made)
    data = table(("bob", 1, 1), ("bob", 2, 2), ("bob", 3, 3), ("eve", 4, 3))
    notes = pa.array(["early", f"{SECRET} 1", f"{SECRET} 2", "late"])
    store.write(made, data.set_column(3, "note", notes))
    store.delete(made, {"who": "bob"}, event_time=day(2.5))
    result = store.delete(made, {"who": "bob"}, event_time=day(2), purge=True)
    assert result.rows == 2
    assert traces(store) == []
    assert names(store, made) == ["bob", "eve"]
    assert fsql.read_sql(store.latest(made), store.engine)["who"].tolist() == ["eve"]
    assert sorted(fsql.read_sql(store.latest(made, day(2)), store.engine)["n"]) == [1]


def test_what_other_rows_need_stays(store: fsql.FeatureStore) -> None:
    """Snapshots that never knew the rows can still be read."""
    made = group("past")
    store.create(made)
    store.write(made, table((SECRET, 1, 0), ("a", 1, 0)))
    store.write(made, table(("b", 1, 0)), mode="overwrite")
    before = store.write(made, table(("c", 1, 0)))
    result = store.delete(made, {"who": SECRET}, purge=True)
    assert (result.rows, result.files, result.snapshots) == (0, 0, 2)
    assert traces(store) == []
    assert names(store, made) == ["b", "c"]
    assert result.snapshot_id == before.snapshot_id
    again = store.delete(made, {"who": SECRET}, purge=True)
    assert (again.snapshots, again.objects) == (0, 0)
    assert "Time travel" not in str(again)
    paths = {path.name for path in tree(store)}
    assert len([name for name in paths if name.endswith(".parquet")]) == 2


def test_no_time_travel_lands_on_a_gap(store: fsql.FeatureStore) -> None:
    """What was true in the middle is lost, so what was true before is too: else it would answer."""
    made = group("gap")
    store.create(made)
    store.write(made, table(("early", 1, 0)))
    store.write(made, table((SECRET, 1, 0)))
    store.delete(made, {"who": SECRET}, purge=True)
    assert len(loaded(store, made).snapshots()) == 1


def delete_by_position(store: fsql.FeatureStore, of: fsql.FeatureGroup, *who: str) -> None:
    """Delete rows as Athena does on AWS: a file says which rows of which files do not count."""
    iceberg = loaded(store, of)
    filesystem = store.catalog.storage.filesystem
    for number, task in enumerate(iceberg.scan().plan_files()):
        path = task.file.file_path
        rows = pq.read_table(path.removeprefix("s3://"), filesystem=filesystem)
        gone = [i for i, name in enumerate(rows["who"].to_pylist()) if name in who]
        if not gone:
            continue
        path_field = pa.field("file_path", pa.string(), False, {"PARQUET:field_id": "2147483546"})
        pos_field = pa.field("pos", pa.int64(), False, {"PARQUET:field_id": "2147483545"})
        deleted = pa.table([[path] * len(gone), gone], pa.schema([path_field, pos_field]))
        uri = f"{iceberg.location()}/data/deletes-{number}-{len(iceberg.snapshots())}.parquet"
        pq.write_table(deleted, uri.removeprefix("s3://"), filesystem=filesystem)
        file = DataFile.from_args(
            content=DataFileContent.POSITION_DELETES,
            file_path=uri,
            file_format=FileFormat.PARQUET,
            partition=task.file.partition,
            record_count=len(gone),
            file_size_in_bytes=1000,
            spec_id=task.file.spec_id,
            lower_bounds={2147483546: path.encode()},
            upper_bounds={2147483546: path.encode()},
        )
        commit_delete_file(iceberg, file)
        iceberg.refresh()


@pytest.mark.parametrize("options", [{}, {"partition_by": ["who"]}], ids=["plain", "by key"])
def test_rows_that_athena_deleted_stay_deleted(
    store: fsql.FeatureStore, options: dict[str, Any]
) -> None:
    made = group("merged", **options)
    store.create(made)
    store.write(made, table((SECRET, 1, 0), (SECRET, 2, 0), ("bob", 1, 0), ("eve", 1, 0)))
    store.write(made, table(("carl", 1, 0), ("dora", 1, 0)))
    delete_by_position(store, made, "bob", SECRET, "dora")
    read = f"SELECT who FROM {made.name}"
    assert sorted(fsql.read_arrow(read, store.engine)["who"].to_pylist()) == ["carl", "eve"]
    result = store.delete(made, {"who": SECRET}, purge=True)
    assert result.rows == 0
    assert traces(store) == []
    assert sorted(fsql.read_arrow(read, store.engine)["who"].to_pylist()) == ["carl", "eve"]
    # Those of the files that stayed are still needed, the others are not named any more.
    (current,) = loaded(store, made).snapshots()
    manifests = current.manifests(loaded(store, made).io)
    kept = [m for m in manifests if m.content == ManifestContent.DELETES]
    assert sum(m.existing_files_count + m.added_files_count for m in kept) == len(options) + 1


def test_equality_deletes_are_refused(store: fsql.FeatureStore) -> None:
    made = group("equality")
    store.create(made)
    store.write(made, table((SECRET, 1, 0), ("bob", 1, 0)))
    file = DataFile.from_args(
        content=DataFileContent.EQUALITY_DELETES,
        file_path=f"{loaded(store, made).location()}/data/equality.parquet",
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=1,
        file_size_in_bytes=1000,
        spec_id=0,
    )
    commit_delete_file(loaded(store, made), file)
    with pytest.raises(UnsupportedType, match="has equality deletes of another engine"):
        store.delete(made, {"who": SECRET}, purge=True)


def test_files_of_an_earlier_layout(store: fsql.FeatureStore) -> None:
    made = group("evolved")
    store.create(made)
    store.write(made, table((SECRET, 1, 0), ("bob", 1, 0)))
    with loaded(store, made).update_spec() as update:
        update.add_identity("who")
    store.write(made, table((SECRET, 1, 1), ("eve", 1, 1)))
    assert store.delete(made, {"who": SECRET}, purge=True).rows == 2
    assert traces(store) == []
    assert names(store, made) == ["bob", "eve"]


def test_a_tag_is_named_before_anything_is_done(store: fsql.FeatureStore) -> None:
    made = group("tagged")
    store.create(made)
    store.write(made, table(("bob", 1, 0)))
    first = loaded(store, made).current_snapshot().snapshot_id
    store.write(made, table((SECRET, 1, 0)))
    second = loaded(store, made).current_snapshot().snapshot_id
    store.write(made, table(("eve", 1, 0)))
    loaded(store, made).manage_snapshots().create_tag(second, "audit").commit()
    for who in (SECRET, "bob"):
        with pytest.raises(ConfigError, match="'audit' of 'a_b_tagged_v0001' keeps a snapshot"):
            store.delete(made, {"who": who}, purge=True)
    assert names(store, made) == sorted(["bob", "eve", SECRET])
    loaded(store, made).manage_snapshots().remove_tag("audit").commit()
    assert first != second
    store.delete(made, {"who": SECRET}, purge=True)
    assert traces(store) == []


def test_many_keys_and_files(store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """More keys than pyiceberg compares one by one, of which some are in no file."""
    made = group("many")
    store.create(made)
    for batch in range(4):
        rows = [(f"{SECRET}{i:04d}" if i % 2 else f"kept{i:04d}", i, batch) for i in range(500)]
        store.write(made, table(*rows))
    keys = pa.table({"who": [f"{SECRET}{i:04d}" for i in range(1, 700, 2)]})
    assert store.delete(made, keys, purge=True).rows == 1000
    assert traces(store) == []
    assert len(names(store, made)) == 1000


# --- other writers -----------------------------------------------------------------------------


def test_a_writer_between_loses_nothing(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are written, and files merged into others, while files are written anew."""
    made = group("busy")
    store.create(made)
    store.write(made, table((SECRET, 1, 0), ("bob", 1, 0)))
    live, calls = file_rows.FileRows.live, itertools.count()

    def interrupted(self: Any, task: Any) -> Iterator[pa.Table]:
        if (call := next(calls)) == 0:
            store.write(made, table(("eve", 1, 0)))
        elif call == 1:
            store.write(made, table((SECRET, 1, 0), ("bob", 1, 0), ("x", 1, 0)), mode="overwrite")
        return live(self, task)

    monkeypatch.setattr(file_rows.FileRows, "live", interrupted)
    store.write(made, table((SECRET, 2, 0)))
    assert store.delete(made, {"who": SECRET}, purge=True).rows == 1
    assert next(calls) > 2
    assert traces(store) == []
    assert names(store, made) == ["bob", "x"]


def test_rows_that_are_deleted_meanwhile_do_not_come_back(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = group("raced")
    store.create(made)
    store.write(made, table((SECRET, 1, 0), ("bob", 1, 0), ("eve", 1, 0)))
    live, calls = file_rows.FileRows.live, itertools.count()

    def interrupted(self: Any, task: Any) -> Iterator[pa.Table]:
        parts = list(live(self, task))
        if next(calls) == 0:
            delete_by_position(store, made, "bob")
        return iter(parts)

    monkeypatch.setattr(file_rows.FileRows, "live", interrupted)
    store.delete(made, {"who": SECRET}, purge=True)
    assert names(store, made) == ["eve"]


def test_whoever_is_always_overtaken_says_so(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = group("overtaken")
    store.create(made)
    store.write(made, table((SECRET, 1, 0), ("bob", 1, 0)))
    live = file_rows.FileRows.live

    def interrupted(self: Any, task: Any) -> Iterator[pa.Table]:
        store.write(made, table((SECRET, 1, 0), ("bob", 1, 0)), mode="overwrite")
        return live(self, task)

    monkeypatch.setattr(file_rows.FileRows, "live", interrupted)
    monkeypatch.setattr("fsql.formats.removing.time.sleep", lambda seconds: None)
    with pytest.raises(CommitConflict, match="changed 'a_b_overtaken_v0001' 5 times"):
        store.delete(made, {"who": SECRET}, purge=True)
    assert names(store, made) == sorted(["bob", SECRET])


# --- killed on the way -------------------------------------------------------------------------

# A process that does not outlive the n-th change below the tables: an object made or deleted.
KILLED = """
import os, sys
import fsql
from fsql import storage
from fsql.formats.hive.manifests import Manifests

left = int(sys.argv[2])


def counted(work):
    def wrapped(*args, **kw):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return work(*args, **kw)

    return wrapped


def one_by_one(self, uris):
    for uri in uris:
        counted(delete)(self, [uri])


delete = storage.Storage.delete
storage.Storage.delete = one_by_one
storage.Storage.for_writing = counted(storage.Storage.for_writing)
Manifests.put = counted(Manifests.put)
store = fsql.FeatureStore(sys.argv[1])
store.delete("a_b_killed", {"who": sys.argv[3]}, purge=True)
"""


def changes() -> list[Any]:
    """Killed early, then at every second change or so."""
    fast = {0, 2, 5, 9, 14}
    marks = [() if step in fast else (pytest.mark.slow,) for step in range(40)]
    return [pytest.param(step, marks=mark) for step, mark in enumerate(marks)]


@pytest.mark.parametrize("steps", changes())
def test_whoever_is_killed_is_finished_by_the_next(store: fsql.FeatureStore, steps: int) -> None:
    made = group("killed")
    store.create(made)
    store.write(made, table((SECRET, 1, 0), ("bob", 1, 0)))
    store.write(made, table((SECRET, 2, 1), ("eve", 1, 1)))
    store.delete(made, {"who": SECRET}, event_time=day(3))
    url = store.engine.url.render_as_string()
    assert ran(KILLED, url, str(steps), SECRET) in (0, 9)
    assert names(store, made) in (["bob", "eve"], sorted(["bob", "eve", SECRET, SECRET]))
    assert sorted(fsql.read_sql(store.latest(made), store.engine)["who"]) == ["bob", "eve"]
    store.delete(made, {"who": SECRET}, purge=True)
    assert traces(store) == []
    assert [path for path in tree(store) if erasure_notes.NOTE in path.name] == []
    assert names(store, made) == ["bob", "eve"]


def test_a_disk_that_does_not_delete(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = group("stuck")
    store.create(made)
    store.write(made, table((SECRET, 1, 0), ("bob", 1, 0)))
    with monkeypatch.context() as patch:

        def refuse(self: Any, uris: Any) -> None:
            raise OSError("read-only file system")

        patch.setattr(type(store.catalog.storage), "delete", refuse)
        with pytest.raises(StorageError, match=r"could not all be erased: read-only.* same again"):
            store.delete(made, {"who": SECRET}, purge=True)
    assert names(store, made) == ["bob"]
    assert store.delete(made, {"who": SECRET}, purge=True).objects > 0
    assert traces(store) == []


def test_the_hooks_of_pyiceberg_are_there() -> None:
    """What is used of pyiceberg beyond its published names."""
    assert callable(ArrowScan._record_batches_from_scan_tasks_and_deletes)
    for hook in (
        "_build_delete_files_partition_predicate",
        "_deleted_entries",
        "_existing_manifests",
        "fetch_manifest_entry",
        "new_manifest_output",
        "new_manifest_writer",
        "spec",
    ):
        assert hook in dir(_OverwriteFiles)


def test_files_from_before_columns_were_renamed_and_added(store: fsql.FeatureStore) -> None:
    old = group("grown")
    store.create(old)
    store.write(old, table((SECRET, 1, 0), ("bob", 1, 0)))
    with loaded(store, old).update_schema() as update:
        update.rename_column("note", "remark").rename_column("who", "name").add_column(
            "extra", LongType()
        )
    grown = fsql.FeatureGroup(
        "a", "b", "grown", "v0001", sa.MetaData(),
        sa.Column("name", sa.String), sa.Column("n", sa.Integer), sa.Column("t", Timestamp("us")),
        sa.Column("remark", sa.String), sa.Column("extra", sa.BigInteger),
        keys=["name"], event_time="t",
    )  # fmt: skip
    formats.describe_group(store.catalog, grown)
    result = store.delete(grown, {"name": SECRET}, purge=True)
    assert (result.rows, traces(store)) == (1, [])
    read = fsql.read_arrow(sa.select(grown), store.engine).to_pylist()
    note = "a note on bob that is long"
    assert read == [{"name": "bob", "n": 1, "t": START, "remark": note, "extra": None}]

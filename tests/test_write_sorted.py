"""Rows are sorted by key and event time within each file, whatever order they come in."""

from __future__ import annotations

import datetime as dt
import math
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

import fsql
from fsql.errors import InvalidData, StorageError
from fsql.formats import parquet, spill
from fsql.formats.merging import merges
from fsql.formats.rowgroups import Encoded, Stitcher, encode, footer_of
from fsql.formats.sorting import Order
from fsql.formats.spill import Spill
from fsql.formats.thrift import read_struct, write_struct
from fsql.types import Array, Struct, Timestamp
from fsql.writer import sources

PAIR = pa.struct([("a", pa.int64()), ("b", pa.string())])


def group(**options: Any) -> fsql.FeatureGroup:
    columns = [
        sa.Column("k", sa.String),
        sa.Column("n", sa.BigInteger),
        sa.Column("t", Timestamp("us")),
        sa.Column("x", sa.Double),
        sa.Column("list", Array(sa.BigInteger)),
        sa.Column("pair", Struct({"a": sa.BigInteger, "b": sa.String})),
    ]
    roles = {"keys": ["k", "n"], "event_time": "t"} | options
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        "w", "b", "sorted", "v0001", sa.MetaData(), *columns, **roles
    )
    return made


GROUP = group()
IN_DAYS = group(partition_by=["day(t)"])


def rows(count: int, seed: int = 0, keys: int = 50) -> pa.Table:
    """Rows in no order, many to a key."""
    numbers = np.random.default_rng(seed)
    key = numbers.integers(0, keys, count)
    return pa.table(
        {
            "k": [f"key {value % 7}é" for value in key],
            "n": key - keys // 2,
            "t": pa.array(numbers.integers(0, 4 * 86_400_000_000, count), pa.timestamp("us")),
            "x": numbers.random(count),
            "list": pa.array(
                [[int(v)] * int(v % 3) if v % 5 else None for v in key], pa.list_(pa.int64())
            ),
            "pair": pa.array([{"a": int(v), "b": None} if v % 4 else None for v in key], PAIR),
        }
    )


def in_order(table: pa.Table) -> list[Any]:
    """The order of rows as Python sees it."""
    names = ("k", "n", "t")
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


@pytest.fixture
def store(tmp_path: Path) -> fsql.FeatureStore:
    return fsql.FeatureStore(f"fsql:///{tmp_path}/store")


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little that rows go to disk and come back, and become several row groups and files."""
    monkeypatch.setattr(parquet, "BUFFER_BYTES", 40_000)
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 20_000)
    monkeypatch.setattr(spill, "RUN_BYTES", 10_000)
    monkeypatch.setattr(spill, "MERGE_BYTES", 20_000)
    monkeypatch.setattr(spill, "LEAST_BATCH_BYTES", 500)
    monkeypatch.setattr(spill, "SPILL_BYTES", 50_000)
    monkeypatch.setattr(sources, "LANE_BYTES", 4_000)
    monkeypatch.setattr(sources, "BLOCK_BYTES", 4_000)


def files(store: fsql.FeatureStore) -> list[Path]:
    root = store.catalog.storage.filesystem.base_path
    location = store.catalog.get(GROUP.name).location
    found = store.catalog.storage.list(f"{location}/")
    return [Path(root, o.uri.removeprefix("s3://")) for o in found if o.uri.endswith(".parquet")]


def check_files(store: fsql.FeatureStore, data: pa.Table) -> None:
    """Every file is sorted, and all together have the rows of the data."""
    tables = [pq.ParquetFile(file).read() for file in files(store)]
    for table in tables:
        assert in_order(table) == sorted(in_order(table))
    by = [(name, "ascending") for name in ("k", "n", "t", "x")]
    stored = pa.concat_tables(tables).cast(data.schema).sort_by(by)
    assert stored.equals(data.sort_by(by))


# --- through the store -------------------------------------------------------------------------


@pytest.mark.parametrize("declared", [GROUP, IN_DAYS], ids=["whole", "days"])
@pytest.mark.parametrize("count", [1, 2, 5000])
def test_files_are_sorted(
    store: fsql.FeatureStore, declared: fsql.FeatureGroup, count: int
) -> None:
    store.create(declared)
    data = rows(count)
    days = {time.date() for time in data["t"].to_pylist()}
    assert store.write(declared, data).files == (1 if declared is GROUP else len(days))
    check_files(store, data)


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("declared", [GROUP, IN_DAYS], ids=["whole", "days"])
@pytest.mark.parametrize("keys", [50, 1, 100_000])
def test_what_does_not_fit_in_memory_is_sorted_too(
    store: fsql.FeatureStore, declared: fsql.FeatureGroup, keys: int
) -> None:
    store.create(declared)
    data = rows(5000, keys=keys)
    store.write(declared, data.to_reader(100))
    check_files(store, data)
    found = fsql.read_arrow(f"SELECT * FROM {GROUP.name} ORDER BY k, n, t, x", store.engine)
    by = [(name, "ascending") for name in ("k", "n", "t", "x")]
    assert found.equals(data.sort_by(by).cast(found.schema))


@pytest.mark.usefixtures("little_memory")
def test_many_rows_become_files_of_the_wanted_size(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "FILE_BYTES", 60_000)
    store.create(GROUP)
    data = rows(20_000, keys=1000)
    store.write(GROUP, data.to_reader(100))
    check_files(store, data)
    sizes = [file.stat().st_size for file in files(store)]
    assert len(sizes) > 3
    assert min(sizes) > 20_000
    assert max(sizes) < 150_000


@pytest.mark.usefixtures("little_memory")
def test_rows_in_order_are_written_as_they_come(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Spill, "put", None)  # nothing is put aside
    monkeypatch.setattr(pa, "cpu_count", lambda: 1)
    store.create(GROUP)
    data = rows(5000).sort_by([(name, "ascending") for name in ("k", "n", "t")])
    assert store.write(GROUP, data.to_reader(100)).files == 1
    check_files(store, data)
    (file,) = files(store)
    assert pq.read_metadata(file).num_row_groups > 5


def test_footers_say_how_rows_are_sorted_and_where_pages_are(store: fsql.FeatureStore) -> None:
    store.create(GROUP)
    store.write(GROUP, rows(5000))
    (file,) = files(store)
    group = pq.read_metadata(file).row_group(0)
    assert [column.column_index for column in group.sorting_columns] == [0, 1, 2]
    for place in range(group.num_columns):
        column = group.column(place)
        assert column.has_column_index
        assert column.has_offset_index
        assert column.compression == "ZSTD"
    least = group.column(0).statistics.min
    assert least == "key 0é"


def test_a_group_without_event_time_is_sorted_by_its_keys(store: fsql.FeatureStore) -> None:
    store.create(group(event_time=None))
    store.write(GROUP.name, rows(500))
    (file,) = files(store)
    keys = [key[:2] for key in in_order(pq.ParquetFile(file).read())]
    assert keys == sorted(keys)


# --- when it fails -----------------------------------------------------------------------------


@pytest.fixture
def unchanged(store: fsql.FeatureStore) -> Iterator[None]:
    """Nothing is written, nothing left behind, and the next write works."""
    store.create(GROUP)
    store.write(GROUP, rows(3))
    before = files(store)
    yield
    assert files(store) == before
    assert store.write(GROUP, rows(3)).rows == 3
    assert len(store.read(f"SELECT k FROM {GROUP.name}")) == 6


@pytest.mark.usefixtures("unchanged", "little_memory")
def test_no_room_to_sort_is_said(store: fsql.FeatureStore) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(StorageError, match=r"cannot be put aside in .*nothing was written"):
            store.write(GROUP, rows(5000).to_reader(100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("unchanged", "little_memory")
def test_a_folder_that_is_not_there_to_sort_in_is_said(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(StorageError, match=r"'/nowhere' to be sorted.*\$TMPDIR"):
        store.write(GROUP, rows(5000).to_reader(100))
    monkeypatch.undo()


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def garbage_footer(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:-200] + bytes(150) + data[-50:])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def corrupt_page(file: Path) -> None:
    chunk = pq.read_metadata(file).row_group(1).column(3)
    data = bytearray(file.read_bytes())
    start = chunk.data_page_offset + 40
    data[start : start + 500] = random.Random(0).randbytes(500)
    file.write_bytes(data)


@pytest.mark.usefixtures("unchanged", "little_memory")
@pytest.mark.parametrize("spoil", [truncated, garbage_footer, empty, corrupt_page])
def test_a_corrupt_file_among_the_sources_is_named(
    store: fsql.FeatureStore, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(3):
        pq.write_table(rows(2000, number), folder / f"{number}.parquet", row_group_size=500)
    spoil(folder / "1.parquet")
    with pytest.raises(StorageError, match=r"1\.parquet' cannot be read; nothing was written"):
        store.write(GROUP, folder)


@pytest.mark.usefixtures("unchanged")
def test_files_of_another_schema_are_all_named(store: fsql.FeatureStore, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    good, other = rows(10), pa.array([["a"]] * 10)
    pq.write_table(good, folder / "good.parquet")
    pq.write_table(good.drop_columns(["x"]), folder / "lacks.parquet")
    pq.write_table(good.drop_columns(["x"]), folder / "lacks_too.parquet")
    pq.write_table(good.append_column("y", other), folder / "more.parquet")
    pq.write_table(good.set_column(1, "n", other), folder / "type.parquet")
    bad = good.set_column(1, "n", pa.array([*range(9), None]))
    pq.write_table(bad, folder / "rows.parquet")
    with pytest.raises(InvalidData) as caught:
        store.write(GROUP, folder)
    said = {problem.column: problem.what for problem in caught.value.problems}
    assert set(said) == {"n", "x", "y"}
    assert said["x"].endswith("lacks.parquet' and 1 more.")
    assert said["y"].endswith("more.parquet'.")
    whats = [problem.what for problem in caught.value.problems if problem.column == "n"]
    assert any(what.endswith("type.parquet'.") for what in whats)
    assert any(what.startswith("is NULL") for what in whats)


WRITER = """
import sys
import fsql
from fsql.formats import parquet
from fsql.writer import sources
parquet.BUFFER_BYTES = 200_000
sources.LANE_BYTES = sources.BLOCK_BYTES = 10_000
from tests.test_write_sorted import GROUP, rows
print("ready", flush=True)
data = rows(60_000).to_reader(100)
def batches():
    for place, batch in enumerate(data):
        yield batch
        if place == 300:
            print("sorting", flush=True)
import pyarrow as pa
fsql.FeatureStore(sys.argv[1]).write(
    GROUP, pa.RecordBatchReader.from_batches(data.schema, batches()))
"""


def test_a_killed_writer_leaves_no_temporary_files(
    store: fsql.FeatureStore, tmp_path: Path
) -> None:
    store.create(GROUP)
    folder = tmp_path / "temporary"
    folder.mkdir()
    url = store.engine.url.render_as_string()
    environment = {"TMPDIR": str(folder), "HOME": str(tmp_path), "PATH": ""}
    root = Path(__file__).parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url],
        stdout=subprocess.PIPE, text=True, env=environment, cwd=root,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert process.stdout.readline() == "sorting\n"
        process.kill()
    assert list(folder.iterdir()) == []
    assert store.write(GROUP, rows(10)).rows == 10


# --- the parts ---------------------------------------------------------------------------------

VALUES: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "int8": (pa.int8(), st.integers(-128, 127)),
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "few": (pa.int64(), st.integers(0, 3)),
    "bool": (pa.bool_(), st.booleans()),
    "double": (pa.float64(), st.floats()),
    "decimal": (pa.decimal128(10, 2), st.decimals(-1000, 1000, places=2)),
    "date": (pa.date32(), st.dates()),
    "timestamp": (pa.timestamp("us"), st.datetimes()),
    "string": (pa.string(), st.text(max_size=3)),
    "binary": (pa.binary(), st.binary(max_size=3)),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3))
    count = draw(st.integers(0, 40))
    nullable = draw(st.booleans())
    columns = {}
    for place, kind in enumerate(kinds):
        type_, values = VALUES[kind]
        drawn = st.none() | values if nullable else values
        items = draw(st.lists(drawn, min_size=count, max_size=count))
        columns[f"c{place}"] = pa.array(items, type_)
    return pa.table({**columns, "row": pa.array(range(count), pa.int64())})


def plain(value: Any) -> tuple[int, Any]:
    if value is None:
        return (2, 0)
    if isinstance(value, float) and math.isnan(value):
        return (1, 0)
    return (0, value.encode() if isinstance(value, str) else value)


def expected(table: pa.Table) -> list[int]:
    """The rows' numbers in the order that they belong in."""
    columns = [table[name].to_pylist() for name in table.column_names[:-1]]
    keys = [tuple(map(plain, row)) for row in zip(*columns, strict=True)]
    return sorted(range(len(table)), key=lambda row: keys[row])


def order_of(table: pa.Table) -> Order:
    return Order(table.schema, table.column_names[:-1])


@given(tables())
def test_rows_are_sorted_as_python_sorts_them(table: pa.Table) -> None:
    order = order_of(table)
    found = order.sort(table)
    assert found["row"].to_pylist() == expected(table)
    if not any(column.null_count for column in found.columns):
        no_nan = all(plain(v)[0] == 0 for column in found.columns for v in column.to_pylist())
        assert order.is_sorted(found) or not no_nan
    points = [order.point(found, row) for row in range(len(found))]
    assert points == sorted(points)


@given(tables(), st.integers(1, 5), st.integers(1, 500), st.integers(1, 30))
def test_runs_are_merged_to_what_sorting_all_gives(
    table: pa.Table, step: int, size: int, most: int
) -> None:
    if not len(table):
        return
    order = order_of(table)
    aside = Spill(table.schema, order)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spill, "LEAST_BATCH_BYTES", 1)
        patch.setattr("fsql.formats.merging.SLICE_BYTES", size // 3)
        runs = [
            aside.put(order.sort(table.slice(start, step)), 2**60)
            for start in range(0, len(table), step)
        ]
        groups = [merge.rows() for merge in merges(runs, order, size, most)]
    assert pa.concat_tables(groups)["row"].to_pylist() == expected(table)


def test_columns_without_an_order_do_not_count() -> None:
    schema = pa.schema([("a", pa.list_(pa.int64())), ("b", pa.int64())])
    assert Order(schema, ["a", "b", "c", "b"]).places == [1]
    assert not Order(schema, ["a"])
    table = pa.table({"a": [[2], [1]], "b": [1, 1]}, schema=schema)
    assert Order(schema, ["a"]).sort(table) is table


NESTED = pa.table(
    {
        "i": pa.array(range(3000)),
        "s": [f"text {n % 100}" if n % 3 else None for n in range(3000)],
        "l": [[n] * (n % 4) if n % 5 else None for n in range(3000)],
        "m": pa.array([[(str(n), n)] for n in range(3000)], pa.map_(pa.string(), pa.int64())),
        "d": pa.array([Decimal(n) / 100 for n in range(3000)], pa.decimal128(20, 2)),
        "t": [dt.datetime(2020, 1, 1) + dt.timedelta(n) for n in range(3000)],
        "r": [{"a": n, "b": {"c": [n]}} if n % 7 else None for n in range(3000)],
        "n": pa.nulls(3000, pa.string()),
    }
)


def stitched(parts: list[Encoded]) -> bytes:
    stitcher, data = Stitcher(), b""
    for part in parts:
        data += b"".join(bytes(piece) for piece in stitcher.add(part))
    data += b"".join(stitcher.finish())
    assert stitcher.size == len(data)
    return data


@pytest.mark.parametrize("count", [1, 2, 7])
def test_row_groups_encoded_apart_make_a_file(count: int, tmp_path: Path) -> None:
    step = len(NESTED) // count
    slices = [NESTED.slice(place * step, step) for place in range(count)]
    whole = pa.concat_tables(slices)
    (tmp_path / "a.parquet").write_bytes(stitched([encode(t, t.schema, [0]) for t in slices]))
    found = pq.ParquetFile(tmp_path / "a.parquet", page_checksum_verification=True)
    assert found.metadata.num_row_groups == count
    assert found.metadata.num_rows == len(whole)
    assert found.read().equals(whole)
    last = found.read_row_group(count - 1)
    assert last.equals(slices[-1])
    few = pq.read_table(tmp_path / "a.parquet", filters=[("i", ">=", 2500)])
    assert few["i"].to_pylist() == list(range(2500, len(whole)))


def test_another_reader_takes_such_a_file(tmp_path: Path) -> None:
    import duckdb

    parts = [encode(NESTED.slice(start, 500), NESTED.schema) for start in range(0, 3000, 500)]
    (tmp_path / "a.parquet").write_bytes(stitched(parts))
    with duckdb.connect() as connection:
        sql = f"SELECT count(*), sum(i), sum(r.a), count(s) FROM '{tmp_path}/a.parquet' WHERE i > 9"
        found = connection.execute(sql).fetchone()
    some = NESTED.slice(10)
    a = [value["a"] for value in some["r"].to_pylist() if value is not None]
    count = len(some) - some["s"].null_count
    assert found == (len(some), sum(some["i"].to_pylist()), sum(a), count)


def test_offsets_of_pages_are_those_of_a_file_in_one_piece(tmp_path: Path) -> None:
    """The first row group lies where it lay; of the second everything moved by the same."""
    first, second = (encode(NESTED.slice(start, 1500), NESTED.schema) for start in (0, 1500))
    data = stitched([first, second])
    before, after = footer_of(second.file).row_group(0), footer_of(pa.py_buffer(data)).row_group(1)
    moved = {
        after.column(place).data_page_offset - before.column(place).data_page_offset
        for place in range(before.num_columns)
    }
    assert len(moved) == 1
    assert moved.pop() > 0


def test_a_footer_is_written_as_it_was_read() -> None:
    file = encode(NESTED, NESTED.schema, [0, 4]).file.to_pybytes()
    footer = file[-8 - int.from_bytes(file[-8:-4], "little") : -8]
    assert write_struct(read_struct(footer)) == footer


def test_more_columns_than_a_small_table_has_room_for() -> None:
    wide = pa.table({f"column_{place}": [1.5] for place in range(3000)})
    assert pq.read_table(pa.BufferReader(encode(wide, wide.schema).file)).equals(wide)

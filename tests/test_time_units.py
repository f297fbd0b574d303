"""Times that frames hold as integers or text: timestamps to SQL, the same values on the way out."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fsql
from fsql.conversion import decode
from fsql.errors import DefinitionError, InvalidData, LossyCast, UnsupportedType
from fsql.fitting import encode_table, fit
from fsql.model import decode_schema, encode_schema
from fsql.types import Array, Epoch, EpochType, IsoText, IsoTextType, Struct, arrow_type

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
NOON = dt.datetime(2026, 7, 14, 12)
COUNT = int(NOON.replace(tzinfo=dt.UTC).timestamp())
TRANSPORTS = ["scan", "engine"]
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('times')}/store")
    yield made
    made.engine.dispose()


def declared(frame: Any, unit: str, **options: Any) -> fsql.FeatureGroup:
    roles = {"keys": "id", "event_time": "at", "time_unit": unit} | options
    return fsql.FeatureGroup.from_frame(
        "a", "b", f"t{next(NUMBERS)}", "v0001", frame=frame, **roles
    )


def stored(store: fsql.FeatureStore, frame: Any, unit: str, **options: Any) -> fsql.FeatureGroup:
    group = declared(frame, unit, **options)
    store.create(group)
    store.write(group, frame, progress=False)
    return group


def read(store: fsql.FeatureStore, sql: Any, transport: Any = "auto") -> pd.DataFrame:
    return fsql.read_sql(sql, store.engine, transport=transport)


# --- there and back ----------------------------------------------------------------------------


@pytest.mark.parametrize("unit", PER_SECOND)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_epochs_come_back_as_they_went_in(
    store: fsql.FeatureStore, unit: str, transport: str
) -> None:
    counts = [COUNT * PER_SECOND[unit], -(10**6), 0]
    frame = pd.DataFrame({"id": [1, 2, 3], "at": counts})
    group = stored(store, frame, unit)
    table = f"SELECT * FROM {group.name}"
    pd.testing.assert_frame_equal(read(store, table, transport), frame)
    ordered = f"WITH t AS ({table}) SELECT at AS x, id FROM t ORDER BY at DESC"
    assert read(store, ordered, "engine")["x"].tolist() == sorted(counts, reverse=True)
    seconds = f"SELECT CAST(to_unixtime(at) AS bigint) AS s FROM {group.name} WHERE id = 1"
    assert read(store, seconds)["s"].tolist() == [COUNT]


SPELLINGS = {
    "2026-07-14T12:00:00Z": "2026-07-14T12:00:00Z",
    "2026-07-14T14:00+02:00": "2026-07-14T12:00:00Z",
    "2026-07-14 12:00:00.5": "2026-07-14T12:00:00.500000Z",
    "2026-07-14": "2026-07-14T00:00:00Z",
    "0001-01-01T00:00:00.000001": "0001-01-01T00:00:00.000001Z",
    "9999-12-31T23:59:59.999999Z": "9999-12-31T23:59:59.999999Z",
}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_iso_text_comes_back_in_utc(store: fsql.FeatureStore, transport: str) -> None:
    frame = pd.DataFrame({"id": range(len(SPELLINGS)), "at": list(SPELLINGS)})
    group = stored(store, frame, "iso")
    found = read(store, f"SELECT * FROM {group.name}", transport).sort_values("id")
    assert found["at"].tolist() == list(SPELLINGS.values())
    assert found.dtypes.equals(frame.dtypes)
    again = stored(store, found, "iso")
    pd.testing.assert_frame_equal(read(store, f"SELECT * FROM {again.name} ORDER BY id"), found)
    hours = read(store, f"SELECT hour(at) AS h FROM {group.name} WHERE id = 1")
    assert hours["h"].tolist() == [12]


PLAIN = [pa.int32(), pa.uint32(), pa.uint64(), pa.string(), pa.large_string(), pa.string_view()]


@pytest.mark.parametrize("type_", PLAIN)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_type_of_the_column_comes_back(
    store: fsql.FeatureStore, type_: pa.DataType, transport: Any
) -> None:
    is_count = pa.types.is_integer(type_)
    values = [COUNT, 0] if is_count else ["2026-07-14T12:00:00Z", "1970-01-01T00:00:00Z"]
    table = pa.table({"id": [1, 2], "at": pa.array(values, type_)})
    group = stored(store, table, "s" if is_count else "iso")
    sql = f"SELECT id, at FROM {group.name}"
    found = fsql.read_arrow(sql, store.engine, transport=transport)
    assert found.schema.types == table.schema.types
    assert sorted(found.to_pylist(), key=lambda row: row["id"]) == table.to_pylist()
    with fsql.read_batches(sql, store.engine, transport=transport) as reader:
        assert reader.schema.types == table.schema.types
        assert reader.read_all().schema.types == table.schema.types
    polars = pl.DataFrame(found)
    store.write(group, polars, mode="overwrite", progress=False)
    assert pl.DataFrame(fsql.read_arrow(sql, store.engine)).sort("id").equals(polars.sort("id"))


def test_values_inside_of_others(store: fsql.FeatureStore) -> None:
    group = stored(store, pa.table({"id": [1, 2], "at": [COUNT, 0]}), "s")
    sql = (
        f"SELECT array_agg(at ORDER BY id) AS l, CAST(ROW(max(at)) AS ROW(x timestamp(6))) AS r,"
        f" max(at) AS hi, max_by(at, id) AS by,"
        f" date_trunc('day', max(at)) AS day FROM {group.name}"
    )
    found = fsql.read_arrow(sql, store.engine).to_pylist()[0]
    assert found["l"] == [COUNT, 0]
    assert (found["hi"], found["by"]) == (COUNT, 0)
    assert found["r"] == {"x": NOON}
    assert found["day"] == NOON.replace(hour=0)


def test_nothing_is_a_count_too(store: fsql.FeatureStore) -> None:
    frame = pd.DataFrame({"id": [1, 2], "at": [1, 2], "made": pd.array([5, None], "Int64")})
    group = stored(store, frame, "ms", created_time="made")
    for transport in TRANSPORTS:
        found = read(store, f"SELECT * FROM {group.name}", transport)
        pd.testing.assert_frame_equal(found, frame)
    assert read(store, f"SELECT made FROM {group.name} WHERE made IS NULL").shape == (1, 1)
    empty = read(store, f"SELECT * FROM {group.name} WHERE id < 0")
    pd.testing.assert_frame_equal(empty, frame.head(0))


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    unit=st.sampled_from(list(PER_SECOND)),
    counts=st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=6),
    truncate=st.booleans(),
)
def test_what_is_taken_comes_back(unit: str, counts: list[int | None], truncate: bool) -> None:
    """Every count that is not refused; one of nanoseconds may be cut, towards the past."""
    columns = [sa.Column("k", sa.BigInteger), sa.Column("v", Epoch(unit))]
    group = fsql.FeatureGroup(
        "a", "b", "c", "v0001", sa.MetaData(), *columns, keys="k", truncate=truncate
    )
    table = pa.table({"k": range(len(counts)), "v": pa.array(counts, pa.int64())})
    try:
        encoded = encode_table(group, fit(group, table))["v"]
    except InvalidData as error:
        (problem,) = {found.column for found in error.problems}
        assert problem == "v"
        return
    found = decode(encoded, group.arrow_schema.field("v")).to_pylist()
    cut = unit == "ns" and truncate
    assert found == [c if c is None or not cut else c // 1000 * 1000 for c in counts]


def test_files_hold_counts_and_text(store: fsql.FeatureStore, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(f"id,at\n1,{COUNT}\n2,0\n")
    (tmp_path / "rows.jsonl").write_text('{"id": 3, "at": 60}\n')
    (tmp_path / "iso.csv").write_text("id,at\n1,2026-07-14 12:00\n")
    epochs = stored(store, pa.table({"id": [0], "at": [1]}), "s")
    for name in ("rows.csv", "rows.jsonl"):
        store.write(epochs, tmp_path / name, progress=False)
    found = read(store, f"SELECT at FROM {epochs.name} ORDER BY id")
    assert found["at"].tolist() == [1, COUNT, 0, 60]
    texts = stored(store, pa.table({"id": [0], "at": ["2026-07-14"]}), "iso")
    store.write(texts, tmp_path / "iso.csv", progress=False)
    to = tmp_path / "out.csv"
    store.dump(f"SELECT at FROM {texts.name} ORDER BY id", to)
    assert to.read_text() == "at\n2026-07-14T00:00:00Z\n2026-07-14T12:00:00Z\n"
    store.dump(f"SELECT at FROM {epochs.name} ORDER BY id", to)
    assert to.read_text() == f"at\n1\n{COUNT}\n0\n60\n"


# --- in statements -----------------------------------------------------------------------------


def test_comparisons_take_counts_and_times(store: fsql.FeatureStore) -> None:
    group = stored(store, pa.table({"id": [1, 2, 3], "at": [COUNT, COUNT + 60, -5]}), "s")
    at = group.c.at
    later = [2]
    conditions: list[tuple[Any, list[int]]] = [
        (at > COUNT, later),
        (at > NOON, later),
        (at > dt.datetime(2026, 7, 14, 14, tzinfo=dt.timezone(dt.timedelta(hours=2))), later),
        (at > "2026-07-14T12:00:00Z", later),
        (at > pd.Timestamp(NOON), later),
        (at >= dt.date(2026, 7, 15), []),
        (at == COUNT, [1]),
        (at != COUNT, [2, 3]),
        (at.in_([COUNT, -5]), [1, 3]),
        (at.between(-10, COUNT), [1, 3]),
        (at.is_(None), []),
    ]
    for condition, expected in conditions:
        select = sa.select(group.c.id).where(condition)
        for transport in TRANSPORTS:
            assert sorted(read(store, select, transport)["id"]) == expected, str(condition)
        literal = str(select.compile(store.engine, compile_kwargs={"literal_binds": True}))
        assert sorted(read(store, literal)["id"]) == expected, literal


def test_text_compares_as_the_time_that_it_is(store: fsql.FeatureStore) -> None:
    group = stored(store, pa.table({"id": [1], "at": ["2026-07-14T12:00:00Z"]}), "iso")
    for value in ("2026-07-14T14:00:00+02:00", NOON):
        for transport in TRANSPORTS:
            select = sa.select(group.c.id).where(group.c.at == value)
            assert read(store, select, transport)["id"].tolist() == [1]


def test_a_count_that_is_not_stored_is_refused(store: fsql.FeatureStore) -> None:
    group = stored(store, pa.table({"id": [1], "at": [1000]}), "ns")
    with pytest.raises(sa.exc.StatementError, match="1001 ns is no whole number of microseconds"):
        read(store, sa.select(group).where(group.c.at > 1001))


def test_rows_of_sqlalchemy_hold_the_same_values(store: fsql.FeatureStore) -> None:
    group = stored(store, pa.table({"id": [1], "at": [COUNT]}), "s")
    with store.engine.connect() as connection:
        assert connection.execute(sa.select(group)).all() == [(1, COUNT)]
    assert pd.read_sql(sa.select(group), store.engine)["at"].tolist() == [COUNT]
    assert group.c.at.type.python_type is int
    assert IsoText().python_type is str


def test_latest_and_upsert(store: fsql.FeatureStore) -> None:
    frame = pd.DataFrame({"id": [1, 1, 2], "at": [10, 20, 30], "made": [1, 1, 1], "v": [1, 2, 3]})
    group = stored(store, frame, "s", created_time="made")
    assert read(store, store.latest(group)).sort_values("id")["at"].tolist() == [20, 30]
    early = store.latest(group, as_of=dt.datetime(1970, 1, 1, 0, 0, 15))
    assert read(store, early)["at"].tolist() == [10]
    newer = frame.assign(made=[0, 2, 1], v=[7, 8, 9])
    store.write(group, newer, mode="upsert", progress=False)
    found = read(store, f"SELECT * FROM {group.name} ORDER BY at")
    assert found["v"].tolist() == [1, 8, 9]
    assert found["made"].tolist() == [1, 2, 1]


def test_partitions_by_day(store: fsql.FeatureStore) -> None:
    frame = pa.table({"id": [1, 2], "at": [COUNT, COUNT + 86_400]})
    group = stored(store, frame, "s", partition_by="day(at)")
    assert store.describe(group).totals.files == 2
    changed = pa.table({"id": [9], "at": [COUNT + 1]})
    store.write(group, changed, mode="overwrite_partitions", progress=False)
    found = read(store, f"SELECT * FROM {group.name} ORDER BY id")
    assert found["at"].tolist() == [COUNT + 86_400, COUNT + 1]


def test_times_that_sql_wrote_and_no_count_is(store: fsql.FeatureStore) -> None:
    group = stored(store, pa.table({"id": [1], "at": [COUNT]}), "s")
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO {group.name} VALUES (2, TIMESTAMP '2026-07-14 12:00:00.500000')"
        )
    for transport in TRANSPORTS:
        with pytest.raises(LossyCast, match=r"'at'.* does not fit epoch"):
            read(store, f"SELECT * FROM {group.name}", transport)
    assert read(store, f"SELECT CAST(at AS varchar) AS t FROM {group.name}").shape == (2, 1)


# --- what is taken, and what is refused --------------------------------------------------------


def test_a_count_column_takes_times_and_text_too(store: fsql.FeatureStore) -> None:
    group = declared(pa.table({"id": [1], "at": [0]}), "s")
    frames = [
        pd.DataFrame({"id": [1], "at": [NOON]}),
        pd.DataFrame({"id": [1], "at": [NOON.replace(tzinfo=dt.UTC)]}),
        pd.DataFrame({"id": [1], "at": ["2026-07-14T12:00Z"]}),
        pd.DataFrame({"id": [1], "at": pd.Categorical(["2026-07-14T12:00Z"])}),
        pd.DataFrame({"id": [1], "at": [float(COUNT)]}),
        pd.DataFrame({"id": [1], "at": pd.array([COUNT], "Int64")}),
        pd.DataFrame({"id": [1], "at": pd.Series([COUNT], dtype=object)}),
    ]
    for frame in frames:
        encoded = encode_table(group, fit(group, frame))
        assert encoded["at"].to_pylist() == [NOON], frame.dtypes


BEYOND = [
    ("s", [2**62], "is beyond the years"),
    ("ms", [-62_135_596_800_001], "is beyond the years"),
    ("us", [253_402_300_800_000_000], "is beyond the years"),
    ("ns", [1001], "has nanoseconds"),
    ("s", [1.5], "is no whole number"),
    ("s", ["soon"], "is no ISO 8601 time"),
    ("s", [NOON.replace(microsecond=1)], "is finer than"),
    ("s", [True], "holds bool, expected epoch"),
    ("s", [b"x"], "holds binary, expected epoch"),
    ("iso", ["2026-13-01"], "is no ISO 8601 time"),
    ("iso", [7], "holds int64, expected iso8601"),
    ("iso", pa.array([253_402_300_800], pa.timestamp("s")), "is beyond the years 1 to 9999"),
]


@pytest.mark.parametrize(("unit", "values", "said"), BEYOND)
def test_what_is_no_such_time_is_refused(unit: str, values: Any, said: str) -> None:
    group = declared(pa.table({"id": [1], "at": ["2026-01-01"] if unit == "iso" else [0]}), unit)
    data = pa.table({"id": [1], "at": values if isinstance(values, pa.Array) else pa.array(values)})
    with pytest.raises(InvalidData, match=f"column 'at': {said}"):
        fit(group, data)


def test_a_count_that_its_own_type_does_not_hold() -> None:
    group = declared(pa.table({"id": [1], "at": pa.array([0], pa.int32())}), "s")
    with pytest.raises(InvalidData, match="is no count that int32 holds"):
        fit(group, pa.table({"id": [1], "at": [2**31]}))


def test_units_that_do_not_go_with_the_column() -> None:
    epochs, texts = pa.table({"id": [1], "at": [0]}), pa.table({"id": [1], "at": ["2026"]})
    floats = pa.table({"id": [1], "at": [0.5]})
    for frame, unit in ((epochs, "iso"), (texts, "s"), (floats, "s")):
        with pytest.raises(DefinitionError, match=r"The time 'at' has type .* its unit is"):
            declared(frame, unit)
    with pytest.raises(DefinitionError, match=r"time unit 'min'. Expected one of 's'"):
        declared(epochs, "min")
    with pytest.raises(DefinitionError, match=r"event_time names 'no', which is no column"):
        declared(epochs, "s", event_time="no")
    with pytest.raises(DefinitionError, match=r"'at' has type int64. .*time_unit= says"):
        fsql.FeatureGroup.from_frame(
            "a", "b", "c", "v0001", frame=epochs, keys="id", event_time="at"
        )
    times = pa.table({"id": [1], "at": pa.array([0], pa.timestamp("us", "UTC"))})
    assert declared(times, "ms").arrow_schema.field("at").type == pa.timestamp("ms", "UTC")
    both = times.append_column("made", pa.array([5]))
    schema = declared(both, "ms", created_time="made").arrow_schema
    assert schema.field("made").type == EpochType("ms")


# --- the types themselves ----------------------------------------------------------------------


def test_the_types_survive_a_schema() -> None:
    types = [EpochType("ms", pa.int32()), EpochType("s"), IsoTextType(pa.large_string())]
    schema = pa.schema([(f"c{place}", type_) for place, type_ in enumerate(types)])
    read = decode_schema(encode_schema(schema))
    assert read.types == types
    assert [hash(type_) for type_ in read.types] == [hash(type_) for type_ in types]
    assert read.types != [EpochType("s", pa.int32()), EpochType("ms"), IsoTextType()]
    assert list(map(str, read.types)) == ["epoch[ms]", "epoch[s]", "iso8601"]


def test_columns_are_declared_with_them() -> None:
    assert arrow_type(Epoch("ms")) == EpochType("ms")
    assert arrow_type(IsoText) == IsoTextType()
    assert repr(Epoch("ms")) == "Epoch('ms')"
    assert repr(IsoText()) == "IsoText()"
    with pytest.raises(UnsupportedType, match="Epoch unit 'min'"):
        Epoch("min")
    with pytest.raises(UnsupportedType, match="Expected a type of integers"):
        Epoch("s", pa.float64())


@pytest.mark.parametrize("type_", [Array(Epoch("s")), Struct(at=IsoText)])
def test_they_are_for_whole_columns(type_: Any) -> None:
    columns = [sa.Column("k", sa.BigInteger), sa.Column("v", type_)]
    with pytest.raises(UnsupportedType, match=r"(?s)'v': .*use Timestamp there"):
        fsql.FeatureGroup("a", "b", "c", "v0001", sa.MetaData(), *columns, keys="k")


def test_a_check_says_which_text_is_spelled_otherwise() -> None:
    group = declared(pa.table({"id": [1], "at": ["2026"]}), "iso")
    report = fsql.check(
        group, pa.table({"id": [1, 2], "at": ["2026-07-14T12:00:00Z", "2026-07-14"]})
    )
    said = report.columns[1]
    assert (said.outcome, said.what) == (
        "cast", "'2026-07-14' -> '2026-07-14T00:00:00Z'; 1 values are spelled otherwise",
    )  # fmt: skip
    same = pa.table({"id": [1], "at": ["2026-07-14T12:00:00Z"]})
    assert fsql.check(group, same).columns[1].outcome == "stored"
    assert "event times: 2026-07-14 12:00:00 to 2026-07-14 12:00:00" in str(fsql.check(group, same))

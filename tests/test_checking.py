"""A check says what a write does: the same verdict, in the same words."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, Double, SmallInteger, String

import fsql
from fsql.cli import main
from fsql.errors import ConfigError, FsqlError, InvalidData
from fsql.types import Struct, Timestamp

WIND = Struct(dir=BigInteger, speed=Double)
NOON = dt.datetime(2026, 1, 1, 12)


def weather(**options: Any) -> fsql.FeatureGroup:
    columns = [
        Column("station", String),
        Column("seen", Timestamp("us", "Europe/Oslo")),
        Column("temp", Double),
        Column("level", SmallInteger),
        Column("wind", WIND),
    ]
    roles: dict[str, Any] = {"keys": ["station"], "event_time": "seen"} | options
    return fsql.FeatureGroup("a", "b", "weather", "v0001", sa.MetaData(), *columns, **roles)


def frame(**changed: Any) -> pd.DataFrame:
    columns: dict[str, Any] = {
        "station": ["bergen", "bodo", "bodo"],
        "seen": [NOON, NOON, NOON + dt.timedelta(days=1)],
        "temp": [1.5, None, 2.0],
        "level": pd.Series([1, 2, 3], dtype="int16"),
        "wind": [{"dir": 1, "speed": 2.0}, None, None],
    }
    kept = {name: values for name, values in (columns | changed).items() if values is not ...}
    return pd.DataFrame(kept)


def outcomes(report: fsql.checking.Report) -> dict[str, str]:
    return {column.name: column.outcome for column in report.columns}


def test_what_becomes_of_each_column() -> None:
    data = frame(seen=["2026-01-01T12:00", "2026-01-01", "2026-01-02"], level=[1.0, np.nan, 3.0])
    report = fsql.check(weather(), data.assign(wind=None))
    assert report.ok
    report.raise_for_problems()
    assert outcomes(report) == {
        "station": "cast", "seen": "cast", "temp": "stored", "level": "cast", "wind": "filled",
    }  # fmt: skip
    seen = report.columns[1]
    assert seen.given == (pa.large_string(),)
    assert seen.exact == pa.timestamp("us", "Europe/Oslo")
    assert seen.what == "'2026-01-01T12:00' -> 2026-01-01 13:00:00+01:00"
    assert report.columns[3].what == "1.0 -> 1"
    assert str(report).startswith("a_b_weather_v0001: 3 rows can be written.\n")


def test_what_is_refused_and_why() -> None:
    data = frame(station=["bergen", None, "bodo"], temp=..., tmp=1, level=[1, 70000, -70000])
    report = fsql.check(weather(), data)
    assert not report.ok
    assert outcomes(report) == {
        "station": "refused", "seen": "cast", "temp": "refused",
        "level": "refused", "wind": "stored", "tmp": "refused",
    }  # fmt: skip
    said = {column.name: column.what for column in report.columns}
    assert said["station"] == "is NULL. Every row needs its whole key (row 1)"
    assert said["temp"] == "is missing; 'tmp' looks like it."
    assert said["tmp"] == "is no column of the group; 'temp' looks like it."
    assert said["level"] == (
        "is out of range for int16, expected -32768 to 32767 (2 rows 1, 2): 70000, -70000"
    )
    rows = report.to_frame().set_index("column")["rows"]
    assert rows["level"] == 2
    with pytest.raises(InvalidData, match="nothing was written") as caught:
        report.raise_for_problems()
    assert caught.value.problems == report.problems


def test_rows_of_one_key_and_time_are_counted() -> None:
    data = frame(seen=[NOON, NOON, NOON])
    report = fsql.check(weather(), pd.concat([data, data]))
    assert report.ok
    assert report.repeated.count == 4
    assert "4 rows repeat the station, seen of an earlier one (rows 3, 5, …)" in str(report)
    assert fsql.check(weather(), frame()).repeated.count == 0


def test_repeated_keys_of_a_group_without_times() -> None:
    columns = [Column("k", sa.REAL), Column("v", BigInteger)]
    group = fsql.FeatureGroup("a", "b", "c", "v0001", sa.MetaData(), *columns, keys="k")
    report = fsql.check(group, pa.table({"k": [0.5, None, 0.5, 1.0], "v": [1, 2, 3, 4]}))
    assert report.repeated.count == 1
    assert report.repeated.rows == (2,)
    assert report.event_times is None


def test_repeats_across_many_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsql.checking.repeats.WAITING_ROWS", 10)
    columns = [Column("k", BigInteger)]
    group = fsql.FeatureGroup("a", "b", "c", "v0001", sa.MetaData(), *columns, keys="k")
    keys = [*range(100), 7, 7, 50]
    batches = pa.table({"k": keys}).to_batches(max_chunksize=8)
    report = fsql.check(group, pa.RecordBatchReader.from_batches(batches[0].schema, batches))
    assert report.rows == 103
    assert report.repeated.count == 3
    assert report.repeated.rows == (101, 102)


def test_the_range_of_event_times() -> None:
    report = fsql.check(weather(), frame())
    first, last = report.event_times or (None, None)
    assert (str(first), str(last)) == ("2026-01-01 13:00:00+01:00", "2026-01-02 13:00:00+01:00")
    assert "event times: 2026-01-01 13:00:00+01:00 to 2026-01-02 13:00:00+01:00" in str(report)


def test_nan_and_nanoseconds_that_are_lost_are_counted() -> None:
    columns = [Column("k", BigInteger), Column("n", BigInteger), Column("t", Timestamp("ns"))]
    group = fsql.FeatureGroup(
        "a", "b", "c", "v0001", sa.MetaData(), *columns, keys="k", truncate=True
    )
    times = pa.array([1, 1000, None], pa.timestamp("ns"))
    report = fsql.check(
        group, pa.table({"k": [1, 2, 3], "n": [1.0, float("nan"), 2.0], "t": times})
    )
    assert [column.notes for column in report.columns] == [
        (), ("1 NaN become NULL",), ("1 times are cut",),
    ]  # fmt: skip


def test_every_kind_of_data(tmp_path: Path) -> None:
    group = weather()
    table = pa.Table.from_pandas(frame(wind=...), preserve_index=False)
    table = table.append_column(
        "wind", pa.nulls(3, pa.struct([("dir", pa.int64()), ("speed", pa.float64())]))
    )
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=2)
    pa.csv.write_csv(table.drop(["wind"]), tmp_path / "rows.csv")
    (tmp_path / "rows.jsonl").write_text('{"station": "bodo", "seen": "2026-01-01", "level": 1}\n')
    for data in (
        table,
        table.to_batches()[0],
        table.to_reader(),
        pl.from_arrow(table),
        tmp_path / "rows.parquet",
        str(tmp_path / "rows.jsonl"),
    ):
        report = fsql.check(group, data)
        assert report.ok, report
        assert report.rows in (1, 3)
    report = fsql.check(group, tmp_path / "rows.csv")
    assert [str(problem) for problem in report.problems] == ["column 'wind': is missing."]


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nonsense")
    (tmp_path / "bad.csv").write_text("station,temp\nbodo,warm\n")
    for path, said in (("bad.parquet", "cannot be read"), ("bad.csv", "warm"), ("no", "nothing")):
        report = fsql.check(weather(), tmp_path / path)
        assert not report.ok
        assert said in str(report)
    mixed = pl.DataFrame({"station": [object()]})
    assert "polars type Object" in str(fsql.check(weather(), mixed))
    several = pd.DataFrame({"station": [1, "a"], "seen": NOON})
    assert "holds values of several types" in str(fsql.check(weather(), several))


def test_what_is_no_data_at_all_is_an_error() -> None:
    with pytest.raises(TypeError, match="int is no frame"):
        fsql.check(weather(), 7)
    with pytest.raises(ConfigError, match="no local path"):
        fsql.check(weather(), "s3://bucket/rows.parquet")


def test_a_notebook_shows_a_table_and_no_markup_of_the_data() -> None:
    shown = fsql.check(weather(), frame(**{"<b>": 1}))._repr_html_()
    assert "<td>&lt;b&gt;</td>" in shown
    assert "<b>" not in shown
    assert shown.count("<tr>") == 7


def test_long_words_keep_to_their_columns() -> None:
    report = fsql.check(weather(), frame(station=[["x" * 200]] * 3))
    assert max(map(len, str(report).splitlines())) < 240


# --- a check and a write agree -----------------------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('check')}/store")
    yield made
    made.engine.dispose()


NUMBERS = itertools.count(1)
TIME_UNITS = ("s", "ms", "us", "ns")
VALUES: dict[pa.DataType, list[Any]] = {
    pa.bool_(): [True, False],
    pa.int8(): [1, -128],
    pa.uint64(): [0, 2**64 - 1],
    pa.int64(): [0, 2**53 + 1, -(2**63)],
    pa.float32(): [0.5, float("nan"), 0.10000000149011612],
    pa.float64(): [0.1, float("nan"), 1e300, 3.0],
    pa.decimal128(5, 2): [Decimal("1.00"), Decimal("1.25")],
    pa.decimal128(38, 0): [Decimal(10**38 - 1), Decimal(1)],
    pa.string(): ["", "a", "2026-01-01", "2026-01-01T01:02:03.123456789Z"],
    pa.large_string(): ["2026-01-01T00:00:00+01:00", "b"],
    pa.binary(): [b"", b"abc"],
    pa.binary(3): [b"abc"],
    pa.date32(): [0, 2**30],
    pa.time64("us"): [0, 1],
    pa.time32("s"): [0, 1],
    **{pa.timestamp(unit): [0, 1, 2**62] for unit in TIME_UNITS},
    pa.timestamp("s", "Asia/Tokyo"): [0, 2**62, 1],
    pa.duration("s"): [0, 2**62],
    pa.dictionary(pa.int8(), pa.string()): ["a", "b"],
    pa.list_(pa.int8()): [[1], [None], []],
    pa.list_(pa.int8(), 2): [[1, 2], [None, 3]],
    pa.list_(pa.timestamp("s")): [[1], [2**62]],
    pa.struct([("a", pa.int64())]): [{"a": 1}, {"a": 2**40}],
    pa.struct([("a", pa.int16()), ("b", pa.string())]): [{"a": 1, "b": "x"}],
    pa.map_(pa.string(), pa.float64()): [[("k", 0.5)], []],
    pa.map_(pa.string(), pa.float32()): [[("k", 0.5)], []],
}
STORABLE = st.sampled_from(list(VALUES))
# What frames also come in.
GIVEN: dict[pa.DataType, list[Any]] = VALUES | {
    pa.string_view(): ["2026-01-01", "x"],
    pa.binary_view(): [b"abc", b"abcd"],
    pa.large_binary(): [b"abc", b""],
    pa.int16(): [300, 1],
    pa.uint8(): [1, 255],
    pa.float16(): [1.5, 2.0],
    pa.decimal256(60, 1): [Decimal("1.0"), Decimal(10**40)],
    pa.date64(): [0, 86_400_000],
    pa.list_view(pa.int16()): [[1, None], [300]],
    pa.large_list(pa.timestamp("ns")): [[1], [None, 1000]],
    pa.list_(pa.struct([("k", pa.string()), ("v", pa.float64())])): [[{"k": "a", "v": 0.1}]],
}


@st.composite
def arrays(draw: st.DrawFn, rows: int, likely: pa.DataType) -> pa.Array:
    """Rows of the type that is likely to fit, or of any."""
    type_ = draw(st.just(likely) | st.sampled_from([*GIVEN, pa.null()]))
    values = st.none() | st.sampled_from(GIVEN[type_]) if type_ in GIVEN else st.none()
    return pa.array(draw(st.lists(values, min_size=rows, max_size=rows)), type_)


@st.composite
def cases(draw: st.DrawFn) -> tuple[pa.Schema, dict[str, Any], Any]:
    """A schema of a group, its options, and data for it."""
    types = draw(st.lists(STORABLE, min_size=1, max_size=3))
    fields = [pa.field(f"c{place}", type_) for place, type_ in enumerate(types)]
    rows = draw(st.integers(0, 4))
    keys = pa.array(draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows)), pa.int64())
    columns = {"id": keys} | {f.name: draw(arrays(rows, f.type)) for f in fields}
    if draw(st.integers(0, 9)) == 0:
        columns[draw(st.sampled_from(["c0", "C1", "c9"]))] = keys
    if draw(st.integers(0, 9)) == 0:
        del columns["c0"]
    table = pa.table(columns)
    form = draw(st.sampled_from(["arrow", "arrow", "pandas", "polars", "stream"]))
    formats = st.sampled_from(["iceberg", "iceberg", "hive"])
    options = {"truncate": draw(st.booleans()), "table_format": draw(formats)}
    return pa.schema([pa.field("id", pa.int64()), *fields]), options, shaped(table, form)


def shaped(table: pa.Table, form: str) -> Any:
    try:
        if form == "pandas":
            return table.to_pandas()
        if form == "polars":
            return pl.from_arrow(table)
    except (pa.ArrowException, OverflowError, ValueError):
        return table
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):  # polars has no such type
        return table
    return table.to_batches(max_chunksize=2) if form == "stream" else table


def opened(data: Any) -> Any:
    """The data, to be used up."""
    if isinstance(data, list):
        return pa.RecordBatchReader.from_batches(data[0].schema, data) if data else pa.table({})
    return data


def agrees(store: fsql.FeatureStore, case: tuple[pa.Schema, dict[str, Any], Any]) -> None:
    schema, options, data = case
    group = fsql.FeatureGroup.from_frame(
        "a", "b", f"t{next(NUMBERS)}", "v0001", frame=schema, keys="id", **options
    )
    report = fsql.check(group, opened(data))
    assert str(report)
    assert report._repr_html_()
    assert len(report.to_frame()) == len(report.columns)
    store.create(group)
    raised = refusal(store, group, opened(data))
    assert raised == refusal_of(report)


def refusal(store: fsql.FeatureStore, group: fsql.FeatureGroup, data: Any) -> str | None:
    try:
        store.write(group, data, progress=False)
    except InvalidData as error:
        return str(error)
    return None


def refusal_of(report: fsql.checking.Report) -> str | None:
    assert report.ok is not bool(report.problems)
    try:
        report.raise_for_problems()
    except InvalidData as error:
        return str(error)
    return None


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(case=cases())
def test_a_check_says_what_a_write_does(store: fsql.FeatureStore, case: Any) -> None:
    agrees(store, case)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(
    max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(case=cases())
def test_many_checks_say_what_a_write_does(store: fsql.FeatureStore, case: Any) -> None:
    agrees(store, case)


def test_times_beyond_what_is_stored_are_refused_by_their_rows(store: fsql.FeatureStore) -> None:
    table = pa.table({"id": [1, 2], "at": pa.array([0, 2**62], pa.timestamp("s"))})
    group = fsql.FeatureGroup.from_frame("a", "b", "late", "v0001", frame=table, keys="id")
    store.create(group)
    with pytest.raises(InvalidData, match=r"'at': is beyond the years 1 to 9999.* \(row 1\)"):
        store.write(group, table, progress=False)
    assert fsql.check(group, table).columns[1].what.endswith("'4611686018427387904 s'")


# --- the command -------------------------------------------------------------------------------


def test_the_command(store: fsql.FeatureStore, tmp_path: Path) -> None:
    store.create(weather())
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text('{"station": "bodo", "seen": "2026-01-01", "level": 1}\n')
    bad.write_text('{"station": null, "seen": "2026-01-01", "level": 1}\n')
    url = store.engine.url.render_as_string()

    def ran(*files: object) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["check", "--url", url, "a_b_weather", *map(str, files)])
        return done.exit_code, done.output

    code, said = ran(good)
    assert code == 0
    assert said.startswith("a_b_weather_v0001: 1 row can be written.")
    code, said = ran(good, bad)
    assert code == 1
    assert "1 row would be refused" in said
    assert "is NULL. Every row needs its whole key (row 0)" in said
    assert str(bad) in said
    code, said = ran("s3://fsql-local/nothing/")
    assert code == 1
    assert "cannot be read" in said
    assert len(fsql.read_sql("SELECT * FROM a_b_weather", store.engine)) == 0


def test_data_without_rows() -> None:
    report = fsql.check(weather(), pd.DataFrame())
    assert report.ok
    assert str(report) == "a_b_weather_v0001: the data has no rows; nothing would be written."


def test_problems_of_the_data_are_no_exceptions() -> None:
    for data in (frame(station=..., seen=...), frame(seen=[1, 2, 3])):
        try:
            assert not fsql.check(weather(), data).ok
        except FsqlError as error:
            pytest.fail(f"raised {error!r}")

"""Frames of any make, in and out of Arrow."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from fsql.errors import InvalidData
from fsql.frames import schema_of, to_arrow, to_batches, to_pandas

TABLE = pa.table({"a": [1, None], "b": ["x", None], "c": [{"d": 1.5}, None]})


class Exporter:
    """Something that knows Arrow's stream protocol and nothing else."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return TABLE.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "data",
    [
        TABLE,
        TABLE.to_batches()[0],
        TABLE.to_pandas(),
        pl.from_arrow(TABLE),
        ds.dataset(TABLE),
        Exporter(),
    ],
    ids=lambda data: type(data).__name__,
)
def test_every_frame_becomes_arrow(data: object) -> None:
    assert to_arrow(data).column("b").to_pylist() == ["x", None]
    assert to_batches(data).read_all().num_rows == 2
    assert schema_of(data).names == ["a", "b", "c"]


def test_readers_are_streamed() -> None:
    assert to_arrow(TABLE.to_reader()).equals(TABLE)


@pytest.mark.parametrize("data", [None, {"a": 1}, [1], 5])
def test_what_is_no_frame_is_refused(data: object) -> None:
    with pytest.raises(TypeError, match="is no frame"):
        to_arrow(data)


def test_duplicate_columns_are_named() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])
    with pytest.raises(InvalidData, match="column 'a': stands in the frame twice"):
        to_arrow(frame)


def test_integers_with_nulls_stay_integers() -> None:
    big = 2**60 + 1
    table = pa.table({"s": ["x", "y"], "i": [big, None], "b": [True, None], "f": [1.5, None]})
    frame = to_pandas(table)
    assert [str(dtype) for dtype in frame.dtypes] == ["str", "Int64", "boolean", "float64"]
    assert frame["i"].iloc[0] == big


def test_columns_keep_their_place_and_may_repeat() -> None:
    columns = [pa.array([1]), pa.array([None], pa.int64()), pa.array(["x"])]
    frame = to_pandas(pa.Table.from_arrays(columns, ["a", "a", "a"]))
    assert list(frame.columns) == ["a", "a", "a"]
    assert [str(dtype) for dtype in frame.dtypes] == ["int64", "Int64", "str"]


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_pandas_backends(backend: str) -> None:
    frame = to_pandas(TABLE.select(["a", "b"]), backend)  # type: ignore[arg-type]
    assert frame["a"].isna().tolist() == [False, True]
    assert isinstance(frame["a"].dtype, pd.ArrowDtype if backend == "pyarrow" else pd.Int64Dtype)


def test_maps_are_dicts() -> None:
    table = pa.table({"m": pa.array([[("k,2", 1)], None], pa.map_(pa.string(), pa.int64()))})
    assert to_pandas(table)["m"].iloc[0] == {"k,2": 1}


def test_pandas_index_and_nullable_dtypes_come_back() -> None:
    frame = pd.DataFrame({"v": pd.array([1, 2], "Int8")}, index=pd.Index(["a", "b"], name="k"))
    pd.testing.assert_frame_equal(to_pandas(to_arrow(frame)), frame)


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
def test_integers_beside_nulls_within_nested_values_stay_integers(backend: str) -> None:
    large = 2**60 + 1  # no float holds it
    values = pa.array([{"n": large, "l": [large, None]}, None, {"n": None, "l": None}])
    found = to_pandas(pa.table({"w": values}), backend)["w"]  # type: ignore[arg-type]
    assert found[0]["n"] == large
    assert list(found[0]["l"]) == [large, None]
    assert found[2] == {"n": None, "l": None}


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
def test_a_frame_can_be_changed(backend: Any) -> None:
    moment = dt.datetime(2026, 1, 1)
    table = pa.table(
        {
            "number": [1, 2],
            "share": [1.0, 2.0],
            "at": pa.array([moment] * 2, pa.timestamp("us")),
            "there": pa.array([moment] * 2, pa.timestamp("us", "Europe/Oslo")),
            "took": pa.array([1, 2], pa.duration("us")),
            "kind": pa.array(["a", "b"]).dictionary_encode(),
        }
    )
    frame = to_pandas(table, backend)
    for name in table.column_names:
        frame.loc[0, name] = frame.loc[1, name]
    assert frame.iloc[0].equals(frame.iloc[1])
    assert table["number"].to_pylist() == [1, 2]


def test_nothing_but_integers_with_nulls() -> None:
    table = pa.table({"a": [1, None, 3], "b": [None, 2, 3]})
    for chosen in (table, table.select(["a"]), table[:0]):
        frame = to_pandas(chosen)
        assert len(frame) == len(chosen)
        assert frame.columns.tolist() == chosen.column_names
    assert to_pandas(table.select(["a"]))["a"].tolist() == [1, pd.NA, 3]

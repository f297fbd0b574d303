"""Result files: what is written, and the pages read back from any offset."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from fsql.local.athena.results import (
    CsvPages,
    Row,
    TextPages,
    write_csv,
    write_lines,
    write_small_csv,
)
from fsql.local.columns import ResultColumn, metadata_file

TEXTS = st.none() | st.text(st.sampled_from('a",\n\r\té \x00'), max_size=5)


@st.composite
def tables(draw: DrawFn) -> tuple[list[str], list[Row]]:
    width = draw(st.integers(1, 3))
    names = draw(st.lists(st.text('ab",\n', min_size=1), min_size=width, max_size=width))
    rows = draw(st.lists(st.tuples(*[TEXTS] * width), max_size=12))
    return names, list(rows)


def batches(names: list[str], rows: list[Row], size: int = 5) -> list[pa.RecordBatch]:
    columns = [pa.array([row[i] for row in rows], pa.string()) for i in range(len(names))]
    whole = pa.table(columns, names=[f"c{i}" for i in range(len(names))])
    return list(whole.to_batches(size))


def pages(path: Path, limit: int) -> list[Row]:
    rows: list[Row] = []
    offset: int | None = 0
    while offset is not None:
        with path.open("rb") as file:
            page, offset = CsvPages(file).read(offset, limit)
        assert len(page) == limit or offset is None
        rows += page
    return rows


@given(tables(), st.integers(1, 4))
def test_whatever_is_written_is_read_back_in_pages(
    tmp_path_factory: pytest.TempPathFactory, table: tuple[list[str], list[Row]], limit: int
) -> None:
    names, rows = table
    path = tmp_path_factory.mktemp("csv") / "r.csv"
    kept = write_csv(path, names, batches(names, rows), keep=100)
    expected = [list(names), *map(list, rows)]
    assert list(map(list, kept or [])) == expected
    assert list(map(list, pages(path, limit))) == expected
    written = path.read_bytes()
    chunks = [rows[i : i + 5] for i in range(0, len(rows), 5)]
    assert list(map(list, write_small_csv(path, names, chunks, 100) or [])) == expected
    assert path.read_bytes() == written


def test_only_few_rows_are_kept_in_memory(tmp_path: Path) -> None:
    rows: list[Row] = [(str(i),) for i in range(11)]
    assert write_csv(tmp_path / "a", ["n"], batches(["n"], rows), keep=10) is None
    assert write_small_csv(tmp_path / "b", ["n"], [rows[:6], rows[6:]], 10) is None
    assert len(write_csv(tmp_path / "c", ["n"], batches(["n"], rows), keep=11) or []) == 12
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_values_larger_than_what_is_read_at_once(tmp_path: Path) -> None:
    rows: list[Row] = [('"' * 100_000 + "\n" * 100_000, None), ("", "x" * 300_000)]
    write_csv(tmp_path / "r", ["a", "b"], batches(["a", "b"], rows), keep=0)
    assert list(map(tuple, pages(tmp_path / "r", 1))) == [("a", "b"), *rows]


def test_lines_are_rows(tmp_path: Path) -> None:
    path = tmp_path / "r.txt"
    write_lines(path, [])
    assert path.read_bytes() == b""
    assert TextPages(io.BytesIO()).read(0, 10) == ([], None)
    write_lines(path, ["a\tb", "", "c"])
    assert path.read_bytes() == b"a\tb\n\nc"
    file = io.BytesIO(path.read_bytes())
    assert TextPages(file).read(0, 2) == ([("a\tb",), ("",)], 2)
    file.seek(0)
    assert TextPages(file).read(2, 2) == ([("c",)], None)
    write_lines(path, ["s3://a/b"], end="\n")
    assert path.read_bytes() == b"s3://a/b\n"


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("real", ("float", 17, 0, False)),
        ("varchar", ("varchar", 2147483647, 0, True)),
        ("varchar(7)", ("varchar", 7, 0, True)),
        ("char(3)", ("char", 3, 0, True)),
        ("decimal(38,9)", ("decimal", 38, 9, False)),
        ("timestamp(6)", ("timestamp", 3, 0, False)),
        ("timestamp(6) with time zone", ("timestamp with time zone", 3, 0, False)),
        ("time(3)", ("time", 3, 0, False)),
        ("varbinary", ("varbinary", 1073741824, 0, False)),
        ("interval day to second", ("interval day to second", 0, 0, False)),
        ("array(decimal(3,1))", ("array", 0, 0, False)),
        ("map(varchar, row(a bigint, b varchar(3)))", ("map", 0, 0, False)),
        ('row("a b" bigint, c array(real))', ("row", 0, 0, False)),
        ("string", ("string", 0, 0, False)),
        ("json", ("json", 0, 0, False)),
    ],
)
def test_column_info(type_: str, expected: tuple[str, int, int, bool]) -> None:
    info = ResultColumn("x", type_).info()
    found = info["Type"], info["Precision"], info["Scale"], info["CaseSensitive"]
    assert found == expected


def test_which_members_a_columns_message_has() -> None:
    """As the real service's files have them: by type, zeros included."""
    tail = {
        "bigint": b"\x38\x13\x40\x00\x48\x03\x50\x00",
        "varchar": b"\x38\xff\xff\xff\xff\x07\x40\x00\x48\x03\x50\x01",
        "date": b"\x40\x00\x48\x03\x50\x00",
        "boolean": b"\x48\x03\x50\x00",
        "array(integer)": b"\x48\x03",
        "string": b"\x48\x03",
    }
    for type_, expected in tail.items():
        message = ResultColumn("c", type_).message()
        name = type_.partition("(")[0].encode()
        head = b"\x0a\x04hive\x22\x01c\x2a\x01c\x32" + bytes([len(name)]) + name
        assert message == head + expected


def test_the_metadata_of_an_insert_counts_its_rows() -> None:
    found = metadata_file("id", [ResultColumn("rows", "bigint")], "INSERT", 300)
    assert found.startswith(b"\x0a\x02id\x12\x06INSERT\x18\xac\x02\x22\x22\x0a\x04hive\x22\x04rows")

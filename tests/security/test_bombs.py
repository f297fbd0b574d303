"""Small things that grow: compressed files, long lines, deep nesting."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.security.place import Place, place


@pytest.fixture(scope="module")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("bombed")
    with place(folder, "--query-timeout", "20", "--max-memory", "300MB") as made:
        yield made


@pytest.fixture
def small(_small: Place) -> Iterator[Place]:
    """A store of which queries may take 300 MB and 20 seconds."""
    yield _small
    assert _small.is_well()


@pytest.mark.slow
def test_bombs_in_files(small: Place) -> None:
    small.create(small.table("bombs"))
    line = gzip.compress(b"a" * (64 << 20))
    small.put("bombs/line.gz", line)
    small.ask("SELECT count(*) FROM bombs")
    small.put("bombs/line.gz", gzip.compress(b"a,1\n" * (5 << 20)))
    small.ask("SELECT max(a) FROM bombs")
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": ["x" * (1 << 20)] * 100}), sink, compression="zstd")
    assert len(sink.getvalue()) < 10 << 20
    table = small.table("bombs")
    serde = {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}
    table["StorageDescriptor"]["SerdeInfo"] = serde
    small.create(table)
    small.put("bombs/line.gz", sink.getvalue())
    small.ask("SELECT a, length(a) FROM bombs ORDER BY a || 'x'")
    assert small.served.memory() < 300 + 2048 + 1000


def test_a_quoted_line_takes_linear_time(small: Place) -> None:
    serde = {"SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde"}
    small.create(small.table("quoted", SerdeInfo=serde))
    small.put("quoted/x.csv", b'"a"' + b'b"' * 100_000 + b",1\n")
    assert small.ask("SELECT count(a) FROM quoted") in ([["_col0"], ["1"]], [["_col0"], ["0"]])


@pytest.mark.parametrize(
    "shape",
    [
        *("({})", "(SELECT {})", "CASE WHEN true THEN {} END", "ARRAY[{}]", "ROW({})", "abs({})"),
        *("- {}", "CAST({} AS bigint)", "coalesce({}, 1)", "transform(ARRAY[1], x -> {})"),
        *("try({})", "array_join(ARRAY[{}], ',')", "concat('a', {})", "round({})"),
    ],
)
@pytest.mark.parametrize("depth", [12, 2000])
def test_nesting_takes_no_time(small: Place, shape: str, depth: int) -> None:
    before, after = shape.split("{}")
    start = time.monotonic()
    small.ask(f"SELECT {before * depth}1{after * depth}")
    assert time.monotonic() - start < 60

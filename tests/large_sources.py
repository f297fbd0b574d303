"""Sources larger than memory, and a process with little memory that writes them.

``python -m tests.large_sources URL SOURCE FOLDER`` writes a source under a limit of 1.5 GB and
prints what it did and the most memory it had.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import sqlalchemy as sa

import fsql
from fsql.types import Timestamp

LIMIT = 1536 << 20
ROWS = 300_000
FILES = 60
GROUP = fsql.FeatureGroup(
    "large", "web", "visit", "v0001", sa.MetaData(),
    sa.Column("id", sa.BigInteger), sa.Column("seen", Timestamp("us")), sa.Column("x", sa.Double),
    sa.Column("y", sa.Double), sa.Column("blob", sa.LargeBinary), sa.Column("page", sa.String),
    keys=["id"], event_time="seen",
)  # fmt: skip
PARTS = fsql.FeatureGroup(
    "large", "web", "part", "v0001", sa.MetaData(),
    sa.Column("id", sa.BigInteger), sa.Column("seen", Timestamp("us")),
    sa.Column("part", sa.Integer), sa.Column("page", sa.String),
    keys=["id"], event_time="seen", partition_by=["part"],
)  # fmt: skip


def visits(rows: int = ROWS, seed: int = 0) -> pa.Table:
    """Rows of about 380 bytes in no order, a quarter of which cannot be squeezed."""
    random = np.random.default_rng(seed)
    blob = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(64), rows, [None, pa.py_buffer(random.bytes(64 * rows))]
    )
    pages = pa.array([f"https://example.org/{number:06d}/" + "page" * 60 for number in range(5000)])
    return pa.table(
        {
            "id": random.permutation(rows),
            "seen": pa.array(random.integers(0, 2**50, rows), pa.timestamp("us")),
            "x": random.random(rows),
            "y": random.random(rows),
            "blob": blob.cast(pa.binary()),
            "page": pages.take(pa.array(random.integers(0, len(pages), rows))),
        }
    )


def parts(rows: int = ROWS, seed: int = 0) -> pa.Table:
    """Rows of 400 partitions in turn."""
    table = visits(rows, seed)
    part = pa.array(np.arange(rows, dtype=np.int32) % 400)
    return table.select(["id", "seen", "page"]).append_column("part", part)


def folder_of(tables: Iterable[pa.Table], folder: Path, row_group: int = ROWS) -> Path:
    """A folder of Parquet files."""
    folder.mkdir()
    for number, table in enumerate(tables):
        pq.write_table(table, folder / f"{number:02d}.parquet", row_group_size=row_group)
    return folder


def wide(rows: int) -> Iterator[pa.RecordBatch]:
    """Rows of 2 MB."""
    random = np.random.default_rng(0)
    for first in range(0, rows, 10):
        blob = random.bytes(2 << 20)
        batch = visits(10).set_column(4, "blob", pa.array([blob] * 10, pa.binary()))
        yield from batch.set_column(0, "id", pa.array(range(first, first + 10))).to_batches()


def _parquet(folder: Path) -> Any:
    return folder_of((visits(seed=number) for number in range(FILES)), folder / "in")


def _partitions(folder: Path) -> Any:
    return folder_of((parts(seed=number) for number in range(20)), folder / "in")


def _csv(folder: Path) -> Any:
    table = visits(100_000).drop_columns(["blob"])
    path = folder / "data.csv"
    pacsv.write_csv(table.append_column("blob", pa.nulls(len(table), pa.string())), path)
    head, _, body = path.read_bytes().partition(b"\n")
    with path.open("wb") as file:
        file.write(head + b"\n")
        for _ in range(60):
            file.write(body)
    return path


def _json(folder: Path) -> Any:
    rows = visits(20_000).drop_columns(["blob"]).to_pylist()
    lines = [json.dumps({**row, "seen": row["seen"].isoformat(), "blob": None}) for row in rows]
    body = "\n".join(lines) + "\n"
    with (folder / "data.jsonl").open("w") as file:
        for _ in range(200):
            file.write(body)
    return folder / "data.jsonl"


def _reader(folder: Path) -> Any:
    batches = (batch for seed in range(80) for batch in visits(ROWS // 5, seed).to_batches())
    return pa.RecordBatchReader.from_batches(visits(1).schema, batches)


def _dataset(folder: Path) -> Any:
    return ds.dataset(folder_of((visits(seed=n) for n in range(16)), folder / "in", ROWS // 5))


def _wide(folder: Path) -> Any:
    return pa.RecordBatchReader.from_batches(visits(1).schema, wide(1000))


def _repeating(folder: Path) -> Any:
    """Few long texts, of which a small file becomes much memory."""
    texts = pa.array([f"{number}" + "text" * 2500 for number in range(50)])
    table = visits(100_000)
    page = texts.take(pa.array(np.arange(len(table)) % len(texts)))
    return folder_of([table.set_column(5, "page", page)] * 2, folder / "in")


SOURCES: dict[str, tuple[fsql.FeatureGroup, Callable[[Path], Any]]] = {
    "Parquet": (GROUP, _parquet),
    "partitions": (PARTS, _partitions),
    "CSV": (GROUP, _csv),
    "JSON lines": (GROUP, _json),
    "reader": (GROUP, _reader),
    "dataset": (GROUP, _dataset),
    "wide rows": (GROUP, _wide),
    "texts that repeat": (GROUP, _repeating),
}


# Made by the test: these are paths; the others come into being as they are read.
PREPARED = ("Parquet", "partitions", "CSV", "JSON lines", "texts that repeat")


def main(url: str, source: str, folder: str) -> None:
    """Write a source with little memory."""
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    pa.set_cpu_count(2)
    group, made = SOURCES[source]
    data = made(Path(folder)) if source not in PREPARED else str(next(Path(folder).iterdir()))
    store = fsql.FeatureStore(url)
    result = store.write(group, data, progress=False)
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    found = {"rows": result.rows, "files": result.files, "megabytes": peak}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

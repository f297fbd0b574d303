"""What may be a spine, and how much of it is in memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

import fsql
from fsql.errors import InvalidData, StorageError, TrainingSetError
from fsql.training import spine as spines
from fsql.types import Timestamp

GROUP = fsql.FeatureGroup(
    "shop", "web", "price", "v0001", sa.MetaData(),
    sa.Column("k", sa.BigInteger), sa.Column("t", Timestamp("us")), sa.Column("x", sa.Double),
    keys="k", event_time="t",
)  # fmt: skip
ROWS = 1_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('spines')}/store")
    made.create(GROUP)
    made.write(GROUP, prices(100))
    yield made
    assert [entry.name for entry in made.catalog.entries(pattern="fsql_*")] == []
    made.engine.dispose()


def prices(rows: int) -> pa.Table:
    numbers = np.arange(rows)
    moments = pa.array(numbers * 1_000_000, pa.timestamp("us"))
    return pa.table({"k": numbers % 10, "t": moments, "x": numbers / 4})


def asked(rows: int = ROWS) -> pa.Table:
    numbers = np.arange(rows)
    return pa.table(
        {
            "label": [f"row {n}" for n in numbers],
            "k": numbers % 12,
            "at": pa.array(numbers * 100_000, pa.timestamp("us")),
            "kind": pa.array([f"k{n % 3}" for n in numbers]).dictionary_encode(),
        }
    )


def _files(folder: Path) -> Path:
    for part in range(4):
        pq.write_table(
            asked().slice(part * 250, 250), folder / f"{part}.parquet", row_group_size=99
        )
    return folder


def _one_file(folder: Path) -> str:
    pq.write_table(asked(), folder / "spine.parquet", row_group_size=300)
    return str(folder / "spine.parquet")


SPINES: dict[str, Callable[[Path], Any]] = {
    "file": _one_file,
    "folder": _files,
    "dataset": lambda folder: ds.dataset(_files(folder)),
    "reader": lambda folder: asked().to_reader(70),
    "generator": lambda folder: (batch for batch in asked().to_batches(70)),
    "stream": lambda folder: _Stream(asked()),
    "table": lambda folder: asked(),
    "frame": lambda folder: asked().to_pandas(),
}


class _Stream:
    """Something that gives Arrow's stream once."""

    def __init__(self, table: pa.Table) -> None:
        self._reader: pa.RecordBatchReader | None = table.to_reader(70)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        reader, self._reader = self._reader, None
        assert reader is not None
        return reader.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("kind", SPINES)
def test_each_can_be_read_again_and_again(
    store: fsql.FeatureStore, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spines, "_BLOCK", 300)
    training = store.training_set(SPINES[kind](tmp_path), [GROUP], time="at")
    found = training.to_arrow()
    own = ["label", "k", "at"]
    assert found.select(own).to_pylist() == asked().select(own).to_pylist()
    expected = pd.merge_asof(
        asked().to_pandas(), prices(100).to_pandas(), left_on="at", right_on="t", by="k"
    )
    assert found["x"].to_pylist() == [None if np.isnan(x) else x for x in expected["x"]]
    if kind in ("folder", "generator"):
        assert training.to_batches().read_all().to_pylist() == found.to_pylist()
        assert training.to_frame()["label"].tolist() == found["label"].to_pylist()


def test_files_may_change_once_they_were_given(store: fsql.FeatureStore, tmp_path: Path) -> None:
    training = store.training_set(_one_file(tmp_path), [GROUP], time="at")
    pq.write_table(asked(5), tmp_path / "spine.parquet")
    assert len(training.to_arrow()) == ROWS
    (tmp_path / "spine.parquet").unlink()
    assert len(training.to_arrow()) == ROWS


def test_s3_prefixes(store: fsql.FeatureStore) -> None:
    path = store.catalog.storage.for_writing("s3://fsql-local/spines/one.parquet")
    pq.write_table(asked(), path, filesystem=store.catalog.storage.filesystem)
    found = store.training_set("s3://fsql-local/spines/", [GROUP], time="at").to_arrow()
    assert found["label"].to_pylist() == asked()["label"].to_pylist()


def test_no_rows(store: fsql.FeatureStore) -> None:
    training = store.training_set(asked(0).to_reader(), [GROUP], time="at")
    assert training.to_arrow().num_rows == 0
    assert training.to_batches().read_all().num_rows == 0


def test_what_is_wrong_with_late_rows_is_told_with_their_numbers(
    store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spines, "_BLOCK", 300)
    texts = [f"2026-01-01T00:00:{n % 60:02d}" for n in range(ROWS)]
    texts[950] = "noon"
    wrong = asked().set_column(2, "at", pa.array(texts))
    with pytest.raises(InvalidData, match=r"(?s)the spine.*at.*row 950"):
        store.training_set(wrong, [GROUP], time="at").to_arrow()


@pytest.mark.parametrize(
    ("batches", "why"), [([], "gives nothing"), ([asked()], "gives a Table first")]
)
def test_iterators_of_other_things(store: fsql.FeatureStore, batches: Any, why: str) -> None:
    with pytest.raises(TrainingSetError, match=why):
        store.training_set(iter(batches), [GROUP], time="at")


def test_iterators_of_batches_that_differ(store: fsql.FeatureStore) -> None:
    other = asked(5).rename_columns(["label", "k", "when", "kind"])
    batches = iter([*asked(5).to_batches(), *other.to_batches()])
    with pytest.raises(TrainingSetError, match=r"Item 1 .* other columns .* when timestamp"):
        store.training_set(batches, [GROUP], time="at")


def test_no_room_for_a_stream(store: fsql.FeatureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/dev/full-of-nothing")
    with pytest.raises(StorageError, match="TMPDIR"):
        store.training_set(asked().to_reader(), [GROUP], time="at")


def test_a_failing_stream_fails_as_it_does(store: fsql.FeatureStore) -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield from asked(10).to_batches()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.training_set(failing(), [GROUP], time="at")


# --- memory --------------------------------------------------------------------------------------

MANY = 3_000_000
LABEL = 400  # characters, so that the spine is larger than what looking it up takes
SCHEMA = pa.schema([("k", pa.int64()), ("at", pa.timestamp("us")), ("label", pa.string())])


def _many(start: int, rows: int) -> pa.Table:
    """Rows of a spine, their keys and times in no order."""
    numbers = np.arange(start, start + rows)
    moments = pa.array(numbers * 7_919 % 1_000_000 * 1_000_000, pa.timestamp("us"))
    labels = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), LABEL, "x")
    return pa.table([pa.array(numbers * 104_729 % 10), moments, labels], schema=SCHEMA)


STREAMING = """
import sys, threading
from pathlib import Path
import pyarrow.parquet as pq
import fsql
from tests.training.test_spines import GROUP

def anonymous():
    return int(Path("/proc/self/status").read_text().partition("RssAnon:")[2].split()[0]) << 10

peak, over = 0, threading.Event()
def watch():
    global peak
    while not over.wait(0.02):
        peak = max(peak, anonymous())

store, folder = fsql.FeatureStore(sys.argv[1]), Path(sys.argv[2])
store.read("SELECT 1 AS one")
before = anonymous()
threading.Thread(target=watch, daemon=True).start()
training = store.training_set(folder / "spine.parquet", [GROUP], time="at")
reader, rows, size = training.to_batches(), 0, 0
with pq.ParquetWriter(folder / "set.parquet", reader.schema) as writer:
    for batch in reader:
        writer.write_batch(batch)
        rows, size = rows + len(batch), size + batch.nbytes
over.set()
print(rows, size, peak - before)
"""


@pytest.mark.slow
def test_a_set_streams_in_less_memory_than_it_has(tmp_path: Path) -> None:
    """A file of 1.2 GB x a group of a million rows, to a file."""
    url = f"fsql:///{tmp_path}/store?max_memory=256MB"
    made = fsql.FeatureStore(url)
    made.create(GROUP)
    made.write(GROUP, prices(1_000_000), progress=False)
    made.engine.dispose()
    with pq.ParquetWriter(tmp_path / "spine.parquet", SCHEMA) as writer:
        for start in range(0, MANY, 250_000):
            writer.write_table(_many(start, 250_000))
    done = subprocess.run(
        [sys.executable, "-c", STREAMING, url, str(tmp_path)],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    rows, size, grown = map(int, done.stdout.split())
    assert rows == MANY
    assert size > MANY * LABEL
    assert grown < size * 3 / 4

"""Sources larger than memory go in with little of it, in a process that may have no more."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import fsql
from tests.large_sources import FILES, GROUP, PREPARED, ROWS, SOURCES, visits

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="other systems limit memory otherwise"),
]
ROOT = Path(__file__).parent.parent


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Several GB, which pytest would keep for three runs."""
    yield tmp_path
    shutil.rmtree(tmp_path)


def write(source: str, folder: Path) -> dict[str, Any]:
    """Write a source in a process of its own."""
    group, make = SOURCES[source]
    (folder / "data").mkdir()
    if source in PREPARED:
        make(folder / "data")
    url = f"fsql:///{folder}/store"
    fsql.FeatureStore(url).create(group)
    command = [sys.executable, "-m", "tests.large_sources", url, source, str(folder / "data")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_6_gb_of_parquet_take_less_than_1_gb(folder: Path) -> None:
    assert visits().nbytes * FILES > 6e9
    done = write("Parquet", folder)
    assert done["rows"] == ROWS * FILES
    assert done["megabytes"] < 1000
    files = list((folder / "store").rglob("*.parquet"))
    assert len(files) == done["files"]
    for file in files:
        assert 128e6 < file.stat().st_size < 512e6
        assert is_sorted(file)


def is_sorted(file: Path) -> bool:
    """Whether no row group begins before the one before it ends, and each is in order."""
    footer, last = pq.read_metadata(file), -1
    for place in range(footer.num_row_groups):
        ids = pq.ParquetFile(file).read_row_group(place, ["id"])["id"].to_numpy()
        if ids[0] < last or (ids[1:] < ids[:-1]).any():
            return False
        last = ids[-1]
    return True


@pytest.mark.parametrize("source", [name for name in SOURCES if name != "Parquet"])
def test_sources_of_any_kind_take_less_than_1_gb(folder: Path, source: str) -> None:
    done = write(source, folder)
    assert done["rows"] > 0
    assert done["megabytes"] < 1000
    if source == "partitions":
        assert done["files"] == 400
    if source == "dataset":
        can_be_read(f"fsql:///{folder}/store")


def can_be_read(url: str) -> None:
    sql = f"SELECT count(*), count(DISTINCT seen), min(id), max(id) FROM {GROUP.name}"
    (found,) = fsql.FeatureStore(url).read(sql).itertuples(index=False)
    assert found[0] == 16 * ROWS
    assert found[1] > 0.99 * found[0]
    assert tuple(found[2:]) == (0, ROWS - 1)


def test_the_limit_is_one(folder: Path) -> None:
    """Or the tests above would pass whatever a write takes."""
    import tests.large_sources

    code = (
        "import resource, pyarrow as pa;"
        f"resource.setrlimit(resource.RLIMIT_DATA, ({tests.large_sources.LIMIT},) * 2);"
        "pa.allocate_buffer(1600 << 20)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MemoryError" in done.stderr

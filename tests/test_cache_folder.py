"""The cache's folder: whatever happens to it, reads give what they should."""

from __future__ import annotations

import errno
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import fsql
from fsql.cache import Cache
from fsql.cache.folder import Folder, Writing

SQL = "SELECT n, 'row ' || CAST(n AS varchar) AS s FROM UNNEST(sequence(1, 5000)) AS a (n)"
KEY = "0" * 64


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fsql.FeatureStore]:
    made = fsql.FeatureStore(f"fsql:///{tmp_path_factory.mktemp('folder')}/store")
    yield made
    made.engine.dispose()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def said(store: fsql.FeatureStore, cache: Cache) -> str:
    frame = store.read(SQL, cache=cache)
    assert frame["n"].sum() == 12_502_500
    assert frame["s"].iloc[-1] == "row 5000"
    return str(frame.attrs["fsql"]["cache"])


def note_of(cache: Cache) -> Path:
    (path,) = cache.local.path.glob("*.json")
    return path


def data_of(cache: Cache) -> Path:
    (path,) = cache.local.path.glob("*.arrow")
    return path


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _flip_and_hide(path: Path) -> None:
    """Alter a byte and set the time of the last write back, as a restore from elsewhere does."""
    before = path.stat()
    _flip(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _noted(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path, Path], None]:
    def spoil(data: Path, note: Path) -> None:
        note.write_text(json.dumps(change(json.loads(note.read_text()))))

    return spoil


def _become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILT: dict[str, Callable[[Path, Path], Any]] = {
    "empty": lambda data, note: data.write_bytes(b""),
    "cut": lambda data, note: os.truncate(data, data.stat().st_size - 8),
    "longer": lambda data, note: data.write_bytes(data.read_bytes() + b"\0" * 8),
    "altered": lambda data, note: _flip(data),
    "altered unseen": lambda data, note: _flip_and_hide(data),
    "another file": lambda data, note: data.write_bytes(b"x" * data.stat().st_size),
    "a folder": lambda data, note: _become_a_folder(data),
    "gone": lambda data, note: data.unlink(),
    "no note": lambda data, note: note.unlink(),
    "empty note": lambda data, note: note.write_text(""),
    "half a note": lambda data, note: note.write_text(note.read_text()[:40]),
    "a list for a note": lambda data, note: note.write_text("[1]"),
    "null for a note": lambda data, note: note.write_text("null"),
    "binary note": lambda data, note: note.write_bytes(b"\xff\xfe\x00"),
    "note without checksum": _noted(lambda note: note.pop("checksum") and note),
    "note of another size": _noted(lambda note: {**note, "bytes": 1}),
    "note of other types": _noted(lambda note: {**note, "rows": "many", "stamp": 5}),
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_spoilt_is_read_anew(store: fsql.FeatureStore, cache: Cache, how: str) -> None:
    said(store, cache)
    data = data_of(cache)
    SPOILT[how](data, note_of(cache))
    assert said(store, cache) == "miss"
    if how == "a folder":
        data.rmdir()
        assert said(store, cache) == "miss"
    assert said(store, cache) == "hit"


def test_a_copied_file_is_checked_once(store: fsql.FeatureStore, cache: Cache) -> None:
    said(store, cache)
    data, before = data_of(cache), note_of(cache).read_text()
    data.write_bytes(data.read_bytes())
    assert said(store, cache) == "hit"
    after = note_of(cache).read_text()
    assert before != after
    assert said(store, cache) == "hit"
    assert note_of(cache).read_text() == after


def test_check_finds_what_no_time_tells(store: fsql.FeatureStore, cache: Cache) -> None:
    """As after a failing disk: the file system knows of no change."""
    said(store, cache)
    data, note = data_of(cache), note_of(cache)
    _flip(data)
    found = data.stat()
    stamp = [found.st_ino, found.st_mtime_ns, found.st_ctime_ns]
    note.write_text(json.dumps({**json.loads(note.read_text()), "stamp": stamp}))
    assert cache.local.broken() == [note.stem]


# --- writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["_open", "_write", "_finish"])
@pytest.mark.parametrize("batches", [False, True])
def test_a_disk_that_fills_up_stops_no_read(
    store: fsql.FeatureStore, cache: Cache, monkeypatch: pytest.MonkeyPatch, step: str,
    batches: bool,
) -> None:  # fmt: skip
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Writing, step, full)
    if batches:
        found = fsql.read_batches(SQL, store.engine, cache=cache).read_all()
        assert found.num_rows == 5000
    else:
        assert said(store, cache) == "miss"
    assert cache.local.kept() == []
    assert [path.name for path in cache.local.path.iterdir() if path.name != "lock"] == []


def test_a_cache_that_cannot_be_made_stops_no_read(
    store: fsql.FeatureStore, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert said(store, Cache(tmp_path / "file" / "cache")).startswith("not kept: The cache")


def test_a_catalog_that_fails_at_the_end_stops_no_read(
    store: fsql.FeatureStore, cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever may not ask any more, for example with credentials that have expired."""
    store.write(_group(store), FRAME)
    sql = "SELECT k FROM a_b_c_v0001"
    reader = fsql.read_batches(sql, store.engine, cache=cache, transport="engine")
    glue = store.catalog.glue

    def refuse(**_: Any) -> None:
        raise glue.exceptions.ClientError(
            {"Error": {"Code": "ExpiredTokenException", "Message": "expired"}}, "GetTable"
        )

    glue.meta.events.register_first("before-call.glue.GetTable", refuse)
    try:
        assert reader.read_all().num_rows == 2
    finally:
        glue.meta.events.unregister("before-call.glue.GetTable", refuse)
    assert "A result is not kept" in caplog.text
    assert cache.local.kept() == []


FRAME = pd.DataFrame({"k": [1, 2]})


def _group(store: fsql.FeatureStore) -> fsql.FeatureGroup:
    made = fsql.FeatureGroup.from_frame("a", "b", "c", "v0001", frame=FRAME, keys="k")
    store.create(made, if_exists="skip")
    return made


def test_what_is_larger_than_the_cache_leaves_the_rest_there(
    store: fsql.FeatureStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = Cache(tmp_path / "cache", size=60_000)
    small = "SELECT n FROM UNNEST(sequence(1, 5000)) AS a (n)"
    store.read(small, cache=cache)
    with caplog.at_level(logging.WARNING):
        assert said(store, cache) == "miss"
    assert "more than the cache's 60,000 bytes" in caplog.text
    assert store.read(small, cache=cache).attrs["fsql"]["cache"] == "hit"
    assert sum(path.stat().st_size for path in cache.local.path.glob("*.arrow")) < 60_000


def test_a_cache_on_s3_that_fails_is_as_none(
    store: fsql.FeatureStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = store.catalog.storage
    for text in ("", "null", "[]", '{"file": "x"}', '{"file": "../x", "bytes": 1}'):
        shared = f"s3://fsql-local/shared-{len(text)}"
        first = Cache(tmp_path / f"first-{len(text)}", shared=shared)
        assert said(store, first) == "miss"
        key = note_of(first).stem
        with place.filesystem.open_output_stream(
            place.for_writing(f"{shared}/{key}.json")
        ) as stream:
            stream.write(text.encode())
        assert said(store, Cache(tmp_path / f"other-{len(text)}", shared=shared)) == "miss"


# --- several at once -----------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
import pyarrow as pa
from fsql.cache.folder import Folder

folder, key = Folder(Path(sys.argv[1]), int(sys.argv[2])), "0" * 64
rows = pa.table({"n": list(range(5_000 + int(sys.argv[3])))})
for _ in range(12):
    with folder.writing(key, rows.schema) as file:
        file.write(rows)
        assert file.finish({"sql": ""})
    found = folder.find(key)
    assert found is None or found["n"].to_pylist() == list(range(len(found))), "mixed"
"""


def test_writers_of_one_result_at_the_same_time(tmp_path: Path) -> None:
    """Each a bit another one, so that it would show if a note met another's data."""
    command = [sys.executable, "-c", WRITER, str(tmp_path / "cache"), "10000000"]
    processes = [subprocess.Popen([*command, str(number)]) for number in range(2)]
    folder, seen = Folder(tmp_path / "cache", 10_000_000), 0
    while any(process.poll() is None for process in processes):
        time.sleep(0.003)
        found = folder.find(KEY)
        if found is not None:
            seen += 1
            assert found["n"][-1].as_py() == len(found) - 1
    assert [process.returncode for process in processes] == [0, 0]
    assert seen
    assert folder.find(KEY) is not None
    assert folder.broken() == []
    assert [*folder.path.glob("*.part")] == []


def test_what_is_mapped_outlives_its_deletion(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "cache", 1_000_000)
    rows = pa.table({"n": list(range(50_000))})
    _put(folder, KEY, rows)
    mapped = folder.find(KEY)
    for number in range(1, 5):
        _put(folder, f"{number}" * 64, rows)
    assert folder.find(KEY) is None
    assert mapped == rows


def _put(folder: Folder, key: str, rows: pa.Table) -> None:
    with folder.writing(key, rows.schema) as file:
        file.write(rows)
        assert file.finish({"sql": ""})

"""The embedded store's folder: paths, durability, several processes at once."""

from __future__ import annotations

import errno
import io
import os
import signal
import sqlite3
import sys
import threading
import time
import unicodedata
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsql.local import attach, isolated_session
from fsql.local.store import Store
from fsql.local.store.keys import folds, key_of, odd_path, plain_path
from fsql.local.wire import AwsError
from tests.programs import forking

FORKING = forking()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    (made.buckets / "bucket").mkdir()
    return made


def publish(store: Store, key: str, content: bytes = b"x") -> Path:
    with store.stage() as file:
        file.write(content)
        file.flush()
        return store.publish(file.name, "bucket", key)


def delete(store: Store, key: str) -> None:
    with store.write():
        store.unlink("bucket", key)


def keys(store: Store, prefix: str = "") -> list[str]:
    return [found.key for found in store.list("bucket", prefix)]


# Paths


@pytest.mark.parametrize(
    "key",
    [
        "a",
        "a/b.parquet",
        "warehouse/db/t/data/k=v%2F1/00000-0-1.parquet",
        ".hidden",
        "ä b/é",
        "A+B",
    ],
)
def test_an_ordinary_key_is_its_own_path(store: Store, key: str) -> None:
    assert publish(store, key) == store.root / "s3" / "bucket" / key
    assert store.path_to_uri(store.path("bucket", key)) == f"s3://bucket/{key}"
    assert store.uri_to_path(f"s3://bucket/{key}") == store.root / "s3" / "bucket" / key


@pytest.mark.parametrize(
    "key",
    [
        *("..", ".", "../../etc/passwd", "/etc/passwd", "a/../../../b", "a//b", "a/", "/"),
        *("nul\0", "line\n", "back\\slash", "..\\..\\x", "*.parquet", "what?", "[ab]"),
        *("x" * 256, "é" * 128, "~s3~/x", "~S3~", "/" * 1024, "\x01" * 1024),
    ],
)
def test_an_odd_key_stays_inside_and_comes_back(store: Store, key: str) -> None:
    path = publish(store, key, b"content")
    assert path.read_bytes() == b"content"
    assert path.resolve().is_relative_to(store.root / "s3" / "bucket" / "~s3~")
    assert store.path_to_uri(path) == f"s3://bucket/{key}"
    assert keys(store) == [key]
    delete(store, key)
    assert keys(store) == []


def test_an_object_may_be_a_prefix_too(store: Store) -> None:
    for order in (["a", "a/b", "a/b/c"], ["a/b/c", "a/b", "a"]):
        for key in order:
            publish(store, key, key.encode())
        assert keys(store) == ["a", "a/b", "a/b/c"]
        for key in order:
            assert store.path("bucket", key).read_bytes() == key.encode()
            publish(store, key, b"new")
            assert store.path("bucket", key).read_bytes() == b"new"
        for key in order:
            delete(store, key)
            assert key not in keys(store)


def test_files_that_others_wrote_are_objects(store: Store) -> None:
    folder = store.uri_to_path("s3://bucket/data/")
    folder.mkdir()
    (folder / "part-0.parquet").write_bytes(b"abc")
    found = store.find("bucket", "data/part-0.parquet")
    assert found is not None
    assert (found.size, found.path) == (3, folder / "part-0.parquet")
    assert keys(store, "data/") == ["data/part-0.parquet"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="file names must be bytes")
def test_names_that_are_no_text_are_no_objects(store: Store) -> None:
    os.close(os.open(os.fsencode(store.buckets / "bucket") + b"/\xff", os.O_CREAT))
    publish(store, "a")
    assert keys(store) == ["a"]


def test_symbolic_links_are_not_followed(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    bucket = store.buckets / "bucket"
    (bucket / "folder").symlink_to(outside)
    (bucket / "file").symlink_to(outside / "secret")
    (store.buckets / "linked").symlink_to(outside)
    assert keys(store) == []
    for key in ("folder/secret", "folder/new", "file"):
        with pytest.raises(AwsError, match="symbolic link") as caught:
            publish(store, key)
        assert caught.value.code == "AccessDenied"
    with pytest.raises(AwsError, match="NoSuchBucket"):
        store.path("linked", "secret")
    assert [file.name for file in outside.iterdir()] == ["secret"]


@pytest.mark.parametrize("bucket", ["", ".", "..", "../s3", "a/b", "Bucket", "none", "bucket\0"])
def test_buckets_that_do_not_exist(store: Store, bucket: str) -> None:
    with pytest.raises(AwsError, match="NoSuchBucket"):
        store.path(bucket, "key")


@pytest.mark.parametrize("uri", ["bucket/key", "/bucket/key", "file:///bucket", "s3://", ""])
def test_what_is_no_location(store: Store, uri: str) -> None:
    with pytest.raises(ValueError, match="expected s3://bucket/key"):
        store.uri_to_path(uri)


def test_what_is_no_object_of_the_store(store: Store, tmp_path: Path) -> None:
    odd = store.buckets / "bucket" / "~s3~" / "not-base32!.o"
    for path in (tmp_path / "x", store.root / "catalog.db", odd):
        with pytest.raises(ValueError, match="is no object of the store"):
            store.path_to_uri(path)


ANY_KEY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
TRICKY = st.lists(st.sampled_from([*"aA./~", "..", "s3", "%", "\\", "\0", "ß", "e\u0301"])).map(
    "".join
)


@given(key=ANY_KEY | TRICKY.filter(bool))
def test_a_path_says_which_key_it_is(key: str) -> None:
    plain = plain_path(key)
    for path in (odd_path(key), plain):
        if path is not None:
            assert key_of(path) == key
            assert not path.startswith("/")
            segments = path.split("/")
            assert not {"", ".", ".."} & set(segments)
            assert all(len(segment.encode()) <= 255 for segment in segments)
            assert not set("\0\\*?[") & set(path)


@given(one=ANY_KEY | TRICKY.filter(bool), two=ANY_KEY | TRICKY.filter(bool))
def test_no_two_keys_share_a_file_where_case_is_ignored(one: str, two: str) -> None:
    def path(key: str) -> str:
        plain = plain_path(key)
        return odd_path(key) if plain is None or folds(key) else plain

    def seen_by_such_a_file_system(path: str) -> str:
        return unicodedata.normalize("NFC", path).casefold()

    same = seen_by_such_a_file_system(path(one)) == seen_by_such_a_file_system(path(two))
    assert same == (one == two)


class Folding(Store):
    """A store that takes its file system for one that ignores case."""

    def _probe_case(self) -> bool:
        return True


def test_keys_keep_their_case_where_file_names_do_not(tmp_path: Path) -> None:
    store = Folding(tmp_path)
    bucket = store.buckets / "bucket"
    bucket.mkdir()
    for key in ("key", "Key", "KEY", "e\u0301", "\u00e9"):
        publish(store, key, key.encode())
    for key in keys(store):
        assert store.path("bucket", key).read_bytes() == key.encode()
    assert len(keys(store)) == 5
    assert {file.name for file in bucket.iterdir()} == {"key", "\u00e9", "~s3~"}
    (bucket / "Written-By-Others").write_bytes(b"x")
    assert store.find("bucket", "Written-By-Others") is not None
    assert store.find("bucket", "written-by-others") is None


# The folder


def test_the_folder_is_made(tmp_path: Path) -> None:
    store = Store(tmp_path / "not" / "yet")
    assert store.root == tmp_path / "not" / "yet"
    (tmp_path / "link").symlink_to(store.root)
    (store.buckets / "bucket").mkdir()
    linked = Store(tmp_path / "link")
    assert publish(linked, "a") == store.path("bucket", "a")


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for root in (tmp_path / "file", tmp_path / "file" / "store", Path("/proc/fsql-store")):
        with pytest.raises(OSError, match="can't be made or written") as caught:
            Store(root)
        assert str(root) in str(caught.value)
        assert errno.errorcode[caught.value.errno or 0] in {"ENOTDIR", "EEXIST", "ENOENT", "EROFS"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="can't be made or written"):
        Store(tmp_path / "store")


def test_a_catalog_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_bytes(b"no database" * 1000)
    with pytest.raises(OSError, match=r"catalog\.db: file is not a database"):
        Store(tmp_path)


def test_a_catalog_of_the_future(store: Store) -> None:
    with store.write() as db:
        db.execute("PRAGMA user_version = 1000")
    with pytest.raises(OSError, match="Upgrade fsql"):
        Store(store.root)


def test_leftovers_are_swept(store: Store) -> None:
    old, new = store.staging / "old", store.staging / "new"
    for file in (old, new):
        file.write_bytes(b"part of an object")
    os.utime(old, (time.time() - 90_000,) * 2)
    Store(store.root)
    assert [file.name for file in store.staging.iterdir()] == ["new"]


# Transactions


def insert(db: sqlite3.Connection, name: str) -> None:
    db.execute("INSERT INTO glue_database VALUES (?, '{}')", (name,))


def databases(store: Store) -> list[str]:
    with store.read() as db:
        return [row[0] for row in db.execute("SELECT name FROM glue_database ORDER BY name")]


def test_a_failed_write_leaves_nothing(store: Store) -> None:
    with pytest.raises(KeyError), store.write() as db:  # noqa: PT012
        insert(db, "a")
        raise KeyError
    assert databases(store) == []
    with store.write() as db:
        insert(db, "b")
    assert databases(store) == ["b"]


def test_reading_while_writing(store: Store) -> None:
    with store.read() as before:
        before.execute("SELECT count(*) FROM glue_database").fetchone()
        with store.write() as db:
            insert(db, "a")
            assert databases(store) == ["a"]  # the same thread sees what it wrote
            elsewhere: list[list[str]] = []
            thread = threading.Thread(target=lambda: elsewhere.append(databases(store)))
            thread.start()
            thread.join()
            assert elsewhere == [[]]
        assert before.execute("SELECT count(*) FROM glue_database").fetchone() == (0,)
    assert databases(store) == ["a"]


def test_a_write_in_a_write_is_an_error(store: Store) -> None:
    with store.write(), pytest.raises(RuntimeError, match="would wait for itself"), store.write():
        pass
    with store.write() as db:
        insert(db, "a")


def test_threads_take_turns(store: Store) -> None:
    def work(number: int) -> None:
        for step in range(10):
            with store.write(durable=False) as db:
                insert(db, f"{number}-{step}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(databases(store)) == 80


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_opens_its_own(store: Store) -> None:
    with store.write() as db:
        insert(db, "parent")
    child = os.fork()
    if child == 0:
        with store.write() as db:
            insert(db, "child")
        os._exit(0 if databases(store) == ["child", "parent"] else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert databases(store) == ["child", "parent"]


# Several processes


def run(target: Callable[..., None], *arguments: Any) -> Any:
    process = FORKING.Process(target=target, args=arguments)
    process.start()
    return process


def open_store(root: Path, start: Any, answers: Any) -> None:
    start.wait()
    store = Store(root)
    with store.write() as db:
        insert(db, str(os.getpid()))
    answers.put(len(databases(store)))


def test_processes_may_make_the_same_store(tmp_path: Path) -> None:
    start, answers = FORKING.Barrier(4), FORKING.Queue()
    processes = [run(open_store, tmp_path / "store", start, answers) for _ in range(4)]
    assert max(answers.get(timeout=200) for _ in processes) == 4
    for process in processes:
        process.join()
        assert process.exitcode == 0


def commit_versions(root: Path, name: str, start: Any, answers: Any) -> None:
    """Commit as an Iceberg writer does: read the version, then replace just that one."""
    session = isolated_session()
    local = attach(session, root)
    glue: Any = session.client("glue")
    won, lost = [], 0
    start.wait()
    while True:
        table = glue.get_table(DatabaseName="db", Name="t")["Table"]
        version = int(table["VersionId"])
        if version >= 60:
            break
        try:
            change = {"Name": "t", "Owner": name, "Parameters": {"from": str(version)}}
            glue.update_table(
                DatabaseName="db", TableInput=change, VersionId=str(version), SkipArchive=False
            )
        except glue.exceptions.ConcurrentModificationException:
            lost += 1
            continue
        won.append(version + 1)
    local.close()
    answers.put((name, won, lost))


def test_of_concurrent_commits_one_wins_each_version(tmp_path: Path) -> None:
    session = isolated_session()
    local = attach(session, tmp_path / "store")
    local.glue.call("CreateDatabase", {"DatabaseInput": {"Name": "db"}})
    local.glue.call("CreateTable", {"DatabaseName": "db", "TableInput": {"Name": "t"}})
    start, answers = FORKING.Barrier(3), FORKING.Queue()
    names = ["one", "two", "three"]
    arguments = (tmp_path / "store",)
    processes = [run(commit_versions, *arguments, name, start, answers) for name in names]
    results = [answers.get(timeout=200) for _ in names]
    won = {name: versions for name, versions, _ in results}
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert sorted(version for mine in won.values() for version in mine) == list(range(1, 61))
    assert any(lost for _, _, lost in results) or all(won.values()), "there was no race"
    owner = {version: name for name, mine in won.items() for version in mine}
    request = {"DatabaseName": "db", "TableName": "t"}
    for each in local.glue.call("GetTableVersions", request)["TableVersions"]:
        version, table = int(each["VersionId"]), each["Table"]
        assert table.get("Owner") == owner.get(version)
        assert table.get("Parameters", {}).get("from") == (str(version - 1) if version else None)
    local.close()


def write_until_killed(root: Path, seed: int, acknowledged: Connection) -> None:
    """Put objects and update a table, telling of each only when it is done."""
    session = isolated_session()
    attach(session, root)
    s3: Any = session.client("s3")
    glue: Any = session.client("glue")
    number = 0
    while True:
        number += 1
        content = bytes([number % 251]) * (1 + number * 7_919_000 % 24_000_000)
        key = f"p{seed}/{number % 7}"
        acknowledged.send(("try", key, number, len(content)))
        s3.put_object(Bucket="bucket", Key=key, Body=content, Metadata={"number": str(number)})
        acknowledged.send(("put", key, number, len(content)))
        change = {"Name": f"t{seed}", "Owner": str(number)}
        glue.update_table(DatabaseName="db", TableInput=change, SkipArchive=True)
        acknowledged.send(("table", f"t{seed}", number, 0))


class Deadly(io.BytesIO):
    """A body whose reader is killed in the middle of it."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 5_000_000:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(size)


def die_while_writing(root: Path) -> None:
    session = isolated_session()
    attach(session, root)
    s3: Any = session.client("s3")
    s3.put_object(Bucket="bucket", Key="dir/k", Body=Deadly(b"n" * 20_000_000))


def test_a_process_killed_within_a_put_leaves_the_old_object(store: Store) -> None:
    publish(store, "dir/k", b"old")
    process = run(die_while_writing, store.root)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    (left,) = store.staging.iterdir()
    assert left.stat().st_size > 0, "it was killed before it wrote anything"
    assert keys(store) == ["dir/k"]
    assert store.path("bucket", "dir/k").read_bytes() == b"old"


def heard(source: Connection) -> list[tuple[str, str, int, int]]:
    messages = []
    try:
        while source.poll():
            messages.append(source.recv())
    except (EOFError, OSError):
        pass
    return messages


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_process_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    root = tmp_path / "store"
    session = isolated_session()
    local = attach(session, root)
    s3: Any = session.client("s3")
    s3.create_bucket(Bucket="bucket")
    local.glue.call("CreateDatabase", {"DatabaseInput": {"Name": "db"}})
    table = {"DatabaseName": "db", "TableInput": {"Name": f"t{seed}"}}
    local.glue.call("CreateTable", table)
    source, sink = FORKING.Pipe(duplex=False)
    process = run(write_until_killed, root, seed, sink)
    sink.close()
    messages: list[tuple[str, str, int, int]] = []
    while not any(message[0] == "table" for message in messages):
        assert source.poll(60), "the writer never began"
        messages.append(source.recv())
    time.sleep(0.2 + 0.0371 * seed)
    os.kill(process.pid, signal.SIGKILL)
    process.join()

    messages += heard(source)
    tried = {(key, number): size for kind, key, number, size in messages if kind == "try"}
    done = {key: number for kind, key, number, _ in messages if kind == "put"}
    rows = [number for kind, _, number, _ in messages if kind == "table"]
    listed = {each["Key"]: each for each in s3.list_objects_v2(Bucket="bucket")["Contents"]}
    assert set(listed) >= set(done)
    for key, each in listed.items():
        content = s3.get_object(Bucket="bucket", Key=key)["Body"].read()
        possible = {n for (other, n) in tried if other == key and n >= done.get(key, 0)}
        assert each["Size"] == len(content)
        assert (len(content), set(content)) in [
            (tried[key, number], {number % 251}) for number in possible
        ]
    owner = local.glue.call("GetTable", {"DatabaseName": "db", "Name": f"t{seed}"})["Table"][
        "Owner"
    ]
    assert int(owner) in (rows[-1], rows[-1] + 1)
    s3.put_object(Bucket="bucket", Key="after", Body=b"still writable")
    local.close()

"""Parquet files of sorted rows, in bounded memory, on all cores; taken back if the write fails.

Rows wait in memory until there are too many. What waits is written at once if it goes on in the
order of the rows; if not, it is sorted and put aside, and merged when it is enough for some files.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import TypeAlias

import pyarrow as pa

from fsql.errors import StorageError
from fsql.formats.backlog import Backlog, Limits, Taken
from fsql.formats.merging import merges
from fsql.formats.outputs import Output, Place, WrittenFile
from fsql.formats.partitions import Values
from fsql.formats.rowgroups import Encoded, encode
from fsql.formats.sorting import Order
from fsql.formats.spill import RUN_BYTES, Run, Spill
from fsql.storage import Storage

__all__ = ["FileSet", "WrittenFile"]

ROW_GROUP_BYTES = 48 << 20  # of Arrow's memory; on S3 that becomes 20 MB or more
ROW_GROUP_ROWS = 1 << 20
FILE_BYTES = 256 << 20  # AWS advises 128 MB and more: athena/latest/ug/performance-tuning.html
BUFFER_BYTES = 64 << 20  # all partitions together, before rows have to leave memory
MOST_THREADS = 8  # each has a row group in memory
OPEN_FILES = 8  # each holds a part of an upload in memory, see S3's multipart uploads

_FILES_WAITING = 3  # to be merged
_SAMPLE_BYTES = 4 << 20
_LEAST_RATIO = 1 / 32  # files of rows that can be squeezed more have to be read, too

Rows: TypeAlias = Callable[[], pa.Table]
Job: TypeAlias = tuple[Output, Place, Rows]
"""A row group to encode: where it goes, and what gives its rows."""


class FileSet:
    """The files of one write. Leaving the `with` block without `keep` deletes them all.

    Args:
        storage: where they go.
        schema: the files' schema, with field ids.
        place: gives the URI of a new file from its partition and its name.
        order: the columns by which the rows of a file are sorted, the first one counting most.
            Without any, rows stay in the order in which they come.
    """

    def __init__(
        self,
        storage: Storage,
        schema: pa.Schema,
        place: Callable[[Values, str], str],
        order: Sequence[str] = (),
    ) -> None:
        self._storage, self._schema, self._place = storage, schema, place
        self._order = Order(schema, order)
        self._spill = Spill(schema, self._order)
        self._limits = Limits(ROW_GROUP_BYTES, ROW_GROUP_ROWS)
        self._backlogs: dict[Values, Backlog] = {}
        self._ratio = _Ratio()
        self._jobs: deque[Job] = deque()
        self._open: dict[Backlog, None] = {}  # with files that rows go to directly, idle ones first
        self._outputs: list[Output] = []
        self._lock = threading.Lock()
        self._token = uuid.uuid4()
        self._uris: list[str] = []
        self._written: list[WrittenFile] = []
        self._waiting = 0
        self._finishing = threading.Lock()
        self._broken = self._kept = False

    def write(self, partition: Values, table: pa.Table) -> None:
        """Add rows of a partition. Several threads may write at the same time.

        Raises:
            StorageError: a file cannot be written, or rows cannot be put aside.
        """
        named = pa.Table.from_arrays(table.columns, schema=self._schema)
        with self._lock:
            backlog = self._backlogs.get(partition)
            if backlog is None:
                backlog = self._backlogs[partition] = Backlog(self._order)
        for block in _blocks(named, self._limits):
            self._count(backlog.add(block))
        while self._waiting >= BUFFER_BYTES:
            self._relieve()
        self._work()

    def _count(self, bytes: int) -> None:
        with self._lock:
            self._waiting += bytes

    def _relieve(self) -> None:
        """Let rows go from memory, those of the partitions with most of them."""
        with self._lock:
            backlogs = list(self._backlogs.items())
        for partition, backlog in sorted(backlogs, key=lambda b: -b[1].bytes):
            # Small ones go all at once, for their rows may be views that keep much more in memory.
            if self._waiting < BUFFER_BYTES and backlog.bytes >= RUN_BYTES:
                return
            taken = backlog.relieve(self._limits, partial(self._begin, partition))
            if taken is not None:
                self._count(-taken.bytes)
                self._pass_on(partition, backlog, taken)

    @staticmethod
    def _seal(output: Output | None) -> None:
        if output is not None:
            output.seal()

    def _pass_on(self, partition: Values, backlog: Backlog, taken: Taken) -> None:
        if taken.place is None:
            self._put_aside(partition, backlog, taken.rows)
            return
        self._encode(*taken.place, lambda: taken.rows)
        self._seal(backlog.seal(FILE_BYTES))
        self._seal_idle(backlog)

    def _seal_idle(self, current: Backlog) -> None:
        """Let other partitions' files be finished, if too many are open."""
        with self._lock:
            self._open.pop(current, None)
            self._open[current] = None
            idle = list(self._open)[:-OPEN_FILES]
            for backlog in idle:
                del self._open[backlog]
        for backlog in idle:
            self._seal(backlog.seal())

    def _put_aside(self, partition: Values, backlog: Backlog, rows: pa.Table) -> None:
        rows = self._order.sort(rows)
        _give_back()
        self._ratio.guess(rows, self._schema)
        backlog.put_aside(self._spill.put(rows, self._ratio.rows_of(_FILES_WAITING)))
        # One file's worth stays behind, so that no file becomes small when nothing follows.
        most = self._ratio.rows_of(_FILES_WAITING)
        runs = backlog.oldest(self._ratio.rows_of(_FILES_WAITING - 1), most)
        if runs:
            self._merge(partition, runs)

    def _merge(self, partition: Values, runs: list[Run]) -> None:
        groups = merges(runs, self._order, self._limits.bytes, self._limits.rows)
        self._line_up(partition, [group.rows for group in groups], sum(r.bytes for r in runs))

    def _line_up(self, partition: Values, groups: list[Rows], bytes: int) -> None:
        """Line up row groups for files that are about as large as is wanted."""
        count = min(len(groups), max(1, round(bytes / self._ratio.rows_of(1))))
        for file in range(count):
            output = self._begin(partition)
            for rows in groups[file * len(groups) // count : (file + 1) * len(groups) // count]:
                self._jobs.append((output, output.reserve(), rows))
            output.seal()

    def _begin(self, partition: Values) -> Output:
        with self._lock:
            name = f"{len(self._uris):05d}-{self._token}.parquet"
            uri = self._place(partition, name)
            self._uris.append(uri)
            output = Output(uri, partition, lambda: self._opened(uri), self._written.append)
            self._outputs.append(output)
        return output

    def _opened(self, uri: str) -> pa.NativeFile:
        return self._storage.filesystem.open_output_stream(self._storage.for_writing(uri))

    def _encode(self, output: Output, place: Place, rows: Rows) -> None:
        encoded = encode(rows(), self._schema, self._order.places)
        self._ratio.learn(encoded)
        output.put(place, encoded)
        _give_back()

    def _work(self) -> None:
        """Encode what is lined up; every thread that comes by takes a hand in it."""
        while True:
            try:
                job = self._jobs.popleft()
            except IndexError:
                return
            try:
                self._encode(*job)
            except BaseException:
                self._jobs.clear()
                raise

    def finish(self) -> list[WrittenFile]:
        """Write what waits, close every file; the files in the order in which they were begun."""
        backlogs = iter(list(self._backlogs.items()))
        threads = min(pa.cpu_count(), MOST_THREADS)
        with ThreadPoolExecutor(threads, "fsql-finish") as pool:
            working = [pool.submit(self._finish, backlogs) for _ in range(threads)]
            try:
                for worker in working:
                    worker.result()
            except BaseException:
                self._broken = True
                self._jobs.clear()
                raise
        return sorted(self._written, key=lambda file: file.name)

    def _finish(self, backlogs: Iterator[tuple[Values, Backlog]]) -> None:
        while not self._broken:
            self._work()
            with self._finishing:
                item = next(backlogs, None)
                if item is None:
                    break
                self._line_up_rest(*item)
        self._work()

    def _line_up_rest(self, partition: Values, backlog: Backlog) -> None:
        rows, output, runs = backlog.rest()
        if rows is not None and output is not None:
            for group in _groups(rows, self._limits):
                self._jobs.append((output, output.reserve(), group))
        elif rows is not None and runs:
            runs.append(self._spill.put(self._order.sort(rows), sum(run.bytes for run in runs)))
        elif rows is not None:
            if rows.nbytes > FILE_BYTES:
                self._ratio.guess(rows, self._schema)
            self._line_up(partition, self._sorted_groups(rows), rows.nbytes)
        self._seal(backlog.seal())
        if runs:
            self._merge(partition, runs)

    def _sorted_groups(self, rows: pa.Table) -> list[Rows]:
        if self._limits.reached(rows.nbytes, len(rows)):
            return _groups(self._order.sort(rows), self._limits)
        return [lambda: self._order.sort(rows)]

    def keep(self, keep: bool = True) -> None:
        """Let the files stay, or not after all."""
        self._kept = keep

    def __enter__(self) -> FileSet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._kept:
            return
        for output in self._outputs:
            output.abandon()
        # What made the write fail is what people have to hear of.
        with contextlib.nullcontext() if error is None else contextlib.suppress(StorageError):
            self._storage.delete(self._uris)


def _give_back() -> None:
    """Return freed memory to the system; Arrow's pool keeps as much again as is in use, else."""
    pa.default_memory_pool().release_unused()


class _Ratio:
    """How much smaller rows become in a file: measured, so that files become as large as wanted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._encoded = self._table = 0
        self._guess = 0.0

    def guess(self, rows: pa.Table, schema: pa.Schema) -> None:
        """Try it with some rows, as long as nothing better is known."""
        if not self._guess and not self._table:
            some = rows.slice(0, max(1, _SAMPLE_BYTES * len(rows) // max(1, rows.nbytes)))
            self._guess = encode(some, schema).file.size / max(1, some.nbytes)

    def learn(self, encoded: Encoded) -> None:
        """Take a row group into account."""
        with self._lock:
            self._encoded += encoded.file.size
            self._table += encoded.table_bytes

    def rows_of(self, files: int) -> int:
        """About how many bytes of memory the rows of some files take."""
        with self._lock:
            ratio = self._encoded / self._table if self._table else self._guess
        return int(files * FILE_BYTES / max(ratio, _LEAST_RATIO))


def _blocks(table: pa.Table, limits: Limits) -> Iterator[pa.Table]:
    """The rows in blocks that are not much larger than a row group."""
    count = _count(table, limits)
    if count == 1:
        yield table
        return
    step = -(-len(table) // count)
    for start in range(0, len(table), step):
        yield table.slice(start, step)


def _count(table: pa.Table, limits: Limits) -> int:
    return int(max(-(-len(table) // limits.rows), round(table.nbytes / limits.bytes), 1))


def _groups(table: pa.Table, limits: Limits) -> list[Rows]:
    """The rows cut to row groups of about the same size."""
    count = _count(table, limits)
    ends = [len(table) * (place + 1) // count for place in range(count)]
    return [partial(table.slice, a, b - a) for a, b in zip([0, *ends], ends, strict=False)]

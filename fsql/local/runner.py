"""Threads that run queries on DuckDB, and that don't keep a program from ending."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import duckdb

from fsql.local.engine import Engine, Session
from fsql.local.limits import Limits
from fsql.local.objects import Objects
from fsql.local.transpile.errors import SYSTEM, TrinoError

__all__ = ["Dropped", "Runner"]

Dropped = Callable[[Exception | None], None]
"""Told that nobody waits for a job any more, and what for if not because a user wants it so."""

_AT_ONCE = 8
_SPARE = 8  # sessions, in place of those that stuck jobs hold
_PATIENCE = 5.0  # seconds
_WATCH_SECONDS = 0.25
_END_SECONDS = 5.0
_UNLIMITED = Limits()


@dataclass(eq=False)
class _Job:
    id: str
    work: Callable[[Session], None]
    dropped: Dropped
    seconds: float
    since: float = field(default_factory=time.monotonic)
    started: float = 0.0
    engine: Engine | None = None
    session: Session | None = None
    cancelled: float | None = None
    why: Exception | None = None
    lost: bool = False

    def start(self, engine: Engine, session: Session) -> None:
        self.engine, self.started = engine, time.monotonic()
        self.session = session

    def cancel(self, why: Exception | None = None) -> None:
        """Tell its session to stop."""
        if self.session is not None and self.cancelled is None:
            self.cancelled, self.why = time.monotonic(), why
            self.session.cancel(why)

    def is_overdue(self, now: float) -> bool:
        """Whether it has run for too long and was not told to stop yet."""
        running = self.session is not None and self.cancelled is None
        return running and now - self.started > self.seconds

    def is_stuck(self, now: float) -> bool:
        """Whether it was told to stop and DuckDB does not listen."""
        told = self.cancelled is not None and now - self.cancelled > _PATIENCE
        return told and self.session is not None and self.session.inside


class Runner:
    """Runs jobs, each with a DuckDB session, on daemon threads started as they are needed.

    A job that runs for too long is cancelled. One that is cancelled within a function of DuckDB
    that never looks up is given up: it ends as if it had stopped, another thread and session
    take the place of its own, and it goes no step further once DuckDB comes back.

    Args:
        objects: what the sessions see.
        wanted_stopped: ids of jobs that somebody outside this process wants cancelled; asked
            now and then while a job runs long.
        limits: what all jobs together may hold in memory.
    """

    def __init__(
        self,
        objects: Objects,
        wanted_stopped: Callable[[], list[str]],
        limits: Limits = _UNLIMITED,
    ) -> None:
        self._objects = objects
        self._wanted_stopped = wanted_stopped
        self._limits = limits
        self._pid = os.getpid()
        self._engine: Engine | None = None
        self._retired: list[Engine] = []
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._jobs: dict[str, _Job] = {}
        self._threads: list[threading.Thread] = []
        self._lost = 0
        self._changed = threading.Condition()
        self._closed = False

    def submit(
        self,
        id_: str,
        work: Callable[[Session], None],
        dropped: Dropped,
        seconds: float = float("inf"),
    ) -> None:
        """Run `work` soon, for so many seconds at most; neither callable may raise.

        `dropped` is called instead if it is cancelled before, and beside it if it is given up.
        """
        job = _Job(id_, work, dropped, seconds)
        with self._changed:
            self._jobs[id_] = job
            self._changed.notify_all()
            threads = len(self._threads) - self._lost
            if len(self._jobs) > threads - 1 and threads <= _AT_ONCE:
                self._start_threads()
        self._waiting.put(job)

    def cancel(self, id_: str) -> bool:
        """Cancel a job; False if there is none of that id here."""
        with self._changed:
            job = self._jobs.get(id_)
            if job is None:
                return False
            if job.session is not None:
                job.cancel()
                return True
            del self._jobs[id_]
        job.dropped(None)
        return True

    def close(self) -> None:
        """Cancel all jobs and end the threads; what DuckDB holds is given back."""
        if self._closed or self._pid != os.getpid():
            return
        self._closed = True
        for id_ in list(self._jobs):
            self.cancel(id_)
        with self._changed:
            self._changed.notify_all()
        for _ in self._threads:
            self._waiting.put(None)
        end = time.monotonic() + _END_SECONDS
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, end - time.monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            for engine in filter(None, [*self._retired, self._engine]):
                engine.close()

    def _start_threads(self) -> None:
        """One more worker; the first time the watcher too."""
        targets = [self._work] if self._threads else [self._watch, self._work]
        for target in targets:
            thread = threading.Thread(target=target, name="fsql-query", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            try:
                self._run(job)
            except (duckdb.Error, OSError, MemoryError) as error:  # no engine, no session
                job.dropped(error)
            with self._changed:
                self._jobs.pop(job.id, None)
                if job.lost:
                    self._found(job)
                    return

    def _run(self, job: _Job) -> None:
        engine = self._live_engine()
        with engine.session() as session:
            with self._changed:
                dropped = self._jobs.get(job.id) is not job
                job.start(engine, session)
            if not dropped:
                job.work(session)

    def _live_engine(self) -> Engine:
        with self._changed:
            if self._engine and (self._engine.broken or self._engine.stuck >= _SPARE):
                self._retired.append(self._engine)
                self._engine = None
            if self._engine is None:
                memory = self._limits.engine_memory
                self._engine = Engine(self._objects, _AT_ONCE + _SPARE, memory)
            return self._engine

    # Jobs that take too long

    def _watch(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
            if self._closed:
                return
            time.sleep(_WATCH_SECONDS)
            now = time.monotonic()
            jobs = list(self._jobs.values())
            for job in jobs:
                if job.is_overdue(now):
                    job.cancel(_overdue(job.seconds))
                elif job.is_stuck(now):
                    self._give_up(job, now)
            if any(now - job.since > _WATCH_SECONDS for job in jobs):
                for id_ in self._wanted_stopped():
                    self.cancel(id_)

    def _give_up(self, job: _Job, now: float) -> None:
        with self._changed:
            if self._jobs.get(job.id) is not job or job.engine is None or not job.is_stuck(now):
                return  # it has come back
            del self._jobs[job.id]
            job.lost = True
            job.engine.stuck += 1
            self._lost += 1
            self._start_threads()
        job.dropped(job.why)

    def _found(self, job: _Job) -> None:
        """A job that was given up has ended; another thread does the work of this one."""
        self._lost -= 1
        self._threads.remove(threading.current_thread())
        if job.engine is not None:
            job.engine.stuck -= 1


def _overdue(seconds: float) -> TrinoError:
    """The failure of a job that runs for too long."""
    limit = f"{seconds:.2f}s" if seconds < 60 else f"{seconds / 60:.2f}m"
    message = f"Query exhausted resources: it ran longer than the limit of {limit}"
    return TrinoError("EXCEEDED_TIME_LIMIT", message, category=SYSTEM)

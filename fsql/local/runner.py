"""Threads that run queries on DuckDB, and that don't keep a program from ending."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fsql.local.engine import Engine, Session
from fsql.local.objects import Objects

__all__ = ["Runner"]

_AT_ONCE = 8
_WATCH_SECONDS = 0.25
_END_SECONDS = 5.0


@dataclass(eq=False)
class _Job:
    id: str
    work: Callable[[Session], None]
    dropped: Callable[[], None]
    since: float = field(default_factory=time.monotonic)
    session: Session | None = None


class Runner:
    """Runs jobs, each with a DuckDB session, on daemon threads started as they are needed.

    Args:
        objects: what the sessions see.
        wanted_stopped: ids of jobs that somebody outside this process wants cancelled; asked
            now and then while a job runs long.
    """

    def __init__(self, objects: Objects, wanted_stopped: Callable[[], list[str]]) -> None:
        self._objects = objects
        self._wanted_stopped = wanted_stopped
        self._pid = os.getpid()
        self._engine: Engine | None = None
        self._retired: list[Engine] = []
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._jobs: dict[str, _Job] = {}
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._closed = False

    def submit(
        self, id_: str, work: Callable[[Session], None], dropped: Callable[[], None]
    ) -> None:
        """Run `work` soon; `dropped` instead if it is cancelled before. Neither may raise."""
        job = _Job(id_, work, dropped)
        with self._changed:
            self._jobs[id_] = job
            self._changed.notify_all()
            if len(self._jobs) > len(self._threads) - 1 and len(self._threads) <= _AT_ONCE:
                self._start_threads()
        self._waiting.put(job)

    def cancel(self, id_: str) -> bool:
        """Cancel a job; False if there is none of that id here."""
        with self._changed:
            job = self._jobs.get(id_)
            if job is None:
                return False
            if job.session is not None:
                job.session.cancel()
                return True
            del self._jobs[id_]
        job.dropped()
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
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(_END_SECONDS)
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
            with self._live_engine().session() as session:
                with self._changed:
                    dropped = self._jobs.get(job.id) is not job
                    job.session = session
                if not dropped:
                    job.work(session)
                with self._changed:
                    self._jobs.pop(job.id, None)

    def _live_engine(self) -> Engine:
        with self._changed:
            if self._engine is not None and self._engine.broken:
                self._retired.append(self._engine)
                self._engine = None
            if self._engine is None:
                self._engine = Engine(self._objects, _AT_ONCE)
            return self._engine

    def _watch(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
            if self._closed:
                return
            time.sleep(_WATCH_SECONDS)
            now = time.monotonic()
            if any(now - job.since > _WATCH_SECONDS for job in list(self._jobs.values())):
                for id_ in self._wanted_stopped():
                    self.cancel(id_)

"""Programs in processes of their own, which start with fsql imported: forked, so in milliseconds.

For those that are killed, or that work beside others. What is about how a program starts or ends
takes a real one: nothing of Python's own end, such as `atexit`, happens here.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from types import TracebackType
from typing import Any, Self, TextIO

__all__ = ["Program", "forking", "ran", "ran_at_once"]


def forking() -> ForkServerContext:
    """Makes processes that have imported everything already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.warm"])
    return context


class Program:
    """A running program, with those members of `subprocess.Popen` that tests use.

    Attributes:
        stdout: what it prints.

    Args:
        code: the program.
        arguments: what it finds in ``sys.argv``, from the second place on.
    """

    def __init__(self, code: str, *arguments: str) -> None:
        source, sink = os.pipe()
        self.stdout: TextIO = os.fdopen(source, encoding="utf-8")
        with Connection(sink, readable=False) as output:
            what = code, arguments, dict(os.environ), output
            self._process = forking().Process(target=_run, args=what)
            self._process.start()
        self.pid = self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        """As of a process: of one that was killed it is the signal, negative."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """`returncode`."""
        return self.returncode

    def wait(self, seconds: float | None = None) -> int:
        """Its `returncode` once it has ended; what it printed is to be read before."""
        self._process.join(seconds)
        if self.returncode is None:
            raise TimeoutError(f"process {self.pid} runs for more than {seconds} s")
        self.stdout.close()
        return self.returncode

    def kill(self) -> None:
        """As ``kill -9`` does."""
        self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.kill()
        self.wait()


def ran(code: str, *arguments: str) -> int:
    """Run a program to its end; its `Program.returncode`."""
    with Program(code, *arguments) as program:
        program.stdout.read()
    return program.wait()


def ran_at_once(jobs: Iterable[tuple[Callable[..., object], tuple[Any, ...]]]) -> None:
    """Call functions in processes of their own, all at once, and wait for all of them.

    A test that they take too long is pytest-timeout's: how long is too long, it knows.

    Args:
        jobs: each a function of a module, and its arguments.

    Raises:
        AssertionError: not all returned; with the tracebacks of those that raised.
    """
    started = [_started(function, arguments) for function, arguments in jobs]
    try:
        ends = [_end(source, process) for process, source in started]
    finally:
        for process, _ in started:
            process.kill()
    assert not any(ends), "\n".join(filter(None, ends))


def _started(function: Callable[..., object], arguments: tuple[Any, ...]) -> tuple[Any, Connection]:
    source, sink = forking().Pipe(duplex=False)
    process = forking().Process(target=_called, args=(sink, function, arguments))
    process.start()
    sink.close()
    return process, source


def _called(sink: Connection, function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    try:
        function(*arguments)
    except BaseException:
        sink.send(f"process {os.getpid()}\n{traceback.format_exc()}")
        raise
    sink.send("")


def _end(source: Connection, process: Any) -> str:
    """What a process told of its end: nothing, if all is well."""
    try:
        told = str(source.recv())
    except EOFError:
        process.join()
        told = f"process {process.pid} ended with {process.exitcode} and without a word"
    process.join()
    return told


def _run(
    code: str, arguments: tuple[str, ...], environment: dict[str, str], out: Connection
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(out.fileno(), 1)
    out.close()
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.argv = ["-c", *arguments]
    exec(compile(code, "<program>", "exec"), {"__name__": "__main__"})

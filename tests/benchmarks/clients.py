"""16 clients at once against ``fsql serve``: how many queries a second, and how long each takes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import fsql
from fsql.dialect import catalog_of
from tests.benchmarks import peers, report
from tests.benchmarks.data import events, group
from tests.benchmarks.served import Endpoint, endpoint, serving

CLIENTS = 16
QUERIES = int(os.environ.get("FSQL_BENCH_QUERIES", "2000"))
ROWS = 100_000
TITLE = "16 clients at once against fsql serve"
NOTE = """Each client is a process of its own with one connection, on the same two cores as the
server; what the clients compute counts too. Every query has literals of its own: three of four
look one row up by its key, one sums by country. Each answer is checked. p50 and p99 are from a
query's start until its rows are there."""

Run = Callable[[str], int]


def main(folder: Path) -> None:
    """Measure and write the section."""
    with serving(folder) as served:
        store, table = fsql.FeatureStore(served.store), group()
        store.create(table)
        store.write(table, events(ROWS), progress=False)
        lines = [_measured(name, folder, served) for name in CONTENDERS]
        memory = served.memory()
    head = "| clients | queries | errors | queries a second | p50 ms | p99 ms | slowest ms |"
    shown = "\n".join([head, "|---" * 7 + "|", *lines])
    ran = f"The server took {memory:.0f} MB at most."
    report.section(TITLE, "make bench ARGS=clients", f"{shown}\n\n{NOTE} {ran}")


def _measured(name: str, folder: Path, served: Endpoint) -> str:
    """One line of the table: all clients are ready, then all start."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(_client(name, folder, served, number)) for number in range(CLIENTS)
        ]
        for client in clients:
            assert client.stdout is not None
            client.stdout.readline()
        started = time.perf_counter()
        answers = _answers(clients)
        seconds = time.perf_counter() - started
    taken = sorted(took for answer in answers for took in answer["seconds"])
    errors = [error for answer in answers for error in answer["errors"]]
    for error in errors[:5]:
        sys.stderr.write(f"  {name}: {error}\n")
    cuts = statistics.quantiles(taken, n=100)
    figures = [cuts[49], cuts[98], taken[-1]]
    times = " | ".join(f"{figure * 1000:.0f}" for figure in figures)
    sys.stderr.write(f"  {name}: {len(taken) / seconds:.0f} a second, {len(errors)} errors\n")
    return f"| {name} | {len(taken)} | {len(errors)} | {len(taken) / seconds:.0f} | {times} |"


def _client(name: str, folder: Path, served: Endpoint, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", __name__, name, str(folder), str(number)]
    pipe, environment = subprocess.PIPE, served.variables()
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)


def _answers(clients: list[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    for client in clients:
        assert client.stdin is not None
        client.stdin.write("go\n")
        client.stdin.flush()
    return [json.loads(client.communicate()[0].splitlines()[-1]) for client in clients]


def _statements(number: int) -> Iterator[tuple[str, int]]:
    """A client's queries, and how many rows each has."""
    name, each = group().name, QUERIES // CLIENTS
    for turn in range(each):
        key = (number * each + turn) * 7919 % ROWS
        if turn % 4:
            yield f"SELECT id, price, country, seen FROM {name} WHERE id = {key}", 1
        else:
            sums = f"SELECT country, count(*), sum(price) FROM {name} WHERE id <> {key}"
            yield f"{sums} GROUP BY country", 8


def _pyathena(**options: Any) -> Callable[[Endpoint], Run]:
    def prepare(served: Endpoint) -> Run:
        aws = catalog_of(fsql.create_engine(served.fsql_url)).aws
        cursor = peers.connect(aws, **options).cursor()
        return lambda sql: len(cursor.execute(sql).fetchall())

    return prepare


def _fsql(served: Endpoint) -> Run:
    engine = fsql.create_engine(served.fsql_url)
    return lambda sql: len(fsql.read_sql(sql, engine))


CONTENDERS: dict[str, Callable[[Endpoint], Run]] = {
    "PyAthena's cursor, as it comes (polls once a second)": _pyathena(poll_interval=1),
    "PyAthena's cursor, polling every 10 ms": _pyathena(poll_interval=0.01),
    "fsql.read_sql": _fsql,
}


def _run(name: str, folder: Path, number: int) -> None:
    """One client's queries, once it is told to go."""
    run = CONTENDERS[name](endpoint(folder))
    run("SELECT 1 AS one")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    seconds: list[float] = []
    errors: list[str] = []
    for sql, rows in _statements(number):
        started = time.perf_counter()
        try:
            found = run(sql)
        except Exception as error:  # noqa: BLE001 (any error is what is counted)
            errors.append(repr(error))
        else:
            if found != rows:
                errors.append(f"{found} rows, not {rows}: {sql}")
        seconds.append(time.perf_counter() - started)
    sys.stdout.write(json.dumps({"seconds": seconds, "errors": errors}) + "\n")


if __name__ == "__main__":
    contender, place, which = sys.argv[1:]
    _run(contender, Path(place), int(which))

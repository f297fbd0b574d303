"""``alembic check`` over 50, 150 and 500 feature groups: calls, seconds and how they grow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import botocore.client
import pytest
import sqlalchemy as sa
from alembic import autogenerate, command
from alembic.config import Config
from alembic.ddl.impl import DefaultImpl
from alembic.runtime.migration import MigrationContext

import fsql
from fsql.types import Struct, Timestamp
from tests.benchmarks import report
from tests.benchmarks.served import DATABASE, STAGING, Endpoint, endpoint, serving

SIZES = (50, 150, 500)
ROUNDS = 3
TITLE = "Autogenerate over 50, 150 and 500 feature groups"
NOTE = """A group has {columns} columns, one of them a struct. Each contender is a process of its
own that has imported everything; fastest of {rounds}, every one of which finds that nothing
differs. fsql's is `alembic check` with all that belongs to it: loading env.py, opening the store,
reading the revision, comparing. The peer is the comparison that Alembic has for any database, of
the same Glue tables over the same HTTP by PyAthena's dialect, which lists them in pages of 50; it
has its connection already, and sees the columns' names, but no fields within structs, no keys, no
times and no exact types. *Served*: over HTTP on loopback, from a server on the same two cores.
What Athena is asked for metadata counts as a call to Glue."""
COLUMNS = 10
ENV = """
import fsql.migration
from tests.benchmarks.autogenerate import groups

fsql.migration.run(groups({size}))
"""


class _Athena(DefaultImpl):
    """What Alembic takes for a database that it knows nothing of."""

    __dialect__ = "awsathena"


def main(folder: Path) -> None:
    """Measure and write the section."""
    lines = ["| contender | groups | calls to Glue | which | seconds | x 50 groups | x the peer |"]
    lines += ["|---" * 7 + "|"]
    found: dict[tuple[str, int], dict[str, Any]] = {}
    with serving(folder) as served:
        for size in SIZES:  # the store grows
            _prepare(served.store, folder, size)
            for name in CONTENDERS:
                found[name, size] = _measured(name, folder, size, served)
    lines += [_line(found, name, size) for name in CONTENDERS for size in SIZES]
    note = NOTE.format(columns=COLUMNS, rounds=ROUNDS)
    report.section(TITLE, "make bench ARGS=autogenerate", "\n".join(lines) + f"\n\n{note}")


def _line(found: dict[tuple[str, int], dict[str, Any]], name: str, size: int) -> str:
    mine = found[name, size]
    growth = mine["seconds"] / found[name, SIZES[0]]["seconds"]
    ratio = mine["seconds"] / found[PEER, size]["seconds"]
    which = ", ".join(f"{count} {call}" for call, count in mine["calls"].items())
    calls = sum(mine["calls"].values())
    figures = f"{mine['seconds']:.2f} | {growth:.1f} | {ratio:.2f}"
    return f"| {name} | {size} | {calls} | {which} | {figures} |"


def _measured(name: str, folder: Path, size: int, served: Endpoint) -> dict[str, Any]:
    words = [sys.executable, "-m", __name__, name, str(folder), str(size)]
    environment = {**served.variables(), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    sys.stderr.write(f"  {name}, {size} groups: {found}\n")
    return found


def groups(size: int) -> sa.MetaData:
    """That many feature groups."""
    metadata = sa.MetaData()
    for number in range(size):
        fsql.FeatureGroup(
            *("bench", "auto", f"g{number:04}", "v0001"),
            metadata,
            sa.Column("id", sa.BigInteger),
            sa.Column("seen", Timestamp("us", "UTC")),
            sa.Column("wind", Struct(dir=sa.Double, speed=sa.Double), comment="degrees, mph"),
            *(sa.Column(f"f{column}", sa.Double) for column in range(COLUMNS - 3)),
            keys=["id"],
            event_time="seen",
            description=f"Group {number}",
        )
    return metadata


def _prepare(url: str, folder: Path, size: int) -> None:
    store = fsql.FeatureStore(url)
    there = {group.name for group in store.groups()}
    for group in groups(size).tables.values():
        if group.name not in there:
            store.create(group)  # type: ignore[arg-type]
    (folder / "pyproject.toml").write_text('[tool.alembic]\nscript_location = "%(here)s"\n')
    (folder / "env.py").write_text(ENV.format(size=size))
    (folder / "versions").mkdir(exist_ok=True)


def _check(url: str, folder: Path) -> None:
    config = Config(toml_file=folder / "pyproject.toml", stdout=sys.stderr)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.check(config)


def _embedded(served: Endpoint, folder: Path, size: int) -> Callable[[], None]:
    return lambda: _check(served.store, folder)


def _served(served: Endpoint, folder: Path, size: int) -> Callable[[], None]:
    return lambda: _check(served.fsql_url, folder)


def _pyathena(served: Endpoint) -> sa.Engine:
    staging, endpoint_url = quote_plus(STAGING), quote_plus(served.url)
    return sa.create_engine(
        f"awsathena+rest://local:local@athena.us-east-1.amazonaws.com:443/{DATABASE}"
        f"?s3_staging_dir={staging}&endpoint_url={endpoint_url}"
    )


def _stock(served: Endpoint, folder: Path, size: int) -> Callable[[], None]:
    """Alembic's comparison of plain tables."""
    engine = _pyathena(served)
    views = {group.view_name for group in groups(size).tables.values()}  # type: ignore[attr-defined]

    def work() -> None:
        declared, metadata = groups(size), sa.MetaData()
        for group in declared.tables.values():
            sa.Table(group.name, metadata, *(sa.Column(c.name, c.type) for c in group.columns))
        options = {
            "include_name": lambda name, kind, _: name not in views,
            "compare_type": False,
        }
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts=options)
            assert autogenerate.compare_metadata(context, metadata) == []

    return work


def _one_by_one(served: Endpoint, folder: Path, size: int) -> Callable[[], None]:
    """SQLAlchemy's reflection of each table for itself."""
    engine, names = _pyathena(served), sorted(groups(size).tables)

    def work() -> None:
        for name in names:
            assert len(sa.Table(name, sa.MetaData(), autoload_with=engine).columns) == COLUMNS

    return work


PEER = "Alembic's reflection by PyAthena's dialect, served"
CONTENDERS: dict[str, Callable[[Endpoint, Path, int], Callable[[], None]]] = {
    "fsql, embedded": _embedded,
    "fsql, served": _served,
    PEER: _stock,
    "SQLAlchemy's reflection of each table for itself, served": _one_by_one,
}


def _counted(work: Callable[[], None]) -> dict[str, int]:
    """Which calls boto3's clients make in a run."""
    calls: Counter[str] = Counter()
    call = vars(botocore.client.BaseClient)["_make_api_call"]

    def counting(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        calls[operation] += 1
        return call(client, operation, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", counting)
        work()
    return dict(calls.most_common())


def _run(name: str, folder: Path, size: int) -> None:
    work = CONTENDERS[name](endpoint(folder), folder, size)
    seconds = []
    calls = _counted(work)
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    sys.stdout.write(json.dumps({"seconds": min(seconds), "calls": calls}) + "\n")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    contender, place, count = sys.argv[1:]
    _run(contender, Path(place), int(count))

"""A point-in-time join by fsql's SQL, beside the form that other stores emit and DuckDB's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

import fsql
from fsql.types import Timestamp
from tests.benchmarks import report
from tests.benchmarks.measure import Figure, Work, side_by_side, timed

SIZES = (1_000_000, 10_000_000, 50_000_000)
ASKED = 1_000_000
KEYS = 10_000
ROUNDS = 2
TITLE = "Point-in-time joins"
OURS, JOINED = "fsql's SQL", "join and ROW_NUMBER"
ASOF, PANDAS = "DuckDB's ASOF JOIN", "pandas.merge_asof"
LARGEST_JOINED = 10_000_000  # beyond, billions of pairs are not worth the wait
NOTE = f"""{ASKED:,} rows of a spine ask for three features of a group of as many rows as the
heading says, of {KEYS:,} keys, so that histories are 100, 1,000 and 5,000 rows long. The first two
are Athena's SQL run by the embedded store, {ASOF} is plain DuckDB on the same Parquet files; all
three end in a count and sums, so that no result is carried. {JOINED} is the SQL that joins each
row of the spine with all earlier rows of its key and keeps the newest. {PANDAS} has both frames in
memory, sorting included. The sums are compared. *All of it* is the whole training set as a stream
written to Parquet, from a spine of {SIZES[-1]:,} rows that is a table and {SIZES[0]:,} feature
rows."""
STREAMED = "all of it, to Parquet"

METADATA = sa.MetaData()
GROUP = fsql.FeatureGroup(
    "bench", "point", "feature", "v0001", METADATA,
    sa.Column("k", sa.BigInteger), sa.Column("t", Timestamp("us")),
    sa.Column("a", sa.BigInteger), sa.Column("b", sa.Double), sa.Column("c", sa.String),
    keys="k", event_time="t",
)  # fmt: skip
SPINE = fsql.FeatureGroup(
    "bench", "point", "spine", "v0001", METADATA,
    sa.Column("i", sa.BigInteger), sa.Column("k", sa.BigInteger),
    sa.Column("at", Timestamp("us")), sa.Column("y", sa.Double), keys="i",
)  # fmt: skip


def main(folder: Path) -> None:
    """Measure and write the section."""
    parts = []
    for size in SIZES:
        place = folder / str(size)
        prepare(place, size, ASKED)
        names = [OURS, JOINED, ASOF, PANDAS]
        chosen = [name for name in names if name != JOINED or size <= LARGEST_JOINED]
        parts.append(f"{size:,} rows:\n\n{report.table(_measured(chosen, place), ASOF)}")
    streamed = folder / "streamed"
    prepare(streamed, SIZES[0], SIZES[-1])
    parts.append(report.table(_measured([STREAMED], streamed), STREAMED))
    text = "\n\n".join(parts)
    report.section(TITLE, "make bench ARGS=point_in_time", f"{text}\n\n{NOTE}")


def _measured(names: list[str], folder: Path) -> dict[str, Figure]:
    command = [sys.executable, "-m", __name__]
    commands = {name: [*command, name, str(folder)] for name in names}
    return side_by_side(commands, dict.fromkeys(names, ROUNDS))


def prepare(folder: Path, rows: int, asked: int) -> None:
    """A store with a group and a spine, each row at a time of its own so that answers are one."""
    folder.mkdir()
    store = fsql.FeatureStore(_url(folder))
    random = "hash({0} * 4 + {1})"
    feature = f"""
        SELECT i % {KEYS} AS k, make_timestamp(1600000000000000 + i * 1000000) AS t,
               i AS a, i / 7 AS b, 'x' || ({random.format("i", 1)} % 100) AS c
        FROM range({rows}) r(i)"""
    spine = f"""
        SELECT i, ({random.format("i", 2)} % {KEYS})::bigint AS k, make_timestamp(
            1600000000000000 + ({random.format("i", 3)} % {rows})::bigint * 1000000 + 1
        ) AS at, i / 3 AS y
        FROM range({asked}) r(i)"""
    for group, sql in ((GROUP, feature), (SPINE, spine)):
        file = folder / f"{group.name}.parquet"
        duckdb.execute(f"COPY ({sql}) TO '{file}'")
        store.create(group)
        store.write(group, str(file))


def _url(folder: Path) -> str:
    return f"fsql:///{folder}/store"


def _sums(table: pa.Table) -> str:
    row = table.to_pylist()[0]
    return f"{row['n']} {row['a']} {row['c']}"


def _ours(folder: Path) -> Work:
    store = fsql.FeatureStore(_url(folder))
    rows = store.training_set(SPINE, [GROUP], time="at").select().subquery()
    query = sa.select(
        sa.func.count().label("n"),
        sa.func.sum(rows.c.a).label("a"),
        sa.func.count(rows.c.c).label("c"),
    )
    store.read("SELECT 1")
    return lambda: _told(fsql.read_arrow(query, store.engine))


def _joined(folder: Path) -> Work:
    engine = fsql.create_engine(_url(folder))
    sql = f"""
        SELECT count(*) AS n, sum(a) AS a, count(c) AS c FROM (
            SELECT s.i, g.a, g.b, g.c,
                   row_number() OVER (PARTITION BY s.i ORDER BY g.t DESC) AS place
            FROM {SPINE.name} AS s LEFT JOIN {GROUP.name} AS g ON g.k = s.k AND g.t <= s.at
        ) WHERE place = 1"""
    fsql.read_sql("SELECT 1", engine)
    return lambda: _told(fsql.read_arrow(sql, engine))


def _asof(folder: Path) -> Work:
    connection = duckdb.connect()
    data = (folder / "store" / "s3").rglob("*/data/*.parquet")
    files = [*map(str, data)]
    places = {g.name: [f for f in files if f"/{g.name}/" in f] for g in (SPINE, GROUP)}
    sql = f"""
        SELECT count(*) AS n, sum(g.a) AS a, count(g.c) AS c
        FROM read_parquet({places[SPINE.name]}) AS s
        ASOF LEFT JOIN read_parquet({places[GROUP.name]}) AS g ON g.k = s.k AND s.at >= g.t"""
    return lambda: _told(connection.sql(sql).to_arrow_table())


def _pandas(folder: Path) -> Work:
    rows = pd.read_parquet(folder / f"{GROUP.name}.parquet")
    asked = pd.read_parquet(folder / f"{SPINE.name}.parquet")

    def merge() -> None:
        merged = pd.merge_asof(
            asked.sort_values("at"), rows.sort_values("t"), left_on="at", right_on="t", by="k"
        )
        totals = {"n": len(merged), "a": int(merged["a"].sum()), "c": int(merged["c"].count())}
        _told(pa.Table.from_pylist([totals]))

    return merge


def _streamed(folder: Path) -> Work:
    store = fsql.FeatureStore(_url(folder))
    training = store.training_set(SPINE, [GROUP], time="at")
    return partial(store.dump, training.select(), folder / "training.parquet")


def _told(table: pa.Table) -> None:
    """What came out; whoever measures sees whether all agree."""
    sys.stderr.write(f"    {_sums(table)}\n")


CONTENDERS: Mapping[str, Callable[[Path], Work]] = {
    OURS: _ours,
    JOINED: _joined,
    ASOF: _asof,
    PANDAS: _pandas,
    STREAMED: _streamed,
}


if __name__ == "__main__":
    name, place = sys.argv[1:]
    timed(lambda: CONTENDERS[name](Path(place)))

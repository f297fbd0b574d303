"""A point-in-time join by fsql's SQL, beside the form that other stores emit and DuckDB's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
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

SIZES = {1_000_000: 2, 10_000_000: 1, 50_000_000: 0}  # rows, and rounds after the first one
ASKED = 1_000_000
KEYS = 10_000
LARGEST_JOINED = 10_000_000  # beyond, billions of pairs are not worth the wait
STREAMED_ROWS, MEMORY = 50_000_000, "1GB"
TITLE = "Point-in-time joins"
OURS, JOINED = "fsql's SQL", "join and ROW_NUMBER, at its barest"
EMITTED = "join and ROW_NUMBER, the whole form"
ASOF, PANDAS = "DuckDB's ASOF JOIN", "pandas.merge_asof"
STREAMED = "all of it, to Parquet"
NOTE = f"""{ASKED:,} rows of a spine ask for three features of a group of as many rows as the
heading says, of {KEYS:,} keys, so that histories are 100, 1,000 and 5,000 rows long. The first
three are Athena's SQL run by the embedded store, {ASOF} is plain DuckDB on the same Parquet files;
all four end in a count and totals of each feature, so that no result is carried. {PANDAS} has both
frames in memory, sorting included. The totals are compared.

*{EMITTED}* is what feature stores emit for Athena: each row of the spine gets an id made
of its keys and time as text, is joined with all earlier rows of its key, ROW_NUMBER finds the
newest of each id, that is joined back for its features, and these to the spine. *At its barest* is
one join and one ROW_NUMBER, with nothing joined back: less than what others emit. Neither breaks
ties, which fsql's SQL does. From {LARGEST_JOINED:,} rows on the whole form runs once.

The last line, *{STREAMED}*, is the whole training set as a stream written to Parquet, from a
spine of {STREAMED_ROWS:,} rows that is a table and {min(SIZES):,} feature rows, in a store opened
with `max_memory={MEMORY}`."""

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
    parts = [measured(folder / str(size), size) for size in SIZES]
    write([*parts, streamed(folder / "streamed")])


def measured(folder: Path, size: int) -> str:
    """All contenders on one size."""
    prepare(folder, size, ASKED)
    rounds = {OURS: SIZES[size], ASOF: SIZES[size], PANDAS: SIZES[size]}
    if size <= LARGEST_JOINED:
        rounds |= {JOINED: SIZES[size], EMITTED: 0 if size == LARGEST_JOINED else SIZES[size]}
    return f"{size:,} rows:\n\n{report.table(_run(rounds, folder), ASOF)}"


def streamed(folder: Path) -> str:
    """A whole training set, and what memory it takes."""
    prepare(folder, min(SIZES), STREAMED_ROWS)
    return report.table(_run({STREAMED: 0}, folder), STREAMED)


def write(parts: Sequence[str]) -> None:
    """Write the section."""
    text = "\n\n".join(parts)
    report.section(TITLE, "make bench ARGS=point_in_time", f"{text}\n\n{NOTE}")


def _run(rounds: Mapping[str, int], folder: Path) -> dict[str, Figure]:
    command = [sys.executable, "-m", __name__]
    return side_by_side({name: [*command, name, str(folder)] for name in rounds}, rounds)


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
    return f"{row['n']} {row['a']} {row['b']:.3f} {row['c']}"


def _ours(folder: Path) -> Work:
    store = fsql.FeatureStore(_url(folder))
    rows = store.training_set(SPINE, [GROUP], time="at").select().subquery()
    query = sa.select(
        sa.func.count().label("n"),
        sa.func.sum(rows.c.a).label("a"),
        sa.func.max(rows.c.b).label("b"),
        sa.func.count(rows.c.c).label("c"),
    )
    store.read("SELECT 1")
    return lambda: _told(fsql.read_arrow(query, store.engine))


def _joined(folder: Path) -> Work:
    engine = fsql.create_engine(_url(folder))
    sql = f"""
        SELECT count(*) AS n, sum(a) AS a, max(b) AS b, count(c) AS c FROM (
            SELECT s.i, g.a, g.b, g.c,
                   row_number() OVER (PARTITION BY s.i ORDER BY g.t DESC) AS place
            FROM {SPINE.name} AS s LEFT JOIN {GROUP.name} AS g ON g.k = s.k AND g.t <= s.at
        ) WHERE place = 1"""
    fsql.read_sql("SELECT 1", engine)
    return lambda: _told(fsql.read_arrow(sql, engine))


def _emitted(folder: Path) -> Work:
    engine = fsql.create_engine(_url(folder))
    sql = f"""
        WITH asked AS (
            SELECT *, CAST(k AS varchar) || ' ' || CAST(at AS varchar) AS id FROM {SPINE.name}
        ), questions AS (
            SELECT k, at, id FROM asked GROUP BY k, at, id
        ), history AS (
            SELECT t, k, a, b, c FROM {GROUP.name} WHERE t <= (SELECT max(at) FROM asked)
        ), pairs AS (
            SELECT history.*, questions.at, questions.id
            FROM history JOIN questions ON history.t <= questions.at AND history.k = questions.k
        ), newest AS (
            SELECT t, id FROM (
                SELECT pairs.*, row_number() OVER (PARTITION BY id ORDER BY t DESC) AS place
                FROM pairs
            ) WHERE place = 1
        ), answers AS (
            SELECT pairs.* FROM pairs JOIN newest ON pairs.id = newest.id AND pairs.t = newest.t
        )
        SELECT count(*) AS n, sum(a) AS a, max(b) AS b, count(c) AS c
        FROM asked LEFT JOIN (SELECT id, a, b, c FROM answers) AS found ON asked.id = found.id"""
    fsql.read_sql("SELECT 1", engine)
    return lambda: _told(fsql.read_arrow(sql, engine))


def _asof(folder: Path) -> Work:
    connection = duckdb.connect()
    data = (folder / "store" / "s3").rglob("*/data/*.parquet")
    files = [*map(str, data)]
    places = {g.name: [f for f in files if f"/{g.name}/" in f] for g in (SPINE, GROUP)}
    sql = f"""
        SELECT count(*) AS n, sum(g.a) AS a, max(g.b) AS b, count(g.c) AS c
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
        a, b, c = int(merged["a"].sum()), merged["b"].max(), int(merged["c"].count())
        _told(pa.Table.from_pylist([{"n": len(merged), "a": a, "b": b, "c": c}]))

    return merge


def _streamed(folder: Path) -> Work:
    store = fsql.FeatureStore(f"{_url(folder)}?max_memory={MEMORY}")
    training = store.training_set(SPINE, [GROUP], time="at")
    return partial(store.dump, training.select(), folder / "training.parquet")


def _told(table: pa.Table) -> None:
    """What came out; whoever measures sees whether all agree."""
    sys.stderr.write(f"    {_sums(table)}\n")


CONTENDERS: Mapping[str, Callable[[Path], Work]] = {
    OURS: _ours,
    JOINED: _joined,
    EMITTED: _emitted,
    ASOF: _asof,
    PANDAS: _pandas,
    STREAMED: _streamed,
}


if __name__ == "__main__":
    name, place = sys.argv[1:]
    timed(lambda: CONTENDERS[name](Path(place)))

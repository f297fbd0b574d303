"""Writing 1M rows x 5 columns the ways of pandas, SQLAlchemy and SQL."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import fsql
from fsql.types import Timestamp
from tests.benchmarks import report
from tests.benchmarks.data import events
from tests.benchmarks.measure import Work, in_processes, timed

ROWS = 1_000_000
FEW = 10_000  # of them as VALUES
PAGE = 100  # PyAthena's for an INSERT of many rows
TITLE = "Inserting 1M rows x 5 columns"
COLUMNS = ["id", "clicks", "price", "country", "seen"]


def main(folder: Path) -> None:
    """Measure and write the section."""
    figures = in_processes(__name__, list(CONTENDERS), folder, rounds=3)
    text = report.table(figures, "FeatureStore.write of the frame")
    note = f"The VALUES are a hundredth of the rows: {FEW:,}, in statements of {PAGE}."
    report.section(TITLE, "make bench ARGS=inserts", f"{text}\n\n{note}")


def _group() -> fsql.FeatureGroup:
    made: fsql.FeatureGroup = fsql.FeatureGroup(
        *("bench", "web", "insert", "v0001", sa.MetaData()),
        sa.Column("id", sa.BigInteger),
        sa.Column("clicks", sa.Integer),
        sa.Column("price", sa.Double),
        sa.Column("country", sa.String),
        sa.Column("seen", Timestamp("us")),
        keys=["id"],
        event_time="seen",
    )
    return made


def _store(folder: Path) -> tuple[fsql.FeatureStore, fsql.FeatureGroup]:
    store, group = fsql.FeatureStore(f"fsql:///{folder}/insert-{uuid.uuid4()}"), _group()
    store.create(group)
    return store, group


def _frame(rows: int = ROWS) -> Any:
    return events(rows).select(COLUMNS).to_pandas()


def _write(folder: Path) -> Work:
    (store, group), frame = _store(folder), _frame()
    return lambda: store.write(group, frame, progress=False)


def _to_sql(folder: Path, **options: int) -> Work:
    (store, group), frame = _store(folder), _frame()
    return lambda: frame.to_sql(
        group.name, store.engine, if_exists="append", index=False, **options
    )


def _executed(folder: Path) -> Work:
    (store, group), rows = _store(folder), _frame().to_dict("records")

    def work() -> None:
        with store.engine.begin() as connection:
            connection.execute(sa.insert(group), rows)

    return work


def _insert_from(folder: Path) -> Work:
    store, group = _store(folder)
    store.write(group, _frame(), progress=False)
    select = f"SELECT id + {ROWS} AS id, clicks, price, country, seen FROM {group.name}"
    return lambda: store.insert_from(group, select, progress=False)


def _values(folder: Path) -> Work:
    (store, group), rows = _store(folder), _frame(FEW).itertuples(index=False)
    texts = [
        f"({r.id}, {r.clicks}, {r.price!r}E0, '{r.country}', TIMESTAMP '{r.seen}')" for r in rows
    ]
    pages = [", ".join(texts[first : first + PAGE]) for first in range(0, FEW, PAGE)]

    def work() -> None:
        with fsql.connect(store.engine.url) as connection, connection.cursor() as cursor:
            for page in pages:
                cursor.execute(f"INSERT INTO {group.name} VALUES {page}")

    return work


CONTENDERS: dict[str, Callable[[Path], Work]] = {
    "FeatureStore.write of the frame": _write,
    "DataFrame.to_sql": _to_sql,
    "DataFrame.to_sql, chunksize=100000": lambda folder: _to_sql(folder, chunksize=100_000),
    "conn.execute(insert(group), rows)": _executed,
    "FeatureStore.insert_from": _insert_from,
    "INSERT … VALUES": _values,
}


if __name__ == "__main__":
    name, place = sys.argv[1:]
    timed(lambda: CONTENDERS[name](Path(place)))

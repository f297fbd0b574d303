"""awswrangler's contenders; run by the interpreter of its own environment, so nothing of fsql."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import Work, timed
from tests.benchmarks.served import DATABASE, STAGING

POLL_SECONDS = 0.01  # its own second would be most of what is measured
ONE_ROWS = 5  # queries, whose mean counts; each makes boto3's clients anew
OUTPUT = "s3://fsql-local/wrangler"


def write(folder: Path) -> Work:
    """Of a pandas frame, as a catalogued dataset."""
    import awswrangler as wr

    frame, name = _frame(folder / "data.parquet"), f"w{uuid.uuid4().hex}"
    return lambda: wr.s3.to_parquet(
        frame,
        path=f"{OUTPUT}/{name}/",
        dataset=True,
        database=DATABASE,
        table=name,
        compression="zstd",
    )


def read(ctas: bool, unload: bool, **more: Any) -> Callable[[Path], Work]:
    """Of a whole table, by one of the three approaches."""

    def prepare(folder: Path) -> Work:
        import awswrangler as wr

        sql = (folder / "milliseconds.sql").read_text()
        options: dict[str, Any] = {"database": DATABASE, "s3_output": STAGING}
        options |= {"ctas_approach": ctas, "unload_approach": unload, **more}
        options["athena_query_wait_polling_delay"] = POLL_SECONDS
        first = f"{OUTPUT}/r{uuid.uuid4().hex}/"  # an UNLOAD wants an empty folder
        wr.athena.read_sql_query("SELECT 1 AS one", **{**options, "s3_output": first})

        def run() -> Any:
            temporary = f"{OUTPUT}/r{uuid.uuid4().hex}/"
            return wr.athena.read_sql_query(sql, **{**options, "s3_output": temporary})

        return run

    return prepare


def one_row(**polling: float) -> Callable[[Path], Work]:
    """Of a row, from the CSV result; polling as it comes, unless told otherwise."""

    def prepare(folder: Path) -> Work:
        import awswrangler as wr

        sql = (folder / "one-row.sql").read_text()
        options: dict[str, Any] = {"database": DATABASE, "s3_output": STAGING, **polling}

        def run() -> Any:
            return wr.athena.read_sql_query(sql, ctas_approach=False, **options)

        run()
        return run

    return prepare


def upsert(folder: Path) -> Work:
    """Of changed and new rows, by MERGE from a staged table."""
    import awswrangler as wr

    wr.config.athena_query_wait_polling_delay = POLL_SECONDS
    frame = _frame(folder / "changes.parquet")
    return lambda: wr.athena.to_iceberg(
        frame,
        database=DATABASE,
        table="bench_web_wide_v0002",
        merge_cols=["id", "seen"],
        temp_path=f"{OUTPUT}/u{uuid.uuid4().hex}/",
        s3_output=STAGING,
        keep_files=False,
    )


def _frame(path: Path) -> Any:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    def nested_only(type_: Any) -> Any:
        return pd.ArrowDtype(type_) if pa.types.is_nested(type_) else None

    return pq.read_table(path).to_pandas(types_mapper=nested_only)


CONTENDERS: dict[str, Callable[[Path], Work]] = {
    "awswrangler s3.to_parquet": write,
    "awswrangler read_sql_query (CTAS)": read(ctas=True, unload=False),
    "awswrangler read_sql_query (UNLOAD)": read(ctas=False, unload=True),
    "awswrangler read_sql_query to Arrow's types (UNLOAD)": read(
        ctas=False, unload=True, dtype_backend="pyarrow"
    ),
    "awswrangler read_sql_query (regular)": read(ctas=False, unload=False),
    "awswrangler athena.to_iceberg (MERGE)": upsert,
    "awswrangler one row, as it comes": one_row(),
    "awswrangler one row, polling every 10 ms": one_row(
        athena_query_wait_polling_delay=POLL_SECONDS
    ),
}


if __name__ == "__main__":
    name, place = sys.argv[1:]
    timed(lambda: CONTENDERS[name](Path(place)), ONE_ROWS if "one row" in name else 1)

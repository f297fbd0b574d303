"""pandas and polars over an engine, a connection and a DB-API connection; results as JSON."""

import json
import sys
import warnings

import pandas as pd
import polars as pl
import sqlalchemy as sa

import fsql

warnings.simplefilter("error")
url = sys.argv[1]
engine = sa.create_engine(url)
everything = "SELECT * FROM plain ORDER BY id"
frame = pd.read_sql_table("plain", engine)
wrote = [
    frame.to_sql("copied", engine, index=False, if_exists="replace"),
    frame.to_sql("copied", engine, index=False, if_exists="append", method="multi"),
    frame.to_sql("copied", engine, index=False, if_exists="append", chunksize=2),
]
one = pd.read_sql(
    sa.text("SELECT id FROM plain WHERE name = :name"), engine, params={"name": "eve"}
)
with engine.connect() as connection:
    counted = pl.read_database("SELECT count(*) AS n FROM copied", connection)
results = {
    "types": {name: str(dtype) for name, dtype in pd.read_sql(everything, engine).dtypes.items()},
    "wrote": wrote,
    "one": one.to_dict("records"),
    "columns": list(pd.read_sql_table("plain", engine, columns=["id", "x"]).columns),
    "chunks": [len(part) for part in pd.read_sql("SELECT * FROM copied", engine, chunksize=4)],
    "counted": counted.to_dicts(),
    "polars": pl.read_database(everything, engine).select("id", "name", "x").to_dicts(),
    "schema": {k: str(v) for k, v in pl.read_database(everything, engine).schema.items()},
    "batches": [
        part.height
        for part in pl.read_database(everything, engine, iter_batches=True, batch_size=2)
    ],
    "driver": pl.read_database("SELECT id FROM plain", fsql.connect(url)).height,
    "asked": pl.read_database(
        "SELECT name FROM plain WHERE id = :id", engine, execute_options={"parameters": {"id": 3}}
    ).to_dicts(),
}
json.dump(results, sys.stdout)

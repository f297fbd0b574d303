"""Which reader belongs to which SerDe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fsql.local.tables.hive_csv import quoted_csv
from fsql.local.tables.hive_delimited import delimited
from fsql.local.tables.hive_json import hive_json, openx_json
from fsql.local.tables.hive_lines import Columns, Form, Scanned

__all__ = ["PARQUET", "reader_of"]

Json = dict[str, Any]
Reader = Callable[[list[str], Columns, Form, str], Scanned]

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
# https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html
_READERS: dict[str, Reader] = {
    "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe": delimited,
    "org.apache.hadoop.hive.serde2.OpenCSVSerde": quoted_csv,
    "org.openx.data.jsonserde.JsonSerDe": openx_json,
    "org.apache.hive.hcatalog.data.JsonSerDe": hive_json,
    "org.apache.hadoop.hive.serde2.JsonSerDe": hive_json,
}


def reader_of(serde: str) -> Reader | None:
    """The reader of text files with a SerDe; None if there is none here."""
    return _READERS.get(serde)

"""Glue's storage descriptors for files of each format, as Athena wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from fsql.clients.files import Discovered
from fsql.typetext import hive_type

__all__ = ["storage_descriptor", "table_parameters"]

_TEXT = (
    "org.apache.hadoop.mapred.TextInputFormat",
    "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
)
_PARQUET = (
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
)
# https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html
_PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_JSON_SERDE = "org.openx.data.jsonserde.JsonSerDe"
_SIMPLE_SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_QUOTED_SERDE = "org.apache.hadoop.hive.serde2.OpenCSVSerde"


def storage_descriptor(
    found: Discovered, columns: Mapping[str, pa.DataType], location: str
) -> dict[str, Any]:
    """Glue's StorageDescriptor of a table over files.

    Args:
        found: what the files are.
        columns: those of the table, without its partition columns.
        location: the folder, with a slash at its end.
    """
    types = found.csv.types(columns) if found.csv else columns
    takes, gives = _PARQUET if found.format == "parquet" else _TEXT
    library, parameters = _serde(found)
    return {
        "Columns": [{"Name": name, "Type": hive_type(type_)} for name, type_ in types.items()],
        "Location": location,
        "InputFormat": takes,
        "OutputFormat": gives,
        "Compressed": found.compressed,
        "SerdeInfo": {"SerializationLibrary": library, "Parameters": parameters},
    }


def table_parameters(found: Discovered) -> dict[str, str]:
    """Glue's table parameters for files."""
    header = {"skip.header.line.count": "1"} if found.csv else {}
    return {"EXTERNAL": "TRUE", "classification": found.format, **header}


def _serde(found: Discovered) -> tuple[str, dict[str, str]]:
    if found.format == "parquet":
        return _PARQUET_SERDE, {"serialization.format": "1"}
    if found.csv is None:
        return _JSON_SERDE, {"serialization.format": "1"}
    delimiter = found.csv.delimiter
    if found.csv.quoted:
        return _QUOTED_SERDE, {"separatorChar": delimiter, "quoteChar": '"', "escapeChar": "\\"}
    # An empty field is NULL, also of text.
    simple = {"field.delim": delimiter, "serialization.format": delimiter}
    return _SIMPLE_SERDE, {**simple, "serialization.null.format": ""}

"""Storage formats of external tables: what STORED AS and ROW FORMAT become in Glue, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fsql.local.statements import nodes as st
from fsql.local.transpile import TrinoError

__all__ = ["DELIMITERS", "PARQUET", "escaped", "shown_format", "storage_format"]

Json = dict[str, Any]
_IO = "org.apache.hadoop.hive.ql.io"
_SERDE = "org.apache.hadoop.hive.serde2"
_SIMPLE = f"{_SERDE}.lazy.LazySimpleSerDe"


def _stored(takes: str, gives: str, serde: str) -> Json:
    return {
        "InputFormat": takes,
        "OutputFormat": gives,
        "SerdeInfo": {
            "SerializationLibrary": serde,
            "Parameters": {"serialization.format": "1"},
        },
    }


def _parquet(name: str) -> str:
    return f"{_IO}.parquet.{name}"


_TEXT = ("org.apache.hadoop.mapred.TextInputFormat", f"{_IO}.HiveIgnoreKeyTextOutputFormat")
_ORC = (f"{_IO}.orc.OrcInputFormat", f"{_IO}.orc.OrcOutputFormat")
_AVRO = (f"{_IO}.avro.AvroContainerInputFormat", f"{_IO}.avro.AvroContainerOutputFormat")
PARQUET: Json = _stored(
    _parquet("MapredParquetInputFormat"),
    _parquet("MapredParquetOutputFormat"),
    _parquet("serde.ParquetHiveSerDe"),
)
_FORMATS: dict[str, Json] = {
    "PARQUET": PARQUET,
    "ORC": _stored(*_ORC, f"{_IO}.orc.OrcSerde"),
    "AVRO": _stored(*_AVRO, f"{_SERDE}.avro.AvroSerDe"),
    "TEXTFILE": _stored(*_TEXT, _SIMPLE),
    "JSONFILE": _stored(*_TEXT, f"{_SERDE}.JsonSerDe"),
}
_BY_SERDE = {each["SerdeInfo"]["SerializationLibrary"]: each for each in _FORMATS.values()}

DELIMITERS = {
    "FIELDS TERMINATED BY": "field.delim",
    "ESCAPED BY": "escape.delim",
    "COLLECTION ITEMS TERMINATED BY": "collection.delim",
    "MAP KEYS TERMINATED BY": "mapkey.delim",
    "LINES TERMINATED BY": "line.delim",
    "NULL DEFINED AS": "serialization.null.format",
}
"""The clauses of ROW FORMAT DELIMITED, and LazySimpleSerDe's names of them."""


def storage_format(statement: st.CreateTable) -> Json:
    """The formats and the SerDe of a new table, as Glue's StorageDescriptor has them.

    Raises:
        TrinoError: NOT_SUPPORTED for a STORED AS that is none.
    """
    known = _known(statement)
    serde = statement.serde or known["SerdeInfo"]["SerializationLibrary"]
    parameters = {**known["SerdeInfo"]["Parameters"], **statement.serde_properties}
    if "field.delim" in statement.serde_properties and statement.serde is None:
        parameters["serialization.format"] = parameters["field.delim"]
    return {
        "InputFormat": statement.input_format or known["InputFormat"],
        "OutputFormat": statement.output_format or known["OutputFormat"],
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": parameters},
    }


def _known(statement: st.CreateTable) -> Json:
    """The format that STORED AS names, or else the SerDe or the input format."""
    if statement.stored_as is not None:
        known = _FORMATS.get(statement.stored_as.upper())
        if known is None:
            raise TrinoError(
                "NOT_SUPPORTED",
                f"STORED AS {statement.stored_as} is not supported; it is one of"
                f" {', '.join(_FORMATS)}, or INPUTFORMAT '…' OUTPUTFORMAT '…'",
            )
        return known
    takes = [each for each in _FORMATS.values() if each["InputFormat"] == statement.input_format]
    by_serde = _BY_SERDE.get(statement.serde or "")
    return by_serde or next(iter(takes), _FORMATS["TEXTFILE"])


def shown_format(storage: Json) -> list[str]:
    """The lines of SHOW CREATE TABLE that say how a table is stored."""
    info = storage.get("SerdeInfo", {})
    serde, parameters = info.get("SerializationLibrary", ""), info.get("Parameters", {})
    delimited = _shown_delimiters(parameters) if serde == _SIMPLE else []
    row = ["ROW FORMAT DELIMITED ", *delimited]
    if not delimited:
        row = ["ROW FORMAT SERDE ", f"  '{serde}' ", *_shown_properties(parameters)]
    return [
        *row,
        "STORED AS INPUTFORMAT ",
        f"  '{storage.get('InputFormat', '')}' ",
        "OUTPUTFORMAT ",
        f"  '{storage.get('OutputFormat', '')}'",
    ]


def _shown_delimiters(parameters: Mapping[str, str]) -> list[str]:
    """The clauses of DELIMITED, none if they would not say all."""
    known = {*DELIMITERS.values(), "serialization.format"}
    if "field.delim" not in parameters or set(parameters) - known:
        return []
    clauses = [(clause, parameters.get(name)) for clause, name in DELIMITERS.items()]
    return [f"  {clause} '{escaped(text)}' " for clause, text in clauses if text is not None]


def _shown_properties(parameters: Mapping[str, str]) -> list[str]:
    if dict(parameters) in ({}, {"serialization.format": "1"}):
        return []
    kept = [f"  '{escaped(k)}'='{escaped(v)}'" for k, v in sorted(parameters.items())]
    return ["WITH SERDEPROPERTIES ( ", *(f"{each}, " for each in kept[:-1]), f"{kept[-1]}) "]


_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escaped(text: str) -> str:
    """A text as it stands between Hive's quotes."""
    return "".join(
        _ESCAPES.get(each, each if each >= " " else f"\\u{ord(each):04X}") for each in text
    )

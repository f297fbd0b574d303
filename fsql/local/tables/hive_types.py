"""Hive's type words, which Glue keeps, to Trino's types and back.

Sources: "Data types in Amazon Athena" of the Athena user guide; Trino's Hive connector reads
timestamps as ``timestamp(3)``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt

__all__ = ["from_hive", "to_hive"]

_TOKEN = re.compile(r"\s*(`[^`]*`|[^\s<>(),:`]+(?:\s+[^\s<>(),:`]+)*|[<>(),:])")
_WORDS = {
    "struct": "row",
    "<": "(",
    ">": ")",
    ":": " ",
    "string": "varchar",
    "binary": "varbinary",
    "int": "integer",
    "float": "real",
    "timestamp": "timestamp(3)",
}
_HIVE = {"varchar": "string", "varbinary": "binary", "integer": "int", "real": "float"}


@lru_cache(4096)
def from_hive(text: str) -> tt.Type:
    """The Trino type of ``struct<a:int,b:array<string>>``.

    Raises:
        TrinoError: the text is no type that Athena has.
    """
    tokens = _TOKEN.findall(text.lower())
    if re.sub(r"\s+", "", "".join(tokens)) != re.sub(r"\s+", "", text.lower()):
        raise _unknown(text)
    following = [*tokens[1:], ""]
    words = [
        tt.quoted(token.strip("`")) if after == ":" else _WORDS.get(token, token)
        for token, after in zip(tokens, following, strict=True)
    ]
    try:
        return tt.parse_type("".join(words))
    except tt.InvalidType:
        raise _unknown(text) from None


def to_hive(type_: tt.Type) -> str:
    """Hive's words for a Trino type; TrinoError NOT_SUPPORTED if it has none."""
    match type_.base:
        case "row":
            fields = zip(type_.field_names(), type_.items, strict=True)
            return f"struct<{','.join(f'{name}:{to_hive(item)}' for name, item in fields)}>"
        case "array":
            return f"array<{to_hive(type_.items[0])}>"
        case "map":
            return f"map<{','.join(map(to_hive, type_.items))}>"
        case "timestamp":
            return "timestamp"
        case "varchar" if type_.length is not None:
            return f"varchar({type_.length})"
        case "decimal" | "char" | "boolean" | "tinyint" | "smallint" | "bigint" | "double" | "date":
            return str(type_)
    known = _HIVE.get(type_.base)
    if known is None:
        raise TrinoError("NOT_SUPPORTED", f"Unsupported Hive type: {type_}")
    return known


def _unknown(text: str) -> TrinoError:
    return TrinoError(
        "FAILED", f"SemanticException [Error 10099]: Invalid column type {text!r} for Athena"
    )

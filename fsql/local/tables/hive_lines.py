"""Text files of Hive tables line by line, and what their SerDes share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fsql.local.engine import literal
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt
from fsql.local.transpile.sqltext import raised

__all__ = ["Columns", "Form", "Scanned", "lines", "refused"]

Columns = Mapping[str, tt.Type]
Scanned = tuple[str, dict[str, str]]
"""A FROM item with the column `filename`, and the SQL of a table's columns in it."""
Json = dict[str, Any]

_NO_DELIMITER = "\U0010ffff"  # a character that Unicode will never assign: no text has it
_LONGEST_LINE, _BUFFER = 16 << 20, 64 << 20
# https://docs.aws.amazon.com/athena/latest/ug/compression-formats.html; what DuckDB lacks of it.
_UNREAD = (".bz2", ".snappy", ".deflate", ".lz4", ".lzo")


@dataclass(frozen=True)
class Form:
    """How a table's text files are to be read: what Glue says of it.

    Attributes:
        serde: the SerDe's properties.
        table: the table's ones.
        name: of the table, for errors.
    """

    serde: Mapping[str, str] = field(default_factory=dict)
    table: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    def flag(self, key: str, default: bool = False) -> bool:
        """A property that is true or false, of the SerDe or else of the table."""
        return self.get(key, str(default)).strip().lower() == "true"

    def get(self, key: str, default: str) -> str:
        """A property of the SerDe or else of the table."""
        return self.serde.get(key, self.table.get(key, default))

    def count(self, key: str) -> int:
        """A property that is a number of lines."""
        text = self.get(key, "0").strip()
        if not text.isdecimal():
            raise TrinoError("HIVE_INVALID_METADATA", f"Invalid value for {key} property: {text}")
        return int(text)


def lines(paths: list[str], form: Form) -> str:
    """A FROM item with the columns `line` and `filename`; the lines of a file's head are left out.

    Raises:
        TrinoError: NOT_SUPPORTED for a compression that DuckDB does not read, and for footers.
    """
    for path in paths:
        if path.lower().endswith(_UNREAD):
            suffix = path.rpartition(".")[2]
            raise _here(f".{suffix} files are", "compress with gzip or zstd")
    if form.count("skip.footer.line.count"):
        raise _here("skip.footer.line.count is", "leave the footer out of the files")
    head = form.count("skip.header.line.count")
    options: dict[str, bool | int | str | list[str]] = {
        "auto_detect": False,
        "header": False,
        "delim": _NO_DELIMITER,
        "quote": "",
        "escape": "",
        "comment": "",
        "strict_mode": False,
        "new_line": "\\r\\n",  # takes each of \n, \r\n and \r for an end, mixed too
        "max_line_size": _LONGEST_LINE,
        "buffer_size": _BUFFER,
        "skip": head,
        "force_not_null": ["line"],  # given another text for NULL, DuckDB drops empty lines
    }
    listed = ", ".join(f"{name}={literal(value)}" for name, value in options.items())
    return f"read_csv({literal(paths)}, columns={{'line': 'VARCHAR'}}, {listed})"


def refused(form: Form, position: int, text: str, type_: tt.Type) -> str:
    """What becomes of a text that is no value of its column: Athena's error, or NULL if the
    table asks for it (``use.null.for.invalid.data``).

    Args:
        position: of the column, counted from 0.
        text: the SQL of the text.
    """
    duckdb = tt.duckdb_type(type_)
    if form.flag("use.null.for.invalid.data"):
        return f"CAST(NULL AS {duckdb})"
    message = (
        f"'Error parsing field value ''' || {text} || ''' for field {position}:"
        f" For input string: \"' || {text} || '\"'"
    )
    return raised("HIVE_BAD_DATA", message, duckdb)


def _here(what: str, remedy: str) -> TrinoError:
    return TrinoError("NOT_SUPPORTED", f"{what} read on AWS only; {remedy}")

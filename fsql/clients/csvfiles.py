"""CSV as Athena's SerDes read it.

LazySimpleSerDe knows no quotes; OpenCSVSerde does, and in turn reads no NULL into numbers and no
dates as people write them. Neither takes a line break inside of a value. Sources: "LazySimpleSerDe
for CSV, TSV, and custom-delimited files" and "Open CSV SerDe" of the Athena user guide.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

__all__ = ["CsvForm", "read_csv"]

DELIMITERS = ",\t;|"
_INTEGER = r"^-?(0|[1-9][0-9]{0,17})$"  # 007 is a name, and more digits may not fit 64 bits
_FORMS: tuple[tuple[pa.DataType, str], ...] = (
    (pa.int64(), _INTEGER),
    (pa.float64(), r"^-?[0-9]+([.][0-9]*)?([eE][+-]?[0-9]+)?$|^-?[.][0-9]+([eE][+-]?[0-9]+)?$"),
    (pa.bool_(), r"^([Tt]rue|TRUE|[Ff]alse|FALSE)$"),
    (pa.date32(), r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    (
        pa.timestamp("us"),
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?$",
    ),
)
_LEADING_ZERO = r"^-?0[0-9]"


@dataclass(frozen=True)
class CsvForm:
    """How CSV files are laid out.

    Attributes:
        delimiter: between values.
        quoted: whether values stand in quotes, which only OpenCSVSerde takes off.
        empty: the columns that have empty values.
    """

    delimiter: str = ","
    quoted: bool = False
    empty: frozenset[str] = frozenset()

    def with_file(self, other: CsvForm | None) -> CsvForm:
        """The layout of these files and another."""
        if other is None:
            return self
        quoted = self.quoted or other.quoted
        return replace(self, quoted=quoted, empty=self.empty | other.empty)

    def types(self, columns: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
        """The types under which the files' SerDe reads columns."""
        if not self.quoted:
            return dict(columns)
        return {name: self._quoted_type(name, type_) for name, type_ in columns.items()}

    def _quoted_type(self, name: str, type_: pa.DataType) -> pa.DataType:
        lost = pa.types.is_temporal(type_) or name in self.empty
        return pa.string() if lost else type_


def read_csv(data: bytes, *, tabs: bool = False) -> tuple[pa.Schema, CsvForm]:
    """The columns of a CSV file with a header, and how it is laid out.

    Raises:
        ValueError: Athena would not read it as it is meant.
        pyarrow.ArrowInvalid: it is no CSV.
    """
    header = data.partition(b"\n")[0].decode("utf-8-sig")
    delimiter = "\t" if tabs else max(DELIMITERS, key=header.count)
    table = _as_text(data, delimiter)
    if any(not name.strip() for name in table.column_names):
        raise ValueError("has a column without a name in its header")
    if any(_any(pc.match_substring(column, "\n")) for column in table.columns):
        raise ValueError(
            "has line breaks inside of values, which Athena's CSV readers take for new rows."
            " Write Parquet"
        )
    columns = dict(zip(table.column_names, table.columns, strict=True))
    if len(columns) < table.num_columns:
        raise ValueError("has a column twice in its header")
    types = [(name, _type(column)) for name, column in columns.items()]
    empty = {name.lower() for name, column in columns.items() if _any(_void(column))}
    return pa.schema(types), CsvForm(delimiter, b'"' in data, frozenset(empty))


def _as_text(data: bytes, delimiter: str) -> pa.Table:
    parse = pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    read = pacsv.ReadOptions(block_size=max(len(data) + 1, 1024))
    names = pacsv.open_csv(io.BytesIO(data), read, parse).schema.names
    convert = pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    return pacsv.read_csv(io.BytesIO(data), read, parse, convert)


def _type(column: pa.ChunkedArray) -> pa.DataType:
    """The narrowest type that all values have the form of; null if there are none."""
    values = column.filter(pc.invert(_void(column)))
    if not len(values):
        return pa.null()
    for type_, form in _FORMS:
        if pc.all(pc.match_substring_regex(values, form)).as_py():
            named = type_ == pa.float64() and _any(pc.match_substring_regex(values, _LEADING_ZERO))
            return pa.string() if named else type_
    return pa.string()


def _void(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.or_kleene(pc.is_null(column), pc.fill_null(pc.equal(column, ""), True))


def _any(mask: pa.ChunkedArray) -> bool:
    return bool(pc.any(mask, min_count=0).as_py())

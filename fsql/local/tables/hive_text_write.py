"""Rows as lines of text files: what LazySimpleSerDe and the JSON SerDes read back.

Source: "INSERT INTO" of the Athena user guide, which names the SerDes that Athena writes by and
gzip as the compression of text.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from fsql.local.engine import Session, literal
from fsql.local.tables.hive_delimited import Syntax, delimited_syntax
from fsql.local.tables.hive_files import NULL_PARTITION
from fsql.local.tables.hive_lines import Columns, Form
from fsql.local.tables.parquet import File
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt
from fsql.local.transpile.casts import cast_sql
from fsql.local.transpile.sqltext import lambda_name, string

__all__ = ["line_of", "write_lines"]

_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_JSON = (
    "org.openx.data.jsonserde.JsonSerDe",
    "org.apache.hive.hcatalog.data.JsonSerDe",
    "org.apache.hadoop.hive.serde2.JsonSerDe",
)
_NO_DELIMITER = "\U0010ffff"  # a character that Unicode will never assign: no text has it
_CODECS = {"GZIP": ("gzip", "gz"), "NONE": ("none", "txt"), "ZSTD": ("zstd", "zst")}
_VARCHAR = tt.Type("varchar")


def line_of(serde: str, form: Form, columns: Columns) -> str | None:
    """The SQL of a row's line over its columns; None for a SerDe that nothing is written by.

    Raises:
        TrinoError: NOT_SUPPORTED for a table whose files have headers.
    """
    if serde not in (_SIMPLE, *_JSON):
        return None
    if form.count("skip.header.line.count") or form.count("skip.footer.line.count"):
        raise TrinoError("NOT_SUPPORTED", "Inserting into a table with headers is not supported")
    if serde == _SIMPLE:
        syntax = delimited_syntax(form)
        values = [_delimited(syntax, type_, tt.quoted(name), 1) for name, type_ in columns.items()]
        return _joined(values, syntax.separators[0])
    fields = (f"{tt.quoted(n)} := {_plain(t, tt.quoted(n))}" for n, t in columns.items())
    return f"CAST(to_json(struct_pack({', '.join(fields)})) AS VARCHAR)"


def _joined(values: Sequence[str], separator: str) -> str:
    return f"array_to_string([{', '.join(values)}], {string(separator)})"


def _delimited(syntax: Syntax, type_: tt.Type, value: str, level: int) -> str:
    """The text of a value; `level` is that of the separators within it."""
    return (
        f"CASE WHEN {value} IS NULL THEN {string(syntax.null)}"
        f" ELSE {_delimited_some(syntax, type_, value, level)} END"
    )


def _delimited_some(syntax: Syntax, type_: tt.Type, value: str, level: int) -> str:
    if not type_.items:
        text = _scalar(type_, value)
        return _escaped(syntax, text) if type_.base in ("varchar", "char") else text
    if level + (type_.base == "map") >= len(syntax.separators):
        raise TrinoError("HIVE_INVALID_METADATA", f"{type_} is deeper than there are separators")
    separator = string(syntax.separators[level])
    if type_.base == "row":
        parts = zip(type_.field_names(), type_.items, strict=True)
        return _joined(
            [_delimited(syntax, t, f"{value}[{string(n)}]", level + 1) for n, t in parts],
            syntax.separators[level],
        )
    each = lambda_name(value)
    if type_.base == "array":
        one = _delimited(syntax, type_.items[0], each, level + 1)
        return f"array_to_string(list_transform({value}, lambda {each}: {one}), {separator})"
    key, held = (
        _delimited(syntax, item, f"{each}.{part}", level + 2)
        for item, part in zip(type_.items, ("key", "value"), strict=True)
    )
    pair = f"{key} || {string(syntax.separators[level + 1])} || {held}"
    entries = f"list_transform(map_entries({value}), lambda {each}: {pair})"
    return f"array_to_string({entries}, {separator})"


def _escaped(syntax: Syntax, text: str) -> str:
    if syntax.escape is None:
        return text
    marks = {each: each for each in (syntax.escape, *syntax.separators[:3])}
    for mark, shown in {**marks, "\n": "n", "\r": "r"}.items():
        text = f"replace({text}, {string(mark)}, {string(syntax.escape + shown)})"
    return text


def _scalar(type_: tt.Type, value: str) -> str:
    if type_.base == "varbinary":
        return f"to_base64({value})"
    return f"CAST({cast_sql(value, type_, _VARCHAR)} AS VARCHAR)"


def _plain(type_: tt.Type, value: str) -> str:
    """A value of a type that JSON has: times and binary are texts."""
    if type_.base in ("varbinary", "timestamp", "date", "char"):
        return _scalar(type_, value)
    if type_.base == "row":
        fields = zip(type_.field_names(), type_.items, strict=True)
        made = ", ".join(
            f"{tt.quoted(n)} := {_plain(t, f'{value}[{string(n)}]')}" for n, t in fields
        )
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({made}) END"
    each = lambda_name(value)
    if type_.base == "array":
        return f"list_transform({value}, lambda {each}: {_plain(type_.items[0], each)})"
    if type_.base == "map":
        key = _scalar(type_.items[0], f"{each}.key")
        pair = f"struct_pack(key := {key}, value := {_plain(type_.items[1], f'{each}.value')})"
        return f"map_from_entries(list_transform(map_entries({value}), lambda {each}: {pair}))"
    return value


def write_lines(
    session: Session, sql: str, line: str, keys: Sequence[str], table: Mapping[str, str]
) -> tuple[int, list[File]]:
    """Run a query into text files of the session's folder; how many rows, and the files.

    Args:
        line: the SQL of a row's line over the query's columns.
        keys: columns that choose the folder and are not in the files.
        table: the table's properties; ``write.compression`` is gzip if it says nothing.
    """
    codec = table.get("write.compression", "GZIP").upper()
    if codec not in _CODECS:
        raise TrinoError("NOT_SUPPORTED", f"Text compressed by {codec} is written on AWS only")
    compression, suffix = _CODECS[codec]
    session.folder.mkdir(exist_ok=True)
    target = session.folder / uuid.uuid4().hex
    places = ""
    if keys:
        listed = ", ".join(map(tt.quoted, keys))
        places = f", FILE_EXTENSION {literal(suffix)}, PARTITION_BY ({listed})"
    else:
        target = target.with_suffix(f".{suffix}")
    selected = ", ".join([f"{line} AS line", *map(tt.quoted, keys)])
    [[rows]] = session.rows_of(
        f"COPY (SELECT {selected} FROM ({sql}) AS rows_) TO {literal(str(target))}"
        f" (FORMAT csv, HEADER false, DELIMITER {literal(_NO_DELIMITER)}, QUOTE '', ESCAPE '',"
        f" COMPRESSION {compression}{places})"
    )
    if not rows:
        return 0, []
    made = sorted(path for path in target.rglob("*") if path.is_file()) if keys else [target]
    return int(str(rows)), [File(path, _values(path.relative_to(target))) for path in made]


def _values(place: Path) -> tuple[str | None, ...]:
    texts = [unquote(folder.partition("=")[2]) for folder in place.parts[:-1]]
    return tuple(None if text == NULL_PARTITION else text for text in texts)

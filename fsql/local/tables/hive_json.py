"""JSON lines as Hive's JSON SerDes read them: one object a line, fields found by name.

The OpenX SerDe takes much for what a column wants: text for numbers, one value for an array of
one, an array for a struct by position. Hive's own ones take what JSON says. A value that is none
of its column's type is Athena's error HIVE_BAD_DATA, a line that is no JSON HIVE_CURSOR_ERROR.
Sources: "JSON SerDe libraries" of the Athena user guide; `OpenXJsonDeserializer` and
`JsonDeserializer` of trino-hive-formats.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from json import dumps as quoted_json

from fsql.local.jsonvalues import FUNCTION, Rules
from fsql.local.tables.hive_lines import Columns, Form, Scanned, lines, refused
from fsql.local.tables.hive_scalars import milliseconds, parsed, sized
from fsql.local.transpile import types as tt
from fsql.local.transpile.sqltext import let, raised, string

__all__ = ["hive_json", "openx_json"]

_MAPPING = "mapping."
_INVALID = "Row is not a valid JSON Object"
_INTEGER = r"[+-]?\d+"
_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_ZONED = r"(?i)\d{4}-\d{1,2}-\d{1,2}T[0-9:.]+(Z|[+-]\d{2}:?\d{2})"
_MILLIS_DIGITS = 13
_BAD = raised("HIVE_CURSOR_ERROR", f"'{_INVALID}: ' || line", "VARCHAR")


@dataclass(frozen=True)
class _Reader:
    """How one SerDe reads a table's columns; `rules` are those of no column."""

    form: Form
    rules: Rules

    def keys(self) -> str:
        """The list of a line's names, as they are compared."""
        name = "lower(name)" if self.rules.any_case else "name"
        name = f"replace({name}, '.', '_')" if self.rules.dots else name
        return f"list_transform(json_keys(json), lambda name: {name})"

    def field(self, name: str, place: int) -> str:
        """The JSON of a column, NULL if there is none; the last one of a name counts."""
        found = f"list_position(list_reverse(keys), {string(self.rules.key(name))})"
        found = f"fields[len(keys) + 1 - {found}]"
        if not self.rules.openx:
            return found
        listed = f"json_extract(json, '$[{place}]')"
        return f"CASE WHEN starts_with(ltrim(json), '[') THEN {listed} ELSE {found} END"

    def value(self, type_: tt.Type, json: str, column: int) -> str:
        """The SQL of a column's value from that of its JSON."""
        make = self._nested if type_.items else self._scalar

        def some(own: str) -> str:
            return f"CASE WHEN json_type({own}) <> 'NULL' THEN {make(type_, own, column)} END"

        return let([json], some)

    def _nested(self, type_: tt.Type, json: str, column: int) -> str:
        null = self.form.flag("use.null.for.invalid.data")
        rules = replace(self.rules, type=str(type_), column=column, null=null).text
        alike = f"{FUNCTION}({json}, {string(rules)})"
        return f"json_transform_strict({alike}, {string(quoted_json(tt.duckdb_type(type_)))})"

    def _scalar(self, type_: tt.Type, json: str, column: int) -> str:
        text = f"({json} ->> '$')"
        wrong = refused(self.form, column, f"CAST({json} AS VARCHAR)", type_)
        if type_.base in ("varchar", "char"):
            found = sized(type_, text)
        elif type_.base == "boolean":
            found = f"(lower({text}) = 'true')"
        else:
            found = f"coalesce({self._parsed(type_, text)}, {wrong})"
        if self.rules.openx:
            return found
        return f"CASE WHEN json_type({json}) IN ('ARRAY', 'OBJECT') THEN {wrong} ELSE {found} END"

    def _parsed(self, type_: tt.Type, text: str) -> str:
        if type_.base in tt.INTEGERS:
            return _whole(type_, text)
        if type_.base == "timestamp" and self.rules.openx:
            return _time(type_, text)
        if type_.base == "varbinary":
            return f"try(from_base64({text}))" if self.rules.openx else f"encode({text})"
        return parsed(type_, text)


def _whole(type_: tt.Type, text: str) -> str:
    """A number without what follows its point."""
    duckdb = tt.duckdb_type(type_)
    cut = f"TRY_CAST(trunc(TRY_CAST({text} AS DECIMAL(38, 10))) AS {duckdb})"
    exact = f"TRY_CAST({text} AS {duckdb})"
    return (
        f"CASE WHEN regexp_full_match({text}, {string(_INTEGER)}) THEN {exact}"
        f" WHEN regexp_full_match({text}, {string(_NUMBER)}) THEN {cut} END"
    )


def _time(type_: tt.Type, text: str) -> str:
    """OpenX' times: with a zone, as Hive writes them, or in seconds or milliseconds since 1970."""
    zoned = milliseconds(f"CAST(TRY_CAST({text} AS TIMESTAMPTZ) AS TIMESTAMP)")
    number = f"TRY_CAST({text} AS DECIMAL(38, 9))"
    cut = f"CAST(trunc({number} * 1000) AS BIGINT)"
    unit = f"CASE WHEN length({text}) >= {_MILLIS_DIGITS} THEN 1 ELSE 1000 END"
    return (
        f"CASE WHEN regexp_full_match({text}, {string(_ZONED)}) THEN {zoned}"
        f" WHEN contains({text}, ':') THEN {parsed(type_, text)}"
        f" WHEN contains({text}, '.') THEN make_timestamp_ms({cut})"
        f" ELSE make_timestamp_ms(TRY_CAST({text} AS BIGINT) * {unit}) END"
    )


def openx_json(paths: list[str], columns: Columns, form: Form, uri: str) -> Scanned:
    """The rows of files as ``org.openx.data.jsonserde.JsonSerDe`` reads them."""
    names = {
        key[len(_MAPPING) :].lower(): value
        for key, value in form.serde.items()
        if key.lower().startswith(_MAPPING)
    }
    said = {key: form.serde.get(key, "").strip().lower() for key in _FLAGS}
    any_case = said["case.insensitive"] != "false"
    rules = Rules("", 0, True, any_case, said["dots.in.keys"] == "true", False, names)
    bad = "NULL" if said["ignore.malformed.json"] == "true" else _BAD
    opened = "regexp_matches(line, '^\\s*[\\[{]')"
    json = f"CASE WHEN NOT {opened} THEN NULL WHEN json_valid(line) THEN line ELSE {bad} END"
    return _scanned(paths, columns, _Reader(form, rules), json)


_FLAGS = ("case.insensitive", "dots.in.keys", "ignore.malformed.json")


def hive_json(paths: list[str], columns: Columns, form: Form, uri: str) -> Scanned:
    """The rows of files as Hive's own JSON SerDes read them."""
    valid = "json_valid(line) AND json_type(line) = 'OBJECT'"
    json = f"CASE WHEN {valid} THEN line ELSE {_BAD} END"
    return _scanned(paths, columns, _Reader(form, Rules("", 0, False)), json)


def _scanned(paths: list[str], columns: Columns, reader: _Reader, json: str) -> Scanned:
    read = f"SELECT {json} AS json, filename FROM {lines(paths, reader.form)}"
    fields = "json_extract(json, '$.*') AS fields, json, filename"
    scan = f"(SELECT {reader.keys()} AS keys, {fields} FROM ({read}))"
    if reader.rules.openx:
        scan = f"(SELECT {_ONCE} AS keys, fields, json, filename FROM {scan})"
    values = {
        name: reader.value(type_, reader.field(name, place), place)
        for place, (name, type_) in enumerate(columns.items())
    }
    return scan, values


def _once() -> str:
    """A line's names; OpenX takes none that is there twice."""
    twice = "list_filter(keys, lambda key, place: list_position(keys, key) < place)[1]"
    message = f"'{_INVALID} - JSONException: Duplicate key \"' || {twice} || '\"'"
    wrong = raised("HIVE_CURSOR_ERROR", message, "VARCHAR[]")
    return f"CASE WHEN len(list_distinct(keys)) < len(keys) THEN {wrong} ELSE keys END"


_ONCE = _once()

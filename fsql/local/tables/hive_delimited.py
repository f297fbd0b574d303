"""Text files as LazySimpleSerDe reads them: values between separators, no quotes.

Separators of lists, maps and structs change from level to level. A text that is no value of its
type is NULL. Sources: "LazySimpleSerDe for CSV, TSV, and custom-delimited files" of the Athena
user guide; `SimpleDeserializer` and `encodings/text` of trino-hive-formats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fsql.local.tables.hive_lines import Columns, Form, Scanned, lines
from fsql.local.tables.hive_scalars import parsed
from fsql.local.transpile import TrinoError
from fsql.local.transpile import types as tt
from fsql.local.transpile.sqltext import lambda_name, let, string

__all__ = ["Syntax", "delimited", "delimited_syntax"]

# Bytes that Hive separates values with at each level, where the table says no other.
_DEFAULTS = [chr(code) for code in (1, 2, 3, 4, 5, 6, 7, 8)]


@dataclass(frozen=True)
class Syntax:
    """What separates values at each level, what escapes a separator, what is NULL."""

    separators: tuple[str, ...]
    escape: str | None
    null: str

    def split(self, text: str, level: int) -> str:
        """The list of the texts between the separators of a level."""
        separator = self.separators[level]
        if self.escape is None:
            return f"string_split({text}, {string(separator)})"
        mark, escape = re.escape(separator), re.escape(self.escape)
        pattern = f"(?s){mark}((?:[^{mark}{escape}]|{escape}(?:.|$))*)"
        return f"regexp_extract_all({string(separator)} || {text}, {string(pattern)}, 1)"

    def unescaped(self, text: str) -> str:
        """A text without its escapes; ``r`` and ``n`` after one are the line's ends."""
        if self.escape is None:
            return text
        mark = string(self.escape)
        pieces = f"regexp_extract_all({text}, {string(f'(?s){re.escape(self.escape)}?.')})"
        piece = lambda_name(text)
        second = f"{piece}[2:]"
        whole = (
            f"CASE WHEN {piece}[1] <> {mark} OR length({piece}) = 1 THEN {piece}"
            f" WHEN {second} = 'n' THEN chr(10) WHEN {second} = 'r' THEN chr(13) ELSE {second} END"
        )
        joined = f"array_to_string(list_transform({pieces}, lambda {piece}: {whole}), '')"
        return f"CASE WHEN contains({text}, {mark}) THEN {joined} ELSE {text} END"

    def value(self, type_: tt.Type, text: str, level: int = 1) -> str:
        """The SQL of a text's value; `level` is that of the separators within it."""
        return let([text], lambda own: f"CASE WHEN {own} <> {string(self.null)} THEN"
                                       f" {self._some(type_, own, level)} END")  # fmt: skip

    def _some(self, type_: tt.Type, text: str, level: int) -> str:
        nested = {"array": self._array, "map": self._map, "row": self._row}.get(type_.base)
        if nested is None:
            plain = type_.base in ("varchar", "char")
            return parsed(type_, self.unescaped(text) if plain else text)
        if level + (type_.base == "map") >= len(self.separators):
            raise TrinoError(
                "HIVE_INVALID_METADATA", f"{type_} is nested deeper than there are separators"
            )
        return nested(type_, text, level)

    def _array(self, type_: tt.Type, text: str, level: int) -> str:
        item = f"item_{level}"
        inner = self.value(type_.items[0], item, level + 1)
        items = f"list_transform({self.split(text, level)}, lambda {item}: {inner})"
        return f"CASE WHEN {text} = '' THEN [] ELSE {items} END"

    def _row(self, type_: tt.Type, text: str, level: int) -> str:
        def packed(parts: str) -> str:
            fields = zip(type_.field_names(), type_.items, strict=True)
            return ", ".join(
                f"{tt.quoted(name)} := {self.value(item, f'{parts}[{i}]', level + 1)}"
                for i, (name, item) in enumerate(fields, 1)
            )

        return let([self.split(text, level)], lambda parts: f"struct_pack({packed(parts)})")

    def _map(self, type_: tt.Type, text: str, level: int) -> str:
        """The entries by key; the first of several with the same key counts."""
        entry = f"entry_{level}"

        def pair(parts: str) -> str:
            rest = f"array_to_string({parts}[2:], {string(self.separators[level + 1])})"
            value = self.value(type_.items[1], f"CASE WHEN len({parts}) > 1 THEN {rest} END",
                               level + 2)  # fmt: skip
            key = self.value(type_.items[0], f"{parts}[1]", level + 2)
            return f"struct_pack(key := {key}, value := {value})"

        one = let([self.split(entry, level + 1)], pair)
        entries = f"list_transform({self.split(text, level)}, lambda {entry}: {one})"
        return f"CASE WHEN {text} = '' THEN MAP {{}} ELSE {let([entries], _distinct)} END"


def _distinct(entries: str) -> str:
    keys = f"list_transform({entries}, lambda each: each.key)"

    def kept(keys: str) -> str:
        first = f"each.key IS NOT NULL AND list_position({keys}, each.key) = place"
        return f"map_from_entries(list_filter({entries}, lambda each, place: {first}))"

    return let([keys], kept)


def delimited(paths: list[str], columns: Columns, form: Form, uri: str) -> Scanned:
    """The rows of text files; a missing value is NULL, one too many is left out."""
    if form.flag("serialization.last.column.takes.rest"):
        raise TrinoError(
            "NOT_SUPPORTED", "serialization.last.column.takes.rest is read on AWS only"
        )
    syntax = delimited_syntax(form)
    scan = f"(SELECT {syntax.split('line', 0)} AS parts, filename FROM {lines(paths, form)})"
    values = {
        name: syntax.value(type_, f"parts[{place}]")
        for place, (name, type_) in enumerate(columns.items(), 1)
    }
    return scan, values


def delimited_syntax(form: Form) -> Syntax:
    """How a table's lines are split."""
    field = form.serde.get("field.delim", form.serde.get("serialization.format"))
    collection = form.serde.get("collection.delim", form.serde.get("colelction.delim"))
    said = (field, collection, form.serde.get("mapkey.delim"))
    first = [_character(text, default) for text, default in zip(said, _DEFAULTS, strict=False)]
    escape = form.serde.get("escape.delim")
    return Syntax(
        (*first, *_DEFAULTS[3:]),
        None if escape is None else _character(escape, "\\"),
        form.serde.get("serialization.null.format", "\\N"),
    )


def _character(text: str | None, default: str) -> str:
    """The character that a property names: by itself, or by its number."""
    if not text:
        return default
    try:
        code = int(text)
    except ValueError:
        return text[0]
    return chr(code % 256) if -128 <= code <= 127 else text[0]

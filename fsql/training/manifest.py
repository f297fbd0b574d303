"""What a training set was made of: a JSON document that people can read and fsql can repeat."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from fsql.definition import Definition
from fsql.errors import TrainingSetError
from fsql.model import GROUP_PROPERTY, SCHEMA_PROPERTY, FeatureGroup, decode_schema, encode_schema
from fsql.training.asked import Asked, Terms
from fsql.training.lookups import Lookup
from fsql.training.pins import Pin, PinnedGroup

__all__ = ["FORMAT", "Manifest", "described"]

FORMAT = 1
_WIDTH = 100
_MICROSECOND = dt.timedelta(microseconds=1)


class Manifest(dict[str, Any]):
    """A training set's manifest: JSON's own types under the names that docs/training-sets.md lists.

    Printing it gives the JSON text.
    """

    @classmethod
    def parse(cls, text: str | bytes, where: str) -> Manifest:
        """Read a manifest.

        Args:
            where: it comes from, for errors.

        Raises:
            TrainingSetError: it is none, or of a later release of fsql.
        """
        try:
            plain = json.loads(text)
        except ValueError as error:
            raise TrainingSetError(f"{where} is no manifest: it is no JSON ({error}).") from error
        return cls.checked(plain, where)

    @classmethod
    def checked(cls, plain: Any, where: str) -> Manifest:
        """A manifest of what JSON held; raises as `parse`."""
        expected = "Expected the JSON of a training set's manifest, as `fsql training-set show`"
        if not isinstance(plain, Mapping) or not {"format", "groups", "spine"} <= plain.keys():
            raise TrainingSetError(f"{where} is no manifest. {expected} --json prints it.")
        if plain["format"] != FORMAT:
            raise TrainingSetError(
                f"{where} has format {plain['format']!r}; this fsql reads format {FORMAT}. It was"
                f" written by fsql {plain.get('fsql')}: use that release or a later one."
            )
        return cls(plain)

    @property
    def name(self) -> str | None:
        """What it was saved as; None if it was not."""
        found: str | None = self["name"]
        return found

    @property
    def rows(self) -> int | None:
        """How many rows the set has; None as long as nobody has read it."""
        found: int | None = self["rows"]
        return found

    @property
    def hash(self) -> str | None:
        """The hash of all values in their order; None as long as nobody has read them."""
        found: str | None = self["hash"]
        return found

    @property
    def schema(self) -> pa.Schema:
        """The set's columns with their exact types."""
        return decode_schema(self["exact"]["set"])

    @property
    def spine_schema(self) -> pa.Schema:
        """The spine's columns with their exact types, and what pandas noted of them."""
        return decode_schema(self["exact"]["spine"])

    @property
    def files(self) -> list[str]:
        """The s3:// URIs of what was stored beside it."""
        return [uri for uri in (self["spine"]["file"], self["stored_rows"]) if uri is not None]

    @property
    def groups(self) -> list[PinnedGroup]:
        """The groups as they were declared, and their states."""
        exact = self["exact"]["groups"]
        return [_group(name, plain, exact[name]) for name, plain in self["groups"].items()]

    @property
    def pins(self) -> list[Pin]:
        """The states of all tables that features come from."""
        return [
            pin for each in self.groups for pin in (each.state, each.deletes) if pin is not None
        ]

    @property
    def features(self) -> Iterator[sa.ColumnElement[Any]]:
        """What is looked up, as `asked_for` takes it."""
        groups = dict(zip(self["groups"], (each.group for each in self.groups), strict=True))
        for plain in self["features"]:
            value: Any = groups[plain["group"]].columns[plain["path"][0]]
            for name in plain["path"][1:]:
                value = value[name]
            yield value.label(plain["name"])

    @property
    def terms(self) -> Terms:
        """On which terms it is looked up."""
        options = self["options"]
        as_of = options["as_of"]
        return Terms(
            options["time"],
            options["keys"],
            {table: _duration(text) for table, text in options["ttl"].items()},
            options["known_by"],
            dt.datetime.fromisoformat(as_of) if isinstance(as_of, str) else None,
            options["names"],
            options["event_times"],
            options["ages"],
        )

    def __str__(self) -> str:
        return _text(self, "")


def _text(value: Any, indent: str) -> str:
    """JSON with each list and object on a line of its own as long as it fits there."""
    short = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, Mapping | list) or (indent and len(indent) + len(short) <= _WIDTH):
        return short
    inner = f"{indent}  "
    if isinstance(value, list):
        parts, ends = [_text(each, inner) for each in value], "[]"
    else:
        names = (json.dumps(name, ensure_ascii=False) for name in value)
        parts = [
            f"{name}: {_text(each, inner)}"
            for name, each in zip(names, value.values(), strict=True)
        ]
        ends = "{}"
    lines = ",\n".join(f"{inner}{part}" for part in parts)
    return f"{ends[0]}\n{lines}\n{indent}{ends[1]}"


def described(
    asked: Asked,
    terms: Terms,
    schema: pa.Schema,
    spine: Mapping[str, Any],
    spine_schema: pa.Schema,
    sql: str,
) -> Manifest:
    """The manifest of a set that nobody has read or saved yet.

    Args:
        schema: of the whole set.
        spine: what the manifest says of it.
        spine_schema: its own, with what is noted of its columns.
        sql: the query that gives the features.
    """
    names = _names(asked.groups)
    named = list(zip(names, asked.groups, strict=True))
    return Manifest(
        {
            "format": FORMAT,
            "name": None,
            "saved": None,
            "by": None,
            "fsql": version("fsql"),
            "revision": None,
            "rows": None,
            "hash": None,
            "query": None,
            "spine": dict(spine),
            "features": list(_features(asked.lookups, names)),
            "options": _options(asked, terms, names),
            "groups": {name: _plain(each) for name, each in named},
            "columns": {field.name: str(field.type) for field in schema},
            "sql": sql,
            "stored_rows": None,
            "exact": {
                "set": encode_schema(schema),
                "spine": encode_schema(spine_schema),
                "groups": {name: encode_schema(each.group.arrow_schema) for name, each in named},
            },
        }
    )


def _names(groups: Sequence[PinnedGroup]) -> list[str]:
    """What groups are called: their tables' names, with the database where that is not enough."""
    short = [each.state.table for each in groups]
    return [
        each.state.table if short.count(each.state.table) == 1 else each.state.name
        for each in groups
    ]


def _features(lookups: Iterable[Lookup], names: Iterable[str]) -> Iterator[dict[str, Any]]:
    for lookup, name in zip(lookups, names, strict=True):
        for feature in lookup.features:
            path = [feature.column, *feature.path]
            yield {"name": feature.label, "group": name, "path": path}


def _options(asked: Asked, terms: Terms, names: Sequence[str]) -> dict[str, Any]:
    pairs = list(zip(names, asked.lookups, strict=True))
    as_of: Any = terms.as_of
    if isinstance(as_of, dt.datetime):
        as_of = as_of.isoformat()
    elif as_of is not None:  # the groups' snapshots are it
        snapshots = (each.state.snapshot for each in asked.groups)
        as_of = dict(zip(names, snapshots, strict=True))
    return {
        "time": terms.time,
        "keys": {name: dict(lookup.keys) for name, lookup in pairs},
        "ttl": {name: _seconds(lookup.ttl) for name, lookup in pairs},
        "known_by": terms.known_by,
        "as_of": as_of,
        "names": terms.names,
        "event_times": terms.event_times,
        "ages": terms.ages,
    }


def _seconds(duration: dt.timedelta | None) -> str | None:
    """ISO 8601's way to write it, in seconds, exact to the microsecond."""
    if duration is None:
        return None
    whole, rest = divmod(duration // _MICROSECOND, 1_000_000)
    return f"PT{whole}.{rest:06}S" if rest else f"PT{whole}S"


def _duration(text: str | None) -> dt.timedelta | None:
    if text is None:
        return None
    whole, _, rest = text.removeprefix("PT").removesuffix("S").partition(".")
    return dt.timedelta(seconds=int(whole), microseconds=int(rest.ljust(6, "0") or 0))


def _plain(each: PinnedGroup) -> dict[str, Any]:
    group = each.group
    stones = None if each.deletes is None else each.deletes
    return {
        **each.state.to_json(),
        "deletes": None if stones is None else {"table": stones.table, **stones.to_json()},
        "declared": json.loads(group.definition.to_json()),
        "columns": {field.name: str(field.type) for field in group.arrow_schema},
    }


def _group(name: str, plain: Mapping[str, Any], exact: str) -> PinnedGroup:
    table = name.rpartition(".")[2]
    definition = Definition.from_json(json.dumps(plain["declared"]))
    properties = {GROUP_PROPERTY: definition.to_json(), SCHEMA_PROPERTY: exact}
    group = FeatureGroup.from_properties(table, properties, database=plain["database"])
    stones = plain["deletes"]
    buried = None if stones is None else Pin.from_json(stones["table"], stones)
    return PinnedGroup(group, Pin.from_json(table, plain), buried)

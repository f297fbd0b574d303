"""Feature groups, declared as SQLAlchemy tables."""

from __future__ import annotations

import base64
import datetime as dt
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from fsql.definition import Definition, Partition
from fsql.errors import DefinitionError, NotAFeatureGroup, UnsupportedType
from fsql.frames import discovered, schema_of
from fsql.hivekeys import hive_problems
from fsql.naming import DEFAULT_DATABASE, GroupName, check_column
from fsql.notes import names_of_noted
from fsql.options import option_problems
from fsql.timeunits import with_times
from fsql.types import arrow_type, sqlalchemy_type, storage_type

__all__ = ["FeatureGroup", "decode_schema", "encode_schema"]

GROUP_PROPERTY = "fsql.group"
SCHEMA_PROPERTY = "fsql.schema"
COMMENTS_PROPERTY = "fsql.comments"
CHECK_PROPERTY = "fsql.check"
"""Tells whether the three above were edited by hand."""
FIELD_METADATA = "arrow"  # in a column's info
TABLE_FORMATS = ("iceberg", "hive")


class FeatureGroup(sa.Table):
    """A feature group: a `sqlalchemy.Table` that knows its keys and its times.

    Args:
        client, app, entity, version: the parts of its name, see `fsql.naming`.
        metadata: the `sqlalchemy.MetaData` it joins.
        columns: `sqlalchemy.Column` objects, of SQLAlchemy's types or those of `fsql.types`.
        keys: the columns that say whose features a row holds.
        event_time: the column that says since when they hold; None for timeless groups.
        created_time: the column that says when they became known.
        partition_by: columns or transforms, such as ``"day(time_hour)"``.
        table_format: "iceberg", or "hive" for Parquet files in Hive-style folders.
        ttl: how long features stay valid in a training set; None is for ever.
        online: whether the group is meant to be served online.
        truncate: cut nanoseconds to microseconds on writing instead of refusing them, and in a
            Hive-style group all times to milliseconds.
        description, owner, tags: words for people.
        compatibility: which changes of the schema migrations let pass: "none" for all of them,
            "backward", "forward" and "full", these with "_all", and "disabled", each meaning what
            it means in the Glue Schema Registry.
        sort_by: the columns by which rows are sorted within files; default the keys and the event
            time. An Iceberg table has it as its sort order.
        table_properties: properties of the Iceberg table, such as
            ``vacuum_max_snapshot_age_seconds``; parameters of a Hive-style table in Glue.
        database: the Glue database; default the engine's.

    Raises:
        DefinitionError: the declaration contradicts itself; every contradiction is listed.
    """

    inherit_cache = True
    definition: Definition
    schema_metadata: dict[bytes, bytes]

    def __new__(cls, *args: Any, **kw: Any) -> Any:
        """Make or look up the table under its full name, as `sqlalchemy.Table` does."""
        if not args and not kw:  # unpickling and copying
            return object.__new__(cls)
        client, app, entity, version, metadata, *columns = args
        definition = _definition(GroupName(client, app, entity, version), kw)
        # Table passes what it does not know to __init__ and keeps `info`.
        info = {**kw.pop("info", {}), "fsql": definition, "metadata": kw.pop("schema_metadata", {})}
        if "database" in kw:
            kw["schema"] = kw.pop("database")
        return cls._new(
            definition.name.table,
            metadata,
            *columns,
            info=info,
            comment=definition.description,
            **kw,
        )

    def __init__(self, *args: Any, _no_init: bool = True, **kw: Any) -> None:
        if _no_init:  # Python's own call, after __new__ has done it all
            return
        super().__init__(*args, _no_init=False, **kw)
        self.definition = self.info["fsql"]
        self.schema_metadata = dict(self.info.pop("metadata", {}))
        problems = list(_problems(self))
        if problems:
            lines = "\n".join(f"  - {problem}" for problem in problems)
            raise DefinitionError(f"Feature group {self.name!r} cannot be:\n{lines}")

    @classmethod
    def from_frame(
        cls,
        client: str,
        app: str,
        entity: str,
        version: str,
        metadata: sa.MetaData | None = None,
        *,
        frame: Any,
        time_unit: str | None = None,
        **options: Any,
    ) -> FeatureGroup:
        """Declare a group with the columns and exact types of a frame.

        Args:
            frame: a pandas or polars DataFrame, an Arrow table or anything that
                exports an Arrow stream. Only its schema is read.
            time_unit: what the frame's event and created times count, if they are integers:
                "s", "ms", "us" or "ns" since 1970 in UTC; "iso" if they are ISO 8601 text. SQL
                sees timestamps, and frames that are read have integers and text again.
            options: `keys`, `event_time` and what else the constructor takes.

        Raises:
            DefinitionError: as the constructor, or `time_unit` does not go with the columns.
            UnsupportedType: a column cannot be stored.
        """
        schema = discovered(schema_of(frame))
        if time_unit is not None:
            given = (options.get(role) for role in _TIMES)
            event, created = (None if time is None else _name(time) for time in given)
            schema = with_times(schema, event, created, time_unit)
        return cls.from_schema(GroupName(client, app, entity, version), schema, metadata, **options)

    @classmethod
    def from_schema(
        cls,
        name: GroupName,
        schema: pa.Schema,
        metadata: sa.MetaData | None = None,
        **options: Any,
    ) -> FeatureGroup:
        """Declare a group with the columns of an Arrow schema.

        Raises:
            DefinitionError: two columns share a name, or as the constructor.
            UnsupportedType: a column cannot be stored.
        """
        twice = sorted({column for column in schema.names if schema.names.count(column) > 1})
        if twice:
            raise DefinitionError(
                f"Feature group {name.table!r} cannot be: {', '.join(map(repr, twice))} names more"
                " than one column. Rename all but one."
            )
        columns = [_column(field) for field in schema]
        parts = (name.client, name.app, name.entity, name.version)
        metadata = metadata if metadata is not None else sa.MetaData()
        group: FeatureGroup = cls(
            *parts, metadata, *columns, schema_metadata=schema.metadata or {}, **options
        )
        return group

    @classmethod
    def from_properties(
        cls,
        table: str,
        properties: Mapping[str, str],
        metadata: sa.MetaData | None = None,
        database: str | None = None,
    ) -> FeatureGroup:
        """Rebuild a group from what `properties` gave.

        Raises:
            NotAFeatureGroup: the properties are not those of a feature group.
        """
        if GROUP_PROPERTY not in properties or SCHEMA_PROPERTY not in properties:
            raise NotAFeatureGroup(table, database or DEFAULT_DATABASE)
        definition = Definition.from_json(properties[GROUP_PROPERTY])
        options = {name: getattr(definition, name) for name in _OPTIONS}
        if database is not None:
            options["database"] = database
        schema = decode_schema(properties[SCHEMA_PROPERTY])
        group = cls.from_schema(definition.name, schema, metadata, **options)
        for column, comment in json.loads(properties.get(COMMENTS_PROPERTY, "{}")).items():
            group.columns[column].comment = comment
        return group

    @classmethod
    def reflect(
        cls, engine: sa.Engine, name: str, metadata: sa.MetaData | None = None
    ) -> FeatureGroup:
        """The feature group that exists under `name`, with its exact schema.

        Raises:
            sqlalchemy.exc.NoSuchTableError: no such table.
            NotAFeatureGroup: fsql did not make it.
        """
        database, _, table = name.rpartition(".")
        options: Mapping[str, Any] = sa.inspect(engine).get_table_options(table, database or None)
        found = (value for key, value in options.items() if key.endswith("tblproperties"))
        properties: Mapping[str, str] = next(found, {})
        return cls.from_properties(table, properties, metadata, database or None)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the record key's columns."""
        return self.definition.keys

    @property
    def event_time(self) -> str | None:
        """The name of the event time's column."""
        return self.definition.event_time

    @property
    def created_time(self) -> str | None:
        """The name of the created time's column."""
        return self.definition.created_time

    @property
    def view_name(self) -> str:
        """The view beside the table, without the version."""
        return self.definition.name.view

    @property
    def arrow_schema(self) -> pa.Schema:
        """The exact schema, as it is restored on reading."""
        fields = [
            pa.field(c.name, arrow_type(c.type), bool(c.nullable), c.info.get(FIELD_METADATA))
            for c in self.columns
        ]
        return pa.schema(fields, self.schema_metadata)

    @property
    def storage_schema(self) -> pa.Schema:
        """The schema of the data files."""
        return pa.schema([(f.name, storage_type(f.type)) for f in self.arrow_schema])

    @property
    def properties(self) -> dict[str, str]:
        """What is stored beside the table so that `from_properties` can rebuild it."""
        comments = {column.name: column.comment for column in self.columns if column.comment}
        words = {COMMENTS_PROPERTY: json.dumps(comments)} if comments else {}
        said = {
            GROUP_PROPERTY: self.definition.to_json(),
            SCHEMA_PROPERTY: encode_schema(self.arrow_schema),
            **words,
        }
        return {**said, CHECK_PROPERTY: check_of(said)}

    def to_metadata(self, metadata: sa.MetaData, *args: Any, **kw: Any) -> FeatureGroup:
        """A copy in another MetaData, still a feature group."""
        schema = kw.get("schema", args[0] if args else self.schema)
        database = schema if isinstance(schema, str) else self.schema
        return self.from_properties(self.name, self.properties, metadata, database)


def check_of(properties: Mapping[str, str]) -> str:
    """The `CHECK_PROPERTY` that goes with a group's other properties, as they are written."""
    given = (GROUP_PROPERTY, SCHEMA_PROPERTY, COMMENTS_PROPERTY)
    texts = [properties.get(name, "{}") for name in given]
    return f"{zlib.crc32(chr(0).join(texts).encode()):08x}"


def encode_schema(schema: pa.Schema) -> str:
    """An Arrow schema as text: base64 of its IPC message."""
    return base64.b64encode(schema.serialize().to_pybytes()).decode("ascii")


def decode_schema(text: str) -> pa.Schema:
    """The inverse of `encode_schema`."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))


_TIMES = ("event_time", "created_time")
_OPTIONS = (
    "keys",
    "event_time",
    "created_time",
    "partition_by",
    "table_format",
    "ttl",
    "online",
    "truncate",
    "description",
    "owner",
    "tags",
    "compatibility",
    "sort_by",
    "table_properties",
)


def _definition(name: GroupName, kw: dict[str, Any]) -> Definition:
    """Take a definition's options out of `kw`."""
    if "keys" not in kw:
        raise DefinitionError(f"Feature group {name.table!r} needs keys=[…], the record key.")
    options = {option: kw.pop(option) for option in _OPTIONS if option in kw}
    options["keys"] = _names(options["keys"])
    options["partition_by"] = tuple(
        item if isinstance(item, Partition) else Partition.parse(item)
        for item in _names(options.get("partition_by", ()))
    )
    for time in _TIMES:
        options[time] = _name(options[time]) if options.get(time) is not None else None
    options["sort_by"] = _names(options.get("sort_by") or ())
    for mapping in ("tags", "table_properties"):
        options[mapping] = dict(options.get(mapping) or {})
    return Definition(name, **options)


def _names(given: Any) -> tuple[Any, ...]:
    items: Iterable[Any] = [given] if isinstance(given, str | sa.Column) else given
    return tuple(item if isinstance(item, Partition) else _name(item) for item in items)


def _name(given: Any) -> str:
    return given.name if isinstance(given, sa.Column) else str(given)


def _problems(group: FeatureGroup) -> Iterable[str]:
    """Everything that keeps a declaration from being a feature group."""
    definition = group.definition
    for column in group.columns:
        check_column(column.name)
        _check_type(column.name, arrow_type(column.type))
    yield from _unordered(group)
    if not definition.keys:
        yield "keys is empty. Expected the columns that say whose features a row holds."
    yield from _missing(group, "keys", definition.keys)
    for role in ("event_time", "created_time"):
        yield from _time_problems(group, role, getattr(definition, role))
    yield from _missing(group, "partition_by", [p.column for p in definition.partition_by])
    yield from filter(None, (partition.problem() for partition in definition.partition_by))
    for key in definition.keys:
        if key in group.columns and pa.types.is_nested(arrow_type(group.columns[key].type)):
            yield f"key {key!r} is nested. Expected a type that can be compared."
    if definition.table_format not in TABLE_FORMATS:
        known = ", ".join(map(repr, TABLE_FORMATS))
        yield f"table_format {definition.table_format!r}. Expected {known}."
    if definition.table_format == "hive":
        yield from hive_problems(definition.partition_by, group.arrow_schema)
    if definition.ttl is not None and definition.ttl < dt.timedelta(0):
        yield f"ttl {definition.ttl} is negative."
    yield from option_problems(definition, group.arrow_schema)


def _unordered(group: FeatureGroup) -> Iterable[str]:
    """Ordered dictionaries whose order nobody knows."""
    known = names_of_noted(group.schema_metadata)
    for column in group.columns:
        type_ = arrow_type(column.type)
        if pa.types.is_dictionary(type_) and type_.ordered and column.name not in known:
            yield (
                f"column {column.name!r} has ordered categories, and their order is not known, or"
                " takes too much room to be kept with the table. Declare the group by from_frame"
                " with a frame that has them, few enough for 32 kB, or make them unordered, as"
                " with .cat.as_unordered()."
            )


def _column(field: pa.Field) -> sa.Column[Any]:
    _check_type(field.name, field.type)
    # A file's field ids are its own. What other libraries note, such as polars' enums, is kept.
    metadata = {k: v for k, v in (field.metadata or {}).items() if not k.startswith(b"PARQUET:")}
    info = {FIELD_METADATA: metadata} if metadata else {}
    return sa.Column(field.name, sqlalchemy_type(field.type), nullable=field.nullable, info=info)


def _check_type(column: str, type_: pa.DataType) -> None:
    try:
        storage_type(type_)
    except UnsupportedType as error:
        raise UnsupportedType(f"Column {column!r}: {error}") from error


def _missing(group: FeatureGroup, role: str, names: Sequence[str]) -> Iterable[str]:
    for name in names:
        if name not in group.columns:
            known = ", ".join(group.columns.keys())
            yield f"{role} names {name!r}, which is no column. Columns: {known}."


def _time_problems(group: FeatureGroup, role: str, name: str | None) -> Iterable[str]:
    if name is None:
        return
    yield from _missing(group, role, [name])
    if name in group.columns:
        type_ = arrow_type(group.columns[name].type)
        stored = storage_type(type_)
        if not (pa.types.is_timestamp(stored) or pa.types.is_date(stored)):
            yield (
                f"{role} {name!r} has type {type_}. Expected Timestamp(unit, tz), Date, Epoch(unit)"
                " or IsoText(); of a frame's integers and text time_unit= says what they mean."
            )

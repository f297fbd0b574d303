"""A feature group as it stands at some revision: what operations take and give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import sqlalchemy as sa

from fsql.definition import Definition
from fsql.migration.model.column_notes import meaning
from fsql.model import (
    COMMENTS_PROPERTY,
    GROUP_PROPERTY,
    SCHEMA_PROPERTY,
    FeatureGroup,
    encode_schema,
)

__all__ = ["State"]


@dataclass(frozen=True)
class State:
    """A group's exact schema, definition and comments; two that are equal mean the same table.

    Attributes:
        schema: the exact Arrow schema, metadata included.
        definition: keys, times, partitions and what else was declared.
        comments: of top-level columns that have one.
    """

    schema: pa.Schema
    definition: Definition
    comments: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, group: FeatureGroup) -> State:
        """The state that a declared or stored group describes."""
        comments = {column.name: column.comment for column in group.columns if column.comment}
        return cls(group.arrow_schema, group.definition, comments)

    @property
    def table(self) -> str:
        """The name of the group's table."""
        return self.definition.name.table

    def group(
        self, metadata: sa.MetaData | None = None, database: str | None = None
    ) -> FeatureGroup:
        """The group, declared anew.

        Raises:
            DefinitionError: the state contradicts itself.
        """
        properties = {
            GROUP_PROPERTY: self.definition.to_json(),
            SCHEMA_PROPERTY: encode_schema(self.schema),
            COMMENTS_PROPERTY: json.dumps(dict(self.comments)),
        }
        return FeatureGroup.from_properties(self.table, properties, metadata, database)

    @property
    def _fields(self) -> pa.Schema:
        return self.schema.remove_metadata()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, State):
            return NotImplemented
        return (
            self.definition == other.definition
            and dict(self.comments) == dict(other.comments)
            and self._fields.equals(other._fields, check_metadata=True)
            and meaning(self.schema.metadata) == meaning(other.schema.metadata)
        )

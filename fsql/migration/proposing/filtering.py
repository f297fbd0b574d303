"""What a project leaves out of comparisons: `include_name` and `include_object` of its env.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pyarrow as pa
from alembic.autogenerate.api import AutogenContext

from fsql.migration.model.state import State
from fsql.model import FeatureGroup

__all__ = ["Filter"]

Kind = Literal["schema", "table", "column"]


class Filter:
    """Alembic's filters, asked of feature groups and their columns as of any table's.

    Args:
        context: Alembic's.
    """

    def __init__(self, context: AutogenContext) -> None:
        self._context = context
        self._any = any(context.opts.get(name) for name in ("include_name", "include_object"))

    def has(self, name: str | None, kind: Kind, **parents: str | None) -> bool:
        """Whether something that is in the store counts, by its name alone."""
        known: Any = parents
        return self._context.run_name_filters(name, kind, known)

    def has_group(self, group: FeatureGroup, stored: bool, other: FeatureGroup | None) -> bool:
        """Whether a group counts.

        Args:
            stored: whether it is the store's; else it is the declared one.
            other: the one that it is compared with.
        """
        return self._context.run_object_filters(group, group.name, "table", stored, other)

    def declared(self, group: FeatureGroup, stored: FeatureGroup) -> State:
        """What is declared of a group that is there; columns that don't count are as stored."""
        after = State.of(group)
        if not self._any:
            return after
        before = State.of(stored)
        names = list(self._names(group, stored))
        theirs = {name for name, counts in names if not counts}
        said = [(before if name in theirs else after, name) for name, _ in names]
        fields = [state.schema.field(name) for state, name in said]
        comments = {name: state.comments[name] for state, name in said if name in state.comments}
        return State(pa.schema(fields, after.schema.metadata), after.definition, comments)

    def _names(self, group: FeatureGroup, stored: FeatureGroup) -> Iterator[tuple[str, bool]]:
        """The columns that there should be, and whether each counts."""
        for column in group.columns:
            other = stored.columns.get(column.name)
            counts = self._counts(column, False, other)
            if counts or other is not None:
                yield column.name, counts
        for column in stored.columns:
            if column.name not in group.columns and not (
                self.has(column.name, "column", table_name=group.name, schema_name=group.schema)
                and self._counts(column, True, None)
            ):
                yield column.name, False

    def _counts(self, column: Any, stored: bool, other: Any) -> bool:
        return self._context.run_object_filters(column, column.name, "column", stored, other)

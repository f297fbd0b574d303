"""A spine's rows and one group's, brought together: three ways, each one row for one row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import sqlalchemy as sa

from fsql.ties import tie_breakers
from fsql.training.expressions import LastKnown, is_within, microseconds, record
from fsql.training.lookups import Deleted, Feature, Lookup
from fsql.types import Timestamp

__all__ = ["joined", "merged", "timeless"]

_GROUP, _SPINE = 0, 1  # kinds of rows, in the order in which those of one time stand
_KIND, _TIME, _CREATED, _GONE, _FOUND, _RANK = (
    f"fsql_{name}" for name in ("kind", "time", "created", "gone", "found", "rank")
)
_MICROS = Timestamp("us")
_Column = sa.ColumnElement[Any]


def merged(
    rows: sa.FromClause, time: str | None, lookup: Lookup, *, by_arrival: bool
) -> sa.Select[Any]:
    """By one sort: each row of the spine takes what stands before it.

    Args:
        by_arrival: sort by when a row both held and was known, and take the best of those; the
            group's rows are ranked before that, by a sort of their own.
    """
    spine, group = _Spine(rows, time, lookup), _Group(lookup)
    answers = [group.ranked()] if by_arrival else group.parts()
    parts = [part.add_columns(*spine.nothing) for part in answers]
    stream = sa.union_all(spine.padded(group, ranked=by_arrival), *parts).subquery()
    columns, keys = stream.columns, [stream.columns[name] for name in spine.key_names]
    if by_arrival:
        arrival = _later(columns[_TIME], columns[_CREATED]).asc().nulls_first()
        order = [arrival, columns[_KIND]]
        window = _best(columns).over(partition_by=keys, order_by=order, rows=(None, 0))
    else:
        first, *ties = group.order(columns)
        order = [first, columns[_KIND], *ties]
        window = LastKnown(columns[_FOUND], columns[_KIND] == _SPINE, keys, order)
    others = [column for column in columns if column.name not in (_FOUND, _RANK)]
    known = sa.select(*others, window.label(_FOUND)).subquery()
    return spine.answered(known, group).where(known.columns[_KIND] == _SPINE)


def _best(columns: Any) -> Any:
    """The value of the row that is greatest in the order in which they count."""
    return sa.func.max_by(columns[_FOUND], columns[_RANK], type_=columns[_FOUND].type)


def _later(time: _Column, created: _Column) -> _Column:
    """The greater of two times; the first if there is no other."""
    return sa.case((created > time, created), else_=time)


def joined(rows: sa.FromClause, time: str | None, lookup: Lookup, known_by: str) -> sa.Select[Any]:
    """By key, where no order serves: all that held and was known by then, and the best of it.

    Args:
        known_by: the spine's column that says until when things were known.
    """
    spine, group = _Spine(rows, time, lookup), _Group(lookup)
    number = sa.func.row_number().over().label("fsql_row")
    asking = spine.plain().add_columns(number).subquery()
    answers = group.ranked().subquery()
    created = answers.columns[_CREATED]
    known = asking.columns[spine.carried[known_by]]
    conditions = _same(asking, answers, spine.key_names)
    conditions.append(sa.or_(created.is_(None), created <= known))
    if lookup.event_time is not None:
        conditions.append(answers.columns[_TIME] <= asking.columns[_TIME])
    both = asking.outerjoin(answers, sa.and_(*conditions))
    kept = [asking.columns[name] for name in (_TIME, *spine.carried.values())]
    each = [sa.func.arbitrary(column, type_=column.type).label(column.name) for column in kept]
    best = sa.select(*each, _best(answers.columns).label(_FOUND)).select_from(both)
    return spine.answered(best.group_by(asking.columns["fsql_row"]).subquery(), group)


def timeless(rows: sa.FromClause, time: str | None, lookup: Lookup) -> sa.Select[Any]:
    """By key, one row of each: the one made last."""
    spine, group = _Spine(rows, time, lookup), _Group(lookup)
    answers = group.newest()
    asking = spine.plain().subquery()
    same = _same(asking, answers, spine.key_names)
    both = asking.outerjoin(answers, sa.and_(*same, answers.columns[_RANK] == 1))
    chosen = sa.select(*asking.columns, answers.columns[_FOUND]).select_from(both)
    return spine.answered(chosen.subquery(), group)


def _same(left: sa.FromClause, right: sa.FromClause, names: list[str]) -> list[_Column]:
    return [left.columns[name] == right.columns[name] for name in names]


@dataclass(frozen=True)
class _Spine:
    """The rows for which something is looked up, with what was looked up for them before."""

    rows: sa.FromClause
    time: str | None
    lookup: Lookup

    @cached_property
    def key_names(self) -> list[str]:
        """What the keys are called on the way."""
        return _key_names(self.lookup)

    @cached_property
    def carried(self) -> Mapping[str, str]:
        """The spine's columns, and what they are called on the way, unlike any of a group's."""
        return {name: f"fsql_spine{n}" for n, name in enumerate(self.rows.columns.keys())}

    @property
    def nothing(self) -> list[_Column]:
        """What a group's row has in their place."""
        return [sa.null().label(name) for name in self.carried.values()]

    def plain(self) -> sa.Select[Any]:
        """Keys, time and all columns."""
        return sa.select(*self._keys(), self._time(), *self._own())

    def padded(self, group: _Group, *, ranked: bool) -> sa.Select[Any]:
        """The same in the form of the stream with a group's rows."""
        rank = {_RANK: sa.BigInteger()} if ranked else {}
        types = {**group.ties, _FOUND: group.type, **rank}
        empty = (sa.type_coerce(sa.null(), type_).label(n) for n, type_ in types.items())
        kind = sa.literal_column(str(_SPINE), sa.Integer).label(_KIND)
        columns: list[_Column] = [kind, *self._keys(), self._time(), *empty, *self._own()]
        return sa.select(*columns)

    def _keys(self) -> list[_Column]:
        given = (self.rows.columns[name] for name in self.lookup.keys.values())
        return [key.label(name) for key, name in zip(given, self.key_names, strict=True)]

    def _time(self) -> _Column:
        time = sa.null() if self.time is None else self.rows.columns[self.time]
        return sa.cast(time, _MICROS).label(_TIME)

    def _own(self) -> list[_Column]:
        return [self.rows.columns[name].label(short) for name, short in self.carried.items()]

    def answered(self, rows: sa.FromClause, group: _Group) -> sa.Select[Any]:
        """The spine's columns again, and what was found."""
        columns = rows.columns
        own = [columns[short].label(name) for name, short in self.carried.items()]
        return sa.select(*own, *group.features(columns[_FOUND], columns[_TIME]))


@dataclass(frozen=True)
class _Group:
    """The rows among which is looked, and tombstones among them."""

    lookup: Lookup

    @cached_property
    def ties(self) -> Mapping[str, Any]:
        """What tells which of two rows of one time counts, if anything does, with its type."""
        known = self.lookup.created_time is not None or self.lookup.deleted is not None
        ties = {_CREATED: _MICROS} if known else {}
        return ties if self.lookup.deleted is None else {**ties, _GONE: sa.Integer()}

    def parts(self) -> Iterator[sa.Select[Any]]:
        """Rows and tombstones in the form of the stream."""
        lookup, table = self.lookup, self.lookup.table
        yield self._part(table, lookup.version, self._times(table), "0", self._record(table))
        if lookup.deleted is not None:
            deleted = lookup.deleted
            times = (deleted.table.columns[deleted.time], deleted.table.columns[deleted.made])
            yield self._part(deleted.table, deleted.version, times, "1", self._record_of(deleted))

    def order(self, columns: Any) -> list[_Column]:
        """How rows of the stream are to be sorted so that the last one of a key counts."""
        found = columns[_FOUND]
        values = tie_breakers(found[f"f{n}"] for n, _ in enumerate(self.lookup.features))
        ties = (*(columns[name] for name in self.ties), *values)
        return [each.asc().nulls_first() for each in (columns[_TIME], *ties)]

    def ranked(self) -> sa.Select[Any]:
        """Rows and tombstones, and their place in that order within their key."""
        columns = sa.union_all(*self.parts()).subquery().columns
        keys = [columns[name] for name in _key_names(self.lookup)]
        rank = sa.func.row_number().over(partition_by=keys, order_by=self.order(columns))
        return sa.select(*columns, rank.label(_RANK))

    def _part(
        self,
        table: sa.FromClause,
        version: int | None,
        times: tuple[_Column, _Column],
        gone: str,
        found: _Column,
    ) -> sa.Select[Any]:
        keys = [table.columns[key] for key in self.lookup.keys]
        named = [key.label(n) for key, n in zip(keys, _key_names(self.lookup), strict=True)]
        time, created = (sa.cast(each, _MICROS) for each in times)
        ties: Mapping[str, Any] = {_CREATED: created, _GONE: sa.literal_column(gone, sa.Integer)}
        chosen: list[_Column] = [ties[name].label(name) for name in self.ties]
        kind = sa.literal_column(str(_GROUP), sa.Integer).label(_KIND)
        part = sa.select(kind, *named, time.label(_TIME), *chosen, found.label(_FOUND))
        timed = [] if self.lookup.event_time is None else [times[0]]
        given = (each.is_not(None) for each in (*keys, *timed))
        known = part.where(*given, *self._until(*times))
        return _at_version(known, table, version)

    def _times(self, table: sa.FromClause) -> tuple[_Column, _Column]:
        """When a row holds, and since when it is known.

        A timeless row holds as soon as it is known, and if nobody knows when, always.
        """
        lookup = self.lookup
        created: _Column = sa.null()
        if lookup.created_time is not None:
            created = table.columns[lookup.created_time]
        time = created if lookup.event_time is None else table.columns[lookup.event_time]
        return time, created

    def _until(self, time: _Column, created: _Column) -> Iterator[_Column]:
        """Nothing learnt after `as_of`."""
        if self.lookup.as_of is None:
            return
        limit = sa.literal(self.lookup.as_of, _MICROS)
        if self.lookup.event_time is not None:
            yield sa.cast(time, _MICROS) <= limit
        if self.lookup.created_time is not None or self.lookup.deleted is not None:
            yield sa.or_(created.is_(None), sa.cast(created, _MICROS) <= limit)

    # --- what is found -------------------------------------------------------------------------

    def _record(self, table: sa.FromClause) -> _Column:
        """A row as one value."""
        time, _ = self._times(table)
        values = {f"f{n}": _part_of(table, f) for n, f in enumerate(self.lookup.features)}
        return self._with_notes(values, time, sa.true())

    def _with_notes(self, values: Mapping[str, _Column], time: _Column, alive: _Column) -> _Column:
        """Features and what has to be known of the row that they are of, as one value."""
        lookup = self.lookup
        dated = (lookup.ttl, lookup.event_time_label, lookup.age_label) != (None, None, None)
        at = {"at": sa.cast(time, _MICROS)} if dated else {}
        return record({**at, **({"alive": alive} if lookup.deleted else {}), **values})

    @cached_property
    def type(self) -> Any:
        """The type of what is found."""
        return self._record(self.lookup.table).type

    def _record_of(self, deleted: Deleted) -> _Column:
        """A tombstone as one value: a row of which nothing is known."""
        table = self.lookup.table
        types = (_part_of(table, feature).type for feature in self.lookup.features)
        values = {f"f{n}": sa.cast(sa.null(), type_) for n, type_ in enumerate(types)}
        return self._with_notes(values, deleted.table.columns[deleted.time], sa.false())

    def newest(self) -> sa.Subquery:
        """Of each key the row made last, at rank 1."""
        lookup, table = self.lookup, self.lookup.table
        times = self._times(table)
        keys = [table.columns[key] for key in lookup.keys]
        created = [] if lookup.created_time is None else [times[1]]
        ties = tie_breakers(_part_of(table, feature) for feature in lookup.features)
        order = [each.desc().nulls_last() for each in (*created, *ties)]
        rank = sa.func.row_number().over(partition_by=keys, order_by=order)
        named = [key.label(n) for key, n in zip(keys, _key_names(lookup), strict=True)]
        values = (self._record(table).label(_FOUND), rank.label(_RANK))
        ranked = sa.select(*named, *values).where(*self._until(*times))
        return _at_version(ranked, table, lookup.version).subquery()

    def features(self, found: Any, time: _Column) -> Iterator[_Column]:
        """What was looked up, taken out of the value that was found."""
        lookup = self.lookup
        conditions = [found["alive"]] if lookup.deleted is not None else []
        if lookup.ttl is not None:
            conditions.append(is_within(lookup.ttl, found["at"], time))

        def valid(value: _Column) -> _Column:
            return sa.case((sa.and_(*conditions), value)) if conditions else value

        for place, feature in enumerate(lookup.features):
            yield valid(found[f"f{place}"]).label(feature.label)
        if lookup.event_time_label is not None:
            yield valid(found["at"]).label(lookup.event_time_label)
        if lookup.age_label is not None:
            age = microseconds(time) - microseconds(found["at"])
            yield valid(age).label(lookup.age_label)


def _part_of(table: sa.FromClause, feature: Feature) -> _Column:
    column: Any = table.columns[feature.column]
    return reduce(lambda value, name: value[name], feature.path, column)


def _key_names(lookup: Lookup) -> list[str]:
    return [f"fsql_key{place}" for place in range(len(lookup.keys))]


def _at_version(query: sa.Select[Any], table: Any, version: int | None) -> sa.Select[Any]:
    """A query that reads a snapshot of a table."""
    if version is None:
        return query
    return query.with_hint(table, f"FOR VERSION AS OF {version:d}", "fsql")

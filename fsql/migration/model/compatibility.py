"""Whether those who read or write by other versions of a group's schema get on with a new one.

The levels are those of the Glue Schema Registry, with its meaning
(https://docs.aws.amazon.com/glue/latest/dg/schema-registry.html#schema-registry-compatibility):
*backward* is that the new schema reads data written by the last one, so that columns may go
and optional ones may come; *forward* that the last one reads data written by the new one, so that
columns may come and optional ones may go; *full* is both; with ``_all`` it is not only the last
schema that counts, but every earlier one. *disabled* admits no other schema, *none* any.

Here a column is optional if it may be NULL and is neither a key nor a time, and a type is read by
one that shows all its values. A column under another name is one gone and one come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from fsql.definition import COMPATIBILITIES
from fsql.errors import MigrationError
from fsql.migration.model import paths
from fsql.migration.model.state import State
from fsql.migration.model.widening import widens

__all__ = ["breaks"]


def breaks(level: str, earlier: Sequence[State], after: State) -> list[str]:
    """What a group's new schema breaks of a compatibility level, in words; empty if nothing.

    Args:
        level: one of `fsql.definition.COMPATIBILITIES`.
        earlier: the group's states up to now, the newest one last.

    Raises:
        MigrationError: there is no such level.
    """
    if level not in COMPATIBILITIES:
        known = ", ".join(COMPATIBILITIES)
        raise MigrationError(f"compatibility {level!r}. Expected one of {known}.", after.table)
    counted = earlier if level.endswith("_all") else earlier[-1:]
    checks = _CHECKS[level.removesuffix("_all")]
    said = (words for state in counted for check in checks for words in check(state, after))
    return list(dict.fromkeys(said))


@dataclass(frozen=True)
class _Voice:
    """How it is said that one schema does not read what was written by another."""

    missing: str
    empty: str
    other: str


_BACKWARD = _Voice(
    "{path} is new and required, and rows of the earlier schema lack it. Let it be NULL.",
    "{path} may be NULL in rows of the earlier schema, and is required now. Let it be NULL.",
    "{path} is {written} in rows of the earlier schema, which {read} does not show.",
)
_FORWARD = _Voice(
    "{path} is gone, and readers of the earlier schema require it. Keep it.",
    "{path} may be NULL now, and readers of the earlier schema require it. Keep it required.",
    "{path} is {written} now, which readers of the earlier schema, who take {read}, cannot show.",
)


def _backward(earlier: State, after: State) -> Iterator[str]:
    return _unread(after, earlier, _BACKWARD)


def _forward(earlier: State, after: State) -> Iterator[str]:
    return _unread(earlier, after, _FORWARD)


def _disabled(earlier: State, after: State) -> Iterator[str]:
    if not earlier.schema.equals(after.schema):
        yield "The group admits no other schema. Declare a new version, or another level first."


_Check = Callable[[State, State], Iterator[str]]
_CHECKS: dict[str, tuple[_Check, ...]] = {
    "none": (),
    "disabled": (_disabled,),
    "backward": (_backward,),
    "forward": (_forward,),
    "full": (_backward, _forward),
}


def _unread(reader: State, writer: State, voice: _Voice) -> Iterator[str]:
    """What who reads by one schema does not make of rows written by another."""
    read, written = _required(reader), _required(writer)
    return _level((), list(read), list(written), voice)


def _required(state: State) -> pa.Schema:
    """The schema with keys and times as what must not be NULL."""
    known = state.definition
    roles = {*known.keys, known.event_time, known.created_time}
    fields = [one.with_nullable(one.nullable and one.name not in roles) for one in state.schema]
    return pa.schema(fields)


def _level(
    above: tuple[str, ...], read: list[pa.Field], written: list[pa.Field], voice: _Voice
) -> Iterator[str]:
    known = {one.name.lower(): one for one in written}
    for one in read:
        path, found = (*above, one.name), known.get(one.name.lower())
        if found is not None:
            yield from _field(path, one, found, voice)
        elif not one.nullable:
            yield voice.missing.format(path=paths.dotted(path))


def _field(
    path: tuple[str, ...], read: pa.Field, written: pa.Field, voice: _Voice
) -> Iterator[str]:
    if written.nullable and not read.nullable:
        yield voice.empty.format(path=paths.dotted(path))
    if paths.is_struct(read.type) and paths.is_struct(written.type):
        yield from _level(path, list(read.type), list(written.type), voice)
    elif paths.names(read.type) and paths.names(read.type) == paths.names(written.type):
        pairs = (paths.children(read.type), paths.children(written.type))
        for name, mine, theirs in zip(paths.names(read.type), *pairs, strict=True):
            yield from _field((*path, name), mine, theirs, voice)
    elif not widens(written.type, read.type):
        yield voice.other.format(path=paths.dotted(path), read=read.type, written=written.type)

"""What is found for the rows of a frame: in a cache, or by a query of a table that they go into."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from fsql.cache import Cache, Contents, NotKept
from fsql.catalog import Entry
from fsql.dbapi import Cursor
from fsql.formats import stage_name
from fsql.reader import executed
from fsql.training.digests import Digest
from fsql.training.spine import ROW, FrameSpine, as_table
from fsql.types import storage_type

__all__ = ["answered"]


@contextmanager
def answered(
    engine: sa.Engine,
    spine: FrameSpine,
    beside: Entry,
    types: Mapping[str, pa.DataType],
    query_of: Callable[[sa.Table], sa.Select[Any]],
    cache: Cache | None,
) -> Iterator[Cursor]:
    """The result of a query over a frame's rows, in no order.

    A temporary table is called otherwise each time, so a result is kept under what is in it.

    Args:
        beside: the table in whose database the temporary one is made.
        types: the spine's columns that are asked for, and what they are fitted to.
        query_of: the query of the temporary table.
        cache: where results are kept; None for nowhere.
    """
    with ExitStack() as stack:
        found, content = None, ""
        if cache is not None:
            content = _content(spine, types)
            name = stage_name(content)
            known = Contents.of(cache, {name: content}, required=True)
            query = query_of(as_table(name, types, beside.database))
            with suppress(NotKept):
                found = stack.enter_context(executed(query, engine, None, cache=known))
        if found is None:
            rows = stack.enter_context(spine.uploaded(beside, [*types], types))
            keeping = False if cache is None else Contents.of(cache, {rows.name: content})
            found = stack.enter_context(executed(query_of(rows), engine, None, cache=keeping))
        yield found


def _content(spine: FrameSpine, types: Mapping[str, pa.DataType]) -> str:
    """What names the rows that a spine's temporary table has."""
    stored = {name: storage_type(type_) for name, type_ in types.items()}
    digest = Digest(pa.schema({**stored, ROW: pa.int64()}))
    for block in spine.stored(types, types.keys()):
        digest.add(block)
    return digest.text

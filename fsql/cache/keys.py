"""What names a result: the query's text, and the state of all that it reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version as release
from typing import Any

from sqlglot import Token, TokenType
from sqlglot.errors import TokenError

from fsql.analysis.parsing import tokens
from fsql.analysis.relations import CATALOG
from fsql.catalog import Catalog, Entry
from fsql.formats import version
from fsql.formats.stage import STAGE
from fsql.model import COMMENTS_PROPERTY, GROUP_PROPERTY, SCHEMA_PROPERTY
from fsql.planning import Plan

__all__ = ["FORMAT", "Named", "Nameless", "name_of"]

FORMAT = 2  # of what is kept: another number, and nothing that is there is found any more


@dataclass(frozen=True)
class Named:
    """A result that can be kept.

    Attributes:
        key: 64 hexadecimal digits.
        tables: database and name of each table and view that is read.
    """

    key: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Nameless:
    """A result that cannot be kept.

    Attributes:
        why: in words.
    """

    why: str


def name_of(
    catalog: Catalog, plan: Plan, contents: Mapping[str, str] | None = None
) -> Named | Nameless:
    """What names a plan's result; it is never the same after a table that it reads has changed.

    Whitespace and comments of the SQL don't count, and the case of keywords; all else does. Of
    results that are all right, as those of a LIMIT without an order, it names whichever comes.

    Args:
        contents: what is in tables that are called otherwise each time; it stands for their names.
    """
    contents, analysis = contents or {}, plan.analysis
    if not analysis.is_query:
        return Nameless("it is no query")
    if analysis.tables is None:
        return Nameless("the SQL is not understood well enough to tell what it reads")
    if not analysis.deterministic:
        return Nameless("now(), random() and their like give other rows each time")
    home = catalog.aws.connect_args.get("catalog_name") or CATALOG
    if home.lower() != CATALOG:
        return Nameless(f"names are looked up in the catalog {home!r}")
    states = dict(sorted(_states(catalog, plan, contents).items()))
    unknown = [name for name, state in states.items() if state is None]
    if unknown:
        return Nameless(f"nothing tells whether {', '.join(unknown)} has changed")
    text = canonical(plan.sql, contents)
    if text is None:
        return Nameless("the SQL cannot be taken apart")
    whole = json.dumps([FORMAT, _release(), _store(catalog), text, plan.database, states])
    return Named(hashlib.sha256(whole.encode()).hexdigest(), tuple(states))


@cache
def _release() -> str:
    """fsql's own, since another one may restore types in another way."""
    return release("fsql")


def _store(catalog: Catalog) -> list[str | None]:
    """What tells stores apart that have buckets of one name, as all embedded ones do."""
    location = catalog.aws.location
    folder = None if location.folder is None else str(location.folder.resolve())
    return [folder, location.arguments.get("endpoint_url")]


def _states(catalog: Catalog, plan: Plan, contents: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for database, table in plan.analysis.tables or ():
        entry = plan.entries.get((database, table))
        if table in contents:
            found[f"{database}.{contents[table]}"] = "its contents"
        else:
            found[f"{database}.{table}"] = None if entry is None else _state(catalog, entry)
    return found


def _state(catalog: Catalog, entry: Entry) -> Any:
    """What a table or view is at this moment; None where nothing tells."""
    if entry.is_view:
        return entry.view_sql and [entry.glue.get("ViewOriginalText")]
    if entry.name.startswith(STAGE):
        return None  # nobody will ask for it again
    if not (entry.is_iceberg or entry.is_hive_group):
        return None  # files that anybody may change
    named = version(catalog, entry)
    exact = [entry.parameters.get(p) for p in (SCHEMA_PROPERTY, GROUP_PROPERTY, COMMENTS_PROPERTY)]
    # Glue's columns say which of the exact types hold.
    return named and [named, exact, entry.columns, entry.location]


def canonical(sql: str, contents: Mapping[str, str]) -> list[tuple[str, str]] | None:
    """SQL as its words, comments left out; None if it has none.

    Reserved words are upper case. Others keep theirs, which names of the result's columns keep too.

    Args:
        contents: what stands for words that are called otherwise each time.
    """
    try:
        found = tokens(sql)
    except TokenError:
        return None
    words = [(token.token_type.name, _text(token)) for token in found]
    return [(kind, contents.get(text, text)) for kind, text in words]


def _text(token: Token) -> str:
    if token.token_type in _QUOTED or token.text.upper() not in _RESERVED:
        return token.text
    return token.text.upper()


_QUOTED = frozenset({TokenType.STRING, TokenType.IDENTIFIER, TokenType.UNICODE_STRING})
# Those of https://trino.io/docs/current/language/reserved.html that queries are full of.
_RESERVED = frozenset(
    {
        *("SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "AS", "ON", "JOIN", "LEFT"),
        *("RIGHT", "FULL", "INNER", "OUTER", "CROSS", "NATURAL", "USING", "UNION", "INTERSECT"),
        *("EXCEPT", "DISTINCT", "HAVING", "WITH", "RECURSIVE", "VALUES", "BETWEEN", "IN", "IS"),
        *("NULL", "LIKE"),
        *("ESCAPE", "CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "EXISTS", "EXTRACT", "FOR"),
        *("TRUE", "FALSE"),
        *("GROUP BY", "ORDER BY"),
    }
)

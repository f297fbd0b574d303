"""Which tables a query scans, how often, and which columns it may touch: never too few.

A WITH query and a view are run anew wherever they are named
(https://trino.io/docs/current/sql/select.html#with-clause), so what they read counts each
time. A column can be touched only if its name is written somewhere, or a ``*`` stands for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import TokenType, exp

from fsql.analysis.model import Lookup
from fsql.analysis.parsing import parse_query, tokens
from fsql.analysis.reads import cte_of
from fsql.analysis.relations import CATALOG

__all__ = ["Touched", "touched"]


@dataclass(frozen=True)
class Touched:
    """What a query touches at most.

    Attributes:
        times: database and name of each table, not view, to how often it is scanned.
        names: lower-case names that a column has to have to be touched; None: all are.
    """

    times: Mapping[tuple[str, str], int]
    names: frozenset[str] | None


class _Unclear(Exception):
    """Something in the query could be read in more ways than one."""


def touched(sql: str, lookup: Lookup, database: str) -> Touched | None:
    """What a SELECT and the views behind it touch; None if that cannot be said.

    Args:
        lookup: what the catalog knows of a table.
        database: the database of names that have none.
    """
    walk = _Walk(lookup)
    try:
        times = walk.statement(sql, database.lower(), is_view=False)
    except (_Unclear, RecursionError):
        return None
    return Touched(times, None if walk.everything else frozenset(walk.names))


class _Walk:
    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._counted: dict[object, Counter[tuple[str, str]] | None] = {}
        self.names: set[str] = set()
        self.everything = False

    def statement(self, sql: str, database: str, *, is_view: bool) -> Counter[tuple[str, str]]:
        query = parse_query(sql)
        if query is None:
            raise _Unclear
        if not (is_view and _only_lists(query)):
            self.names |= _words(sql)
        self.everything |= any(_hides(node, query, is_view) for node in query.walk())
        return self._scans(query, database)

    def _scans(self, query: exp.Expr, database: str) -> Counter[tuple[str, str]]:
        scans: Counter[tuple[str, str]] = Counter()
        # What WITH defines is counted where it is named.
        for node in query.walk(prune=lambda each: isinstance(each, exp.With)):
            if isinstance(node, exp.Table):
                scans += self._table(node, database)
        return scans

    def _table(self, node: exp.Table, database: str) -> Counter[tuple[str, str]]:
        earlier = node.args.get("version") or node.args.get("when")
        if not isinstance(node.this, exp.Identifier) or earlier:
            raise _Unclear
        cte = cte_of(node)
        if cte is not None:
            return self._once(id(cte), cte.this, database)
        if (node.catalog.lower() or CATALOG) != CATALOG:
            raise _Unclear
        name = node.db.lower() or database, node.name.lower()
        relation = self._lookup(*name)
        if relation is None or relation.query is None:
            return Counter({name: 1})
        return self._once(name, relation.query, (relation.database or name[0]).lower())

    def _once(self, key: object, query: exp.Expr | str, database: str) -> Counter[tuple[str, str]]:
        """What a WITH query or a view scans each time it is named."""
        if key not in self._counted:
            self._counted[key] = None
            self._counted[key] = (
                self.statement(query, database, is_view=True)
                if isinstance(query, str)
                else self._scans(query, database)
            )
        found = self._counted[key]
        if found is None:  # it names itself; nobody knows how often it runs
            raise _Unclear
        return found


def _words(sql: str) -> set[str]:
    """All that could be a column's name; the tokenizer joins keywords, as in PRIMARY KEY."""
    texts = [t.text.lower() for t in tokens(sql) if t.token_type != TokenType.STRING]
    return {word for text in texts for word in (text, *text.split())}


def _hides(node: exp.Expr, query: exp.Expr, is_view: bool) -> bool:
    """Whether a node may touch columns whose names are written nowhere."""
    if isinstance(node, exp.Table):
        return _renames(node)
    if not isinstance(node, exp.Star) or isinstance(node.parent, exp.Count):
        return False
    select = node.find_ancestor(exp.Select)
    return select is None or not _passes_on(select, query, is_view)


def _passes_on(select: exp.Select, query: exp.Expr, is_view: bool) -> bool:
    """Whether those who read from a SELECT * have to name the columns that they take."""
    if select.args.get("distinct"):
        return False
    node: exp.Expr = select
    while True:
        parent = node.parent
        if isinstance(parent, exp.CTE):
            return not _renames(parent)
        if node is query:
            return is_view
        if not isinstance(parent, exp.Subquery):
            return False
        if _renames(parent):
            return False
        if isinstance(parent.parent, exp.From | exp.Join):
            return True
        node = parent


def _only_lists(query: exp.Expr) -> bool:
    """Whether a view gives columns under their own names: who takes one has to name it."""
    used = {name for name, value in query.args.items() if value}
    return used == {"expressions", "from_"} and all(
        isinstance(column, exp.Column) and not column.table for column in query.expressions
    )


def _renames(node: exp.Expr) -> bool:
    """Whether names are given to columns by position, as in ``AS t(a, b)``."""
    alias = node.args.get("alias")
    return isinstance(alias, exp.TableAlias) and bool(alias.args.get("columns"))

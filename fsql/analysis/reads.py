"""Which tables a query reads, and whether it gives the same rows each time."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from fsql.analysis.model import Lookup
from fsql.analysis.parsing import parse_query
from fsql.analysis.relations import CATALOG

__all__ = ["Reads", "cte_of"]

_CHANGING = (
    exp.CurrentDate,
    exp.CurrentTime,
    exp.CurrentTimestamp,
    exp.CurrentUser,
    exp.Localtime,
    exp.Localtimestamp,
    exp.Rand,
    exp.Shuffle,
    exp.TableSample,
    exp.Uuid,
)
_CHANGING_NAMES = frozenset({"secure_rand", "secure_random"})


class Reads:
    """What one query and the views in it read.

    Attributes:
        tables: database and name of each table and view; the database of another
            catalog's table is ``catalog.database``.
        changing: it calls functions like now() or random(), or samples.
        opaque: it calls a table function, which may read anything.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self.tables: set[tuple[str, str]] = set()
        self.changing = False
        self.opaque = False

    def add(self, query: exp.Expr, database: str) -> None:
        """Add what `query` reads, names without a database being in `database`."""
        for node in query.walk():
            if isinstance(node, exp.Table):
                self._add_table(node, database)
            elif isinstance(node, _CHANGING):
                self.changing = True
            elif isinstance(node, exp.Anonymous):
                self.changing |= str(node.this).lower() in _CHANGING_NAMES

    def _add_table(self, node: exp.Table, database: str) -> None:
        if not isinstance(node.this, exp.Identifier):
            # JSON_TABLE takes its rows from columns.
            self.opaque |= not isinstance(node.this, exp.JSONTable)
            return
        if cte_of(node) is not None:
            return
        catalog = node.catalog.lower() or CATALOG
        database = node.db.lower() or database
        name = database if catalog == CATALOG else f"{catalog}.{database}", node.name.lower()
        if name in self.tables:
            return
        self.tables.add(name)
        relation = self._lookup(*name) if catalog == CATALOG else None
        if relation is not None and relation.query is not None:
            self._add_view(relation.query, relation.database or database)

    def _add_view(self, sql: str, database: str) -> None:
        query = parse_query(sql)
        if query is None:
            self.changing = True
        else:
            self.add(query, database.lower())


def cte_of(table: exp.Table) -> exp.CTE | None:
    """The WITH query around the table that its name means; None if it means none."""
    if table.db:
        return None
    name = table.name.lower()
    below: exp.Expr | None = table
    node = table.parent
    while node is not None:
        if isinstance(node, exp.With):
            at = next(i for i, cte in enumerate(node.expressions) if cte is below)
            seen = node.expressions[: at + bool(node.args.get("recursive"))]
            if found := _named(name, seen):
                return found
            # What follows in this WITH, and what it belongs to, is not seen from inside.
            below, node = node.parent, node.parent and node.parent.parent
            continue
        clause = node.args.get("with_")
        if clause is not None and (found := _named(name, clause.expressions)):
            return found
        below, node = node, node.parent
    return None


def _named(name: str, ctes: Sequence[exp.CTE]) -> exp.CTE | None:
    return next((cte for cte in ctes if cte.alias.lower() == name), None)

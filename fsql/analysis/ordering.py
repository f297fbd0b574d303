"""The ORDER BY of a query, as keys that can be computed outside of it.

Trino drops the ORDER BY of a subquery that has no LIMIT, and UNLOAD writes files in no
order among each other. So the order is written down as a number for each row, from the
same keys. The query's text is kept as it is, but for that clause and, where a key is no
output column, one more column for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import Token, TokenType, exp

from fsql.analysis.parsing import tokens

__all__ = ["Ordered", "ordered"]

_T = TokenType
_OPEN = frozenset({_T.L_PAREN, _T.L_BRACKET, _T.L_BRACE})
_CLOSE = frozenset({_T.R_PAREN, _T.R_BRACKET, _T.R_BRACE})
_AFTER_ORDER = frozenset({_T.OFFSET, _T.LIMIT, _T.FETCH})
_AFTER_SELECT = frozenset(
    {_T.FROM, _T.WHERE, _T.GROUP_BY, _T.HAVING, _T.WINDOW, _T.ORDER_BY, *_AFTER_ORDER}
)


@dataclass(frozen=True)
class Ordered:
    """A query without its order, and the order.

    Args:
        sql: the query, with `extra` more columns at the end.
        keys: what to sort by, with directions, over the column names that were asked for.
        extra: how many columns were added for keys.
    """

    sql: str
    keys: tuple[str, ...] = ()
    extra: int = 0


def ordered(sql: str, query: exp.Expr, names: Sequence[str]) -> Ordered | None:
    """Take a query's ORDER BY apart; None if the order cannot be written down for certain.

    Args:
        sql: one query, as the user wrote it.
        query: the same, parsed.
        names: its output columns. They and the extra ones are called ``c0``, ``c1`` … in keys.
    """
    text = _Text(sql)
    while isinstance(query, exp.Subquery) and text.unwrapped():
        query = query.this
    order = query.args.get("order")
    if order is None:
        return None if isinstance(query, exp.Subquery) else Ordered(text.between(0))
    if not isinstance(query, (exp.Select, exp.SetOperation)):
        return None
    return _Order(text, query, [name.lower() for name in names]).taken_apart()


class _Text:
    """A query's text and its tokens outside of all brackets."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.tokens = tokens(sql)
        while self.tokens and self.tokens[-1].token_type == _T.SEMICOLON:
            self.tokens.pop()

    def unwrapped(self) -> bool:
        """Drop the parentheses around everything; whether there were any."""
        depths = self._depths()
        if not depths or self.tokens[0].token_type != _T.L_PAREN or 0 in depths[1:-1]:
            return False
        self.tokens = self.tokens[1:-1]
        return True

    def outer(self) -> list[int]:
        """Indices of the tokens outside of brackets."""
        return [i for i, depth in enumerate(self._depths()) if depth == 0]

    def _depths(self) -> list[int]:
        depths, depth = [], 0
        for token in self.tokens:
            depth -= token.token_type in _CLOSE
            depths.append(depth)
            depth += token.token_type in _OPEN
        return depths

    def between(self, first: int, end: int | None = None) -> str:
        """The text of tokens `first` to before `end`."""
        chosen = self.tokens[first:end]
        return self.sql[chosen[0].start : chosen[-1].end + 1] if chosen else ""


class _Order:
    """The ORDER BY of one query without parentheses around it."""

    def __init__(self, text: _Text, query: exp.Query, names: list[str]) -> None:
        self._text, self._query, self._names = text, query, names
        self._outer = text.outer()
        self._extra: list[str] = []

    def taken_apart(self) -> Ordered | None:
        start = self._first({_T.ORDER_BY}, 0)
        if start is None:
            return None
        end = self._first(_AFTER_ORDER, start)
        written = self._split(start + 1, len(self._text.tokens) if end is None else end)
        parsed = self._query.args["order"].expressions
        if len(written) != len(parsed):
            return None
        keys = [self._key(*item) for item in zip(written, parsed, strict=True)]
        known = tuple(key for key in keys if key is not None)
        sql = self._without_order(start, end)
        if len(known) < len(keys) or sql is None:
            return None
        return Ordered(sql, known, len(self._extra))

    def _first(self, types: frozenset[TokenType] | set[TokenType], after: int) -> int | None:
        tokens = self._text.tokens
        return next((i for i in self._outer if i >= after and tokens[i].token_type in types), None)

    def _split(self, start: int, end: int) -> list[tuple[int, int]]:
        tokens = self._text.tokens
        commas = [i for i in self._outer if start <= i < end and tokens[i].token_type == _T.COMMA]
        return list(zip([start, *(i + 1 for i in commas)], [*commas, end], strict=True))

    def _without_order(self, start: int, end: int | None) -> str | None:
        """Which rows LIMIT leaves depends on the order, so then it stays."""
        place = start
        if self._extra:
            found = self._end_of_select()
            if found is None:
                return None
            place = found
        extra = "".join(f", {key}" for key in self._extra)
        kept = self._text.between(place, start if end is None else None)
        return f"{self._text.between(0, place)}{extra}\n{kept}"

    # --- keys ----------------------------------------------------------------------------------

    def _key(self, span: tuple[int, int], node: exp.Expr) -> str | None:
        start, end = span
        first = _direction(self._text.tokens, start, end)
        key = self._column(node.this, start, first)
        if key is None:
            return None
        # NULLS LAST is Trino's default, also for DESC.
        nulls_first = any(t.text.upper() == "FIRST" for t in self._text.tokens[first:end])
        descending = bool(node.args.get("desc"))
        nulls = "NULLS FIRST" if nulls_first else "NULLS LAST"
        return f"{key} {'DESC' if descending else 'ASC'} {nulls}"

    def _column(self, node: exp.Expr, start: int, end: int) -> str | None:
        """An ordinal, an output's name, an expression of outputs, or one of FROM's columns."""
        if isinstance(node, exp.Literal) and not node.is_string:
            place = int(node.name) if node.name.isdigit() else 0
            return f"c{place - 1}" if 1 <= place <= len(self._names) else None
        columns = list(node.find_all(exp.Column))
        heads = [column.parts[0] for column in columns]
        named = [
            head
            for head in heads
            if isinstance(head, exp.Identifier) and head.name.lower() in self._names
        ]
        if not named:
            return self._of_source(start, end)
        if len(named) < len(columns) or not _is_plain(node):
            return None
        return self._of_outputs(named, start, end, alone=node is named[0].parent)

    def _of_outputs(
        self, heads: list[exp.Identifier], start: int, end: int, *, alone: bool
    ) -> str | None:
        names = [head.name.lower() for head in heads]
        is_distinct = isinstance(self._query, exp.Select) and self._query.args.get("distinct")
        if any(self._names.count(name) > 1 for name in names) or (is_distinct and not alone):
            return None
        text, offset = self._text.between(start, end), self._text.tokens[start].start
        for head in sorted(heads, key=lambda head: -int(head.meta["start"])):
            first, last = (int(head.meta[edge]) - offset for edge in ("start", "end"))
            text = f"{text[:first]}c{self._names.index(head.name.lower())}{text[last + 1 :]}"
        return text

    def _of_source(self, start: int, end: int) -> str | None:
        if not isinstance(self._query, exp.Select) or self._query.args.get("distinct"):
            return None
        self._extra.append(f"{self._text.between(start, end)} AS fsql_key{len(self._extra)}")
        return f"c{len(self._names) + len(self._extra) - 1}"

    def _end_of_select(self) -> int | None:
        tokens = self._text.tokens
        selects = [i for i in self._outer if tokens[i].token_type == _T.SELECT]
        if len(selects) != 1:
            return None
        for i in self._outer:
            is_operator = tokens[i].token_type == _T.FROM and (
                tokens[i - 1].token_type == _T.DISTINCT
            )
            if i > selects[0] and tokens[i].token_type in _AFTER_SELECT and not is_operator:
                return i
        return None


def _is_plain(node: exp.Expr) -> bool:
    """No aggregate or window function, whose arguments are FROM's columns, and no subquery."""
    return node.find(exp.AggFunc, exp.Window, exp.Query, exp.Anonymous, exp.Lambda) is None


def _direction(tokens: Sequence[Token], start: int, end: int) -> int:
    """Where ASC, DESC and NULLS FIRST or LAST begin."""
    at = end
    if at - 2 > start and tokens[at - 2].text.upper() == "NULLS":
        at -= 2
    if at - 1 > start and tokens[at - 1].token_type in (_T.ASC, _T.DESC):
        at -= 1
    return at

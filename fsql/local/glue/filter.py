"""The Expression of GetPartitions: a WHERE clause over the partition keys.

Operators and key types are those of the Glue API reference:
https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html. Values of a key are compared
in the key's type; ``__HIVE_DEFAULT_PARTITION__`` is NULL.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fsql.local.glue.keys import KeyColumn
from fsql.local.glue.shapes import Json, fold, invalid
from fsql.local.wire import AwsError

Predicate = Callable[[Sequence[str]], bool | None]
"""A test of a partition's values; None is SQL's unknown."""

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^']|'')*')
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<quoted>"[^"]+"|`[^`]+`)
      | (?P<word>[^\W\d][\w.]*)
      | (?P<sign><>|!=|<=|>=|[=<>(),])
    )""",
    re.VERBOSE,
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def partition_filter(
    expression: str | None, keys: Sequence[Json]
) -> Callable[[Sequence[str]], bool]:
    """A test of a partition's values, one for each of ``keys`` (Column structures).

    AwsError InvalidInputException for an expression, column or literal that Glue refuses; the
    test raises InvalidStateException for a stored value that its key's type can't hold.
    """
    if not expression or not expression.strip():
        return lambda values: True
    predicate = _Parser(expression, keys).parse()
    return lambda values: predicate(values) is True


@dataclass(frozen=True)
class _Literal:
    text: str


class _Parser:
    """Recursive descent over OR, AND, NOT and the predicates; operands may stand in brackets."""

    def __init__(self, expression: str, keys: Sequence[Json]) -> None:
        self._expression = expression
        self._columns = {
            fold(key["Name"]): KeyColumn.of(key, position) for position, key in enumerate(keys)
        }
        self._tokens = self._scan()
        self._next = 0

    def parse(self) -> Predicate:
        predicate = self._predicate(self._or())
        if self._next != len(self._tokens):
            raise self._unsupported()
        return predicate

    def _scan(self) -> list[tuple[str, str]]:
        tokens, at, end = [], 0, len(self._expression.rstrip())
        while at < end:
            match = _TOKEN.match(self._expression, at)
            if match is None or match.lastgroup is None:
                raise self._unsupported()
            tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        return tokens

    def _unsupported(self) -> AwsError:
        return invalid(f"Unsupported expression '{self._expression}'")

    # Tokens

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("end", "")

    def _accept(self, *texts: str) -> str | None:
        kind, text = self._peek()
        if kind in ("word", "sign") and text.upper() in texts:
            self._next += 1
            return text.upper()
        return None

    def _expect(self, text: str) -> None:
        if self._accept(text) is None:
            raise self._unsupported()

    # Grammar

    def _or(self) -> Predicate | KeyColumn | _Literal:
        left = self._and()
        while self._accept("OR"):
            left = _either(self._predicate(left), self._predicate(self._and()))
        return left

    def _and(self) -> Predicate | KeyColumn | _Literal:
        left = self._not()
        while self._accept("AND"):
            left = _both(self._predicate(left), self._predicate(self._not()))
        return left

    def _not(self) -> Predicate | KeyColumn | _Literal:
        if self._accept("NOT"):
            return _negated(self._predicate(self._not()))
        return self._comparison(self._operand())

    def _comparison(
        self, left: Predicate | KeyColumn | _Literal
    ) -> Predicate | KeyColumn | _Literal:
        if not isinstance(left, KeyColumn):
            return left
        sign = self._accept(*_COMPARISONS)
        if sign:
            compare, literal = _COMPARISONS[sign], left.literal(self._literal())
            return _test(left, lambda value: compare(value, literal))
        if self._accept("IS"):
            negated = self._accept("NOT")
            self._expect("NULL")
            return _is_null(left, not negated)
        if self._accept("NOT"):
            return _negated(self._set_predicate(left))
        return self._set_predicate(left) if self._peek()[1].upper() in _SETS else left

    def _set_predicate(self, column: KeyColumn) -> Predicate:
        if self._accept("IN"):
            literals = [column.literal(text) for text in self._literals()]
            return _test(column, lambda value: value in literals)
        if self._accept("LIKE"):
            column.require_text("LIKE")
            return _test(column, _like(self._literal()))
        self._expect("BETWEEN")
        low = column.literal(self._literal())
        self._expect("AND")
        high = column.literal(self._literal())
        return _test(column, lambda value: bool(low <= value <= high))

    def _operand(self) -> Predicate | KeyColumn | _Literal:
        if self._accept("("):
            inner = self._or()
            self._expect(")")
            return inner
        kind, text = self._peek()
        if kind in ("string", "number"):
            return _Literal(self._literal())
        if kind not in ("word", "quoted"):
            raise self._unsupported()
        self._next += 1
        return self._column(text.strip('"`'))

    def _literals(self) -> list[str]:
        self._expect("(")
        texts = [self._literal()]
        while self._accept(","):
            texts.append(self._literal())
        self._expect(")")
        return texts

    def _literal(self) -> str:
        if self._accept("("):
            text = self._literal()
            self._expect(")")
            return text
        self._accept("DATE", "TIMESTAMP")
        kind, text = self._peek()
        self._next += 1
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind != "number":
            raise self._unsupported()
        return text

    def _column(self, name: str) -> KeyColumn:
        column = self._columns.get(fold(name))
        if column is None:
            raise invalid(f"Unknown column '{name}'")
        return column

    def _predicate(self, parsed: Predicate | KeyColumn | _Literal) -> Predicate:
        if isinstance(parsed, KeyColumn | _Literal):
            raise self._unsupported()
        return parsed


_SETS = ("IN", "LIKE", "BETWEEN")


def _either(left: Predicate, right: Predicate) -> Predicate:
    return _negated(_both(_negated(left), _negated(right)))


def _both(left: Predicate, right: Predicate) -> Predicate:
    def both(values: Sequence[str]) -> bool | None:
        first = left(values)
        if first is False:
            return False
        second = right(values)
        return second if second is False or first else None

    return both


def _negated(inner: Predicate) -> Predicate:
    def negate(values: Sequence[str]) -> bool | None:
        answer = inner(values)
        return None if answer is None else not answer

    return negate


def _is_null(column: KeyColumn, wanted: bool) -> Predicate:
    return lambda values: (column.value(values) is None) is wanted


def _test(column: KeyColumn, test: Callable[[Any], bool]) -> Predicate:
    """A test that NULL makes unknown."""

    def apply(values: Sequence[str]) -> bool | None:
        value = column.value(values)
        return None if value is None else test(value)

    return apply


def _like(pattern: str) -> Callable[[str], bool]:
    parts = {"%": ".*", "_": "."}
    regex = re.compile("".join(parts.get(char, re.escape(char)) for char in pattern), re.DOTALL)
    return lambda text: regex.fullmatch(text) is not None

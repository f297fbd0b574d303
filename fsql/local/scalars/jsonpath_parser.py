"""Reading an SQL/JSON path's text. Source: Trino documentation, "JSON path language"."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar

from fsql.local.scalars.jsonpath import (
    METHODS,
    Context,
    Evaluate,
    PathError,
    Predicate,
    any_of,
    arithmetic,
    compared,
    is_number,
    members,
    method,
    unwrapped,
)

__all__ = ["InvalidPath", "Path", "parse_path"]


class InvalidPath(ValueError):
    """A text that is no SQL/JSON path."""


class Path:
    """A path that can be evaluated.

    Attributes:
        lax: its mode.
        variables: the names of those it uses.
    """

    def __init__(self, lax: bool, evaluate: Evaluate, variables: frozenset[str]) -> None:
        self.lax = lax
        self.variables = variables
        self._evaluate = evaluate

    def __call__(self, root: Any, variables: dict[str, Any]) -> list[Any]:
        """The items that the path leads to; raises `PathError`."""
        return self._evaluate(Context(root, self.lax, variables))


@lru_cache(1024)
def parse_path(text: str) -> Path:
    """The path that `text` writes; raises `InvalidPath`."""
    return _Reader(text).path()


_TOKEN = re.compile(
    r'\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+)|(?P<string>"(?:[^"]|"")*")'
    r"|(?P<variable>\$[A-Za-z_]\w*)|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<mark>\.\.|==|!=|<>|<=|>=|&&|\|\||[.$@*\[\](),?<>!+/%-]))"
)
_COMPARISONS = ("==", "!=", "<>", "<=", ">=", "<", ">")


class _Reader:
    """Reads one path from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.names: set[str] = set()
        self.tokens: list[tuple[str, str]] = []
        end, place = len(text.rstrip()), 0
        while place < end:
            found = _TOKEN.match(text, place)
            if found is None:
                raise InvalidPath(text)
            self.tokens.append((str(found.lastgroup), found[0].strip()))
            place = found.end()
        self.tokens.append(("end", ""))

    def path(self) -> Path:
        mode = self.next()[1]
        if mode not in ("lax", "strict"):
            raise InvalidPath(self.text)
        evaluate = self.sum()
        self.expect("")
        return Path(mode == "lax", evaluate, frozenset(self.names))

    # ---- tokens

    def next(self) -> tuple[str, str]:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def sees(self, *marks: str) -> bool:
        kind, text = self.tokens[self.at]
        return text in marks and kind != "string"

    def take(self, *marks: str) -> str:
        """The next token if it is one of `marks`."""
        return self.next()[1] if self.sees(*marks) else ""

    def expect(self, mark: str) -> None:
        if not self.sees(mark):
            raise InvalidPath(self.text)
        self.at += 1

    # ---- paths

    def sum(self) -> Evaluate:
        left = self.product()
        while symbol := self.take("+", "-"):
            left = _computed(symbol, left, self.product())
        return left

    def product(self) -> Evaluate:
        left = self.signed()
        while symbol := self.take("*", "/", "%"):
            left = _computed(symbol, left, self.signed())
        return left

    def signed(self) -> Evaluate:
        sign = self.take("+", "-")
        return _signed(sign, self.signed()) if sign else self.accessed()

    def accessed(self) -> Evaluate:
        found = self.primary()
        while symbol := self.take(".", "..", "[", "?"):
            found = self._ACCESSORS[symbol](self, found)
        return found

    def primary(self) -> Evaluate:
        kind, text = self.next()
        if kind == "number":
            return _constant(_number(text))
        if kind == "string":
            return _constant(_unquoted(text))
        if kind == "variable":
            self.names.add(text[1:])
            return lambda context: [context.variables[text[1:]]]
        if text == "(":
            inner = self.sum()
            self.expect(")")
            return inner
        known = _PRIMARIES.get(text)
        if known is None:
            raise InvalidPath(self.text)
        return known

    def member(self, base: Evaluate) -> Evaluate:
        if self.take("*"):
            return lambda context: [
                value
                for item in unwrapped(base(context), context.lax)
                for value in members(item).values()
            ]
        name = self.key()
        if not self.take("("):
            return lambda context: _members_called(name, base(context), context.lax)
        self.expect(")")
        if name not in METHODS:
            raise InvalidPath(self.text)
        return lambda context: method(name, base(context), context.lax)

    def key(self) -> str:
        kind, text = self.next()
        if kind not in ("word", "string"):
            raise InvalidPath(self.text)
        return _unquoted(text) if kind == "string" else text

    def descendants(self, base: Evaluate) -> Evaluate:
        name = self.key()
        return lambda context: [v for item in base(context) for v in _descendants(name, item)]

    def subscripts(self, base: Evaluate) -> Evaluate:
        if self.take("*"):
            self.expect("]")
            return lambda context: [
                value for item in base(context) for value in _items(item, context.lax)
            ]
        places = [self.subscript()]
        while self.take(","):
            places.append(self.subscript())
        self.expect("]")
        return lambda context: _subscripted(base(context), places, context)

    def subscript(self) -> tuple[Evaluate, Evaluate | None]:
        first = self.sum()
        return first, self.sum() if self.take("to") else None

    def filter(self, base: Evaluate) -> Evaluate:
        self.expect("(")
        holds = self.either()
        self.expect(")")
        return lambda context: [
            item
            for item in unwrapped(base(context), context.lax)
            if holds(context.at(item)) is True
        ]

    _ACCESSORS: ClassVar[dict[str, Callable[[_Reader, Evaluate], Evaluate]]] = {
        ".": member,
        "..": descendants,
        "[": subscripts,
        "?": filter,
    }

    # ---- predicates

    def either(self) -> Predicate:
        left = self.both()
        while self.take("||"):
            left = _or(left, self.both())
        return left

    def both(self) -> Predicate:
        left = self.negated()
        while self.take("&&"):
            left = _and(left, self.negated())
        return left

    def negated(self) -> Predicate:
        return _not(self.negated()) if self.take("!") else self.simple()

    def simple(self) -> Predicate:
        if self.take("exists"):
            self.expect("(")
            path = self.sum()
            self.expect(")")
            return lambda context: _exists(path, context)
        mark = self.at
        if self.take("("):
            try:
                return self.enclosed()
            except InvalidPath:
                self.at = mark
        return self.comparison()

    def enclosed(self) -> Predicate:
        inner = self.either()
        self.expect(")")
        if self.take("is"):
            self.expect("unknown")
            return lambda context: inner(context) is None
        if not self.sees(")", "&&", "||", ""):
            raise InvalidPath(self.text)
        return inner

    def comparison(self) -> Predicate:
        left = self.sum()
        if self.take("starts"):
            self.expect("with")
            start = self.primary()
            return lambda context: _starts(left, start, context)
        symbol = self.take(*_COMPARISONS)
        if not symbol:
            raise InvalidPath(self.text)
        right = self.sum()
        return lambda context: _compared(symbol, left, right, context)


# ---- what is read, as functions ----------------------------------------------------------------


def _number(text: str) -> Any:
    if "e" in text.lower():
        return float(text)
    return Decimal(text) if "." in text else int(text)


def _unquoted(text: str) -> str:
    return text[1:-1].replace('""', '"')


def _constant(value: Any) -> Evaluate:
    return lambda context: [value]


def _last(context: Context) -> list[Any]:
    if context.last is None:
        raise PathError("accessing the last array index with no enclosing array")
    return [context.last]


_PRIMARIES: dict[str, Evaluate] = {
    "$": lambda context: [context.root],
    "@": lambda context: [context.item],
    "last": _last,
    "null": _constant(None),
    "true": _constant(True),
    "false": _constant(False),
}


def _computed(symbol: str, left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(context: Context) -> list[Any]:
        sides = [list(unwrapped(side(context), context.lax)) for side in (left, right)]
        return [arithmetic(symbol, *sides)]

    return evaluate


def _signed(sign: str, path: Evaluate) -> Evaluate:
    def evaluate(context: Context) -> list[Any]:
        items = list(unwrapped(path(context), context.lax))
        if not all(map(is_number, items)):
            raise PathError("invalid operand type")
        return [-item for item in items] if sign == "-" else items

    return evaluate


def _members_called(name: str, items: list[Any], lax: bool) -> list[Any]:
    found = []
    for item in unwrapped(items, lax):
        if lax and not isinstance(item, dict):
            continue
        if name in members(item):
            found.append(item[name])
        elif not lax:
            raise PathError(f"missing member '{name}' in JSON object")
    return found


def _descendants(name: str, item: Any) -> list[Any]:
    if isinstance(item, list):
        return [found for each in item for found in _descendants(name, each)]
    if not isinstance(item, dict):
        return []
    own = [item[name]] if name in item else []
    return own + [found for each in item.values() for found in _descendants(name, each)]


def _items(item: Any, lax: bool) -> list[Any]:
    if isinstance(item, list):
        return item
    if not lax:
        raise PathError("invalid item type. Expected: ARRAY")
    return [item]


def _subscripted(
    items: list[Any], places: list[tuple[Evaluate, Evaluate | None]], context: Context
) -> list[Any]:
    found = []
    for item in items:
        array = _items(item, context.lax)
        inner = Context(context.root, context.lax, context.variables, context.item, len(array) - 1)
        for first, second in places:
            start = _place(first(inner))
            stop = start if second is None else _place(second(inner))
            if not context.lax and not 0 <= start <= stop < len(array):
                raise PathError(f"invalid array subscript: [{start}, {stop}]")
            found += array[max(start, 0) : stop + 1] if stop >= 0 else []
    return found


def _place(items: list[Any]) -> int:
    if len(items) != 1 or not is_number(items[0]):
        raise PathError("array subscript 'from' value must be singleton numeric")
    return int(items[0])


def _or(left: Predicate, right: Predicate) -> Predicate:
    def holds(context: Context) -> bool | None:
        sides = (left(context), right(context))
        return True if True in sides else None if None in sides else False

    return holds


def _and(left: Predicate, right: Predicate) -> Predicate:
    def holds(context: Context) -> bool | None:
        sides = (left(context), right(context))
        return False if False in sides else None if None in sides else True

    return holds


def _not(inner: Predicate) -> Predicate:
    def holds(context: Context) -> bool | None:
        found = inner(context)
        return None if found is None else not found

    return holds


def _exists(path: Evaluate, context: Context) -> bool | None:
    try:
        return bool(path(context))
    except PathError:
        return None


def _starts(left: Evaluate, start: Evaluate, context: Context) -> bool | None:
    try:
        texts, heads = left(context), start(context)
    except PathError:
        return None
    if len(heads) != 1 or not isinstance(heads[0], str):
        return None
    head = heads[0]
    found = (
        text.startswith(head) if isinstance(text, str) else None
        for text in unwrapped(texts, context.lax)
    )
    return any_of(found, context.lax)


def _compared(symbol: str, left: Evaluate, right: Evaluate, context: Context) -> bool | None:
    try:
        return compared(symbol, left(context), right(context), context.lax)
    except PathError:
        return None

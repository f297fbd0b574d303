"""Reading a Trino type's text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from fsql.local.transpile.types.tree import (
    INTEGERS,
    TIME_TZ,
    TIMESTAMP_TZ,
    InvalidType,
    Type,
    array,
    map_of,
    row,
)

__all__ = ["TypeReader", "parse_type"]

_TOKEN = re.compile(r'\s*("(?:[^"]|"")*"|\w+|[(),<>:])')

_ALIASES = {"int": "integer", "string": "varchar", "float": "real", "double precision": "double"}

_DEFAULT_SIZES: dict[str, tuple[int, ...]] = {
    "char": (1,),
    "time": (3,),
    "timestamp": (3,),
    TIMESTAMP_TZ: (3,),
    TIME_TZ: (3,),
    "decimal": (38, 0),
}

_SCALARS = {
    *INTEGERS,
    *_DEFAULT_SIZES,
    *("boolean", "real", "double", "varchar", "varbinary", "json", "date", "uuid", "unknown"),
    *("ipaddress", "hyperloglog", "interval day to second", "interval year to month"),
}


@lru_cache(maxsize=4096)
def parse_type(text: str) -> Type:
    """The Trino type that `text` names; raises `InvalidType`."""
    reader = TypeReader(text)
    parsed = reader.type()
    if reader.peek():
        raise InvalidType(text)
    return parsed


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None:
            raise InvalidType(text)
        yield token[1]
        at = token.end()


class TypeReader:
    """Reads one type's text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def take(self, *words: str) -> bool:
        """Whether the next tokens are `words`; they are consumed if so."""
        if all(self.peek(i).lower() == word for i, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def type(self) -> Type:
        word = self.next().lower()
        nested = {"array": self.array, "map": self.map, "row": self.row}.get(word)
        if nested and self.peek() == "(":
            return nested()
        base = self.base(word)
        sizes = self.sizes()
        return self.scalar(self.zoned(base), sizes)

    def base(self, word: str) -> str:
        if word == "interval":
            for words in (("day", "to", "second"), ("year", "to", "month")):
                if self.take(*words):
                    return " ".join((word, *words))
        if word == "double" and self.take("precision"):
            return "double"
        return _ALIASES.get(word, word)

    def sizes(self) -> tuple[int, ...]:
        if not self.take("("):
            return ()
        sizes = [self.size()]
        while self.take(","):
            sizes.append(self.size())
        self.expect(")")
        return tuple(sizes)

    def size(self) -> int:
        token = self.next()
        if not token.isdecimal():
            raise InvalidType(self.text)
        return int(token)

    def zoned(self, base: str) -> str:
        if base in ("time", "timestamp"):
            if self.take("with", "time", "zone"):
                return f"{base} with time zone"
            self.take("without", "time", "zone")
        return base

    def scalar(self, base: str, sizes: tuple[int, ...]) -> Type:
        """A type without items; raises `InvalidType` for a name or for sizes it can't have."""
        most = 1 if base == "varchar" else len(_DEFAULT_SIZES.get(base, ()))
        if base not in _SCALARS or len(sizes) > most:
            raise InvalidType(self.text)
        if base == "decimal" and len(sizes) == 1:
            sizes = (*sizes, 0)
        if base == "decimal" and sizes and not (1 <= sizes[0] <= 38 and sizes[1] <= sizes[0]):
            raise InvalidType(self.text)
        return Type(base, sizes or _DEFAULT_SIZES.get(base, ()))

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise InvalidType(self.text)

    def array(self) -> Type:
        self.expect("(")
        element = self.type()
        self.expect(")")
        return array(element)

    def map(self) -> Type:
        self.expect("(")
        key = self.type()
        self.expect(",")
        value = self.type()
        self.expect(")")
        return map_of(key, value)

    def row(self) -> Type:
        self.expect("(")
        fields = [self.row_field()]
        while self.take(","):
            fields.append(self.row_field())
        self.expect(")")
        return row(fields)

    def row_field(self) -> tuple[str | None, Type]:
        if self.unnamed():
            return None, self.type()
        name = self.next()
        if name.startswith('"'):
            name = name[1:-1].replace('""', '"')
        return name.lower(), self.type()

    def unnamed(self) -> bool:
        """Whether the next field is only a type: a type's word not followed by another type."""
        follower = self.peek(1).lower()
        if follower in ("", ",", ")", "("):
            return True
        return follower in ("with", "without", "precision", "day", "year") and self.peek(2) != ","

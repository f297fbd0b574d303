"""Lines of CSV as OpenCSVSerde takes them apart, for those where a pattern could go wrong.

Its parser has habits of its own: a quote within a value may stand for itself or turn quoting on,
an escape means something before a quote or an escape only, and a value whose quote never ends is
lost. Source: `CsvDeserializer` of trino-hive-formats, "bug for bug compatible with OpenCSVSerde".
"""

from __future__ import annotations

from typing import Any

from fsql.local.scalars import scalar

__all__ = ["FUNCTION", "taken_apart"]

FUNCTION = "fsql_opencsv"
"""The SQL function: a line, and the separator, quote and escape in one text; a list of values."""


@scalar("VARCHAR", "VARCHAR", "VARCHAR[]")
def opencsv(line: str, marks: str) -> list[str]:
    """`FUNCTION`."""
    return taken_apart(line, *marks)


def taken_apart(line: str, separator: str, quote: str, escape: str) -> list[str]:
    """The values of a line."""
    return _Parser(line, separator, quote, escape).values()


class _Parser:
    """Goes through one line."""

    def __init__(self, line: str, separator: str, quote: str, escape: str) -> None:
        self._line = line
        self._separator = separator
        self._quote = quote
        self._escape = escape
        self._letters: list[str] = []  # adding to a text would copy it each time
        self._quoted = False
        self._inside = False
        self._at = 0

    def values(self) -> list[str]:
        found: list[str] = []
        while self._at < len(self._line):
            letter = self._line[self._at]
            if letter == self._escape:
                self._escaped()
            elif letter == self._quote:
                self._turned()
            elif letter == self._separator and not self._quoted:
                found.append("".join(self._letters))
                self._letters, self._inside = [], False
            else:
                self._letters.append(letter)
                self._inside = True
            self._at += 1
        return found if self._quoted else [*found, "".join(self._letters)]

    def _next(self) -> str:
        return self._line[self._at + 1 : self._at + 2]

    def _escaped(self) -> None:
        following: Any = self._next()
        if (self._quoted or self._inside) and following in (self._quote, self._escape):
            self._letters.append(following)
            self._at += 1

    def _turned(self) -> None:
        """A quote: one of two that stand for one, or where quoting starts or ends."""
        if (self._quoted or self._inside) and self._next() == self._quote:
            self._letters.append(self._quote)
            self._at += 1
        else:
            self._within()
            self._quoted = not self._quoted
        self._inside = not self._inside

    def _within(self) -> None:
        """A quote in the middle of a value is part of it, but after blanks only."""
        before = self._line[self._at - 1] if self._at > 2 else self._separator
        if before == self._separator or self._next() in ("", self._separator):
            return
        if self._letters and all(letter.isspace() for letter in self._letters):
            self._letters = []
        else:
            self._letters.append(self._quote)

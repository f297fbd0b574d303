"""Statements as tokens: enough of Athena's two grammars to read DDL and find where a query starts.

DDL is Hive's: names plain or in backticks. Queries, and the DDL around them (CTAS, views, INSERT),
are Trino's: names plain or in double quotes. Positions count from 1, as both report them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from .transpile import TrinoError

__all__ = ["Token", "blank", "lex", "only_statement", "syntax_error"]

_SKIP = r"\s+|--[^\n]*|/\*.*?\*/"
_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`"
_TOKEN = re.compile(
    rf"(?P<skip>{_SKIP})|(?P<quoted>{_QUOTED})|(?P<word>[\w$]+)|(?P<mark>.)", re.DOTALL
)
_SEPARATOR = re.compile(rf"{_QUOTED}|--[^\n]*|/\*.*?\*/|(?P<end>;)", re.DOTALL)


@dataclass(frozen=True)
class Token:
    """A word, a quoted text or a punctuation mark; ``start`` and ``end`` are offsets."""

    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The token in upper case, for comparing with a keyword."""
        return self.text.upper()

    @property
    def quote(self) -> str:
        """The quote that the token starts with, or ""."""
        return self.text[0] if self.text[:1] in ("'", '"', "`") else ""

    @property
    def value(self) -> str:
        """The text without its quotes."""
        if not self.quote:
            return self.text
        return self.text[1:-1].replace(self.quote * 2, self.quote)


def lex(sql: str) -> Iterator[Token]:
    """The tokens of a statement, without space and comments; the last one is empty."""
    for match in _TOKEN.finditer(sql):
        if match.lastgroup != "skip":
            yield Token(match[0], match.start(), match.end())
    yield Token("", len(sql), len(sql))


def only_statement(sql: str) -> str:
    """The one statement of a text, without the semicolon around it.

    Raises:
        TrinoError: there are two, or none.
    """
    ends = [match.start() for match in _SEPARATOR.finditer(sql) if match["end"]]
    bounds = [-1, *ends, len(sql)]
    pieces = [sql[a + 1 : b].strip() for a, b in pairwise(bounds)]
    statements = [piece for piece in pieces if piece]
    if len(statements) > 1:
        message = f"Only one sql statement is allowed. Got: {sql.rstrip()}"
        raise TrinoError("SYNTAX_ERROR", message)
    if not statements:
        raise TrinoError("SYNTAX_ERROR", f"Empty sql statement: {sql.rstrip()}")
    return statements[0]


def blank(sql: str, start: int, end: int | None = None) -> str:
    """`sql` from `start` to `end`, what lies before made spaces: positions stay what they were."""
    return re.sub(r"[^\n]", " ", sql[:start]) + sql[start:end]


def syntax_error(sql: str, offset: int, message: str) -> TrinoError:
    """A syntax error at an offset, in the words of Athena: ``line 1:8: mismatched …``."""
    line = sql.count("\n", 0, offset) + 1
    column = offset - (sql.rfind("\n", 0, offset) + 1) + 1
    return TrinoError("SYNTAX_ERROR", f"line {line}:{column}: {message}")

"""Statements as tokens: enough of Athena's two grammars to read DDL and find where a query starts.

DDL is Hive's: names plain or in backticks, a backslash in a string escapes. Queries, and the DDL
around them (CTAS, views, INSERT), are Trino's: names plain or in double quotes, a backslash is a
backslash. Positions count from 1, as both report them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from fsql.local.transpile import TrinoError

__all__ = ["Token", "blank", "is_hive", "lex", "only_statement", "syntax_error"]

_HEAD = 12  # tokens: as many as decide which grammar a statement has

_SKIP = r"\s+|--[^\n]*|/\*.*?\*/"
_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`"
_HIVE_QUOTED = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`(?:[^`]|``)*`"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([0-3][0-7]{2})|(.))", re.DOTALL)


def _tokens(quoted: str) -> re.Pattern[str]:
    pattern = rf"(?P<skip>{_SKIP})|(?P<quoted>{quoted})|(?P<word>[\w$]+)|(?P<mark>.)"
    return re.compile(pattern, re.DOTALL)


def _separators(quoted: str) -> re.Pattern[str]:
    return re.compile(rf"{quoted}|--[^\n]*|/\*.*?\*/|(?P<end>;)", re.DOTALL)


_TOKEN, _HIVE_TOKEN = _tokens(_QUOTED), _tokens(_HIVE_QUOTED)
_SEPARATOR, _HIVE_SEPARATOR = _separators(_QUOTED), _separators(_HIVE_QUOTED)


@dataclass(frozen=True)
class Token:
    """A word, a quoted text or a punctuation mark; ``start`` and ``end`` are offsets."""

    text: str
    start: int
    end: int
    hive: bool = False

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
        inner = self.text[1:-1].replace(self.quote * 2, self.quote)
        if not self.hive or self.quote == "`":
            return inner
        return _ESCAPED.sub(_unescaped, inner)


def _unescaped(found: re.Match[str]) -> str:
    """What a backslash and what follows it mean in Hive: ``\\t``, ``\\001``, ``\\u0001``."""
    code, octal, letter = found.groups()
    if code or octal:
        return chr(int(code, 16) if code else int(octal, 8))
    return _ESCAPES.get(letter, letter)


def lex(sql: str, hive: bool = False) -> Iterator[Token]:
    """The tokens of a statement, without space and comments; the last one is empty."""
    for match in (_HIVE_TOKEN if hive else _TOKEN).finditer(sql):
        if match.lastgroup != "skip":
            yield Token(match[0], match.start(), match.end(), hive)
    yield Token("", len(sql), len(sql))


def is_hive(sql: str) -> bool:
    """Whether a statement is read by Hive's grammar."""
    words = [token.word for token in islice(lex(sql.lstrip("; \t\r\n")), _HEAD)]
    match words:
        case [("ALTER" | "DESC" | "DESCRIBE" | "DROP" | "MSCK" | "SHOW"), *_]:
            return True
        case ["CREATE", ("EXTERNAL" | "DATABASE" | "SCHEMA"), *_]:
            return True
        case ["CREATE", "TABLE", *rest]:
            name = rest[3:] if rest[:3] == ["IF", "NOT", "EXISTS"] else rest
            return _after_name(name) == "("
    return False


def _after_name(words: list[str]) -> str:
    """What follows a name of one to three parts."""
    position = 1
    while words[position : position + 1] == ["."]:
        position += 2
    return "".join(words[position : position + 1])


def only_statement(sql: str) -> str:
    """The one statement of a text, without the semicolon around it.

    Raises:
        TrinoError: there are two, or none.
    """
    separator = _HIVE_SEPARATOR if is_hive(sql) else _SEPARATOR
    ends = [match.start() for match in separator.finditer(sql) if match["end"]]
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

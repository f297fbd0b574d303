"""The tokens of one statement, and the pieces that several statements are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fsql.local.statements import nodes as st
from fsql.local.statements.lexer import Token, blank, is_hive, lex, syntax_error
from fsql.local.transpile import TrinoError

__all__ = ["QUERY_STARTS", "Reader"]

T = TypeVar("T")

QUERY_STARTS = ("SELECT", "WITH", "VALUES", "TABLE", "(")
_BACKQUOTED = "backquoted identifiers are not supported; use double quotes to quote identifiers"


class Reader:
    """Reads a statement from left to right."""

    def __init__(self, sql: str, start: int = 0) -> None:
        self.sql = sql
        self._rest = lex(sql, is_hive(sql))
        self._ahead: list[Token] = []
        while self.peek().start < start:
            self.take()

    # Tokens

    def peek(self, distance: int = 0) -> Token:
        while len(self._ahead) <= distance:
            self._ahead.append(next(self._rest, Token("", len(self.sql), len(self.sql))))
        return self._ahead[distance]

    def take(self) -> Token:
        token = self.peek()
        del self._ahead[0]
        return token

    def at(self, *words: str) -> bool:
        return all(self.peek(i).word == word for i, word in enumerate(words))

    def skip(self, *words: str) -> bool:
        """Take these words if they come next."""
        found = self.at(*words)
        if found:
            for _ in words:
                self.take()
        return found

    def need(self, *words: str) -> Token:
        """Take one of these words, or raise the syntax error that names them."""
        if self.peek().word not in words:
            raise self.wrong(*words)
        return self.take()

    def wrong(self, *expected: str) -> TrinoError:
        token = self.peek()
        found = token.text or "<EOF>"
        listed = ", ".join(word if word.startswith("<") else f"'{word}'" for word in expected)
        hint = f". Expecting: {listed}" if expected else ""
        return syntax_error(self.sql, token.start, f"mismatched input '{found}'{hint}")

    def end(self, value: T) -> T:
        if self.peek().text:
            raise self.wrong("<EOF>")
        return value

    # Pieces

    def string(self) -> str:
        if self.peek().quote not in ("'", '"'):
            raise self.wrong("<string>")
        return self.take().value

    def identifier(self, foreign: str) -> str:
        """A name; `foreign` is the quote that this grammar does not take, "-" if it takes all."""
        token = self.peek()
        if token.quote == foreign == "`":
            raise self.backquoted(token)
        if token.quote in (foreign, "'") or not (token.quote or token.text.isidentifier()):
            raise self.wrong("<identifier>")
        return self.take().value.lower()

    def backquoted(self, token: Token) -> TrinoError:
        return syntax_error(self.sql, token.start, _BACKQUOTED)

    def name(self, foreign: str) -> st.Name:
        where = syntax_error(self.sql, self.peek().start, "").message[:-2]
        parts = [self.identifier(foreign)]
        while len(parts) < 3 and self.skip("."):
            parts.append(self.identifier(foreign))
        table, database, catalog = [*reversed(parts), None, None][:3]
        return st.Name(table or "", database, catalog, where)

    def hive_name(self) -> st.Name:
        return self.name(foreign='"')

    def trino_name(self) -> st.Name:
        return self.name(foreign="`")

    def parenthesized(self, item: Callable[[], T]) -> list[T]:
        self.need("(")
        items = [item()]
        while self.need(",", ")").text == ",":
            items.append(item())
        return items

    def if_not_exists(self) -> bool:
        return self.skip("IF", "NOT", "EXISTS")

    def if_exists(self) -> bool:
        return self.skip("IF", "EXISTS")

    def property(self) -> tuple[str, str]:
        """``'key' = 'value'`` of TBLPROPERTIES."""
        key = self.string()
        self.need("=")
        return key, self.string()

    def option(self) -> tuple[str, str | list[str]]:
        """``key = value`` of WITH; a value is a string, a number, a boolean or ARRAY[…]."""
        key = self.identifier("`")
        self.need("=")
        if not self.skip("ARRAY"):
            return key, self.take().value
        self.need("[")
        values = [] if self.at("]") else [self.string()]
        while self.need(",", "]").text == ",":
            values.append(self.string())
        return key, values

    def query(self) -> st.Query:
        """The query that takes up the rest of the statement."""
        start = self.peek()
        if start.word not in QUERY_STARTS:
            raise self.wrong("<query>")
        return st.Query(blank(self.sql, start.start))

    def type(self, *ends: str) -> str:
        """A Hive type as written, up to what can't belong to it or one of these words."""
        start, end, depth = self.peek().start, self.peek().start, 0
        while depth or self.peek().word not in (",", ")", "COMMENT", "", *ends):
            if self.at(""):
                raise self.wrong("<type>")
            token = self.take()
            depth += (token.text in ("(", "<")) - (token.text in (")", ">"))
            end = token.end
        if start == end:
            raise self.wrong("<type>")
        return " ".join(self.sql[start:end].lower().split())

    def column(self, *ends: str) -> st.ColumnDef:
        """A column's name, type and comment; the type ends at one of these words too."""
        name = self.identifier('"')
        self.skip(":")
        type_ = self.type(*ends)
        return st.ColumnDef(name, type_, self.string() if self.skip("COMMENT") else None)

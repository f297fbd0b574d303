"""Reading the clauses of the SQL/JSON functions, which stand where arguments do elsewhere.

A call becomes an `exp.Anonymous` that holds every expression in it, in order, and says in
``meta["json"]`` what each is for. Source: Trino documentation, "JSON functions and operators".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

__all__ = ["JSON_FUNCTIONS"]


class _Reader:
    """Reads one call from behind its opening parenthesis to before the closing one."""

    def __init__(self, parser: Any, name: str) -> None:
        self.parser = parser
        self.name = name
        self.expressions: list[exp.Expr] = []
        self.clauses: dict[str, Any] = {"format": {}}

    def made(self) -> exp.Anonymous:
        if not self._sees(")"):
            self.parser.raise_error("Expecting )")
        node = exp.Anonymous(this=self.name, expressions=self.expressions)
        node.meta["json"] = self.clauses
        return node

    # ---- pieces

    def _sees(self, *words: str) -> bool:
        token = self.parser._curr
        return token.token_type != TokenType.STRING and token.text.upper() in words

    def _take(self, *words: str) -> bool:
        return bool(self.parser._match_text_seq(*words))

    def _expect(self, word: str) -> None:
        if not self._take(word):
            self.parser.raise_error(f"Expecting {word}")

    def _expression(self) -> int:
        """Reads an expression; its number."""
        found = self.parser._parse_disjunction()
        if found is None:
            self.parser.raise_error("Expecting <expression>")
        self.expressions.append(found)
        return len(self.expressions) - 1

    def _json(self) -> int:
        """Reads an expression and its FORMAT; its number."""
        number = self._expression()
        if self._take("FORMAT", "JSON"):
            self.clauses["format"][number] = self._encoding()
        return number

    def _encoding(self) -> str:
        if not self._take("ENCODING"):
            return ""
        for word in ("UTF8", "UTF16", "UTF32"):
            if self._take(word):
                return word
        self.parser.raise_error("Expecting UTF8")
        return ""

    def _type(self) -> str:
        parser, first, depth = self.parser, self.parser._curr, 0
        while parser._curr and (depth or not self._ends_type()):
            depth += (parser._curr.text == "(") - (parser._curr.text == ")")
            parser._advance()
        if parser._curr is first:
            parser.raise_error("Expecting <type>")
        return str(parser.sql[first.start : parser._prev.end + 1])

    def _ends_type(self) -> bool:
        if self._sees("WITH", "WITHOUT"):
            return str(self.parser._next.text).upper() != "TIME"
        return self._sees(")", "FORMAT", "ERROR", "NULL", "DEFAULT", "KEEP", "OMIT", "EMPTY")

    # ---- json_exists, json_query, json_value

    def query(self) -> exp.Anonymous:
        self._json()
        self._expect(",")
        self._expression()
        self._passing()
        self._returning()
        self._wrapper()
        self._outcomes()
        return self.made()

    def _passing(self) -> None:
        self.clauses["passing"] = passing = []
        if not self._take("PASSING"):
            return
        while True:
            number = self._json()
            self._expect("AS")
            name = self.parser._parse_id_var()
            passing.append((number, name.name if name.quoted else name.name.upper()))
            if not self._take(","):
                return

    def _returning(self) -> None:
        if self._take("RETURNING"):
            self.clauses["returning"] = self._type()
            if self._take("FORMAT", "JSON"):
                self.clauses["returning_encoding"] = self._encoding()

    def _wrapper(self) -> None:
        if self.name != "json_query":
            return
        wrapper = "without"
        if self._take("WITH"):
            wrapper = "conditional" if self._take("CONDITIONAL") else "unconditional"
            self._take("UNCONDITIONAL")
            self._wrapped()
        elif self._take("WITHOUT"):
            self._wrapped()
        quotes = "omit" if self._take("OMIT") else "keep"
        if quotes == "omit" or self._take("KEEP"):
            self._expect("QUOTES")
            self._take("ON", "SCALAR", "STRING")
        self.clauses.update(wrapper=wrapper, quotes=quotes)

    def _wrapped(self) -> None:
        self._take("ARRAY")
        self._expect("WRAPPER")

    def _outcomes(self) -> None:
        """``… ON EMPTY`` and ``… ON ERROR``."""
        while not self._sees(")"):
            outcome = self._outcome()
            self._expect("ON")
            case = "error" if self.name == "json_exists" or not self._take("EMPTY") else "empty"
            if case == "error":
                self._expect("ERROR")
            if f"on_{case}" in self.clauses:
                self.parser.raise_error("Expecting )")
            self.clauses[f"on_{case}"] = outcome

    def _outcome(self) -> str | int:
        if self.name == "json_value" and self._take("DEFAULT"):
            return self._expression()
        for words in _OUTCOMES[self.name]:
            if self._take(*words.split()):
                return words.lower()
        self.parser.raise_error("Expecting ERROR")
        return ""

    # ---- json_array, json_object

    def array(self) -> exp.Anonymous:
        self.clauses["items"] = items = []
        while not self._sees(")", "RETURNING"):
            items.append(self._json())
            if not self._take(","):
                break
        self._nulls("absent")
        self._returning()
        return self.made()

    def object(self) -> exp.Anonymous:
        self.clauses["items"] = items = []
        while not self._sees(")", "RETURNING", "WITH", "WITHOUT"):
            items.append(self._pair())
            if not self._take(","):
                break
        self._nulls("null")
        if self._take("WITH", "UNIQUE"):
            self.clauses["unique"] = True
            self._take("KEYS")
        elif self._take("WITHOUT", "UNIQUE"):
            self._take("KEYS")
        self._returning()
        return self.made()

    def _pair(self) -> tuple[int, int]:
        if self._sees("KEY") and self.parser._next.text.upper() not in (":", "VALUE", "."):
            self.parser._advance()
        key = self._expression()
        if not self._take("VALUE"):
            self._expect(":")
        return key, self._json()

    def _nulls(self, default: str) -> None:
        self.clauses["nulls"] = default
        for words in ("NULL", "ABSENT"):
            if self._take(words, "ON", "NULL"):
                self.clauses["nulls"] = words.lower()


_OUTCOMES = {
    "json_exists": ("TRUE", "FALSE", "UNKNOWN", "ERROR"),
    "json_value": ("ERROR", "NULL"),
    "json_query": ("ERROR", "NULL", "EMPTY ARRAY", "EMPTY OBJECT"),
}

JSON_FUNCTIONS: dict[str, Callable[[Any], exp.Anonymous]] = {
    "JSON_EXISTS": lambda parser: _Reader(parser, "json_exists").query(),
    "JSON_VALUE": lambda parser: _Reader(parser, "json_value").query(),
    "JSON_QUERY": lambda parser: _Reader(parser, "json_query").query(),
    "JSON_ARRAY": lambda parser: _Reader(parser, "json_array").array(),
    "JSON_OBJECT": lambda parser: _Reader(parser, "json_object").object(),
}
"""For sqlglot's FUNCTION_PARSERS."""

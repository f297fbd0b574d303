"""Athena's SELECT as a syntax tree."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

from sqlglot import Token, exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError
from sqlglot.parsers.trino import TrinoParser

__all__ = ["parse_query", "tokens"]

# sqlglot reads these in every dialect. Trino refuses them, so they must not be understood.
_FOREIGN = frozenset({"==", "<=>", "::", "^=", "ISNULL", "NOTNULL"})


class _Parser(TrinoParser):
    """Trino's, with the type that ``DECIMAL '1.50'`` has: precision and scale of its digits."""

    TYPE_LITERAL_PARSERS: ClassVar[dict[Any, Any]] = {
        **TrinoParser.TYPE_LITERAL_PARSERS,
        exp.DType.DECIMAL: lambda self, this, to: self.expression(
            exp.Cast(this=this, to=_decimal_type(this, to))
        ),
    }


class _AthenaSelect(Trino):
    """Trino's dialect without what sqlglot understands beyond it."""

    Parser = _Parser

    class Tokenizer(Trino.Tokenizer):
        """Trino's tokens."""

        KEYWORDS: ClassVar[dict[str, Any]] = {
            word: token for word, token in Trino.Tokenizer.KEYWORDS.items() if word not in _FOREIGN
        }


def _decimal_type(literal: exp.Expr, to: exp.DataType) -> exp.DataType:
    """https://trino.io/docs/current/language/types.html#decimal"""
    if to.expressions:
        return to
    whole, _, fraction = literal.name.lstrip("+-").partition(".")
    digits = max(len((whole + fraction).lstrip("0")), len(fraction), 1)
    sizes = [exp.DataTypeParam(this=exp.Literal.number(n)) for n in (digits, len(fraction))]
    return exp.DataType(this=exp.DType.DECIMAL, expressions=sizes)


_dialect = _AthenaSelect()


@lru_cache(maxsize=256)
def parse_query(sql: str) -> exp.Expr | None:
    """The one statement in `sql`, not to be changed; None if it cannot be parsed as one."""
    try:
        parsed = _dialect.parse(sql)
    except (SqlglotError, RecursionError):
        return None
    # What follows the last semicolon is nothing, or a comment.
    statements = [each for each in parsed if each and not isinstance(each, exp.Semicolon)]
    return statements[0] if len(statements) == 1 else None


def tokens(sql: str) -> list[Token]:
    """The tokens of SQL that `parse_query` can parse."""
    return _dialect.tokenize(sql)

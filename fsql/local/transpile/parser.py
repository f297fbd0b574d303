"""Reading Athena's SQL: text to statements, and a syntax tree's node to its line and column.

sqlglot reads the text. What is changed here keeps what Trino needs and sqlglot would lose: a
function call keeps the name that was written, a CAST keeps the type's own text, an array index
stays as written, every operand knows where it stands, and operators of other dialects are errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn

from sqlglot import exp
from sqlglot.dialects.athena import Athena
from sqlglot.dialects.hive import Hive
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.athena import AthenaTrinoParser
from sqlglot.parsers.hive import HiveParser
from sqlglot.tokenizer_core import Token, TokenType

from fsql.local.transpile.errors import TrinoError
from fsql.local.transpile.jsonsyntax import JSON_FUNCTIONS
from fsql.local.transpile.places import first_place, line_and_column, start_of

__all__ = ["bind_parameters", "parse_statements"]

_STATEMENTS = (
    exp.Query,
    exp.Values,
    exp.DDL,
    exp.DML,
    exp.Command,
    exp.Describe,
    exp.Drop,
    exp.Alter,
    exp.Merge,
    exp.Use,
    exp.Set,
    exp.TruncateTable,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
    exp.Refresh,
    exp.Analyze,
    exp.Grant,
    exp.Comment,
    exp.Show,
)

_STARTS = (
    "'ALTER', 'ANALYZE', 'CREATE', 'DEALLOCATE', 'DELETE', 'DESCRIBE', 'DROP', 'EXECUTE', "
    "'EXPLAIN', 'INSERT', 'MERGE', 'MSCK', 'OPTIMIZE', 'PREPARE', 'SHOW', 'UNLOAD', 'UPDATE', "
    "'VACUUM', 'WITH', <query>"
)


def parse_statements(sql: str) -> list[exp.Expr]:
    """The statements of a text in Athena's dialect, without the empty ones.

    As Athena does, Hive's DDL (CREATE TABLE without AS, ALTER, DROP, SHOW, DESCRIBE, MSCK) is read
    by Hive's grammar and everything else by Trino's. Raises `TrinoError` (SYNTAX_ERROR, with line
    and column) for a text that is none, or that holds no statement.
    """
    try:
        parsed = _parse(sql)
    except TokenError as error:
        raise TrinoError("SYNTAX_ERROR", _token_fault(sql, str(error))) from None
    except ParseError as error:
        raise TrinoError("SYNTAX_ERROR", str(error)) from None
    except RecursionError:
        raise TrinoError(
            "STACK_OVERFLOW", "statement is too large (stack overflow while parsing it)"
        ) from None
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        # what sqlglot's own code stumbles over in a text that is no SQL
        raise TrinoError("SYNTAX_ERROR", "line 1:1: mismatched input. Expecting: ...") from None
    statements = [s for s in parsed if s is not None and not isinstance(s, exp.Semicolon)]
    if not statements:
        raise TrinoError(
            "SYNTAX_ERROR", f"line 1:1: mismatched input '<EOF>'. Expecting: {_STARTS}"
        )
    for statement in statements:
        if not isinstance(statement, _STATEMENTS):
            _fail_at_start(sql, statement)
        statement.meta["sql"] = sql
    return statements


def _parse(sql: str) -> list[exp.Expr | None]:
    tokens = _tokens(sql)
    if tokens and tokens[0].token_type == TokenType.HIVE_TOKEN_STREAM:
        return _Hive(dialect=_HIVE).parse(tokens[1:], sql)
    if tokens and tokens[0].token_type not in _STATEMENT_TOKENS:
        raise ParseError(_mismatch(sql, tokens[0], _STARTS))
    return _Trino(dialect=_TRINO).parse(tokens, sql)


def _tokens(sql: str) -> list[Token]:
    try:
        return _ATHENA.tokenize(sql)
    except TokenError:
        # sqlglot wants the digits of X'00 ff' without blanks; they move behind the literal.
        packed = _BINARY.sub(lambda found: _packed(found[0]), sql)
        if packed == sql:
            raise
        return _ATHENA.tokenize(packed)


_BINARY = re.compile(r"\b[xX]'[0-9A-Fa-f\s]*'")


def _packed(literal: str) -> str:
    digits = re.sub(r"\s", "", literal)
    return digits + " " * (len(literal) - len(digits))


def bind_parameters(statement: exp.Expr, parameters: list[str]) -> exp.Expr:
    """`statement` with each ``?`` replaced by the SQL text of its parameter, in order.

    Athena's ExecutionParameters are texts of literals (``'a'``, ``1``, ``DATE '2024-01-01'``).
    Raises `TrinoError` when their number differs from that of the question marks.
    """
    holders = sorted(statement.find_all(exp.Placeholder), key=start_of)
    if len(holders) != len(parameters):
        raise TrinoError(
            "INVALID_PARAMETER_USAGE",
            "line 1:1: Incorrect number of parameters: "
            f"expected {len(holders)} but found {len(parameters)}",
        )
    for holder, text in zip(holders, parameters, strict=True):
        holder.replace(_parameter(text))
    return statement


def _parameter(text: str) -> exp.Expr:
    query = parse_statements(f"SELECT {text}")[0]
    columns = query.selects if isinstance(query, exp.Select) else []
    if len(columns) != 1 or set(_given(query)) != {"expressions"}:
        raise TrinoError(
            "INVALID_PARAMETER_USAGE", f"line 1:1: {text!r} is not one value, expected a literal"
        )
    return columns[0].pop()


def _given(node: exp.Expr) -> Iterator[str]:
    return (name for name, value in node.args.items() if value)


# ---- syntax errors -----------------------------------------------------------------------------


def _mismatch(sql: str, token: Token | None, expected: str) -> str:
    expecting = f". Expecting: {expected}" if expected else ""
    if not token:
        return f"{line_and_column(sql, len(sql.rstrip()))}: mismatched input '<EOF>'{expecting}"
    text = sql[token.start : token.end + 1]
    return f"{line_and_column(sql, token.start)}: mismatched input '{text}'{expecting}"


def _token_fault(sql: str, message: str) -> str:
    """A text that is cut off within a string or a comment, or holds a stray letter."""
    if quote := re.search(r"Missing (\S+) from (\d+):(\d+)", message):
        return f"line {quote[2]}:{quote[3]}: mismatched input '<EOF>'. Expecting: {quote[1]}"
    return f"{line_and_column(sql, len(sql.rstrip()))}: mismatched input '<EOF>'"


def _fail_at_start(sql: str, statement: exp.Expr) -> NoReturn:
    meta = first_place(statement)
    token = Token(TokenType.VAR, "", 1, 1, meta.get("start", 0), meta.get("end", 0))
    raise TrinoError("SYNTAX_ERROR", _mismatch(sql, token, _STARTS))


def _expected(message: str) -> str:
    """What sqlglot's message says it wanted, in Trino's quotes."""
    wanted = re.match(r"Expect(?:ing|ed) (\S+)", message)
    return f"'{wanted[1]}'" if wanted else ""


# ---- the parsers -------------------------------------------------------------------------------


def _only(table: dict[Any, Any], *keys: Any) -> dict[Any, Any]:
    return {key: table[key] for key in keys}


class _Quiet:
    """Statements that sqlglot keeps as text are no cause for a warning: the engine reads them."""

    def _warn_unsupported(self) -> None:
        pass


class _Hive(_Quiet, HiveParser):
    def raise_error(self, message: str, token: Token = None) -> None:  # type: ignore[assignment]
        raise ParseError(_mismatch(self.sql, token or self._curr, _expected(message)))


class _Trino(_Quiet, AthenaTrinoParser):
    FUNCTIONS: ClassVar[dict[str, Callable[..., Any]]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
        **_only(
            AthenaTrinoParser.FUNCTION_PARSERS,
            *("CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "SUBSTRING", "NORMALIZE"),
            "LISTAGG",
        ),
        **JSON_FUNCTIONS,
    }
    BRACKETS: ClassVar[Any] = (TokenType.L_BRACKET,)
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = _only(
        AthenaTrinoParser.NO_PAREN_FUNCTION_PARSERS, "CASE", "IF"
    )
    COLUMN_OPERATORS: ClassVar[dict[Any, Any]] = _only(
        AthenaTrinoParser.COLUMN_OPERATORS, TokenType.DOT
    )

    def raise_error(self, message: str, token: Token = None) -> None:  # type: ignore[assignment]
        raise ParseError(_mismatch(self.sql, token or self._curr, _expected(message)))

    def _parse_function_call(self, *args: Any, **kwargs: Any) -> exp.Expr | None:
        token = self._curr
        return _placed(super()._parse_function_call(*args, **kwargs), token)

    def _parse_unary(self) -> exp.Expr | None:
        token = self._curr
        return _placed(super()._parse_unary(), token)

    def _parse_type(self, *args: Any, **kwargs: Any) -> exp.Expr | None:
        """A type's name begins an expression only before a literal, as in ``DATE '2013-01-01'``.

        sqlglot tries one everywhere, which takes twice as long for each ARRAY[…] within another.
        """
        literal = self._next.token_type == TokenType.STRING
        if literal or self._curr.token_type == TokenType.INTERVAL:
            return super()._parse_type(*args, **kwargs)
        return self._parse_column()

    def _parse_interval(self, *args: Any, **kwargs: Any) -> Any:
        if (
            self._curr.token_type == TokenType.INTERVAL
            and self._next.token_type == TokenType.NUMBER
        ):
            self._advance()
            self.raise_error("Expecting <string>")
        return super()._parse_interval(*args, **kwargs)

    def _parse_cast(self, strict: bool, safe: bool | None = None) -> exp.Expr:
        this = self._parse_disjunction()
        if not self._match(TokenType.ALIAS):
            self.raise_error("Expecting AS")
        to = exp.DataType(this=exp.DType.USERDEFINED, kind=self._parse_type_text())
        kind = exp.TryCast if safe else exp.Cast
        return self.expression(kind(this=this, to=to))

    def _parse_type_text(self) -> str:
        """The text up to the parenthesis that closes the CAST; only Trino's types can read it."""
        first, depth = self._curr, 0
        while self._curr and (depth or self._curr.token_type != TokenType.R_PAREN):
            depth += self._curr.token_type == TokenType.L_PAREN
            depth -= self._curr.token_type == TokenType.R_PAREN
            self._advance()
        if not self._curr or self._curr is first:
            self.raise_error("Expecting <type>")
        return self.sql[first.start : self._prev.end + 1]


def _placed(node: exp.Expr | None, token: Token | None) -> exp.Expr | None:
    if node is not None and token and "start" not in node.meta:
        node.update_positions(token)
    return node


_STATEMENT_TOKENS = {
    *_Trino.STATEMENT_PARSERS,
    *(TokenType.SELECT, TokenType.WITH, TokenType.VALUES, TokenType.TABLE, TokenType.L_PAREN),
    *(TokenType.COMMAND, TokenType.SEMICOLON, TokenType.EXECUTE, TokenType.SHOW),
}

_ATHENA = Athena()
_HIVE = Hive()
_TRINO = Trino()
_TRINO.INDEX_OFFSET = 0  # an index stays as written; sqlglot would rewrite arr[1] to arr[0]

"""Text to statements: which one it is, and the DDL around queries.

Queries themselves are read by `transpile`; this parser finds where they start. The grammar is
Athena's (https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html): what it does not take
is a syntax error here too, with the position.
"""

from __future__ import annotations

from collections.abc import Callable

from fsql.local.statements import nodes as st
from fsql.local.statements.alter_clauses import AlterClauses
from fsql.local.statements.lexer import Token, blank, lex, only_statement, syntax_error
from fsql.local.statements.table_clauses import TableClauses
from fsql.local.tables.reading import QUERY_STARTS, Reader
from fsql.local.transpile import TrinoError

__all__ = ["parse"]

# What Trino's grammar has and Athena does not run.
_REFUSED = frozenset(
    {"ANALYZE", "CALL", "COMMENT", "COMMIT", "DENY", "GRANT", "REFRESH", "RESET", "REVOKE"}
    | {"ROLLBACK", "SET", "START", "TRUNCATE", "USE"}
)
_FIRST = (
    "'ALTER', 'ANALYZE', 'CALL', 'COMMENT', 'COMMIT', 'CREATE', 'DEALLOCATE', 'DELETE', 'DENY',"
    " 'DESC', 'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'GRANT', 'INSERT', 'MERGE', 'PREPARE',"
    " 'REFRESH', 'RESET', 'REVOKE', 'ROLLBACK', 'SET', 'SHOW', 'START', 'TRUNCATE', 'UNLOAD',"
    " 'UPDATE', 'USE', <query>"
)


def parse(sql: str) -> st.Statement:
    """The one statement of a text.

    Raises:
        TrinoError: SYNTAX_ERROR with the position; two statements; a statement that Athena
            does not take.
    """
    return _Parser(only_statement(sql)).statement()


class _Parser(Reader):
    """Recursive descent; one method for each statement."""

    def statement(self) -> st.Statement:
        first = self.peek()
        if first.word in QUERY_STARTS:
            return st.Select(self.query())
        if first.word in _REFUSED:
            raise TrinoError("SYNTAX_ERROR", "Queries of this type are not supported")
        read = _STATEMENTS.get(first.word)
        if read is None:
            raise syntax_error(
                self.sql,
                first.start,
                f"mismatched input '{first.text or '<EOF>'}'. Expecting: {_FIRST}",
            )
        self.take()
        return read(self)

    def unload(self) -> st.Statement:
        self.need("(")
        start = self.peek()
        if start.word not in QUERY_STARTS:
            raise self.wrong("<query>")
        depth = 1
        while depth:
            if self.at(""):
                raise self.wrong(")")
            closing = self.take()
            depth += (closing.text == "(") - (closing.text == ")")
        query = st.Query(blank(self.sql, start.start, closing.start))
        self.need("TO")
        target = self.string()
        self.need("WITH")
        return self.end(st.Unload(query, target, dict(self.parenthesized(self.option))))

    def explain(self) -> st.Statement:
        analyze = self.skip("ANALYZE")
        self.skip("VERBOSE")
        options: dict[str, str] = {}
        if self.at("(") and self.peek(1).word in ("TYPE", "FORMAT"):
            options = dict(self.parenthesized(lambda: (self.take().word, self.take().word)))
        inner = _Parser(self.sql, self.peek().start).statement()
        return st.Explain(inner, options, analyze)

    def insert(self) -> st.Statement:
        self.need("INTO")
        table = self.trino_name()
        columns: list[str] = []
        if self.at("(") and self.peek(1).word not in QUERY_STARTS:
            columns = self.parenthesized(lambda: self.identifier("`"))
        return st.Insert(table, tuple(columns), self.query())

    def create(self) -> st.Statement:
        if self.skip("EXTERNAL"):
            self.need("TABLE")
            return self.table(external=True)
        replace = self.skip("OR", "REPLACE")
        kind = self.need(*(("VIEW",) if replace else ("DATABASE", "SCHEMA", "TABLE", "VIEW"))).word
        if kind == "VIEW":
            view = self.trino_name()
            self.need("AS")
            return st.CreateView(view, self.query(), replace)
        return self.table(external=False) if kind == "TABLE" else self.database()

    def database(self) -> st.Statement:
        if_not_exists = self.if_not_exists()
        name = self.identifier('"')
        comment = self.string() if self.skip("COMMENT") else None
        location = self.string() if self.skip("LOCATION") else None
        properties: dict[str, str] = {}
        if self.skip("WITH", "DBPROPERTIES"):
            properties = dict(self.parenthesized(self.property))
        return self.end(st.CreateDatabase(name, if_not_exists, comment, location, properties))

    def table(self, external: bool) -> st.Statement:
        if_not_exists = self.if_not_exists()
        quoted = self.peek()
        name = self.name(foreign="-" if not external else '"')
        if not external and (self.at("WITH") or self.at("AS")):
            return self.table_as(name, if_not_exists, quoted)
        if quoted.quote == '"':
            raise syntax_error(
                self.sql, quoted.start, f"no viable alternative at input '{quoted.text}'"
            )
        clauses = TableClauses(self, external)
        columns = tuple(self.parenthesized(self.column))
        clauses.read()
        if "location" not in clauses.found:
            raise TrinoError(
                "SYNTAX_ERROR",
                "No location was specified for table. An S3 location must be specified",
            )
        return self.end(
            st.CreateTable(name, columns, external, if_not_exists, **clauses.found)  # type: ignore[arg-type]  # each clause fills the field it names
        )

    def table_as(self, name: st.Name, if_not_exists: bool, first: Token) -> st.Statement:
        if first.quote == "`":
            raise self.backquoted(first)
        options: dict[str, str | list[str]] = {}
        if self.skip("WITH"):
            options = dict(self.parenthesized(self.option))
        self.need("AS")
        query, with_data = _without_data(self.query())
        return st.CreateTableAs(name, query, options, if_not_exists, with_data)

    def drop(self) -> st.Statement:
        kind = self.need("DATABASE", "SCHEMA", "TABLE", "VIEW").word
        if_exists = self.if_exists()
        if kind == "VIEW":
            return self.end(st.DropView(self.trino_name(), if_exists))
        if kind == "TABLE":
            name = self.hive_name()
            self.skip("PURGE")
            return self.end(st.DropTable(name, if_exists))
        database = self.identifier('"')
        cascade = self.skip("CASCADE")
        self.skip("RESTRICT")
        return self.end(st.DropDatabase(database, if_exists, cascade))

    def alter(self) -> st.Statement:
        self.need("TABLE")
        return AlterClauses(self, self.hive_name()).read()

    def optimize(self) -> st.Statement:
        name = self.name(foreign="-")
        for word in ("REWRITE", "DATA", "USING", "BIN_PACK"):
            self.need(word)
        if not self.at("WHERE"):
            return self.end(st.Optimize(name))
        return st.Optimize(name, st.Delete(self.delete_from(name)))

    def delete_from(self, name: st.Name) -> str:
        """A DELETE of what the coming WHERE says, with the WHERE where it is: for its positions."""
        text = blank(self.sql, self.peek().start)
        before, line, after = text[: self.peek().start].rpartition("\n")
        parts = (name.catalog, name.database, name.table)
        table = ".".join(f'"{part}"' for part in parts if part is not None)
        if not line:
            return f"DELETE FROM {table}".ljust(len(after)) + text[len(after) :]
        return f"DELETE FROM {table}{before}\n{text[len(before) + 1 :]}"

    def repair(self) -> st.Statement:
        self.need("REPAIR")
        self.need("TABLE")
        return self.end(st.RepairTable(self.hive_name()))

    def describe(self) -> st.Statement:
        detailed = self.skip("EXTENDED") or self.skip("FORMATTED")
        return self.end(st.Describe(self.hive_name(), detailed))

    def show(self) -> st.Statement:
        kind = self.take().word
        if kind == "CREATE":
            what = self.need("TABLE", "VIEW").word
            if what == "VIEW":
                return self.end(st.ShowCreateView(self.trino_name()))
            return self.end(st.ShowCreateTable(self.hive_name()))
        read = _SHOW.get(kind)
        if read is None:
            raise TrinoError("SYNTAX_ERROR", "Queries of this type are not supported")
        return self.end(read(self))

    def pattern(self) -> str | None:
        self.skip("LIKE")
        return self.string() if self.peek().quote == "'" else None

    def in_database(self) -> str | None:
        return self.identifier('"') if self.skip("IN") or self.skip("FROM") else None

    def show_columns(self) -> st.Statement:
        self.need("IN", "FROM")
        name = self.hive_name()
        database = self.in_database()
        return st.ShowColumns(st.Name(name.table, database or name.database, name.catalog))

    def show_properties(self) -> st.Statement:
        name = self.hive_name()
        key = self.parenthesized(self.string)[0] if self.at("(") else None
        return st.ShowProperties(name, key)

    def prepare(self) -> st.Statement:
        name = self.identifier("`")
        self.need("FROM")
        text = blank(self.sql, self.peek().start)
        parse(text)
        return st.Prepare(name, text.strip())

    def execute(self) -> st.Statement:
        name = self.identifier("`")
        arguments: list[str] = []
        if self.skip("USING"):
            arguments = self.expressions()
        return self.end(st.Execute(name, tuple(arguments)))

    def expressions(self) -> list[str]:
        """The rest of the statement as expressions between commas, as written."""
        texts, start, depth = list[str](), self.peek().start, 0
        while True:
            token = self.take()
            if (token.text == "," and not depth) or not token.text:
                texts.append(self.sql[start : token.start].strip())
                start = token.end
            if not token.text:
                return texts
            depth += (token.text in ("(", "[")) - (token.text in (")", "]"))

    def deallocate(self) -> st.Statement:
        self.need("PREPARE")
        return self.end(st.Deallocate(self.identifier("`")))


def _without_data(query: st.Query) -> tuple[st.Query, bool]:
    """The query of a CTAS without the ``WITH [NO] DATA`` at its end, and whether data is wanted."""
    words = [token for token in lex(query.text) if token.text][-3:]
    if len(words) == 3 and [token.word for token in words] == ["WITH", "NO", "DATA"]:
        return st.Query(query.text[: words[0].start]), False
    if [token.word for token in words[-2:]] == ["WITH", "DATA"]:
        return st.Query(query.text[: words[-2].start]), True
    return query, True


_STATEMENTS: dict[str, Callable[[_Parser], st.Statement]] = {
    "ALTER": _Parser.alter,
    "CREATE": _Parser.create,
    "DEALLOCATE": _Parser.deallocate,
    "DELETE": lambda parser: st.Delete(parser.sql),
    "DESC": _Parser.describe,
    "DESCRIBE": _Parser.describe,
    "DROP": _Parser.drop,
    "EXECUTE": _Parser.execute,
    "EXPLAIN": _Parser.explain,
    "INSERT": _Parser.insert,
    "MERGE": lambda parser: st.Merge(parser.sql),
    "MSCK": _Parser.repair,
    "OPTIMIZE": _Parser.optimize,
    "PREPARE": _Parser.prepare,
    "SHOW": _Parser.show,
    "UNLOAD": _Parser.unload,
    "UPDATE": lambda parser: st.Update(parser.sql),
    "VACUUM": lambda parser: parser.end(st.Vacuum(parser.name(foreign="-"))),
}

_SHOW: dict[str, Callable[[_Parser], st.Statement]] = {
    "COLUMNS": _Parser.show_columns,
    "DATABASES": lambda parser: st.ShowDatabases(parser.pattern()),
    "PARTITIONS": lambda parser: st.ShowPartitions(parser.hive_name()),
    "SCHEMAS": lambda parser: st.ShowDatabases(parser.pattern()),
    "TABLES": lambda parser: st.ShowTables(parser.in_database(), parser.pattern()),
    "TBLPROPERTIES": _Parser.show_properties,
    "VIEWS": lambda parser: st.ShowViews(parser.in_database(), parser.pattern()),
}

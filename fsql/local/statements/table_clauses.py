"""The clauses that follow the columns of CREATE TABLE."""

from __future__ import annotations

from fsql.local.statements.formats import DELIMITERS
from fsql.local.tables.reading import Reader

__all__ = ["TableClauses"]


class TableClauses:
    """The clauses after the columns of CREATE TABLE, in any order."""

    def __init__(self, parser: Reader, external: bool) -> None:
        self.parser = parser
        self.external = external
        self.found: dict[str, object] = {}

    def read(self) -> None:
        parser = self.parser
        while parser.peek().text:
            word = parser.need(
                "CLUSTERED", "COMMENT", "LOCATION", "PARTITIONED", "ROW", "STORED", "TBLPROPERTIES",
                "WITH",
            ).word  # fmt: skip
            getattr(self, f"_{word.lower()}")()

    def _comment(self) -> None:
        self.found["comment"] = self.parser.string()

    def _location(self) -> None:
        self.found["location"] = self.parser.string()

    def _tblproperties(self) -> None:
        self.found["properties"] = dict(self.parser.parenthesized(self.parser.property))

    def _partitioned(self) -> None:
        self.parser.need("BY")
        if self.external:
            self.found["partitions"] = tuple(self.parser.parenthesized(self.parser.column))
        else:
            self.found["transforms"] = tuple(self.parser.parenthesized(self._transform))

    def _transform(self) -> str:
        parser = self.parser
        name = parser.identifier('"')
        if not parser.at("("):
            return name
        return f"{name}({','.join(parser.parenthesized(lambda: parser.take().value.lower()))})"

    def _clustered(self) -> None:
        self.parser.need("BY")
        columns = self.parser.parenthesized(lambda: self.parser.identifier('"'))
        self.found["bucketed_by"] = tuple(columns)
        self.parser.need("INTO")
        if not self.parser.peek().text.isdecimal():
            raise self.parser.wrong("<number>")
        self.found["buckets"] = int(self.parser.take().text)
        self.parser.need("BUCKETS")

    def _stored(self) -> None:
        self.parser.need("AS")
        if self.parser.skip("INPUTFORMAT"):
            self.found["input_format"] = self.parser.string()
            self.parser.need("OUTPUTFORMAT")
            self.found["output_format"] = self.parser.string()
        else:
            self.found["stored_as"] = self.parser.take().word

    def _row(self) -> None:
        self.parser.need("FORMAT")
        if self.parser.need("SERDE", "DELIMITED").word == "SERDE":
            self.found["serde"] = self.parser.string()
            return
        properties = {}
        while clause := next((c for c in DELIMITERS if self.parser.at(*c.split())), None):
            self.parser.skip(*clause.split())
            properties[DELIMITERS[clause]] = self.parser.string()
        self.found["serde_properties"] = properties

    def _with(self) -> None:
        self.parser.need("SERDEPROPERTIES")
        self.found["serde_properties"] = dict(self.parser.parenthesized(self.parser.property))

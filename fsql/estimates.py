"""What a statement would scan, said before it runs."""

from __future__ import annotations

from dataclasses import dataclass

from fsql.analysis.pruning import to_iceberg
from fsql.catalog import Catalog
from fsql.errors import StorageError, TooExpensive
from fsql.formats import bytes_of
from fsql.planning import Plan, Planner, TransportName
from fsql.transports import open_scan

__all__ = ["Estimate", "estimate"]

# https://aws.amazon.com/athena/pricing/: per TB scanned by SQL queries in most regions, rounded
# up to the megabyte, 10 MB at least. AWS counts storage in powers of two.
MEGABYTE = 1 << 20
TERABYTE = 1 << 40
DOLLARS_PER_TERABYTE = 5.0
LEAST_BYTES = 10 * MEGABYTE
SHOWN = 3
INFORMATION_SCHEMA = "information_schema"
REMEDY = (
    "Name fewer columns, filter by partition or a plain column of one table, or raise"
    " max_bytes_scanned."
)


@dataclass(frozen=True)
class Estimate:
    """What a statement would scan at most.

    Attributes:
        tables: names and bytes, the costliest first.
        unknown: why the bytes cannot be told; None if they can.
        is_query: Athena would run it; else the table's files are read with no query.
    """

    tables: tuple[tuple[str, int], ...] = ()
    unknown: str | None = None
    is_query: bool = True

    @property
    def bytes(self) -> int:
        """All tables together."""
        return sum(size for _, size in self.tables)

    @property
    def dollars(self) -> float:
        """What Athena asks for it; 0 where it runs no query. S3's requests come on top."""
        if not self.is_query:
            return 0.0
        billed = max(LEAST_BYTES, -(-self.bytes // MEGABYTE) * MEGABYTE)
        return billed / TERABYTE * DOLLARS_PER_TERABYTE

    def __str__(self) -> str:
        """A line for each table, the costliest first, and one for all of them."""
        if self.unknown is not None:
            return f"cannot be estimated: {self.unknown}"
        price = f"${self.dollars:,.6f}" if self.is_query else "$0, as files are read with no query"
        lines = [*self.tables, ("total", self.bytes)]
        width = max(len(name) for name, _ in lines)
        texts = [f"{name:<{width}}  {size:>16,} bytes" for name, size in lines]
        return "\n".join(texts) + f"  {price}"

    def check(self, limit: int) -> None:
        """Refuse what would scan more than `limit` bytes.

        Raises:
            TooExpensive: it would, or nobody can tell.
        """
        if self.unknown is not None:
            raise TooExpensive(
                f"What the query would scan cannot be estimated: {self.unknown}. It was not run,"
                f" as max_bytes_scanned={limit:,}. Leave that out to run it.",
                None,
                limit,
            )
        if self.bytes > limit:
            costly = ", ".join(f"{name} {size:,}" for name, size in self.tables[:SHOWN])
            raise TooExpensive(
                f"The query would scan up to {self.bytes:,} bytes ({costly}), more than"
                f" max_bytes_scanned={limit:,}. It was not run. {REMEDY}",
                self.bytes,
                limit,
            )


def estimate(planner: Planner, plan: Plan, transport: TransportName) -> Estimate:
    """What a statement would scan over a transport: exactly for a scan, else at most that."""
    wanted = plan.analysis.scan
    scan = open_scan(planner.catalog, plan) if transport != "engine" else None
    if wanted is not None and scan is not None:
        size = scan.bytes_scanned or 0
        return Estimate(((f"{wanted.database}.{wanted.table}", size),), is_query=False)
    if not plan.analysis.is_query:
        return Estimate(unknown="it is no SELECT")
    try:
        return Estimate(_tables(planner, plan))
    except StorageError as error:
        return Estimate(unknown=str(error))


def _tables(planner: Planner, plan: Plan) -> tuple[tuple[str, int], ...]:
    touched = planner.touched(plan)
    if touched is None:
        raise StorageError("the SQL is not understood well enough to say what it reads")
    sizes = {
        ".".join(name): times * _size(planner.catalog, plan, name, touched.names)
        for name, times in touched.times.items()
    }
    return tuple(sorted(sizes.items(), key=lambda pair: -pair[1]))


def _size(
    catalog: Catalog, plan: Plan, name: tuple[str, str], columns: frozenset[str] | None
) -> int:
    database, table = name
    entry = plan.entries[name] if name in plan.entries else catalog.find(table, database)
    if entry is None and "$" in table:
        raise StorageError(f"{table!r} is metadata of a table, whose size nothing tells")
    if entry is None or database == INFORMATION_SCHEMA:
        return 0  # the engine has the better words for a table that does not exist
    wanted = plan.analysis.scan
    is_filtered = wanted is not None and (wanted.database, wanted.table) == name
    predicate = wanted.predicate if wanted is not None and is_filtered else None
    return bytes_of(catalog, entry, columns, to_iceberg(predicate) if predicate else None)

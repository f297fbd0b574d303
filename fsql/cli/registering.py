"""Commands for tables over files that are there already."""

from __future__ import annotations

import sys

import click

from fsql.cli.shared import plain_errors, url_option

__all__ = ["add", "register"]


@click.command("register-table")
@click.argument("database")
@click.argument("table")
@click.argument("s3_path")
@click.option(
    "--partition",
    "-p",
    "partitions",
    multiple=True,
    metavar="NAME[:TYPE]",
    help="A column that NAME=value folders spell; once for each, in their order.",
)
@url_option
@plain_errors
def register(
    database: str, table: str, s3_path: str, partitions: tuple[str, ...], url: str
) -> None:
    """Register a Glue table over Parquet, CSV or JSON lines files in S3_PATH."""
    from fsql.clients.aws_glue import register_table

    typed = dict(name.partition(":")[::2] for name in partitions)
    if any(typed.values()) and not all(typed.values()):
        raise click.UsageError("Give types for all --partition options, or for none.")
    columns = typed if any(typed.values()) else [*typed]
    result = register_table(database, table, s3_path, columns or None, engine=url)
    click.echo(str(result))
    for name, type_ in {**result.columns, **result.partition_keys}.items():
        click.echo(f"  {name}  {type_}")


@click.command("add-partitions")
@click.argument("database")
@click.argument("table")
@click.argument("partitions", nargs=-1, required=True, metavar="PARTITION...")
@url_option
@plain_errors
def add(database: str, table: str, partitions: tuple[str, ...], url: str) -> None:
    """Register partitions of a table; those that exist stay as they are.

    A PARTITION is a path such as y=2026/m=11/d=22, or a whole s3:// URI below the table's
    location; '-' reads them from standard input, one on each line.
    """
    from fsql.clients.aws_glue import add_partitions

    given = sys.stdin.read().splitlines() if partitions == ("-",) else partitions
    paths = [line.strip() for line in given if line.strip()]
    result = add_partitions(database, table, paths, engine=url)
    click.echo(str(result), err=bool(result.failed))
    if result.failed:
        sys.exit(1)

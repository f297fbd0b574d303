"""Commands that ask: queries, and what there is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from fsql.cli.shared import plain_errors, url_option

FORMATS = ("table", "csv", "jsonl", "parquet")

__all__ = ["describe", "groups", "query"]


@click.command()
@click.argument("sql")
@url_option
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file.")
@click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(FORMATS),
    help="Default: what the file's name says; a table on a terminal, CSV in a pipe.",
)
@click.option(
    "--transport",
    type=click.Choice(["auto", "engine", "scan"]),
    default="auto",
    show_default=True,
    help="Through Athena, from the table's files, or whichever suits.",
)
@click.option("--max-bytes", type=click.IntRange(0), help="Refuse to scan more bytes than this.")
@click.option("--estimate", is_flag=True, help="Say what it would scan at most; run nothing.")
@plain_errors
def query(
    sql: str,
    url: str,
    output: Path | None,
    form: str | None,
    transport: Any,
    max_bytes: int | None,
    estimate: bool,
) -> None:
    """Run SQL and print its rows, or write them to a file.

    SQL may be '-' to read it from standard input.
    """
    from fsql.dialect import create_engine
    from fsql.exports import chosen_format, write
    from fsql.reader import estimated

    text = sys.stdin.read() if sql == "-" else sql
    if estimate:
        found = estimated(text, create_engine(url), transport)
        if found.unknown is not None:
            raise click.ClickException(f"The query {found}.")
        click.echo(str(found))
        return
    form = form or chosen_format(output, sys.stdout.isatty())
    costs = write(text, create_engine(url), output, form, transport, max_bytes)
    if form == "table" or output is not None:
        click.echo(costs, err=True)


@click.command()
@click.argument("pattern", required=False)
@url_option
@plain_errors
def groups(pattern: str | None, url: str) -> None:
    """List the feature groups, or those that match PATTERN (with * and ?)."""
    from fsql.store import FeatureStore

    found = FeatureStore(url).groups(pattern)
    for group in found:
        keys, time = ", ".join(group.keys), group.event_time or "no event time"
        click.echo(f"{group.name}  ({keys}; {time})  {group.comment or ''}".rstrip())
    if not found:
        click.echo("No feature groups. `fsql demo` makes some.", err=True)


@click.command()
@click.argument("name")
@url_option
@plain_errors
def describe(name: str, url: str) -> None:
    """Show a feature group: its columns, keys, times, files and size."""
    from fsql.store import FeatureStore

    click.echo(str(FeatureStore(url).describe(name)))

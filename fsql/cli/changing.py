"""Commands that change a feature group, or say what a change would meet."""

from __future__ import annotations

import sys

import click

from fsql.cli.shared import plain_errors, url_option

__all__ = ["check", "compact", "delete", "write"]

MODES = ("append", "upsert", "overwrite_partitions", "overwrite")


@click.command()
@click.argument("name")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@url_option
@plain_errors
def check(name: str, files: tuple[str, ...], url: str) -> None:
    """Say what an upload of each FILE to a feature group would cast or refuse.

    A FILE is Parquet, CSV or JSON lines, or a folder of such files, here or on s3://. Nothing is
    written. The exit code is 1 if anything would be refused.
    """
    from fsql.checking import examine
    from fsql.store import FeatureStore

    store = FeatureStore(url)
    group = store.describe(name).group
    reports = [examine(group, file, store.catalog.storage) for file in files]
    for file, report in zip(files, reports, strict=True):
        click.echo(f"{file}\n{report}\n" if len(files) > 1 else str(report))
    if not all(report.ok for report in reports):
        sys.exit(1)


@click.command()
@click.argument("name")
@click.argument("source", metavar="FILE")
@click.option("--mode", "-m", type=click.Choice(MODES), default="append", show_default=True)
@click.option("--token", metavar="TEXT", help="Names the write; the same name counts once.")
@url_option
@plain_errors
def write(name: str, source: str, mode: str, token: str | None, url: str) -> None:
    """Write the rows of FILE to a feature group, all of them or none.

    FILE is Parquet, CSV or JSON lines, or a folder of such files, here or on s3://.
    """
    from fsql.store import FeatureStore

    click.echo(str(FeatureStore(url).write(name, source, mode=mode, token=token)))


@click.command()
@click.argument("name")
@click.option("--where", metavar="SQL", help="Only the partitions that it holds for.")
@click.option("--vacuum/--no-vacuum", default=True, help="Delete what nobody needs any more, too.")
@click.option("--min-files", type=click.IntRange(2), help="Partitions with so many small files.")
@url_option
@plain_errors
def compact(name: str, where: str | None, vacuum: bool, min_files: int | None, url: str) -> None:
    """Make few large files of a feature group's many small ones."""
    from fsql.store import FeatureStore

    click.echo(str(FeatureStore(url).compact(name, where, vacuum, min_files)))


@click.command()
@click.argument("name")
@click.option(
    "--key",
    "-k",
    "keys",
    multiple=True,
    required=True,
    metavar="COLUMN=VALUE",
    help="Once for each key column; a column that comes again begins another key.",
)
@click.option("--from", "since", metavar="TIME", help="ISO 8601, UTC unless it says. Default: now.")
@click.option("--purge", is_flag=True, help="Erase the rows for good, from TIME on or all of them.")
@click.option("--yes", "-y", is_flag=True, help="Erase without asking.")
@url_option
@plain_errors
def delete(
    name: str, keys: tuple[str, ...], since: str | None, purge: bool, yes: bool, url: str
) -> None:
    """Delete keys of a feature group, from a time on or for good."""
    from fsql.deletes import read_keys
    from fsql.store import FeatureStore

    strange = [key for key in keys if "=" not in key]
    if strange:
        raise click.UsageError(f"--key {strange[0]}. Expected COLUMN=VALUE.")
    store = FeatureStore(url)
    group = store.describe(name).group
    pairs = (key.partition("=") for key in keys)
    wanted = read_keys(group, [(column, value) for column, _, value in pairs])
    if purge and not yes:
        what = f"Erase {len(wanted)} {'key' if len(wanted) == 1 else 'keys'} of {group.name}"
        click.confirm(f"{what} and the time travel to before, for good?", abort=True)
    click.echo(str(store.delete(name, wanted, since, purge)))

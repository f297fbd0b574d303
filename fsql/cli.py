"""The command ``fsql``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from fsql import __version__

__all__ = ["main"]

F = TypeVar("F", bound=Callable[..., Any])
FORMATS = ("table", "csv", "jsonl", "parquet")
WIDTH = 200

url_option = click.option(
    "--url",
    envvar="FSQL_URL",
    default="fsql:///.fsql",
    show_default=True,
    help="The store, as in fsql:///folder or fsql://REGION/DATABASE?work_group=…",
)


def plain_errors(command: F) -> F:
    """Errors of fsql and of the database as one line, without a traceback."""

    @wraps(command)
    def wrapped(*args: Any, **kw: Any) -> Any:
        from pyathena.error import Error
        from sqlalchemy.exc import DBAPIError, NoSuchTableError

        try:
            return command(*args, **kw)
        except DBAPIError as error:
            raise click.ClickException(str(error.orig)) from error
        except NoSuchTableError as error:
            raise click.ClickException(f"Table {error} does not exist.") from error
        except (Error, OSError) as error:
            raise click.ClickException(str(error)) from error

    return wrapped  # type: ignore[return-value]  # the same signature, which mypy can't see


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fsql")
def main() -> None:
    """A feature store that you talk to in SQL."""


@main.command()
@click.argument("folder", default="demo", type=click.Path(file_okay=False, path_type=Path))
@plain_errors
def demo(folder: Path) -> None:
    """Upload a year of New York's flights into FOLDER and ask questions of it."""
    from fsql.samples.flights import run

    url = f"fsql:///{folder}"
    run(url, click.echo)
    click.echo(f"\nThe store stays in {folder}. Ask more of it:")
    click.echo(f'  fsql query --url {url} "SELECT * FROM nyc_flights_plane LIMIT 5"')
    click.echo(f"  fsql groups --url {url}")


@main.command()
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


@main.command()
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


@main.command()
@click.argument("name")
@url_option
@plain_errors
def describe(name: str, url: str) -> None:
    """Show a feature group: its columns, keys, times, files and size."""
    from fsql.store import FeatureStore

    click.echo(str(FeatureStore(url).describe(name)))


@main.command()
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


@main.command()
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


@main.command()
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


@main.command("register-table")
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


@main.command("add-partitions")
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


@main.command()
@url_option
@plain_errors
def doctor(url: str) -> None:
    """Check URL, credentials, permissions and locations; say what to do."""
    from fsql.doctor import examine

    healthy = True
    for check in examine(url):
        click.echo(str(check))
        healthy = healthy and check.passed
    if not healthy:
        sys.exit(1)


@main.command()
@url_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to bind.")
@click.option(
    "--port",
    "-p",
    type=click.IntRange(0, 65535),
    default=4577,
    show_default=True,
    help="0 takes a free one.",
)
@click.option("--require-signature", is_flag=True, help="Take only requests signed with a --key.")
@click.option(
    "--key",
    "-k",
    "keys",
    multiple=True,
    metavar="ID:SECRET",
    envvar="FSQL_SERVE_KEYS",
    help="A key that may sign; once for each. Other users can read command lines, not variables.",
)
@click.option("--threads", type=click.IntRange(1), default=32, show_default=True)
@click.option(
    "--grace",
    type=click.FloatRange(0),
    default=10,
    show_default=True,
    help="Seconds that running requests get to end.",
)
@click.option("--quiet", "-q", is_flag=True, help="Log no requests.")
@plain_errors
def serve(
    url: str,
    host: str,
    port: int,
    require_signature: bool,
    keys: tuple[str, ...],
    threads: int,
    grace: float,
    quiet: bool,
) -> None:
    """Serve an embedded store over HTTP to any AWS client, until it is stopped."""
    from fsql.serving import Serving, is_loopback, parse_keys, serve

    signers = parse_keys(keys, require_signature)
    if signers is None and not is_loopback(host):
        click.echo(
            f"Warning: everybody who reaches {host} can read and change the store."
            " --require-signature lets only those in who have a key.",
            err=True,
        )
    how = Serving(host, port, signers, threads, grace, log=not quiet)
    if not serve(url, how, click.echo):
        raise click.ClickException("The server ended by itself; the log says why.")


if __name__ == "__main__":
    main()

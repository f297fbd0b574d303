"""Commands that show, examine and serve a store."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fsql.cli.shared import plain_errors, url_option

__all__ = ["demo", "doctor", "serve"]


@click.command()
@click.argument("folder", default="demo", type=click.Path(file_okay=False, path_type=Path))
@plain_errors
def demo(folder: Path) -> None:
    """Upload a year of New York's flights into FOLDER and ask questions of it."""
    from fsql.samples.flights import run

    url = f"fsql:///{folder}"
    run(url, click.echo, folder / "delay_by_wind.svg")
    click.echo(f"\nThe store stays in {folder}. Ask more of it:")
    click.echo(f'  fsql query --url {url} "SELECT * FROM nyc_flights_plane LIMIT 5"')
    click.echo(f"  fsql groups --url {url}")


@click.command()
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


@click.command()
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
@click.option(
    "--max-memory",
    metavar="SIZE",
    help="Memory of all queries together, such as 2GiB.  [default: 60 % of the machine's]",
)
@click.option(
    "--query-timeout",
    metavar="SECONDS",
    help="How long a query may run.  [default: 1800, and 36000 for DDL]",
)
@click.option(
    "--glue-endpoint",
    metavar="URL",
    help="Be Athena alone, over the Glue that is there and the S3 of --s3-endpoint.",
)
@click.option(
    "--s3-endpoint",
    metavar="URL",
    help="Of these two, the one not given is where boto3 finds it, on AWS if nowhere else.",
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
    max_memory: str | None,
    query_timeout: str | None,
    glue_endpoint: str | None,
    s3_endpoint: str | None,
    quiet: bool,
) -> None:
    """Serve an embedded store over HTTP to any AWS client, until it is stopped."""
    from fsql.serving import Serving, is_loopback, parse_keys, serve
    from fsql.urls import parse_memory, parse_seconds

    signers = parse_keys(keys, require_signature)
    if signers is None and not is_loopback(host):
        click.echo(
            f"Warning: everybody who reaches {host} can read and change the store."
            " --require-signature lets only those in who have a key.",
            err=True,
        )
    how = Serving(
        host,
        port,
        signers,
        threads,
        grace,
        log=not quiet,
        max_memory=parse_memory(max_memory) if max_memory else None,
        query_timeout=parse_seconds(query_timeout) if query_timeout else None,
        glue_endpoint=glue_endpoint,
        s3_endpoint=s3_endpoint,
    )
    if not serve(url, how, click.echo):
        raise click.ClickException("The server ended by itself; the log says why.")

"""Commands that tell who changed a feature group, and how."""

from __future__ import annotations

import click

from fsql.cli.shared import plain_errors, url_option

__all__ = ["diff", "history"]


@click.command()
@click.argument("name")
@url_option
@plain_errors
def history(name: str, url: str) -> None:
    """Show who changed a feature group by which revision, and what by hand."""
    from fsql.store import FeatureStore

    click.echo(str(FeatureStore(url).history(name)))


@click.command()
@click.argument("name")
@click.argument("before", metavar="FROM")
@click.argument("after", metavar="TO")
@url_option
@plain_errors
def diff(name: str, before: str, after: str, url: str) -> None:
    """Say how a feature group differs between two versions.

    FROM and TO are versions of its table in Glue, such as v3 and v5, or now; or versions of the
    group, such as v0001 and v0002.
    """
    from fsql.store import FeatureStore

    click.echo(str(FeatureStore(url).diff(name, before, after)))

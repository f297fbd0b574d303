"""The command that mends the views beside groups."""

from __future__ import annotations

import click

from fsql.cli.shared import plain_errors, url_option

__all__ = ["views"]


@click.command()
@url_option
@plain_errors
def views(url: str) -> None:
    """Make the views beside groups that are missing or behind, of the store's own database."""
    from fsql.dialect import create_engine
    from fsql.lifecycle import mend

    made = mend(create_engine(url))
    for name in made:
        click.echo(f"made {name}")
    if not made:
        click.echo("All views are as their groups are.")

"""The command ``fsql``."""

from __future__ import annotations

import click

from fsql import __version__
from fsql.cli import (
    asking,
    caching,
    changing,
    history,
    migrating,
    registering,
    running,
    training,
    viewing,
)

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fsql")
def main() -> None:
    """A feature store that you talk to in SQL."""


for command in (
    running.demo,
    asking.query,
    asking.groups,
    asking.describe,
    caching.cache,
    changing.check,
    changing.write,
    changing.compact,
    changing.delete,
    viewing.views,
    registering.register,
    registering.add,
    migrating.init,
    migrating.migrate,
    history.history,
    history.diff,
    training.training_set,
    running.doctor,
    running.serve,
):
    main.add_command(command)

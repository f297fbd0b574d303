"""``fsql cache``: what is kept of earlier reads."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from fsql.cli.shared import plain_errors, url_option

if TYPE_CHECKING:
    from fsql.cache import Cache, Kept

__all__ = ["cache"]

_WIDTH = 60  # characters of a query that are shown


@click.group()
def cache() -> None:
    """Look at the results that are kept of reads with cache=True."""


@cache.command(name="list")
@url_option
@plain_errors
def list_(url: str) -> None:
    """List the results, the last used first."""
    for each in _cache(url).local.kept():
        click.echo(_line(each))


@cache.command()
@url_option
@plain_errors
def stats(url: str) -> None:
    """Say how much there is, and how much room."""
    chosen = _cache(url)
    kept = chosen.local.kept()
    size, saved = sum(each.bytes for each in kept), sum(each.seconds for each in kept)
    click.echo(
        f"{chosen.local.path}: {len(kept):,} results, {size / 1e6:,.1f} of"
        f" {chosen.size / 1e6:,.0f} MB, {saved:,.1f} s of queries"
    )


@cache.command()
@url_option
@plain_errors
def clear(url: str) -> None:
    """Delete the results in the folder of this machine."""
    gone = _cache(url).local.clear()
    click.echo(f"Deleted {len(gone):,} results, {sum(each.bytes for each in gone) / 1e6:,.1f} MB.")


@cache.command()
@url_option
@plain_errors
def check(url: str) -> None:
    """Read every byte, and delete what is not as it was written."""
    local = _cache(url).local
    broken = local.broken()
    for key in broken:
        local.remove(key)
    click.echo(f"Deleted {len(broken):,} broken results of {len(broken) + len(local.kept()):,}.")


def _cache(url: str) -> Cache:
    from fsql.cache import configured
    from fsql.urls import parse_url

    return configured(parse_url(url).arguments)


def _line(kept: Kept) -> str:
    used = dt.datetime.fromtimestamp(kept.used).strftime("%Y-%m-%d %H:%M")
    sql = " ".join(kept.sql.split())
    shown = sql if len(sql) <= _WIDTH else f"{sql[:_WIDTH]}…"
    much = f"{kept.bytes / 1e6:10,.1f} MB  {kept.rows:12,} rows  {kept.seconds:8,.2f} s"
    return f"{used}  {much}  {shown}"

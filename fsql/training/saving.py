"""Storing a training set: its spine, its manifest and, if wanted, its features."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pyarrow as pa

from fsql.errors import TrainingSetError
from fsql.frames import schema_of
from fsql.migration.making.records import caller
from fsql.training.digests import digest_of
from fsql.training.files import Files, read
from fsql.training.manifest import Manifest, described
from fsql.training.pins import heads
from fsql.training.reading import Reading, plain_schema
from fsql.training.shelf import Shelf
from fsql.training.spine import FrameSpine
from fsql.training.spine_sources import SpineSource
from fsql.training.spooling import spooled

__all__ = ["manifest_of", "save"]


def manifest_of(reading: Reading, source: SpineSource | None) -> Manifest:
    """The manifest of a set: the stored one, or as much as is known of one that is not stored."""
    return _described(reading, source, None) if reading.stored is None else reading.stored


def _described(reading: Reading, source: SpineSource | None, file: str | None) -> Manifest:
    spine, schema = reading.spine, reading.spine.schema
    if isinstance(spine, FrameSpine):
        schema = schema_of(spine.table)  # with its categories
    told = _told(reading, source, schema, file)
    made = described(reading.asked, reading.terms, reading.schema, told, schema, reading.sql)
    return Manifest({**made, "revision": heads(reading.catalog), **reading.known})


def save(
    reading: Reading, source: SpineSource | None, name: str, overwrite: bool, rows: bool
) -> Manifest:
    """Read a set and store it; see `TrainingSet.save`."""
    place = Shelf(reading.catalog)
    if not overwrite:
        place.check_free(name)
    spine = _held(reading)
    with place.writing(name) as files:
        uri = _put_spine(reading, files, spine)
        kept = _read(reading, files, keep=rows)
        manifest = _described(reading, source, uri)
        manifest["stored_rows"] = kept
        manifest["name"], manifest["by"] = name, caller(reading.catalog)
        manifest["saved"] = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        place.put(name, manifest, overwrite)
    return manifest


def _held(reading: Reading) -> FrameSpine:
    """The spine's rows; those of a table are read, and are the set's from now on."""
    spine = reading.spine
    if isinstance(spine, FrameSpine):
        return spine
    table = spooled(plain_schema(spine.schema), reading.spine_batches(spine))
    held = FrameSpine(reading.catalog, table, table)
    reading.spine, reading.spine_pins = held, ()
    return held


def _put_spine(reading: Reading, files: Files, spine: FrameSpine) -> str:
    """Store the spine, and make sure that it can be read again."""
    uri = files.put("spine", spine.table)
    schema = schema_of(spine.table)
    again = digest_of(schema, read(reading.catalog, uri, schema)).text
    if again != digest_of(schema, [spine.table]).text:
        raise TrainingSetError(
            "The spine does not come back from Parquet as it was, so that nothing was stored."
            " Please report it, with the spine's schema."
        )
    return uri


def _read(reading: Reading, files: Files, *, keep: bool) -> str | None:
    """Read the whole set; where its features are, if they are kept."""
    if not keep:
        for _ in reading.batches(strict=True):
            pass
        return None
    schema = plain_schema(reading.asked.fields)
    first = len(reading.spine.schema)
    with files.open("rows", schema) as (uri, writer):
        for batch in reading.batches(strict=True):
            columns = batch.columns[first:]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    return uri


def _told(
    reading: Reading, source: SpineSource | None, schema: pa.Schema, file: str | None
) -> dict[str, Any]:
    """What the manifest says of the spine."""
    spine = reading.spine
    told: dict[str, Any] = {"of": _kind(spine, source), "rows": None, "hash": None, "file": file}
    if isinstance(spine, FrameSpine):
        digest = digest_of(schema, [spine.table])
        told |= {"rows": digest.rows, "hash": digest.text}
    if source is not None:
        tables = {pin.table: pin.to_json() for pin in source.pins}
        told |= {"sql": source.sql, "tables": tables}
    return told


def _kind(spine: Any, source: SpineSource | None) -> str:
    if source is not None:
        return source.kind
    return "pandas" if isinstance(spine.data, pd.DataFrame) else "arrow"

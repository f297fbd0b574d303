"""Training sets that were stored, read again."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from fsql.catalog import Catalog
from fsql.errors import TrainingSetError
from fsql.frames import to_pandas
from fsql.training import files
from fsql.training.digests import digest_of
from fsql.training.manifest import Manifest
from fsql.training.pins import gone
from fsql.training.shelf import Shelf
from fsql.training.spine import FrameSpine
from fsql.training.spooling import spooled
from fsql.training.training_set import TrainingSet

__all__ = ["load"]


def load(engine: sa.Engine, catalog: Catalog, given: Any) -> TrainingSet:
    """A stored training set.

    Args:
        given: its name, its manifest or the dict of it, or where the manifest lies: a path or an
            s3:// URI.

    Raises:
        TrainingSetError: there is none, it is none, or its rows cannot be read any more; why, is
            said of each table.
        StorageError: it cannot be read.
    """
    manifest = Shelf(catalog).get(given)
    if manifest["stored_rows"] is None:
        _check_states(catalog, manifest)
    table = _spine(catalog, manifest)
    data = to_pandas(table) if manifest["spine"]["of"] == "pandas" else table
    spine = FrameSpine(catalog, data, table)
    features = list(manifest.features)
    return TrainingSet(engine, catalog, spine, features, manifest.terms, manifest)


def _check_states(catalog: Catalog, manifest: Manifest) -> None:
    reasons = [why for pin in manifest.pins if (why := gone(catalog, pin)) is not None]
    if reasons:
        name = manifest.name or "that was not named"
        said = f"The training set {name!r} of {manifest['saved']} cannot be read any more."
        raise TrainingSetError("\n".join([said, *reasons]))


def _spine(catalog: Catalog, manifest: Manifest) -> pa.Table:
    told = manifest["spine"]
    if told["file"] is None:
        raise TrainingSetError(
            "The manifest is of a training set that was not saved, so that its spine is nowhere."
            " Save it: training_set.save('name')."
        )
    schema = manifest.spine_schema
    stored = files.read(catalog, told["file"], schema)
    batches = (batch for rows in stored for batch in rows.to_batches())
    table = spooled(files.shown(schema), batches)
    found = digest_of(schema, [table]).text
    if found != told["hash"]:
        raise TrainingSetError(
            f"{told['file']} is not the spine that was saved: its hash is {found}, and that of the"
            f" manifest {told['hash']}."
        )
    return table

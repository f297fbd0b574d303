"""An AWS in a folder: Athena, Glue, S3 and STS answered in process, with no socket."""

from __future__ import annotations

from .endpoint import LocalAWS

__all__ = ["LocalAWS"]

"""An AWS in a folder: Athena, Glue, S3 and STS answered in process, with no socket."""

from __future__ import annotations

from fsql.local.endpoint import LocalAWS, ServiceNotEmbedded, attach, isolated_session
from fsql.local.limits import Limits

__all__ = ["Limits", "LocalAWS", "ServiceNotEmbedded", "attach", "isolated_session"]

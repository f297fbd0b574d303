"""What botocore knows of AWS's services, read from its files once for all embedded sessions.

Each session of boto3's reads them for itself, which takes longer than all else that opens a store.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import boto3
from botocore.loaders import Loader

__all__ = ["models"]


class _Shared(Loader):
    """A loader to which sessions add no folders: each of boto3's would add boto3's own."""

    @property
    def search_paths(self) -> list[str]:
        """A copy of them."""
        return list(super().search_paths)


@cache
def models() -> Loader:
    """The loader of this process. What ``~/.aws/models`` has does not count."""
    paths = [str(Path(boto3.__file__).parent / "data"), Loader.BUILTIN_DATA_PATH]
    return _Shared(extra_search_paths=paths, include_default_search_paths=False)

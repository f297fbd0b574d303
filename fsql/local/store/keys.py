"""Where an S3 key lies inside its bucket's folder.

An ordinary key is its own relative path, so that DuckDB, pyarrow and people find it. A key that
is no sane path (empty or dot segments, control characters, a segment over 255 bytes, ...) lies at
``~s3~/<base32 of the key>.o``, which no key can choose and which turns back into the key.
"""

from __future__ import annotations

import base64
import re
import unicodedata

ODD = "~s3~"
"""The folder, in each bucket, of the keys that are no sane paths."""

MAX_KEY_BYTES = 1024
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""

_MAX_SEGMENT_BYTES = 255  # NAME_MAX of Linux, macOS and Windows
_CHUNK = 200
_LEAF = ".o"
# Control characters and the backslash make paths that tools and systems read differently;
# *, ? and [ would be read as a glob by whoever is handed the path.
_ODD_CHARACTER = re.compile(r"[\x00-\x1f\x7f\\*?\[]")


def plain_path(key: str) -> str | None:
    """The key as a relative path, or None for a key that is no sane path."""
    segments = key.split("/")
    if _ODD_CHARACTER.search(key) or segments[0].lower() == ODD:
        return None
    for segment in segments:
        if segment in ("", ".", "..") or len(segment.encode()) > _MAX_SEGMENT_BYTES:
            return None
    return key


def odd_path(key: str) -> str:
    """The relative path that any key can have, at most 1.7 times as long as the key."""
    text = base64.b32encode(key.encode()).decode().rstrip("=").lower()
    chunks = [text[i : i + _CHUNK] for i in range(0, len(text), _CHUNK)]
    return "/".join([ODD, *chunks]) + _LEAF


def key_of(relative: str) -> str | None:
    """The key whose path this is; None for a file in the odd folder that no key has."""
    if relative.split("/", 1)[0].lower() != ODD:
        return relative
    text = "".join(relative.split("/")[1:]).removesuffix(_LEAF).upper()
    try:
        key = base64.b32decode(text + "=" * (-len(text) % 8)).decode()
    except ValueError:
        return None
    return key if odd_path(key) == relative else None


def folds(key: str) -> bool:
    """Whether a case- or normalisation-insensitive file system could take another key for it."""
    return unicodedata.normalize("NFC", key).casefold() != key

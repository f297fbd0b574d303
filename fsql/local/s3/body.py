"""The payload of a request's body, the framing of aws-chunked bodies undone.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping

from fsql.local.wire import AwsError, Body, ChunkSignatures

__all__ = ["Payload", "incomplete"]

_HEAD = re.compile(rb"([0-9a-fA-F]{1,12})\s*(?:;\s*(?:chunk-signature=([0-9a-f]*))?.*)?")
_BLOCK = 1 << 20
_LONGEST_LINE = 16 << 10
_LAST_TRAILERS = 64
_SIGNATURE = "x-amz-trailer-signature"


class Payload:
    """A body as blocks of payload of about 1 MB; its trailing headers once they are through.

    Args:
        headers: the request's.
        body: as it came.
        chunks: what checks the chunks' signatures, if they count.
    """

    def __init__(
        self, headers: Mapping[str, str], body: Body, chunks: ChunkSignatures | None
    ) -> None:
        sha256 = headers.get("x-amz-content-sha256", "")
        encoding = headers.get("content-encoding", "")
        self.chunked = "aws-chunked" in encoding or sha256.startswith("STREAMING-")
        self.trailers: dict[str, str] = {}
        self._body = body
        self._chunks = chunks
        self._lines = _Buffered(body)

    def blocks(self) -> Iterator[bytes]:
        """The payload; AwsError IncompleteBody or SignatureDoesNotMatch."""
        if self.chunked:
            yield from _gathered(self._payload())
            return
        while block := self._body.read(_BLOCK):
            yield block

    def _payload(self) -> Iterator[bytes]:
        while True:
            size, signature = self._chunk_head()
            digest = hashlib.sha256() if self._chunks else None
            for block in self._lines.exactly(size):
                if digest:
                    digest.update(block)
                yield block
            if size and self._lines.line() != b"":
                raise incomplete()
            if self._chunks and digest:
                self._chunks.check_chunk(digest.hexdigest(), signature)
            if not size:
                break
        self._read_trailers()

    def _chunk_head(self) -> tuple[int, str]:
        head = _HEAD.fullmatch(self._lines.line() or b"")
        if head is None:
            raise incomplete()
        return int(head[1], 16), (head[2] or b"").decode()

    def _read_trailers(self) -> None:
        text = b""
        while line := self._lines.line():
            name, _, value = line.decode("latin-1").partition(":")
            self.trailers[name.strip().lower()] = value.strip()
            if name.strip().lower() != _SIGNATURE:
                text += line + b"\n"
            if len(self.trailers) > _LAST_TRAILERS:
                raise incomplete()
        if self._chunks and (text or _SIGNATURE in self.trailers):
            self._chunks.check_trailer(text, self.trailers.get(_SIGNATURE, ""))


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks worth a thread's turn: some clients send chunks of a few kilobytes."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


class _Buffered:
    """A body's lines and stretches."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._buffer = b""
        self._at = 0

    def line(self) -> bytes | None:
        """The next line, its end left out; what is left if there is none, None for nothing."""
        while (end := self._buffer.find(b"\r\n", self._at)) < 0:
            if len(self._buffer) - self._at > _LONGEST_LINE:
                raise incomplete()
            more = self._body.read(_BLOCK)
            rest = self._buffer[self._at :]
            self._buffer, self._at = rest + more, 0
            if not more:
                self._at = len(rest)
                return rest or None
        line = self._buffer[self._at : end]
        self._at = end + 2
        return line

    def exactly(self, size: int) -> Iterator[bytes]:
        """So many bytes, in blocks."""
        while size:
            block = self._buffer[self._at : self._at + min(size, _BLOCK)]
            self._at += len(block)
            block = block or self._body.read(min(size, _BLOCK))
            if not block:
                raise incomplete()
            size -= len(block)
            yield block


def incomplete() -> AwsError:
    """The error for a body that does not hold what its headers say."""
    return AwsError(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )

"""Read the body of an HTTP answer up to a bound, whatever encoding it declares."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import httpx

from pitwall.errors import FeedUnavailableError

ASKED = "gzip, identity"  # the value of Accept-Encoding: the encodings that are unpacked here
_PIECE = 64 * 1024
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


async def pieces_up_to(answer: httpx.Response, most: int) -> AsyncIterator[bytes]:
    """Yield the body, unpacked, in small pieces.

    httpx unpacks all that arrived at once into memory, which may be a thousand times its size,
    so the raw bytes are taken from it and unpacked here.

    Raises:
        FeedUnavailableError: It is larger than `most` bytes, broken, or packed in a way that
            was not requested.
    """
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", *_WINDOWS}:
        raise FeedUnavailableError(f"{answer.url} is packed as {encoding[:40]!r}.")
    unpacker = None if encoding == "identity" else zlib.decompressobj(_WINDOWS[encoding])
    size = 0
    async for raw in answer.aiter_raw():
        left = raw
        while left:
            if unpacker is None:
                piece, left = left, b""
            else:
                try:
                    piece = unpacker.decompress(left, _PIECE)
                except zlib.error as error:
                    raise FeedUnavailableError(f"{answer.url} cannot be unpacked.") from error
                left = unpacker.unconsumed_tail
            size += len(piece)
            if size > most:
                raise FeedUnavailableError(f"{answer.url} is larger than {most} bytes.")
            yield piece
    if unpacker is not None and not unpacker.eof:
        raise httpx.ReadError(f"{answer.url} broke off in the middle of its packed body.")

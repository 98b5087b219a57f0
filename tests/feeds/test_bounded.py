"""Test that an HTTP answer is read up to a bound, however it is packed."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.response_body import pieces_up_to

MOST = 1 << 20


async def read(body: bytes, encoding: str, most: int = MOST) -> bytes:
    async def raw() -> AsyncIterator[bytes]:
        for place in range(0, len(body), 65_536):
            yield body[place : place + 65_536]

    headers = {"Content-Encoding": encoding} if encoding else {}
    request = httpx.Request("GET", "http://test/x")
    answer = httpx.Response(200, headers=headers, content=raw(), request=request)
    return b"".join([piece async for piece in pieces_up_to(answer, most)])


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (b"x" * 200_000, ""),
        (b"x" * 200_000, "identity"),
        (gzip.compress(b"x" * 200_000), "gzip"),
        (zlib.compress(b"x" * 200_000), "Deflate"),
    ],
)
def test_what_is_within_the_bound_comes_whole(packed: bytes, encoding: str) -> None:
    assert asyncio.run(read(packed, encoding)) == b"x" * 200_000


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = gzip.compress(b"\0" * (64 << 20))
    tracemalloc.start()
    with pytest.raises(FeedUnavailableError, match="larger than"):
        asyncio.run(read(bomb, "gzip"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4 * MOST


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x" * 999])
def test_what_was_not_asked_for_is_refused_in_words(encoding: str) -> None:
    with pytest.raises(FeedUnavailableError, match="packed as"):
        asyncio.run(read(b"x", encoding))


def test_what_is_broken_or_too_long_is_refused() -> None:
    with pytest.raises(FeedUnavailableError, match="cannot be unpacked"):
        asyncio.run(read(b"nonsense", "gzip"))
    with pytest.raises(FeedUnavailableError, match="larger than"):
        asyncio.run(read(b"x" * 11, "", most=10))
    with pytest.raises(httpx.ReadError):
        asyncio.run(read(gzip.compress(b"x" * 1000)[:-9], "gzip"))

"""Download one file at a time: resume where it broke off, bound its size, and check it."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.http import why
from pitwall.feeds.response_body import pieces_up_to

ATTEMPTS = 6
LARGEST_FILE = 256 * 1024 * 1024
LARGEST_TEXT = 16 * 1024 * 1024  # the index of a year has 0.1 MB
_PIECE_TIMEOUT_S = 10.0
_FILE_WITHIN_S = 600.0  # a server that sends a byte at a time never times out by itself
_LONGEST_WAIT_S = 30.0
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_PARTIAL, _RANGE_OVER = 206, 416


# F1's archive answers 403 for a file that is not there, and to addresses that it refuses.
_NOT_THERE = frozenset({403, 404})


class FileNotOnServerError(FeedUnavailableError):
    """The server has no such file."""


class _RetryDownloadError(FeedUnavailableError):
    """The download failed in a way that may pass."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file on disk: its size in bytes and the SHA-256 of its content, in hexadecimal."""

    size: int
    sha256: str


class Downloader:
    """Fetches files below one of several roots with the same content.

    Args:
        roots: Addresses to try in order.
        tls: The TLS context that checks certificates.
        wait_s: Seconds before the second attempt; doubled with each further one.
    """

    def __init__(self, roots: tuple[str, ...], tls: ssl.SSLContext, wait_s: float = 0.5) -> None:
        self._roots = roots
        self._tls = tls
        self._wait_s = wait_s

    async def fetch_text(self, path: str) -> bytes:
        """Return a small file.

        Raises:
            FileNotOnServerError: No root has it.
            FeedUnavailableError: None could be reached, or it broke off again and again.
        """
        return await self._fetch(path, None)

    async def fetch_file(self, path: str, to: Path) -> Downloaded:
        """Write a file to disk, continuing what an earlier attempt left.

        A file that is on disk already is continued too: streams grow while a session runs.

        Raises:
            FileNotOnServerError: No root has it.
            FeedUnavailableError: None could be reached, or it broke off again and again.
        """
        part = to.with_name(to.name + ".part")
        await asyncio.to_thread(_begin_with, to, part)
        await self._fetch(path, part)
        downloaded = await asyncio.to_thread(check_of, part)
        part.replace(to)
        return downloaded

    async def _fetch(self, path: str, part: Path | None) -> bytes:
        reasons: list[FeedUnavailableError] = []
        for root in self._roots:
            try:
                return await self._fetch_from(f"{root.rstrip('/')}/{path}", part)
            except FeedUnavailableError as error:
                reasons.append(error)
        # A mirror that lacks the file explains less than why the first root failed.
        raise next((e for e in reasons if not isinstance(e, FileNotOnServerError)), reasons[0])

    async def _fetch_from(self, address: str, part: Path | None) -> bytes:
        reason = _RetryDownloadError(f"{address} could not be fetched.")
        for attempt in range(ATTEMPTS):
            if attempt:
                asked_s = reason.retry_after_s or 0.0
                await asyncio.sleep(max(asked_s, min(_LONGEST_WAIT_S, self._wait_s * 2**attempt)))
            try:
                async with asyncio.timeout(_FILE_WITHIN_S):
                    return await self._attempt(address, part)
            except _RetryDownloadError as error:
                reason = error
            except TimeoutError:
                reason = _RetryDownloadError(f"{address} did not arrive in ten minutes.")
        raise reason

    async def _attempt(self, address: str, part: Path | None) -> bytes:
        size = _size_of(part)
        # Compression would make ranges ambiguous, and could make a small answer a huge one.
        headers = {"Accept-Encoding": "identity"}
        if size:
            headers["Range"] = f"bytes={size}-"
        try:
            async with (
                httpx.AsyncClient(
                    timeout=_PIECE_TIMEOUT_S, verify=self._tls, follow_redirects=True
                ) as client,
                client.stream("GET", address, headers=headers) as answer,
            ):
                return await _receive(answer, part, size)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if isinstance(error, httpx.ConnectError):  # the next root may answer
                raise FeedUnavailableError(f"{address} cannot be reached: {why(error)}.") from error
            raise _RetryDownloadError(f"{address} broke off: {why(error)}.") from error


def _begin_with(file: Path, part: Path) -> None:
    """Copy a file that is on disk to the part that is continued, unless there is one."""
    if file.is_file() and not part.exists():
        shutil.copyfile(file, part)


def _size_of(part: Path | None) -> int:
    return part.stat().st_size if part and part.exists() else 0


async def _receive(answer: httpx.Response, part: Path | None, held: int) -> bytes:
    if held and answer.status_code == _RANGE_OVER and _total_of(answer) == str(held):
        return b""  # nothing was missing
    _check_status(answer, part)
    resumed = answer.status_code == _PARTIAL and _starts_at(answer) == held
    if part is None:
        return b"".join([piece async for piece in pieces_up_to(answer, LARGEST_TEXT)])
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("ab" if resumed else "wb") as file:
        async for piece in pieces_up_to(answer, LARGEST_FILE - (held if resumed else 0)):
            file.write(piece)
    _check_whole(answer, _size_of(part))
    return b""


def _check_status(answer: httpx.Response, part: Path | None) -> None:
    status = answer.status_code
    if status == _RANGE_OVER and part is not None:
        part.unlink(missing_ok=True)  # the part is longer than the file: begin again
    if status == httpx.codes.NOT_FOUND:
        raise FileNotOnServerError(f"{answer.url} does not exist.")
    if status in _NOT_THERE:
        message = f"{answer.url} answered {status}: it does not exist, or this address is refused."
        raise FileNotOnServerError(message)
    if answer.is_success:
        return
    message = f"{answer.url} answered {status}."
    if status not in _AGAIN and status != _RANGE_OVER:
        raise FeedUnavailableError(message)
    asked = answer.headers.get("Retry-After", "")
    wait_s = float(asked) if asked.isascii() and asked.isdigit() else 0.0
    raise _RetryDownloadError(message, min(wait_s, _LONGEST_WAIT_S))


def _starts_at(answer: httpx.Response) -> int | None:
    """Return the first byte of a partial answer, `bytes 100-199/200`."""
    first = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isascii() and first.isdigit() else None


def _total_of(answer: httpx.Response) -> str:
    """Return the length of the whole file, `bytes 100-199/200` or `bytes */200`; "" if not told."""
    return str(answer.headers.get("Content-Range", "")).rpartition("/")[2]


def _check_whole(answer: httpx.Response, size: int) -> None:
    """Raise when a file on disk does not have the length that the server announced."""
    total = _total_of(answer)
    if answer.status_code != _PARTIAL:
        total = answer.headers.get("Content-Length", "")
    if total.isdigit() and int(total) != size:
        message = f"{answer.url} broke off after {size} of {total} bytes."
        raise _RetryDownloadError(message)


def check_of(file: Path) -> Downloaded:
    """Return size and checksum of a file."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256")
    return Downloaded(file.stat().st_size, digest.hexdigest())

"""Put the tags of a preview into the head of a page on its way out.

Programs that show links run no script, so the tags must be in the HTML, and that is built once for
all addresses. The pages are read once; each page with its tags is made and compressed once while
it is held.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pitwall import services
from pitwall.http_semantics import is_known, takes_gzip
from pitwall.web.preview.links import has_preview, preview_of, site_of, tags_of

PAGES_HELD: Final = 256  # of some 20 kB
_FILES: Final = {"": "index.html"}
_ANY_REPLAY: Final = "__spa-fallback.html"
_END_OF_HEAD: Final = b"</head>"
_OWN_PICTURE: Final = re.compile(rb'<meta[^>]*property="og:image"[^>]*>')
# They take "*/*", for which a path that pages and programs share gives JSON.
_SHOWS_LINKS: Final = re.compile(
    r"facebookexternalhit|twitterbot|slackbot|discordbot|whatsapp|telegrambot|linkedinbot|"
    r"mastodon|bluesky|skypeuripreview|redditbot|embedly|iframely|signal",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A page as it is sent."""

    plain: bytes
    zipped: bytes
    etag: str


class LinkHeads:
    """Answers requests for pages with a preview; passes on all others.

    Args:
        app: The app to which all else goes.
        built: The folder of the built pages.
    """

    def __init__(self, app: ASGIApp, built: Path) -> None:
        self._app = app
        self._pages = _halves_of(built)
        self._ready: OrderedDict[tuple[str, str], _Ready] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a page, or pass it on."""
        file = _file_of(scope)
        if file not in self._pages:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        preview = await preview_of(scope["path"], QueryParams(scope["query_string"]))
        public_url = services.current().public_url
        tags = tags_of(preview, site_of(public_url, scope["scheme"], headers.get("host", "")))
        response = _response(self._page(file, tags), headers)
        if _is_shared(scope["path"]):
            response.headers["Vary"] += ", Accept, User-Agent"
        if scope["method"] == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    def _page(self, file: str, tags: str) -> _Ready:
        known = self._ready.get((file, tags))
        if known is None:
            before, after = self._pages[file]
            plain = b"".join((before, tags.encode(), after))
            etag = f'W/"{hashlib.sha256(plain).hexdigest()[:32]}"'
            known = _Ready(plain, gzip.compress(plain, 6, mtime=0), etag)
            self._ready[file, tags] = known
            if len(self._ready) > PAGES_HELD:
                self._ready.popitem(last=False)
        self._ready.move_to_end((file, tags))
        return known


def _halves_of(built: Path) -> Mapping[str, tuple[bytes, bytes]]:
    """Return each page before and after the place of its tags."""
    pages = {}
    for path in built.glob("*.html"):
        html = _OWN_PICTURE.sub(b"", path.read_bytes())
        before, end, after = html.partition(_END_OF_HEAD)
        if end:
            pages[path.name] = before, end + after
    return pages


def _file_of(scope: Scope) -> str:
    """Return the file of a page with a preview that a request asks for; "" for any other."""
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return ""
    path: str = scope["path"]
    if not has_preview(path) or not _wants_page(Headers(scope=scope), path):
        return ""
    if path.startswith("/replay/"):
        return _ANY_REPLAY
    page = path.strip("/")
    return _FILES.get(page, f"{page}.html")


def _wants_page(headers: Headers, path: str) -> bool:
    """Whether HTML is wanted: of a path that programs share, only if it is asked for."""
    if not _is_shared(path) or "text/html" in headers.get("accept", "").lower():
        return True
    return _SHOWS_LINKS.search(headers.get("user-agent", "")) is not None


def _is_shared(path: str) -> bool:
    """Whether a program that asks for a page's path is given JSON."""
    return path.strip("/") == "ledger"


def _response(page: _Ready, asked: Headers) -> Response:
    headers = {"ETag": page.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if is_known(", ".join(asked.getlist("if-none-match")), page.etag):
        return Response(status_code=304, headers=headers)
    is_zipped = takes_gzip(asked.get("accept-encoding", ""))
    if is_zipped:
        headers["Content-Encoding"] = "gzip"
    body = page.zipped if is_zipped else page.plain
    return Response(body, media_type="text/html", headers=headers)

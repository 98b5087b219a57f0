"""Say what a link to a page is about: title, words and the address of its picture.

An address is written by whoever makes the link. Of it only the parts of the expected form are
used, and everything is escaped where it becomes HTML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import quote, urlencode

from pitwall import services
from pitwall.domain.frames import LiveFrame
from pitwall.web.preview.picture import HEIGHT, WIDTH
from pitwall.web.preview.scene import PAGES, SITE, scene_of_address, scene_of_race, tells_race
from pitwall.web.preview.scenes import public_race, well_formed
from pitwall.web.shared.header_rows import header_row

_REPLAY: Final = re.compile(r"/replay/([^/]{1,100})")
_BATTLE: Final = re.compile(r"([A-Za-z]{3})-([A-Za-z]{3})")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]{1,250}|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class LinkPreview:
    """What networks and messengers show of a link.

    Attributes:
        title: What it is about.
        words: A sentence on it.
        picture: The picture's path and query.
        address: The path and query of the page.
    """

    title: str
    words: str
    picture: str
    address: str


async def preview_of(path: str, query: Mapping[str, str]) -> LinkPreview:
    """Return what a page's address is about; the page may be any of those with a preview."""
    if found := _REPLAY.fullmatch(path):
        return await _of_replay(found[1], query)
    page = path.strip("/")
    if page in PAGES:
        scene = PAGES[page]
        return LinkPreview(scene.title, f"{scene.detail}.", f"/preview/{page}.png", path)
    return _of_live(await services.current().live.latest())


def has_preview(path: str) -> bool:
    """Whether a path is a page's that has a preview."""
    return path == "/" or path.strip("/") in PAGES or _REPLAY.fullmatch(path) is not None


def _of_live(frame: LiveFrame | None) -> LinkPreview:
    if frame is None or not tells_race(frame):
        return LinkPreview(SITE.title, f"{SITE.detail}.", "/preview/live.png", "/")
    # The address changes with the lap, as whoever shows a picture keeps it for long.
    stamp = urlencode({"race": frame.header.race_id[:80], "lap": frame.header.lap or 0})
    row = header_row(frame)
    words = f"{row.source_word}: who attacks whom, and the chance of a pass, estimated."
    return LinkPreview(f"{row.race}, live battles", words, f"/preview/live.png?{stamp}", "/")


async def _of_replay(race_id: str, query: Mapping[str, str]) -> LinkPreview:
    race = await public_race(race_id)
    scene = scene_of_address(race_id) if race is None else scene_of_race(race)
    title, words = scene.title, "Replay any moment of a race, as it was known then."
    named, chosen = well_formed(query.get("t", ""), query.get("battle", ""))
    if battle := _BATTLE.fullmatch(chosen):
        title = f"{battle[1].upper()} attacks {battle[2].upper()} · {title}"
    if named:
        words = "One moment of the race, as it was known then: gaps and chances, no result."
    kept = {name: value for name, value in (("t", named), ("battle", chosen)) if value}
    asked = f"?{urlencode(kept)}" if kept else ""
    name = quote(race_id, safe="")
    return LinkPreview(title, words, f"/preview/replay/{name}.png{asked}", f"/replay/{name}{asked}")


def tags_of(preview: LinkPreview, site: str) -> str:
    """Return the tags of a preview, as HTML.

    Args:
        preview: What the link is about.
        site: The server's own address, such as `https://pitwall.example.org`.
    """
    picture, address = f"{site}{preview.picture}", f"{site}{preview.address}"
    properties = {
        "og:site_name": "Pitwall",
        "og:type": "website",
        "og:title": preview.title,
        "og:description": preview.words,
        "og:url": address,
        "og:image": picture,
        "og:image:type": "image/png",
        "og:image:width": str(WIDTH),
        "og:image:height": str(HEIGHT),
        "og:image:alt": preview.title,
    }
    named = {
        "description": preview.words,
        "twitter:card": "summary_large_image",
        "twitter:title": preview.title,
        "twitter:description": preview.words,
        "twitter:image": picture,
    }
    return "".join(
        f'<meta {kind}="{name}" content="{escape(value)}"/>'
        for kind, values in (("property", properties), ("name", named))
        for name, value in values.items()
    )


def site_of(public_url: str, scheme: str, host: str) -> str:
    """Return the server's own address: as the owner set it, else as the request names it.

    >>> site_of("", "https", "pitwall.example.org"), site_of("", "http", 'x"><script>')
    ('https://pitwall.example.org', '')
    """
    if public_url:
        return public_url
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else ""

"""Write the HTML of an embed: a few lines with the choices as attributes, and nothing inline.

`assets/embed.js` reads the attributes, follows the stream and draws.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final

from pitwall.web.embed.choices import EmbedChoices, EmbedKind

_BUILDER: Final = Path(__file__).parent / "builder.html"  # what follows the head
_NAMES: Final = {
    EmbedKind.BATTLE: "battle",
    EmbedKind.TOWER: "timing tower",
    EmbedKind.MAP: "track map",
}
_HEAD: Final = """<!doctype html>
<html{attributes}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Pitwall · {title}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/embed/fonts.css">
<link rel="stylesheet" href="/tokens.css">
<link rel="stylesheet" href="/themes.css">
<link rel="stylesheet" href="/embed.css">
<script type="module" src="/{script}"></script>
</head>
"""
_BODY: Final = """<body>
<main id="embed" class="embed"></main>
<noscript>This embed follows the race by JavaScript.</noscript>
</body>
</html>
"""


def embed_document(kind: EmbedKind, choices: EmbedChoices) -> str:
    """Return the page of an embed."""
    attributes = {
        "lang": "en",
        "data-embed": kind.value,
        "data-theme": choices.theme,
        "data-palette": choices.palette,
        "data-background": choices.background,
        "data-accent": choices.accent,
        "data-scale": f"{choices.scale:g}",
        "data-delay": f"{choices.delay_s:g}",
        "data-language": choices.lang,
        "data-drivers": "-".join(choices.drivers),
        "data-rows": str(choices.rows),
    }
    return _HEAD.format(attributes=_written(attributes), title=_NAMES[kind], script="embed.js") + (
        _BODY
    )


def refused_document(reason: str) -> str:
    """Return the page that says what is wrong with an embed's address."""
    attributes = {"lang": "en", "data-theme": "retro", "data-background": "transparent"}
    head = _HEAD.format(attributes=_written(attributes), title="embed", script="embed.js")
    body = f'<body>\n<main class="embed plate refused"><p>{escape(reason)}</p></main>\n</body>\n'
    return f"{head}{body}</html>\n"


def builder_document() -> str:
    """Return the page on which people choose an embed, and copy its address."""
    attributes = {"lang": "en", "data-theme": "retro", "data-background": "solid"}
    head = _HEAD.format(attributes=_written(attributes), title="embed", script="embed_builder.js")
    return head + _BUILDER.read_text(encoding="utf-8")


def _written(attributes: dict[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())

"""Draw the picture of a link, 1200 by 630 pixels as networks show them, in the pages' look."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from pitwall.web.preview.scene import Fighter, FightScene, LinkScene
from pitwall.web.shared.typefaces import DATA_BOLD, FOLDER, LABEL, LABEL_BOLD, Typeface

WIDTH, HEIGHT = 1200, 630
_MARGIN: Final = 64
_NIGHT, _PANEL, _LINE = "#090b08", "#11140e", "#2b3124"
_INK, _DIM, _AMBER, _UNLIT = "#ece8d5", "#a9ad96", "#ffb52e", "#262c1f"
_TONES: Final = {"low": _INK, "middle": _AMBER, "high": "#ff7d4f"}
_FLAGS: Final = {
    "clear": ("#0f3d22", "#7dffae"),
    "yellow": ("#ffd60a", "#141200"),
    "safety": ("#ff9f1c", "#1c1000"),
    "red": ("#b3160a", "#ffffff"),
    "chequered": ("#f1efe2", "#0b0d0a"),
}
_OTHER_FLAG: Final = ("#20251a", "#c9cdb8")

_Box = tuple[float, float]


def png_of(scene: LinkScene) -> bytes:
    """Return the picture of a scene as PNG."""
    canvas = Image.new("RGB", (WIDTH, HEIGHT), _NIGHT)
    draw = ImageDraw.Draw(canvas)
    draw.rectangle((24, 24, WIDTH - 25, HEIGHT - 25), fill=_PANEL, outline=_LINE, width=2)
    _draw_head(draw, scene)
    if scene.fight is None:
        _draw_words(draw, scene)
    else:
        _draw_fight(draw, scene.fight)
    _draw_foot(draw, scene)
    out = io.BytesIO()
    canvas.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _draw_head(draw: ImageDraw.ImageDraw, scene: LinkScene) -> None:
    _text(draw, (_MARGIN, 92), "PITWALL", _font(LABEL_BOLD, 40), _AMBER, "ls")
    right = WIDTH - _MARGIN
    if scene.flag_word:
        back, ink = _FLAGS.get(scene.flag, _OTHER_FLAG)
        font = _font(LABEL_BOLD, 34)
        words = scene.flag_word.upper()
        width = draw.textlength(words, font)
        draw.rounded_rectangle((right - width - 32, 54, right, 104), 6, fill=back)
        _text(draw, (right - 16, 91), words, font, ink, "rs")
    draw.line((_MARGIN, 122, right, 122), fill=_LINE, width=2)


def _draw_words(draw: ImageDraw.ImageDraw, scene: LinkScene) -> None:
    room = WIDTH - 2 * _MARGIN
    font, words = _fitted(draw, scene.title, LABEL_BOLD, (104, 52), room)
    _text(draw, (_MARGIN, 320), words, font, _INK, "ls")
    font, words = _fitted(draw, scene.detail, LABEL, (48, 30), room)
    _text(draw, (_MARGIN, 396), words, font, _DIM, "ls")


def _draw_fight(draw: ImageDraw.ImageDraw, fight: FightScene) -> None:
    right, middle = WIDTH - _MARGIN, WIDTH / 2
    _draw_fighter(draw, fight.attacker, _MARGIN, is_left=True)
    _draw_fighter(draw, fight.defender, right, is_left=False)
    _text(draw, (middle, 196), f"attacks {fight.stake}", _font(LABEL, 36), _DIM, "ms")
    _text(draw, (middle, 268), f"{fight.gap} s", _font(DATA_BOLD, 64), _INK, "ms")
    _text(draw, (middle, 318), fight.trend, _font(LABEL, 34), _DIM, "ms")
    tone = _TONES.get(fight.tone, _DIM)
    _text(draw, (_MARGIN, 462), fight.chance, _font(LABEL_BOLD, 108), tone, "ls")
    width = draw.textlength(fight.chance, _font(LABEL_BOLD, 108))
    label = "Overtake within a lap, estimated" if fight.has_forecast else ""
    _text(draw, (_MARGIN + width + 32, 462), label, _font(LABEL, 42), _DIM, "ls")
    draw.rounded_rectangle((_MARGIN, 490, right, 508), 4, fill=_UNLIT)
    if fight.meter:
        part = (right - _MARGIN) * fight.meter / 100
        draw.rounded_rectangle((_MARGIN, 490, _MARGIN + max(part, 8), 508), 4, fill=tone)


def _draw_fighter(draw: ImageDraw.ImageDraw, car: Fighter, edge: float, *, is_left: bool) -> None:
    inner, anchor = (edge + 30, "ls") if is_left else (edge - 30, "rs")
    left = edge if is_left else edge - 14
    draw.rounded_rectangle((left, 156, left + 14, 322), 4, fill=car.colour)
    font, code = _fitted(draw, car.code, LABEL_BOLD, (136, 60), 330)
    _text(draw, (inner, 256), code, font, _INK, anchor)
    font, name = _fitted(draw, car.name, LABEL, (40, 26), 330)
    _text(draw, (inner, 316), name, font, _DIM, anchor)


def _draw_foot(draw: ImageDraw.ImageDraw, scene: LinkScene) -> None:
    font = _font(LABEL, 36)
    y, right = HEIGHT - 58, WIDTH - _MARGIN
    _text(draw, (right, y), scene.moment, font, _INK, "rs")
    room = right - _MARGIN - draw.textlength(scene.moment, font) - 40
    left = scene.title if scene.fight is not None else ""
    words = " · ".join(filter(None, [left, scene.source]))
    fitted, words = _fitted(draw, words, LABEL, (36, 24), room)
    _text(draw, (_MARGIN, y), words, fitted, _AMBER if scene.fight is not None else _DIM, "ls")


def _text(
    draw: ImageDraw.ImageDraw,
    at: _Box,
    words: str,
    font: ImageFont.FreeTypeFont,
    colour: str,
    anchor: str,
) -> None:
    draw.text(at, words, fill=colour, font=font, anchor=anchor)


def _fitted(
    draw: ImageDraw.ImageDraw, words: str, face: Typeface, sizes: tuple[int, int], room: float
) -> tuple[ImageFont.FreeTypeFont, str]:
    """Return the largest font in which words fit; what is too long for the smallest is cut."""
    largest, smallest = sizes
    for size in range(largest, smallest - 1, -4):
        if draw.textlength(words, _font(face, size)) <= room:
            return _font(face, size), words
    font = _font(face, smallest)
    while len(words) > 1 and draw.textlength(f"{words}…", font) > room:
        words = words[:-1]
    return font, f"{words}…"


@lru_cache(maxsize=64)
def _font(face: Typeface, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FOLDER / face.file), size)

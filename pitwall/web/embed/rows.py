"""Format a frame as what one embed shows, from the rows of the live page.

Values and words are therefore those of the page: the chance on show, "unlikely" below 5 %, the
order of the battles, the flag, where the data comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from pitwall.domain.circuits import TrackMap
from pitwall.domain.frames import BattleLine, LiveFrame
from pitwall.web.embed.choices import EmbedKind
from pitwall.web.shared.battle_rows import battle_key, card_rows, in_order, reading_rows
from pitwall.web.shared.car_rows import car_rows
from pitwall.web.shared.event_rows import empty_row
from pitwall.web.shared.header_rows import NoticeRow, header_row, notice_row, pulse_row
from pitwall.web.shared.standing_rows import standing_rows
from pitwall.web.shared.tower_rows import gap_rows, tower_rows
from pitwall.web.shared.track_rows import mark_rows, places_row, track_fields

EmbedPieces = dict[str, Any]
"""JSON-ready parts of an embed, by name; each is sent when it has changed."""

_HEAD: Final = ("race", "lap", "total_laps", "flag", "flag_word", "source", "source_word", "pace")
_TIMED: Final = NoticeRow(
    "calm", "No battles here", "In qualifying and practice cars drive for a lap time."
)


def embed_pieces(
    frame: LiveFrame, kind: EmbedKind, drivers: tuple[str, ...], track: TrackMap
) -> EmbedPieces:
    """Format a frame for one embed.

    Args:
        frame: What to show.
        kind: What the embed shows of it.
        drivers: Whose battle, by letters or numbers; empty for the hottest.
        track: What is known of the circuit.
    """
    header = asdict(header_row(frame))
    notice = notice_row(frame.header)
    return {
        "pulse": asdict(pulse_row(frame)),
        "head": {name: header[name] for name in _HEAD} | {"notice": notice.title},
        **_PIECES[kind](frame, drivers, track),
    }


def battle_of(frame: LiveFrame, drivers: tuple[str, ...]) -> BattleLine | None:
    """Return the hottest battle, or the hottest one of these drivers; None where there is none."""
    names = {line.number: line.names for line in frame.tower}
    for battle in in_order(frame):
        pair = names.get(battle.attacker, frozenset()) | names.get(battle.defender, frozenset())
        if pair.issuperset(drivers):
            return battle
    return None


def _battle(frame: LiveFrame, drivers: tuple[str, ...], _track: TrackMap) -> EmbedPieces:
    battle = battle_of(frame, drivers)
    if battle is None:
        return {"battle": None, "empty": asdict(_why_none(frame, drivers))}
    alone = replace(frame, battles=(battle,))
    cars = car_rows(frame)
    key = battle_key(battle.attacker, battle.defender)
    return {
        "battle": {
            **asdict(card_rows(alone)[0]),
            "attacker": asdict(cars[str(battle.attacker)]),
            "defender": asdict(cars[str(battle.defender)]),
        },
        "reading": reading_rows(alone)[key],
        "empty": None,
    }


def _why_none(frame: LiveFrame, drivers: tuple[str, ...]) -> NoticeRow:
    if frame.timed is not None:
        return _TIMED
    if frame.battles and drivers:
        pair = " and ".join(drivers)
        what = f"No battle between {pair}" if len(drivers) > 1 else f"No battle of {pair}"
        return NoticeRow("calm", what, "It appears here as soon as they are within two seconds.")
    told = empty_row(frame)
    return told if told.title else NoticeRow("calm", header_row(frame).flag_word, "")


def _tower(frame: LiveFrame, _drivers: tuple[str, ...], _track: TrackMap) -> EmbedPieces:
    cars = {key: [row.code, row.colour, row.name] for key, row in car_rows(frame).items()}
    if frame.timed is not None:
        timed = [
            (row.key, row.position, row.status, row.tone, row.zone, row.best, row.gap)
            for row in standing_rows(frame)
        ]
        return {"cars": cars, "timed": timed, "tower": [], "gaps": {}}
    tower = [(row.key, row.position, row.status, row.tone, row.fight) for row in tower_rows(frame)]
    return {"cars": cars, "timed": [], "tower": tower, "gaps": gap_rows(frame)}


def _map(frame: LiveFrame, _drivers: tuple[str, ...], track: TrackMap) -> EmbedPieces:
    has_outline = track.outline is not None
    return {
        "cars": {
            key: {"code": row.code, "colour": row.colour, "name": row.name}
            for key, row in car_rows(frame).items()
        },
        "battles": [
            {"key": row.key, "attacker": row.attacker, "defender": row.defender}
            for row in card_rows(frame)
        ],
        "track": track_fields(track),
        "marks": mark_rows(frame, has_outline=has_outline),
        "places": asdict(places_row(frame, has_outline=has_outline)),
    }


_PIECES: Final[
    Mapping[EmbedKind, Callable[[LiveFrame, tuple[str, ...], TrackMap], EmbedPieces]]
] = {EmbedKind.BATTLE: _battle, EmbedKind.TOWER: _tower, EmbedKind.MAP: _map}

"""Format a frame as all rows of the live page, by the state variable that shows them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pitwall.domain.circuits import NO_MAP, TrackMap
from pitwall.domain.frames import LiveFrame
from pitwall.web.shared.alert_rows import alert_rows
from pitwall.web.shared.battle_rows import card_rows, mix_rows, reading_rows, reasons_by_card
from pitwall.web.shared.car_rows import car_rows, stint_rows
from pitwall.web.shared.control_rows import PinnedRow, control_row, hang_rows, log_rows
from pitwall.web.shared.duel_rows import duel_rows, outlook_rows, stop_note, trace_rows
from pitwall.web.shared.event_rows import empty_row, ended_rows, spoken_rows
from pitwall.web.shared.header_rows import (
    HeaderRow,
    NoticeRow,
    PulseRow,
    header_row,
    notice_row,
    pulse_row,
)
from pitwall.web.shared.neutral_rows import NeutralRow, neutral_row
from pitwall.web.shared.points_rows import PointsRow, points_row
from pitwall.web.shared.result_rows import ResultRow, result_row
from pitwall.web.shared.standing_rows import SessionRow, session_row, standing_rows
from pitwall.web.shared.tower_rows import gap_rows, lap_rows, mini_rows, tower_rows
from pitwall.web.shared.track_rows import PlacesRow, mark_rows, places_row, track_fields

PageRows = dict[str, Any]
"""Variable name to JSON-ready value: what a browser receives."""


def page_rows(frame: LiveFrame, cache_fault: str = "", track: TrackMap = NO_MAP) -> PageRows:
    """Format one frame for the live page.

    Args:
        frame: What to show.
        cache_fault: What is wrong with the shared cache, in whole sentences; "" when nothing is.
        track: What is known of the circuit.
    """
    has_outline = track.outline is not None
    log_new, log_old = log_rows(frame)
    return {
        "pulse": asdict(pulse_row(frame)),
        "header": asdict(header_row(frame)),
        "notice": asdict(notice_row(frame.header, cache_fault)),
        "cars": {key: asdict(row) for key, row in car_rows(frame).items()},
        "tower": [asdict(row) for row in tower_rows(frame)],
        "gaps": gap_rows(frame),
        "laps": lap_rows(frame),
        "minis": mini_rows(frame),
        "stints": stint_rows(frame),
        "hangs": {key: asdict(row) for key, row in hang_rows(frame).items()},
        "control": asdict(control_row(frame)),
        "log_new": log_new,
        "log_old": log_old,
        "neutral": asdict(neutral_row(frame)),
        "result": asdict(result_row(frame)),
        "cards": [asdict(row) for row in card_rows(frame)],
        "readings": reading_rows(frame),
        "traces": trace_rows(frame),
        "duels": duel_rows(frame),
        "outlooks": outlook_rows(frame),
        "stop_note": stop_note(frame),
        "mixes": mix_rows(frame),
        "reasons": reasons_by_card(frame),
        "ended": [asdict(row) for row in ended_rows(frame)],
        "spoken": [asdict(row) for row in spoken_rows(frame)],
        "alerts": [asdict(row) for row in alert_rows(frame)],
        "empty": asdict(empty_row(frame)),
        "session": asdict(session_row(frame)),
        "standings": [asdict(row) for row in standing_rows(frame)],
        "points": asdict(points_row(frame)),
        "track": track_fields(track),
        "marks": mark_rows(frame, has_outline=has_outline),
        "places": asdict(places_row(frame, has_outline=has_outline)),
    }


def changed_rows(rows: PageRows, sent: PageRows) -> PageRows:
    """Return the variables that have changed since they were last sent."""
    return {name: value for name, value in rows.items() if name not in sent or sent[name] != value}


def waiting_rows(sequence: int, delay_s: float) -> PageRows:
    """Return an empty page for a tab whose delay reaches back before the oldest frame in memory.

    `sequence` rises with every call, so that the browser sees that the connection is alive.
    """
    notice = NoticeRow(
        "paused",
        f"TV delay of {delay_s:g} s: no data that old yet",
        "The page starts by itself. Nothing newer is shown until then, so there are no spoilers.",
    )
    return {
        "pulse": asdict(PulseRow(sequence=sequence)),
        "header": asdict(
            HeaderRow(race="Waiting for the TV delay", source_word="Waiting", flag_word="Waiting")
        ),
        "notice": asdict(notice),
        "cars": {},
        "tower": [],
        "gaps": {},
        "laps": {},
        "minis": {},
        "stints": {},
        "hangs": {},
        "control": asdict(PinnedRow()),
        "log_new": [],
        "log_old": [],
        "neutral": asdict(NeutralRow()),
        "result": asdict(ResultRow()),
        "cards": [],
        "readings": {},
        "traces": {},
        "duels": {},
        "outlooks": {},
        "stop_note": "",
        "mixes": {},
        "reasons": {},
        "ended": [],
        "spoken": [],
        "alerts": [],
        "session": asdict(SessionRow()),
        "standings": [],
        "points": asdict(PointsRow()),
        "marks": {},
        "places": asdict(PlacesRow()),
        "empty": asdict(
            NoticeRow("waiting", "Waiting for the TV delay", f"This takes {delay_s:g} s at most.")
        ),
    }

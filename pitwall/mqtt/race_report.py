"""Say in plain values what home automation wants to know of the race on screen."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pitwall.domain.frames import DEAD_AFTER_S, BattleLine, FeedState, LiveFrame, TowerLine

NO_BATTLE: Final = "No battle"
AGE_STEP_S: Final = 5
"""The feed's age is told in steps: each second would be news for nobody, and a message each."""

_LONGEST_TEXT: Final = 250  # Home Assistant takes states of 255 characters
_SILENT: Final = {FeedState.CONNECTING, FeedState.STALE, FeedState.FAILED}


def is_available(frame: LiveFrame | None, now: datetime) -> bool:
    """Return whether there is a race to tell of, by the rules of the page and of `/health`.

    There is none while the feed is silent or has told nothing yet, nor when frames have stopped.
    """
    if frame is None or frame.header.feed_state in _SILENT:
        return False
    return (now - frame.published_at).total_seconds() <= DEAD_AFTER_S


def report_of(frame: LiveFrame, now: datetime) -> dict[str, Any]:
    """Return the values of all entities, as they are sent in one JSON message."""
    header = frame.header
    battle = hottest(frame.battles)
    told = None if battle is None else _battle(battle, frame.tower)
    return {
        "battle": told,
        "hottest": NO_BATTLE if told is None else told["text"],
        "chance": None if told is None else told["chance"],
        "battles": sum(not each.fading for each in frame.battles),
        "flag": header.track_status.value,
        "phase": header.phase.value,
        "lap": header.lap,
        "total_laps": header.total_laps,
        "session": ": ".join(filter(None, [header.name, header.kind])) or None,
        "race": {
            "race_id": header.race_id,
            "name": header.name,
            "kind": header.kind,
            "circuit": header.circuit,
            "year": header.year,
            "source": header.source,
            "feed": header.feed,
        },
        "feed_age_s": _age_s(frame, now),
    }


def hottest(battles: tuple[BattleLine, ...]) -> BattleLine | None:
    """Return the battle that the page shows first; None while there is none."""
    return min(battles, key=lambda each: (each.rank or len(battles) + 1, -each.heat), default=None)


def _battle(battle: BattleLine, tower: tuple[TowerLine, ...]) -> dict[str, Any]:
    cars = {line.number: line for line in tower}
    attacker, defender = cars.get(battle.attacker), cars.get(battle.defender)
    first, second = _name(attacker, battle.attacker), _name(defender, battle.defender)
    shown = battle.p_overtake if battle.p_shown is None else battle.p_shown
    return {
        "text": f"{first} attacks {second} for P{battle.position}"[:_LONGEST_TEXT],
        "attacker": first,
        "defender": second,
        "attacker_code": _code(attacker, battle.attacker),
        "defender_code": _code(defender, battle.defender),
        "attacker_number": battle.attacker,
        "defender_number": battle.defender,
        "position": battle.position,
        "interval_s": round(battle.interval_s, 3),
        "gap_at_line_s": battle.gap_at_line_s,
        "trend_s_per_lap": battle.trend_s_per_lap,
        "laps": battle.laps,
        "chance": None if shown is None else round(100 * shown, 1),
        "p_overtake": None if battle.p_overtake is None else round(battle.p_overtake, 4),
        "no_forecast_because": battle.no_forecast_because,
    }


def _name(line: TowerLine | None, number: int) -> str:
    return (line.name or line.code if line else "") or f"Car {number}"


def _code(line: TowerLine | None, number: int) -> str:
    return line.code if line else str(number)


def _age_s(frame: LiveFrame, now: datetime) -> int | None:
    """Return the seconds since the newest message arrived, in steps; None before the first."""
    if frame.data_age_s is None:
        return None
    age_s = frame.data_age_s + max(0.0, (now - frame.published_at).total_seconds())
    return int(age_s // AGE_STEP_S) * AGE_STEP_S

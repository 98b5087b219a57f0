"""Make live frames of an imagined race, for tests and for looking at the page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from pitwall.domain.battles import EndReason
from pitwall.domain.duels import Duel, DuelLap, LineGap, Rejoin
from pitwall.domain.forecasts import (
    Condition,
    ExpertName,
    ExpertOpinion,
    MixedForecast,
    Reason,
    points_of,
)
from pitwall.domain.frames import (
    BattleLine,
    EndedLine,
    FeedState,
    FrameHeader,
    LiveFrame,
    StandingLine,
    TimedLines,
    TowerLine,
)
from pitwall.domain.race import START_OF_TIME, Compound, DriverNumber, Phase, TrackStatus
from pitwall.domain.sessions import SessionType
from pitwall.domain.timed_state import CarRun
from pitwall.domain.track_positions import CarPlace

LIGHTS_OUT = datetime(2026, 8, 23, 13, 0, tzinfo=UTC)
FIELD = [
    (81, "PIA", "Oscar Piastri", "McLaren", "FF8000"),
    (4, "NOR", "Lando Norris", "McLaren", "FF8000"),
    (1, "VER", "Max Verstappen", "Red Bull Racing", "3671C6"),
    (63, "RUS", "George Russell", "Mercedes", "27F4D2"),
    (16, "LEC", "Charles Leclerc", "Ferrari", "E80020"),
    (44, "HAM", "Lewis Hamilton", "Ferrari", "E80020"),
    (12, "ANT", "Kimi Antonelli", "Mercedes", "27F4D2"),
    (23, "ALB", "Alexander Albon", "Williams", "64C4FF"),
    (6, "HAD", "Isack Hadjar", "Red Bull Racing", "3671C6"),
    (27, "HUL", "Nico Hulkenberg", "Audi", "52E252"),
    (34, "DRU", "Felipe Drugovich", "Aston Martin", "229971"),
    (55, "SAI", "Carlos Sainz", "Williams", "64C4FF"),
    (87, "BEA", "Oliver Bearman", "Haas F1 Team", "B6BABD"),
    (30, "LAW", "Liam Lawson", "Racing Bulls", "6692FF"),
    (10, "GAS", "Pierre Gasly", "Alpine", "0093CC"),
    (31, "OCO", "Esteban Ocon", "Haas F1 Team", "B6BABD"),
    (22, "LIN", "Arvid Lindblad", "Racing Bulls", "6692FF"),
    (5, "BOR", "Gabriel Bortoleto", "Audi", "52E252"),
    (18, "STR", "Lance Stroll", "Aston Martin", "229971"),
    (43, "COL", "Franco Colapinto", "Alpine", "0093CC"),
    (11, "PER", "Sergio Perez", "Cadillac", "909090"),
    (77, "BOT", "Valtteri Bottas", "Cadillac", "909090"),
]
_POINTS_APART = timedelta(seconds=2)
YELLOW = "yellow in sector 11: passing is forbidden there"
COMPOUNDS = [Compound.MEDIUM, Compound.HARD, Compound.MEDIUM, Compound.SOFT, Compound.HARD]


def make_frame(sequence: int = 0, scene: str = "racing", cars: int = 22) -> LiveFrame:
    """Return frame `sequence` of a race seen four times a second."""
    seconds = sequence / 4
    now = LIGHTS_OUT + timedelta(minutes=31, seconds=seconds)
    tower = _tower(seconds, cars)
    battles = _battles(tower, seconds, now)
    frame = LiveFrame(
        sequence=sequence,
        published_at=now,
        data_age_s=0.4,
        header=_header(now, seconds),
        tower=tower,
        battles=battles,
        ended=_ended(now, seconds),
        model_version="stack-2026.3 b1946ac9",
        places=_places(tower, seconds),
    )
    return _SCENES[scene](frame)


def _header(now: datetime, seconds: float) -> FrameHeader:
    return FrameHeader(
        source="simulated",
        feed="simulated:7",
        feed_state=FeedState.FLOWING,
        feed_detail="",
        race_id="2026-dutch-grand-prix-race",
        name="Dutch Grand Prix",
        kind="Race",
        circuit="Zandvoort",
        year=2026,
        phase=Phase.STARTED,
        track_status=TrackStatus.CLEAR,
        lap=23 + int(seconds // 75),
        total_laps=72,
        as_of=now,
        speed=1.0,
        overtake_enabled=True,
        malformed=0,
        latest_control="TRACK LIMITS: CAR 31 (OCO) LAP TIME DELETED AT TURN 11",
    )


def _tower(seconds: float, cars: int) -> tuple[TowerLine, ...]:
    field = list(FIELD[:cars])
    if cars > 4 and int(seconds // 12) % 2:  # a pass every twelve seconds, and back
        field[3], field[4] = field[4], field[3]
    gap = 0.0
    lines = []
    for index, (number, code, name, team, colour) in enumerate(field):
        interval = 0.9 + 0.85 * math.sin(seconds / 9 + index * 1.7) + (index % 3) * 0.8
        interval = max(0.18, round(interval, 3))
        gap += interval if index else 0.0
        lapped = index >= 19
        lines.append(
            TowerLine(
                number=DriverNumber(number),
                position=index + 1,
                code=code,
                name=name,
                team=team,
                team_colour=colour,
                gap_to_leader_s=None if lapped or not index else round(gap, 3),
                gap_to_leader_laps=1 if lapped else None,
                interval_s=None if not index or index == 19 else interval,
                interval_laps=1 if index == 19 else None,
                last_lap_s=73.2 + index * 0.07,
                best_lap_s=72.4 + index * 0.05,
                compound=COMPOUNDS[index % 5],
                tyre_life_laps=4 + (index * 7) % 23,
                fresh_tyre=index % 4 != 3,
                stint_number=2,
                pit_stops=1 + index % 2,
                in_pit=index == 13,
                pit_out=index == 16,
                retired=index == 21,
                stopped=False,
                laps_completed=22,
                grid_position=[2, 1, 3, 6, 4, 5][index] if index < 6 else index + 1,
            )
        )
    return tuple(lines)


def _places(tower: tuple[TowerLine, ...], seconds: float) -> tuple[CarPlace, ...]:
    """Return cars on a lap of 75 s round a circle of 700 m, told once a second."""
    places = []
    for line in tower:
        behind_s = 22.0 if line.gap_to_leader_s is None else line.gap_to_leader_s
        share = (int(seconds) - behind_s) / 75 % 1.0 if line.position > 1 else int(seconds) / 75 % 1
        angle = 2 * math.pi * share
        x_m, y_m = 700 * math.sin(angle), 700 * math.cos(angle)
        if not line.retired:
            places.append(CarPlace(line.number, x_m, y_m, round(share, 4) % 1.0))
    return tuple(places)


def _battles(tower: tuple[TowerLine, ...], seconds: float, now: datetime) -> tuple[BattleLine, ...]:
    found = []
    for ahead, behind in pairwise(tower):
        interval = behind.interval_s
        if interval is None or interval > 2 or behind.in_pit or ahead.in_pit or behind.retired:
            continue
        phase = behind.number
        p = 0.5 + 0.45 * math.sin(seconds / 11 + phase) if interval < 1 else 0.08
        known = behind.position != 9
        history = [
            0.5 + 0.45 * math.sin((seconds - 2 * back) / 11 + phase) for back in range(89, -1, -1)
        ]
        gaps = [
            max(0.18, 0.9 + 0.85 * math.sin((seconds - 2 * back) / 9 + behind.position * 1.7))
            for back in range(89, -1, -1)
        ]
        found.append(
            BattleLine(
                attacker=behind.number,
                defender=ahead.number,
                position=ahead.position,
                interval_s=interval,
                interval_age_s=0.6 if behind.position != 7 else 7.2,
                trend_s_per_lap=round(0.4 * math.cos(seconds / 9 + behind.position * 1.7), 2),
                opened_at=now - timedelta(seconds=20 + 40 * behind.position),
                laps=behind.position % 7,
                p_overtake=p if known else None,
                no_forecast_because="" if known else "no interval history yet",
                p_history=tuple(history) if known else (),
                interval_history=tuple(gaps),
                reasons=(
                    Reason("gap", 0.41, f"gap {interval:.1f} s", "situation"),
                    Reason("tyres", 0.22, "tyres 9 laps fresher", "aero"),
                    Reason("circuit", -0.18, "hard to pass here", "situation"),
                )
                if known
                else (),
                heat=min(1.0, p * 0.7 + max(0.0, (2 - interval) / 2) * 0.3),
                mixed=_mixed(p, seconds / 20 + phase) if known else None,
                condition=Condition.YELLOW if behind.number % 5 == 1 else Condition.CLEAN,
                condition_words=YELLOW if behind.number % 5 == 1 else "",
                duel=_duel(tower, behind, now),
            )
        )
    return tuple(found)


def _duel(tower: tuple[TowerLine, ...], behind: TowerLine, now: datetime) -> Duel:
    """Return a car compared with the one ahead, which was a little slower on laps 17 to 22."""
    crossed = now - timedelta(seconds=20)
    pace = behind.position % 4 / 10
    return Duel(
        line_gaps=tuple(
            LineGap(22 - back, round(1.2 + 0.2 * back, 3), crossed - timedelta(seconds=75 * back))
            for back in range(5, -1, -1)
        ),
        lap=22,
        attacker=DuelLap(73.1 + pace, (24.9, 27.6, 20.6 + pace), (287.0, 275.0, 316.0, 322.0)),
        defender=DuelLap(73.2, (25.0, 27.5, 20.7), (285.0, 264.0, None, 311.0)),
        attacker_stop=Rejoin(min(22, behind.position + 7), tower[-4].number, 1.2),
        defender_stop=Rejoin(min(22, behind.position + 6), tower[-5].number, 0.8),
        stop_s=21.4,
        stops_seen=4,
        trace_at=START_OF_TIME + (now - START_OF_TIME) // _POINTS_APART * _POINTS_APART,
    )


def _mixed(p: float, turn: float) -> MixedForecast:
    """Return experts whose contributions to `p` wander as `turn` rises."""
    adds = [amount * math.sin(turn + 2 * i) for i, amount in enumerate((0.35, 1.3, 0.8))]
    base = math.log(p / (1 - p)) - sum(adds)
    moved = sum(map(abs, adds))
    return MixedForecast(
        p_overtake_3=1 - (1 - p) ** 2,
        p_low=p - 0.4 * p * (1 - p),
        p_high=p + 0.6 * p * (1 - p),
        experts=tuple(
            ExpertOpinion(
                name,
                1 / (1 + math.exp(-base - add)),
                abs(add) / moved,
                is_estimated=name is ExpertName.BOOST,
                contribution=add,
                points=points,
            )
            for name, add, points in zip(ExpertName, adds, points_of(base, adds), strict=True)
        ),
        p_pit=0.04 + 0.03 * math.sin(turn),
        p_neutralised=0.013,
        p_retired=0.002,
        base=base,
        p_kept=0.8 + 0.15 * math.sin(turn),
    )


def _ended(now: datetime, seconds: float) -> tuple[EndedLine, ...]:
    swap = timedelta(seconds=seconds % 12)
    return (
        EndedLine(
            DriverNumber(16), DriverNumber(63), 4, EndReason.PASSED, now - swap, 6, 0.63
        ),
        EndedLine(
            DriverNumber(23), DriverNumber(12), 7, EndReason.DROPPED_BACK,
            now - timedelta(seconds=48), 3, 0.08,
        ),
        EndedLine(
            DriverNumber(30), DriverNumber(87), 13, EndReason.PITTED,
            now - timedelta(seconds=95), 11, None,
        ),
    )  # fmt: skip


def _with_header(frame: LiveFrame, **changes: object) -> LiveFrame:
    return replace(frame, header=replace(frame.header, **changes))  # type: ignore[arg-type]


def _safety_car(frame: LiveFrame) -> LiveFrame:
    ended = tuple(replace(line, reason=EndReason.NEUTRALISED) for line in frame.ended)
    calm = replace(frame, battles=(), ended=ended)
    return _with_header(
        calm,
        track_status=TrackStatus.SAFETY_CAR,
        overtake_enabled=False,
        latest_control="SAFETY CAR DEPLOYED",
    )


def _stale(frame: LiveFrame) -> LiveFrame:
    return _with_header(replace(frame, data_age_s=14.0), feed_state=FeedState.STALE)


def _failed(frame: LiveFrame) -> LiveFrame:
    return _with_header(
        replace(frame, tower=(), battles=(), ended=(), data_age_s=None),
        feed="recording:race.jsonl",
        source="recorded",
        feed_state=FeedState.FAILED,
        feed_detail="There is no file race.jsonl: set PITWALL_FEED to a recording that exists.",
        name="",
        kind="",
        circuit="",
        year=0,
        lap=None,
        total_laps=None,
        as_of=None,
        phase=Phase.INACTIVE,
        overtake_enabled=None,
        latest_control="",
    )


def _grid(frame: LiveFrame) -> LiveFrame:
    return _with_header(
        replace(frame, battles=(), ended=()), phase=Phase.INACTIVE, lap=None, latest_control=""
    )


def _over(frame: LiveFrame) -> LiveFrame:
    return _with_header(
        replace(frame, battles=()), phase=Phase.FINISHED, feed_state=FeedState.ENDED, lap=72
    )


def _qualifying(frame: LiveFrame) -> LiveFrame:
    """Q2 of a sprint: ten go on, six of the field were out in Q1, the last car has no lap."""
    runs = [CarRun.PUSH_LAP, CarRun.IN_LAP, CarRun.OUT_LAP, CarRun.IN_PIT]
    standings = []
    for index, car in enumerate(frame.tower):
        out = index >= 16
        best_s = None if index == 15 else 73.2 + 0.1 * index
        standings.append(
            StandingLine(
                number=car.number,
                position=car.position,
                run=CarRun.KNOCKED_OUT if out else runs[index % 4],
                best_lap_s=best_s,
                best_lap=None if best_s is None else 8,
                part_bests_s=(best_s,) if out else (74.5 + 0.1 * index, best_s),
                overall_best_s=best_s,
                gap_to_best_s=None if best_s is None else round(0.1 * (index % 16), 3),
                gap_ahead_s=0.1 if index % 16 and best_s is not None else None,
                laps=9,
                deleted_laps=int(index == 3),
                out_in=1 if out else None,
                is_in_drop_zone=10 <= index < 16,
                margin_s=None if out or best_s is None else round(0.1 * (10 - index), 3),
            )
        )
    header = replace(
        frame.header,
        kind="Sprint Qualifying",
        session_type=SessionType.QUALIFYING,
        source="recorded",
        lap=None,
        total_laps=None,
    )
    timed = TimedLines(2, "SQ2", 3, 10, 74.1, None, 323.4, True, tuple(standings))
    return replace(frame, header=header, battles=(), ended=(), timed=timed)


_SCENES: dict[str, Callable[[LiveFrame], LiveFrame]] = {
    "racing": lambda frame: frame,
    "calm": lambda frame: replace(frame, battles=()),
    "safety_car": _safety_car,
    "stale": _stale,
    "failed": _failed,
    "grid": _grid,
    "over": _over,
    "qualifying": _qualifying,
}

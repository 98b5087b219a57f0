"""Test the rows of a frame: every number and word that the page shows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pitwall.domain.battles import EndReason
from pitwall.domain.forecasts import Condition, Reason
from pitwall.domain.frames import LiveFrame, TowerLine
from pitwall.domain.race import Compound
from pitwall.web.shared.battle_rows import (
    BattleCardRow,
    ReadingRow,
    ReasonRow,
    card_rows,
    mix_rows,
    reading_rows,
    reason_rows,
    reasons_by_card,
)
from pitwall.web.shared.car_rows import car_rows
from pitwall.web.shared.duel_rows import duel_rows, trace_rows
from pitwall.web.shared.event_rows import EndedRow, empty_row, ended_rows, spoken_rows
from pitwall.web.shared.page_rows import page_rows, waiting_rows
from tests.web.frames import make_frame

LARGEST_MESSAGE = 13_500  # once a second, with new forecasts
USUAL_MESSAGE = 6_500
EACH_TIME = ("pulse", "header", "gaps", "readings", "marks")
STEADY = (
    "pulse",
    "header",
    "gaps",
    "laps",
    "readings",
    "cards",
    "traces",
    "mixes",
    "reasons",
    "marks",
)  # what changes all the time


def with_car(frame: LiveFrame, place: int, **changes: object) -> LiveFrame:
    cars: list[TowerLine] = list(frame.tower)
    cars[place - 1] = replace(cars[place - 1], **changes)  # type: ignore[arg-type]
    return replace(frame, tower=tuple(cars))


def card(frame: LiveFrame, **changes: object) -> BattleCardRow:
    line = replace(frame.battles[0], **changes)  # type: ignore[arg-type]
    return card_rows(replace(frame, battles=(line,)))[0]


def reading(frame: LiveFrame, **changes: object) -> ReadingRow:
    line = replace(frame.battles[0], **changes)  # type: ignore[arg-type]
    (row,) = reading_rows(replace(frame, battles=(line,))).values()
    return ReadingRow(*row)


def test_tyres_have_a_letter_an_age_and_words() -> None:
    frame = with_car(
        make_frame(), 1, compound=Compound.INTERMEDIATE, tyre_life_laps=1, fresh_tyre=False
    )

    row = car_rows(frame)["81"]

    assert (row.tyre, row.compound, row.tyre_age) == ("I", "intermediate", "1")
    assert row.tyre_words == "Intermediate tyres, 1 lap old, used when fitted"


def test_unknown_tyres_are_a_question_mark() -> None:
    frame = with_car(make_frame(), 1, compound=Compound.UNKNOWN, tyre_life_laps=None)

    row = car_rows(frame)["81"]

    assert (row.tyre, row.tyre_age, row.tyre_words) == ("?", "", "Tyres not known")


def test_a_card_shows_stake_and_chance_and_its_reading_gap_and_trend() -> None:
    row = card(make_frame(), position=3, laps=1, p_overtake=0.614)
    told = reading(make_frame(), interval_s=0.64, interval_age_s=0.2, trend_s_per_lap=-0.21)

    assert (row.stake, row.laps) == ("P3", "1 lap")
    assert (row.percent, row.word, row.meter, row.tone) == ("61", "", 61, "high")
    assert row.condition == ""
    assert told == ReadingRow("0.640", "", "closing", "closing 0.21 s/lap")


def test_the_chance_on_show_is_the_smoothed_one_and_what_is_behind_it_fits() -> None:
    frame = make_frame()
    line = frame.battles[0]
    assert line.mixed is not None
    mixed = replace(line.mixed, p_low=0.35, p_high=0.45)
    line = replace(line, p_overtake=0.4, p_shown=0.3, laps=0, mixed=mixed)
    row = card(frame, p_overtake=0.4, p_shown=0.3, laps=0)
    (mix,) = mix_rows(replace(frame, battles=(line,))).values()

    assert (row.percent, row.meter, row.laps) == ("30", 30, "new")
    low, high = mix[:2]
    assert low <= 30 <= high


def test_battles_are_in_the_order_of_the_engine() -> None:
    frame = make_frame()
    ranks = [3, 1, 4, 2]
    lines = [replace(b, rank=rank) for b, rank in zip(frame.battles[:4], ranks, strict=True)]

    rows = card_rows(replace(frame, battles=tuple(lines)))

    order = [lines[1], lines[3], lines[0], lines[2]]
    assert [row.key for row in rows] == [f"{b.attacker}-{b.defender}" for b in order]


def test_a_weight_is_told_in_percentage_points_of_the_chance_on_show() -> None:
    frame = make_frame()
    line = replace(
        frame.battles[0], p_overtake=0.5, p_shown=0.3, reasons=(Reason("gap", 1.42, "gap 0.2 s"),)
    )
    (rows,) = reasons_by_card(replace(frame, battles=(line,))).values()

    assert rows == [("+21", "gap 0.2 s", "")]


def test_reasons_are_sorted_under_what_they_moved() -> None:
    said = (
        Reason("tyres", -0.5, "old tyres", "aero"),
        Reason("gap", 0.41, "gap 0.6 s", "situation"),
        Reason("energy", 0.3, "more charge", "boost"),
        Reason("stage", -0.2, "late in the race", "situation"),
        Reason("of an earlier release", 0.1, "hard to pass here"),
    )
    rows = reason_rows(said, 0.5)

    assert rows[:2] == [
        ReasonRow("+10", "gap 0.6 s", "for", "situation"),
        ReasonRow("\N{MINUS SIGN}5", "late in the race", "against", "situation"),
    ]
    assert [row.expert for row in rows[2:]] == ["boost", "aero", ""]


@pytest.mark.parametrize(
    ("condition", "words", "shown"),
    [
        (Condition.CLEAN, "", ""),
        (Condition.YELLOW, "yellow in sector 11: passing is forbidden there", None),
        (Condition.YELLOW, "", "yellow flag on a part of the track"),
        *((each, "", None) for each in Condition if each is not Condition.CLEAN),
    ],
)
def test_the_condition_is_one_line_also_where_its_words_are_not_stored(
    condition: Condition, words: str, shown: str | None
) -> None:
    row = card(make_frame(), condition=condition, condition_words=words)
    silent = card(make_frame(), condition=condition, condition_words=words, p_overtake=None)

    assert row.condition == (words if shown is None and words else shown or row.condition)
    assert bool(row.condition) == (condition is not Condition.CLEAN)
    assert silent.condition == ""


@pytest.mark.parametrize(
    ("trend", "words"),
    [
        (None, "no trend yet"),
        (0.02, "holding the gap"),
        (0.4, "dropping back 0.40 s/lap"),
    ],
)
def test_the_trend_is_in_words(trend: float | None, words: str) -> None:
    assert reading(make_frame(), trend_s_per_lap=trend).trend_words == words


def test_without_a_forecast_the_card_says_why() -> None:
    row = card(make_frame(), p_overtake=None, no_forecast_because="on the out lap")

    assert (row.percent, row.word, row.meter, row.tone) == ("--", "", 0, "none")
    assert row.no_forecast == "on the out lap"


@pytest.mark.parametrize(
    ("p", "word", "percent"),
    [(0.001, "unlikely", ""), (0.049, "unlikely", ""), (0.05, "", "5"), (0.999, "", ">99")],
)
def test_a_small_chance_is_a_word_and_none_is_certain(p: float, word: str, percent: str) -> None:
    row = card(make_frame(), p_overtake=p)

    assert (row.word, row.percent) == (word, percent)


def test_an_old_interval_says_how_old() -> None:
    assert reading(make_frame(), interval_age_s=7.2).note == "measured 7 s ago"


def test_without_an_order_the_hottest_are_first_to_the_last_digit() -> None:
    frame = make_frame()
    heats = [0.11, 0.49, 0.52, 0.9]
    lines = [replace(b, heat=h) for b, h in zip(frame.battles[:4], heats, strict=True)]

    rows = card_rows(replace(frame, battles=tuple(lines)))

    assert [row.key for row in rows] == [f"{b.attacker}-{b.defender}" for b in lines[::-1]]


def test_what_is_behind_a_card_has_its_key() -> None:
    frame = make_frame()
    keys = {row.key for row in card_rows(frame)}

    for rows in (trace_rows(frame), reading_rows(frame), duel_rows(frame), reasons_by_card(frame)):
        assert set(rows) == keys


def test_a_pass_is_told_apart_from_other_ends() -> None:
    row = ended_rows(make_frame(8))[0]

    assert row == EndedRow(
        key="16-63-133100",
        pair="LEC → RUS",
        reason="Passed",
        stake="for P4",
        detail="6 laps · was 63 %",
        tone="passed",
    )


@pytest.mark.parametrize("reason", EndReason)
def test_every_reason_has_words(reason: EndReason) -> None:
    frame = make_frame(8)
    frame = replace(frame, ended=(replace(frame.ended[0], reason=reason),))

    assert ended_rows(frame)[0].reason
    assert spoken_rows(frame)[-1].words.startswith(("LEC", "NOR"))


def test_old_news_is_not_spoken() -> None:
    words = [row.words for row in spoken_rows(make_frame(8))]

    assert "LEC passed RUS for P4." in words
    assert not any("ALB" in sentence and "dropped" in sentence for sentence in words)


@pytest.mark.parametrize(
    ("scene", "title"),
    [
        ("racing", ""),
        ("calm", "No battle right now"),
        ("safety_car", ""),  # the order of the restart is shown
        ("grid", "Before lights out"),
        ("failed", "No data"),
        ("over", ""),  # the classification is shown
    ],
)
def test_an_empty_page_explains_itself(scene: str, title: str) -> None:
    assert empty_row(make_frame(8, scene)).title == title


def test_an_empty_page_never_says_what_the_tower_contradicts() -> None:
    calm = make_frame(8, "calm")
    first_lap = replace(calm, header=replace(calm.header, lap=1))
    apart = replace(
        calm, tower=tuple(replace(car, interval_s=2.5, in_pit=False) for car in calm.tower)
    )

    assert any((car.interval_s or 9) < 2 for car in calm.tower)
    assert "within two seconds" not in empty_row(calm).detail
    assert empty_row(first_lap).title == "Battles open on lap 2"
    assert empty_row(apart).detail == "No car is within two seconds of the car ahead."


def test_a_message_stays_small() -> None:
    frame = make_frame(100)
    rows = page_rows(replace(frame, battles=frame.battles[:10]))

    message = json.dumps({name: rows[name] for name in STEADY}, separators=(",", ":"))

    assert len(frame.tower) == 22
    assert len(message) < LARGEST_MESSAGE
    usual = json.dumps({name: rows[name] for name in EACH_TIME}, separators=(",", ":"))
    assert len(usual) < USUAL_MESSAGE


def test_waiting_for_a_delay_shows_nothing_newer() -> None:
    rows = waiting_rows(3, 30)

    assert set(rows) == set(page_rows(make_frame())) - {"track"}  # no secret, and large
    assert rows["tower"] == rows["cards"] == []
    assert rows["notice"]["title"] == "TV delay of 30 s: no data that old yet"

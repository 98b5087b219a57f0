"""Test the mixture's forecasts: form, reasons, memory, and situations without a forecast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import log

import numpy as np
import pytest

from pitwall.domain.battles import Battle, gap_at_line_s
from pitwall.domain.events import ControlSaid, TrackStatusChanged
from pitwall.domain.forecasts import Condition
from pitwall.domain.race import (
    Compound,
    ControlMessage,
    DriverNumber,
    Phase,
    RaceState,
    Stint,
    TrackStatus,
)
from pitwall.domain.reducer import apply
from pitwall.engine.race_engine import EngineState, RaceEngine
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.ports.forecasts import Predictor
from pitwall.prediction.columns.spec import EXPERTS
from pitwall.prediction.columns.topics import SITUATION, topic_of
from pitwall.prediction.features import FeatureCache, feature_names
from pitwall.prediction.forecast import Forecast
from pitwall.prediction.memory import (
    RESIDUALS,
    Memory,
    RecordCache,
    at_the_line,
    record_of,
)
from pitwall.prediction.predictor import is_gap_at_line
from pitwall.prediction.reasons import SHOWN, WORDS
from tests.prediction.makers import a_battle, a_chase, with_car
from tests.prediction.small_bundle import the_predictor

pytestmark = pytest.mark.slow

PREDICTOR = the_predictor()


def followed(laps: int, predictor: Predictor = PREDICTOR) -> Iterator[EngineState]:
    """Yield the engine's state after each message of a simulated race, up to a lap."""
    engine = RaceEngine(predictor)
    for message in SimulatedFeed(3).messages():
        engine.take(message)
        yield engine.state
        if engine.state.race.lap > laps:
            return


@pytest.fixture(scope="module")
def states() -> list[EngineState]:
    """Return states of a race's first laps, a few seconds apart."""
    return list(followed(7))[::40]


def test_it_is_a_predictor() -> None:
    predictor: Predictor = PREDICTOR

    assert predictor.version.startswith("mixture-")
    assert predictor.trained_at is not None
    assert predictor.trained_at.tzinfo is not None


def test_a_forecast_says_all_that_the_mixture_knows(states: list[EngineState]) -> None:
    forecasts = [one for state in states for one in state.forecasts.values() if one.p_overtake]

    assert len(forecasts) > 50
    for forecast in forecasts:
        mixed = forecast.mixed
        assert mixed is not None
        assert forecast.p_overtake is not None
        assert mixed.p_low <= forecast.p_overtake <= mixed.p_high
        assert mixed.p_overtake_3 >= forecast.p_overtake
        assert [opinion.expert for opinion in mixed.experts] == list(EXPERTS)
        assert sum(opinion.weight for opinion in mixed.experts) == pytest.approx(1)
        assert 0 <= mixed.p_interrupted < 1
        assert mixed.p_kept is not None
        assert 0 < mixed.p_kept < 1
        assert mixed.base is not None
        moved = sum(opinion.contribution or 0.0 for opinion in mixed.experts)
        logit = log(forecast.p_overtake / (1 - forecast.p_overtake))
        assert mixed.base + moved == pytest.approx(logit, abs=1e-6)
        assert mixed.p_situation is not None
        points = sum(opinion.points or 0.0 for opinion in mixed.experts)
        assert mixed.p_situation + points == pytest.approx(forecast.p_overtake, abs=1e-9)
        assert {reason.expert for reason in forecast.reasons} <= {SITUATION, *EXPERTS}


def test_one_battle_at_a_time_is_the_whole_tick(states: list[EngineState]) -> None:
    compared, predictor = 0, PREDICTOR.for_playback()
    for state in states:
        whole = predictor.forecast(state.race, state.battles, state.memory).forecasts
        for battle, expected in zip(state.battles, whole, strict=True):
            (alone,) = predictor.forecast(state.race, [battle], state.memory).forecasts
            assert_equal(alone, expected)
            compared += 1

    assert compared > 200


def test_a_playback_that_goes_back_forecasts_as_one_without_a_cache(
    states: list[EngineState],
) -> None:
    playback, compared = PREDICTOR.for_playback(), 0

    for state in (*states[::25], *states[::-25]):
        expected = PREDICTOR.forecast(state.race, state.battles, state.memory)
        answers = playback.forecast(state.race, state.battles, state.memory)
        assert answers == expected
        compared += sum(one.p_overtake is not None for one in answers.forecasts)

    assert compared > 20


def test_playbacks_share_a_cache_only_where_they_are_given_one(states: list[EngineState]) -> None:
    shared = FeatureCache()
    full, plain = PREDICTOR.for_playback(shared), PREDICTOR.without_reasons().for_playback(shared)
    state, engine = states[-1], RaceEngine(full)
    assert isinstance(engine.predictor, type(PREDICTOR))

    engine.predictor.rows(state.race, state.battles, state.memory)
    PREDICTOR.for_playback().rows(state.race, state.battles, state.memory)
    PREDICTOR.rows(state.race, state.battles, state.memory)
    assert not shared.laps.passes.resolved
    plain.rows(state.race, state.battles, state.memory)
    assert len(shared.laps.passes.resolved) > 5


def test_the_engines_state_holds_nothing_that_changes(states: list[EngineState]) -> None:
    assert not set(changeable(states[-1]))


def changeable(value: object) -> Iterator[type]:
    """Yield the kinds of the parts of a value that are neither frozen nor plain."""
    inner: Iterable[object] = ()
    if is_frozen(value):
        inner = [getattr(value, each.name) for each in fields(value)]  # type: ignore[arg-type]
    elif isinstance(value, Mapping):  # by its type a mapping, which offers no way to write
        inner = value.items()
    elif isinstance(value, tuple | frozenset):
        inner = value
    elif not isinstance(value, str | int | float | datetime | timedelta | None):
        yield type(value)
    for part in inner:
        yield from changeable(part)


def is_frozen(value: object) -> bool:
    """Return whether a value is of a frozen dataclass."""
    settings = getattr(type(value), "__dataclass_params__", None)
    return settings is not None and settings.frozen


def test_battles_at_the_line_are_remembered_once_and_resolved_a_lap_later(
    states: list[EngineState],
) -> None:
    notes = [state.memory.notes for state in states]

    assert not notes[0]
    assert all(before.items() <= after.items() for before, after in pairwise(notes))
    assert len(notes[-1]) > 10
    laps = PREDICTOR.cache_of(states[-1].race).laps
    record = record_of(states[-1].memory, laps)
    assert 0 < len(record.passed) < len(notes[-1])
    assert set(record.passed) <= {0.0, 1.0}
    assert (record.resolved_s <= states[-1].race.as_of.timestamp()).all()


def test_a_kept_record_follows_forecasts_and_outcomes_forwards_and_backwards(
    states: list[EngineState],
) -> None:
    kept, feature_cache = RecordCache(), FeatureCache()
    few = states[:: max(1, len(states) // 12)]
    memories = [states[-1].memory, few[len(few) // 2].memory]

    sizes = []
    for state in (*few, *reversed(few), few[-1]):
        feature_cache.laps.follow(state.race, PREDICTOR.bundle.knowledge.rules.of(2025))
        for memory in memories:  # the later one has notes of battles that are still to come
            found = kept.of(memory, feature_cache.laps)
            fresh = record_of(memory, feature_cache.laps)
            for one, other in zip(astuple(found), astuple(fresh), strict=True):
                np.testing.assert_array_equal(one, other)
            sizes.append(len(found.passed))
        memories.reverse()  # so that each is asked for twice in a row, with other laps
    assert sizes[0] < max(sizes)


def test_between_the_lines_nothing_is_remembered() -> None:
    race, battle = a_chase(1.0, 0.9, 0.8)
    later, _ = a_chase(1.0, 0.9, 0.8, after_line_s=30)

    assert at_the_line(race, battle) == (3, 2, 1)
    assert at_the_line(later, battle) is None
    assert PREDICTOR.forecast(race, [battle]).memory.notes.keys() == {(3, 2, 1)}
    assert not PREDICTOR.forecast(later, [battle]).memory.notes


def test_a_race_that_passes_more_than_forecast_is_forecast_higher() -> None:
    race, battle = a_chase(*[0.6] * 8)
    plain = PREDICTOR.forecast(race, [battle])
    pair = (DriverNumber(2), DriverNumber(1))
    surprised = Memory({(lap, *pair): 0.9 for lap in range(2, 8)})

    _, before = PREDICTOR.rows(race, [battle], plain.memory)
    _, after = PREDICTOR.rows(race, [battle], surprised)

    assert before[0].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert (after[0, :3] < -0.3).all()  # passes were likely, and never came


def test_every_condition_has_a_forecast_and_is_named() -> None:
    race, battle = a_chase(1.0, 0.9, 0.8)
    slicks = (Stint(1, Compound.HARD),)
    race = with_car(with_car(race, 1, stints=slicks), 2, stints=slicks)
    laps = race.cars[DriverNumber(2)].laps
    pitted = tuple(replace(lap, pitted=True) for lap in laps)
    wet = (Stint(1, Compound.INTERMEDIATE),)
    cases = {
        Condition.CLEAN: race,
        Condition.YELLOW: replace(race, track_status=TrackStatus.YELLOW),
        Condition.EARLY: with_car(race, 2, laps_completed=1),
        Condition.WET: with_car(race, 1, stints=wet),
        Condition.FRESH: with_car(race, 2, laps=pitted),
        Condition.RESTART: replace(race, racing_since=laps[-1].completed_at),
    }

    for condition, state in cases.items():
        answer = _only(state, battle)
        assert answer.condition is condition
        assert answer.p_overtake is not None
        assert bool(answer.condition_words) is (condition is not Condition.CLEAN)
    untold = with_car(race, 1, stints=(Stint(1, Compound.UNKNOWN),))
    assert _only(untold, battle).condition is Condition.WET


def test_a_yellow_is_named_with_its_sectors() -> None:
    race, battle = a_chase(1.0, 0.9, 0.8)
    slicks = (Stint(1, Compound.HARD),)
    race = with_car(with_car(race, 1, stints=slicks), 2, stints=slicks)
    shown = apply(race, TrackStatusChanged(race.as_of, TrackStatus.YELLOW))
    for flag, sector in [("YELLOW", 11), ("DOUBLE YELLOW", 12), ("CLEAR", 12)]:
        said = ControlMessage(race.as_of, "Flag", flag, flag=flag, scope="Sector", sector=sector)
        shown = apply(shown, ControlSaid(race.as_of, said))

    words = _only(shown, battle).condition_words
    assert words == "yellow in sector 11: passing is forbidden there"


def test_there_is_no_forecast_where_nobody_may_pass_and_it_says_until_when() -> None:
    race, battle = a_chase(1.0, 0.9, 0.8)
    first = with_car(with_car(replace(race, lap=1), 1, laps_completed=0), 2, laps_completed=0)
    cases = {
        "behind the safety car: the next forecast comes at the restart": replace(
            race, track_status=TrackStatus.SAFETY_CAR
        ),
        "virtual safety car: the next forecast comes when it ends": replace(
            race, track_status=TrackStatus.VIRTUAL_SAFETY_CAR
        ),
        "red flag: the next forecast comes at the restart": replace(
            race, track_status=TrackStatus.RED
        ),
        "in the pit lane: the next forecast comes at its exit": with_car(race, 1, in_pit=True),
        "first lap: the first forecast comes on lap 2": first,
        "race over": replace(race, phase=Phase.FINISHED),
        "car unknown": replace(race, cars={}),
    }

    for because, state in cases.items():
        answer = _only(state, battle)
        assert (answer.p_overtake, answer.mixed, answer.no_forecast_because) == (
            None,
            None,
            because,
        )
    assert _only(replace(race, total_laps=3), battle).no_forecast_because == "race over"


def test_refused_battles_keep_their_place_among_the_answers() -> None:
    race, battle = a_chase(1.0, 0.9, 0.8)
    unknown = a_battle(race, 0.5, attacker=77)

    answers = PREDICTOR.forecast(race, [unknown, battle, unknown]).forecasts

    assert [answer.p_overtake is None for answer in answers] == [True, False, True]
    assert PREDICTOR.forecast(race, []).forecasts == []


def test_reasons_are_few_and_signed(states: list[EngineState]) -> None:
    forecasts = [one for state in states for one in state.forecasts.values() if one.p_overtake]

    assert any(forecast.reasons for forecast in forecasts)
    for forecast in forecasts:
        assert len(forecast.reasons) <= SHOWN
        topics = [reason.topic for reason in forecast.reasons]
        assert len(set(topics)) == len(topics)
        amounts = [abs(reason.weight) for reason in forecast.reasons]
        assert amounts == sorted(amounts, reverse=True)


def test_a_reason_tells_the_gap_by_which_the_model_goes() -> None:
    race, battle = a_chase(1.6, 1.4, 1.2, 0.9, after_line_s=1.0)
    stale = replace(battle, interval_s=0.412, interval_at=race.as_of - timedelta(seconds=20))

    assert gap_words(race, battle) == "gap 0.9 s"
    assert gap_words(race, replace(battle, interval_s=0.45)) == "gap 0.5 s"  # as the card rounds it
    assert gap_words(race, stale) == "gap 0.9 s at the line"
    assert (
        gap_at_line_s(race.cars[battle.defender], race.cars[battle.attacker], battle.interval_at)
        is None
    )


def gap_words(race: RaceState, battle: Battle) -> str | None:
    """Return the words of the gap's reason, from the features that the model is given."""

    rows, _ = PREDICTOR.rows(race, [battle], Memory())
    return WORDS["gap"](Row(rows[0].tolist(), is_gap_at_line(race, battle)))


@dataclass
class Row:
    """The features of a battle by name."""

    values: list[float]
    is_gap_at_line: bool

    def __getitem__(self, name: str, /) -> float:
        return self.values[feature_names().index(name)]


def test_every_feature_has_a_topic_and_every_topic_its_words() -> None:
    topics = {topic_of(name) for name in feature_names()}

    assert topics | {f"residual {name}" for name in RESIDUALS} == set(WORDS)


def test_a_topic_whose_features_are_missing_is_left_out() -> None:
    class Nothing:
        is_gap_at_line = False

        def __getitem__(self, name: str, /) -> float:
            return float("nan")

    for topic, words in WORDS.items():
        if not topic.startswith("residual"):  # these are told by no feature
            assert words(Nothing()) is None, topic


def _only(race: RaceState, battle: Battle) -> Forecast:
    (answer,) = PREDICTOR.forecast(race, [battle]).forecasts
    return answer


def assert_equal(one: Forecast, other: Forecast) -> None:
    """Compare values up to the last bits of single precision."""
    assert one.p_overtake == (
        None if other.p_overtake is None else pytest.approx(other.p_overtake, abs=1e-9)
    )
    assert one.reasons == other.reasons
    assert one.no_forecast_because == other.no_forecast_because
    assert (one.mixed is None) == (other.mixed is None)
    if one.mixed and other.mixed:
        assert one.mixed.p_overtake_3 == pytest.approx(other.mixed.p_overtake_3, abs=1e-9)
        for own, others in zip(one.mixed.experts, other.mixed.experts, strict=True):
            assert own.p_overtake == pytest.approx(others.p_overtake, abs=1e-9)
            assert own.weight == pytest.approx(others.weight, abs=1e-9)

"""Write the reasons of a forecast as short texts, topic by topic."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from pitwall.domain.forecasts import Reason

# The first pattern that matches the beginning of a name decides.
_TOPICS: Final = tuple(
    (re.compile(pattern), topic)
    for pattern, topic in (
        (r"interval_s$|reading_\d|reading_attacker|reading_pair|same_place_pair_now", "gap"),
        (r"gap_change|gap_trend|gap_extrapolated|gap_pair_\dlap|reading_change", "closing"),
        (r"readings_slope|same_place|gap_pair_s\d", "closing"),
        (r"readings_(mean|least|most|sd|residual|within|count)", "closest"),
        (r"profile_|gap_repeated|gap_projected|gap_least|gap_regained", "closest"),
        (r"readings_passed|swaps_|since_swap", "swaps"),
        (r"run_within|lines_within", "stuck"),
        (r"gap_paced|pace_diff|pace_slope|lap_diff|lap_relative|lap_against|catch_", "pace"),
        (r"pace_(attacker|defender)_(med|ewm|clean|cl)|clean_count|field_", "pace"),
        (r"s\d_(diff|pace|against)", "sectors"),
        (r"speed_", "speed"),
        (r"tyre_|compound_|since_pit|pit_stops|pitted_", "tyres"),
        (r"front_|train_ahead|interval_defender|lap_defender_front|pace_defender_front", "traffic"),
        (r"behind_|train_behind|pace_pursuer|lapp|running_field|places_", "behind"),
        (r"rank_|gained_|lost_", "places"),
        (r"passes_race", "race"),
        (r"passes_", "form"),
        (r"history_circuit", "circuit"),
        (r"history_", "names"),
        (r"overtake_enabled|overtake_allowed|control_heard", "enabled"),
        (r"blue_flag|incident", "control"),
        (r"since_neutral", "restart"),
        (r"weather_", "weather"),
        (r"position_|for_lead|lap_pair_laps|race_share|laps_left|is_sprint|team_mates", "stage"),
        (r"season_", "season"),
        (r"charge_|spent_|lifting_|straight_end|full_throttle|top_speed|brake_", "energy"),
    )
)


def topic_of(name: str) -> str:
    """Return the topic of a feature.

    Raises:
        ValueError: No pattern matches; a new feature needs one in `_TOPICS`.

    Example:
        >>> topic_of("tyre_life_diff_laps"), topic_of("interval_s")
        ('tyres', 'gap')
    """
    for pattern, topic in _TOPICS:
        if pattern.match(name):
            return topic
    message = f"the feature {name} has no topic: add a pattern for it in prediction/reasons.py"
    raise ValueError(message)


SHOWN = 3

LEAST = 0.05  # of a logit; smaller contributions are not shown

_CLEAR_AIR_S: Final = 2.5

_NEVER_LAPS: Final = 99

_OVERTAKE_MODE_FROM: Final = 2026


class Values(Protocol):
    """The features of one battle by name; a missing value is NaN."""

    @property
    def is_gap_at_line(self) -> bool:
        """Whether the feature `interval_s` is the gap at the line, not the battle's interval."""
        ...

    def __getitem__(self, name: str, /) -> float:
        """Return the value of one feature."""
        ...


def in_words(contributions: Mapping[str, float], values: Values) -> tuple[Reason, ...]:
    """Return the largest contributions to the logit, such as `+0.41 fresher tyres by 12 laps`.

    Args:
        contributions: To the logit, by topic, compared with the average battle of the training.
        values: Values of the features; a topic is left out where its features are missing.
    """
    reasons: list[Reason] = []
    for topic in sorted(contributions, key=lambda topic: -abs(contributions[topic])):
        amount = contributions[topic]
        if len(reasons) == SHOWN or abs(amount) < LEAST:
            break
        words = WORDS[topic](values)
        if words is not None:
            reasons.append(Reason(topic, round(amount, 2), words))
    return tuple(reasons)


def _known(value: float, words: Callable[[float], str]) -> str | None:
    return None if math.isnan(value) else words(value)


def _gap(values: Values) -> str | None:
    where = " at the line" if values.is_gap_at_line else ""
    # A feature has single precision: rounded to the millisecond it is the value that was sent.
    return _known(values["interval_s"], lambda gap_s: f"gap {round(gap_s, 3):.1f} s{where}")


def _closing(values: Values) -> str | None:
    return _known(
        values["gap_change_pair_1lap_s"],
        lambda change: f"{'closed' if change < 0 else 'lost'} {abs(change):.1f} s in a lap",
    )


def _closest(values: Values) -> str | None:
    return _known(
        values["readings_least_pair_90s"],
        lambda least_s: f"closest {least_s:.1f} s in the last minute and a half",
    )


def _swaps(values: Values) -> str | None:
    return _known(
        values["since_swap_pair_laps"],
        lambda laps: (
            "no swap of places so far"
            if laps >= _NEVER_LAPS
            else f"swapped places {_laps(laps)} ago"
        ),
    )


def _stuck(values: Values) -> str | None:
    close, near = values["run_within_1s_laps"], values["run_within_2s_laps"]
    if math.isnan(near):
        return None
    if close > 1:
        return f"{_laps(close)} in a row within 1 s without a pass"
    return f"{_laps(near)} in a row within 2 s" if near > 1 else "has only just caught up"


def _pace(values: Values) -> str | None:
    return _known(
        values["pace_diff_med3_s"],
        lambda pace: f"running pace {abs(pace):.1f} s a lap {'faster' if pace < 0 else 'slower'}",
    )


def _sectors(values: Values) -> str | None:
    differences = {number: values[f"s{number}_diff_mean3_s"] for number in (1, 2, 3)}
    known = {number: amount for number, amount in differences.items() if not math.isnan(amount)}
    if not known:
        return None
    number = max(known, key=lambda number: abs(known[number]))
    word = "quicker" if known[number] < 0 else "slower"
    return f"{abs(known[number]):.1f} s {word} in sector {number}"


def _speed(values: Values) -> str | None:
    differences = {
        "at the speed trap": values["speed_st_diff_mean3_kmh"],
        "on the line": values["speed_fl_diff_mean3_kmh"],
    }
    known = {where: amount for where, amount in differences.items() if not math.isnan(amount)}
    if not known:
        return None
    where = max(known, key=lambda where: abs(known[where]))
    return f"{abs(known[where]):.0f} km/h {'faster' if known[where] > 0 else 'slower'} {where}"


def _tyres(values: Values) -> str | None:
    laps, steps = values["tyre_life_diff_laps"], values["compound_diff_steps"]
    if not math.isnan(laps) and laps != 0:
        return f"{'fresher' if laps < 0 else 'older'} tyres by {_laps(abs(laps))}"
    if not math.isnan(steps) and steps != 0:
        return f"{'softer' if steps > 0 else 'harder'} compound"
    return None if math.isnan(laps) else "tyres as old"


def _traffic(values: Values) -> str | None:
    if values["for_lead"] == 1:
        return "defender leads"
    return _known(
        values["front_defender_s"],
        lambda ahead_s: (
            "defender in clear air"
            if ahead_s >= _CLEAR_AIR_S
            else f"defender {ahead_s:.1f} s behind the next car"
        ),
    )


def _behind(values: Values) -> str | None:
    return _known(
        values["behind_attacker_s"],
        lambda behind_s: (
            "no car close behind the attacker"
            if behind_s >= _CLEAR_AIR_S
            else f"attacker followed {behind_s:.1f} s behind"
        ),
    )


def _places(values: Values) -> str | None:
    return _known(
        values["gained_attacker_places"],
        lambda gained: (
            f"attacker {abs(gained):.0f} places {'up' if gained > 0 else 'down'} since lap 1"
            if gained
            else "attacker in the same place as on lap 1"
        ),
    )


def _race(values: Values) -> str | None:
    return _known(
        values["passes_race_surplus"],
        lambda surplus: f"{'more' if surplus > 0 else 'fewer'} passes than usual in this race",
    )


def _form(values: Values) -> str | None:
    made, suffered = values["passes_attacker_count"], values["passes_defender_count"]
    if math.isnan(made):
        return None
    return f"attacker made {made:.0f}, defender suffered {suffered:.0f} passes so far"


def _circuit(values: Values) -> str | None:
    return _known(
        values["history_circuit_log_ratio"],
        lambda ratio: f"circuit with {math.exp(ratio):.1f} times the usual passes",
    )


def _enabled(values: Values) -> str | None:
    system = "Overtake Mode" if values["season_year"] >= _OVERTAKE_MODE_FROM else "DRS"
    return _known(
        values["overtake_enabled"],
        lambda enabled: f"{system} {'enabled' if enabled else 'disabled'} by race control",
    )


def _energy(values: Values) -> str | None:
    return _known(
        values["charge_diff_mj"],
        lambda more: (
            f"estimated {abs(more):.1f} MJ {'more' if more > 0 else 'less'} in the battery"
        ),
    )


def _restart(values: Values) -> str | None:
    return _known(
        values["since_neutral_pair_laps"],
        lambda laps: f"{_laps(laps)} since the track was last not clear",
    )


def _weather(values: Values) -> str | None:
    return _known(values["weather_track_c"], lambda celsius: f"track at {celsius:.0f} °C")


def _stage(values: Values) -> str | None:
    return _known(values["race_share"], lambda share: f"{share:.0%} of the race done")


def _season(values: Values) -> str | None:
    return _known(values["season_year"], lambda year: f"a season like {year:.0f}")


def _laps(count: float) -> str:
    return f"{count:.0f} lap{'' if round(count) == 1 else 's'}"


WORDS: Final[Mapping[str, Callable[[Values], str | None]]] = {
    "gap": _gap,
    "closing": _closing,
    "closest": _closest,
    "swaps": _swaps,
    "stuck": _stuck,
    "pace": _pace,
    "sectors": _sectors,
    "speed": _speed,
    "tyres": _tyres,
    "traffic": _traffic,
    "behind": _behind,
    "places": _places,
    "race": _race,
    "form": _form,
    "circuit": _circuit,
    "names": lambda values: _known(
        values["history_attacker_3year_log_ratio"],
        lambda _: "record of these drivers and teams in earlier seasons",
    ),
    "enabled": _enabled,
    "energy": _energy,
    "control": lambda values: _known(
        values["incident_attacker_age_s"], lambda _: "blue flags and incidents of the two"
    ),
    "restart": _restart,
    "weather": _weather,
    "stage": _stage,
    "season": _season,
    "residual race": lambda _values: "outcomes of earlier forecasts in this race",
    "residual attacker": lambda _values: "outcomes of the attacker's earlier forecasts",
    "residual defender": lambda _values: "outcomes of the defender's earlier forecasts",
}
"""The text of each topic; None where its features are missing."""

"""Write the reasons of a forecast as short texts, topic by topic."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from pitwall.domain.forecasts import Reason

SHOWN: Final = 5

LEAST = 0.05  # of a logit; smaller contributions are not shown

_CLEAR_AIR_S: Final = 2.5

_NEVER_LAPS: Final = 99

_FAR_S: Final = 20

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


def in_words(contributions: Mapping[tuple[str, str], float], values: Values) -> tuple[Reason, ...]:
    """Return the largest contributions to the logit, such as `+0.41 fresher tyres by 12 laps`.

    A topic is told once: an expert also reads a few columns of the situation, and what it makes of
    them needs no second sentence.

    Args:
        contributions: To the logit, by part of the mixture and topic, compared with the average
            battle of the training.
        values: Values of the features; a topic is left out where its features are missing.
    """
    reasons: dict[str, Reason] = {}
    largest_first = sorted(contributions.items(), key=lambda one: abs(one[1]), reverse=True)
    for (part, topic), amount in largest_first:
        if len(reasons) == SHOWN or abs(amount) < LEAST:
            break
        words = None if topic in reasons else WORDS[topic](values)
        if words is not None:
            reasons[topic] = Reason(topic, round(amount, 2), words, part)
    return tuple(reasons.values())


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


def _following(values: Values) -> str | None:
    near = values["run_within_2s_laps"]
    if math.isnan(near):
        return None
    return f"{_laps(near)} in a row within 2 s" if near > 1 else "has only just caught up"


def _range(values: Values) -> str | None:
    close = values["run_within_1s_laps"]
    if math.isnan(close):
        return None
    return f"{_laps(close)} in a row within 1 s" if close >= 1 else "not within 1 s at the line"


def _tow(values: Values) -> str | None:
    return _known(
        values["interval_defender_least_100s"],
        lambda least_s: f"defender within {least_s:.1f} s of the next car lately",
    )


def _spending(values: Values) -> str | None:
    return _known(
        values["lap_against_usual_attacker_s"],
        lambda own: f"attacker {abs(own):.1f} s {_than(own)} than its own usual lap",
    )


def _wake(values: Values) -> str | None:
    return _known(
        values["lap_against_clean_attacker_s"],
        lambda own: f"attacker {abs(own):.1f} s {_than(own)} than in clear air",
    )


def _lapped(values: Values) -> str | None:
    between, ahead_s = values["lapped_between_cars"], values["lapped_ahead_s"]
    if between >= 1:
        return f"{between:.0f} lapped car{'' if between == 1 else 's'} between the two"
    return _known(
        ahead_s,
        lambda gap_s: f"lapped car {gap_s:.0f} s ahead" if gap_s < _FAR_S else "no lapped car near",
    )


def _stops(values: Values) -> str | None:
    for who in ("attacker", "defender"):
        if values[f"out_lap_{who}"] == 1:
            return f"{who} on its lap out of the pits"
    laps = values["since_pit_diff_laps"]
    if math.isnan(laps) or laps == 0:
        return None
    who = "attacker" if laps < 0 else "defender"
    return f"{who} stopped {_laps(abs(laps))} later"


def _yellow(values: Values) -> str | None:
    if math.isnan(values["yellow_now"]):
        return None
    if values["yellow_now"] != 1:
        return "no yellow flag"
    many = values["yellow_sectors_count"]
    if not many >= 1:
        return "yellow flag"
    return f"yellow in {many:.0f} sector{'' if many == 1 else 's'} of the track"


def _wet(values: Values) -> str | None:
    attacker, defender = values["wets_attacker"], values["wets_defender"]
    if math.isnan(attacker) or math.isnan(defender):
        return None
    if attacker != defender:
        return f"only the {'attacker' if attacker == 1 else 'defender'} on tyres for the wet"
    return "both on tyres for the wet" if attacker == 1 else "both on slicks, or not told"


def _than(difference_s: float) -> str:
    return "quicker" if difference_s < 0 else "slower"


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
        values["racing_for_s"],
        lambda since_s: f"racing for {max(1, round(since_s / 60)):.0f} min without an interruption",
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
    "following": _following,
    "range": _range,
    "defender's tow": _tow,
    "spending": _spending,
    "wake": _wake,
    "lapped cars": _lapped,
    "stops": _stops,
    "yellow": _yellow,
    "wet": _wet,
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
    "wind": lambda values: _known(values["weather_wind_mps"], lambda mps: f"wind at {mps:.0f} m/s"),
    "stage": _stage,
    "season": _season,
    "residual race": lambda _values: "outcomes of earlier forecasts in this race",
    "residual attacker": lambda _values: "outcomes of the attacker's earlier forecasts",
    "residual defender": lambda _values: "outcomes of the defender's earlier forecasts",
    "residual season": lambda _values: "outcomes of forecasts earlier this season",
}
"""The text of each topic; None where its features are missing or say nothing."""

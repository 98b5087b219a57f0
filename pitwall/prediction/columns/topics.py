"""Say what each feature is about, and which part of the mixture it belongs to.

Every feature has one owner: the situation, from which a forecast starts, or the one expert that
may move the forecast by it. A few columns of the situation are read by the experts too, so that
the same tyres can mean more in a close battle than in a distant one.
"""

from __future__ import annotations

import re
from typing import Final

from pitwall.domain.forecasts import ExpertName

SITUATION: Final = "situation"

_BASE, _OM, _BOOST, _AERO = SITUATION, ExpertName.OM, ExpertName.BOOST, ExpertName.AERO

# The first pattern that matches the beginning of a name decides.
_TOPICS: Final = tuple(
    (re.compile(pattern), topic, str(owner))
    for pattern, topic, owner in (
        (r"interval_s$|reading_\d|reading_attacker|reading_pair|same_place_pair_now", "gap", _BASE),
        (r"gap_trend|gap_pair_[3-6]lap|run_within_2s", "following", _BASE),
        (r"gap_change|gap_trend|gap_extrapolated|gap_pair_\dlap|reading_change", "closing", _BASE),
        (r"readings_slope|same_place|gap_pair_s\d", "closing", _BASE),
        (r"readings_(mean|least|most|sd|residual|within|count)", "closest", _OM),
        (r"profile_|gap_repeated|gap_projected|gap_least|gap_regained", "closest", _OM),
        (r"run_within_1s|lines_within", "range", _OM),
        (r"interval_defender_within|interval_defender_least", "defender's tow", _OM),
        (r"overtake_enabled|overtake_allowed|control_heard", "enabled", _OM),
        (r"readings_passed|swaps_|since_swap", "swaps", _BASE),
        (r"speed_", "speed", _BOOST),
        (r"charge_|spent_|lifting_|straight_end|full_throttle|top_speed|brake_", "energy", _BOOST),
        (r"s\d_against_usual|lap_against_usual", "spending", _BOOST),
        (r"s\d_(diff|pace|against)", "sectors", _AERO),
        (r"lap_against_clean|pace_(attacker|defender)_cl|clean_count|pace_diff_cl", "wake", _AERO),
        (r"catch_|gap_paced_cl", "wake", _AERO),
        (r"tyre_|compound_", "tyres", _AERO),
        (r"weather_wind", "wind", _AERO),
        (r"weather_", "weather", _BASE),
        (r"lapped_|lapping_", "lapped cars", _AERO),
        (r"gap_paced|pace_diff|pace_slope|lap_diff|lap_relative", "pace", _AERO),
        (r"pace_(attacker|defender)_(med|ewm)", "pace", _AERO),
        (r"field_", "circuit", _BASE),
        (r"since_pit|pit_stops|pitted_|out_lap", "stops", _BASE),
        (r"front_|train_ahead|interval_defender", "traffic", _BASE),
        (r"lap_defender_front|pace_defender_front", "traffic", _BASE),
        (r"behind_|train_behind|pace_pursuer|running_field|places_", "behind", _BASE),
        (r"rank_|gained_|lost_|grid_", "places", _BASE),
        (r"passes_race", "race", _BASE),
        (r"passes_", "form", _BASE),
        (r"history_circuit", "circuit", _BASE),
        (r"history_", "names", _BASE),
        (r"blue_flag|incident", "control", _BASE),
        (r"yellow_", "yellow", _BASE),
        (r"wets_|tyres_told", "wet", _BASE),
        (r"since_neutral|racing_for", "restart", _BASE),
        (r"position_|for_lead|lap_pair_|race_share|laps_left", "stage", _BASE),
        (r"lap_phase|is_sprint|team_mates", "stage", _BASE),
        (r"season_", "season", _BASE),
    )
)  # fmt: skip

INTERACTING: Final = frozenset(
    {
        *("interval_s", "gap_change_pair_1lap_s", "readings_slope_pair_30s", "lap_phase_share"),
        *("position_attacker", "out_lap_attacker", "racing_for_s"),
    }
)
"""The columns of the situation that every expert reads too."""


def topic_of(name: str) -> str:
    """Return the topic of a feature.

    Raises:
        ValueError: No pattern matches; a new feature needs one in `_TOPICS`.

    Example:
        >>> topic_of("tyre_life_diff_laps"), topic_of("interval_s")
        ('tyres', 'gap')
    """
    return _found(name)[0]


def owner_of(name: str) -> str:
    """Return the part of the mixture that a feature belongs to: `situation` or an expert.

    Raises:
        ValueError: No pattern matches, as for `topic_of`.

    Example:
        >>> owner_of("tyre_life_diff_laps"), owner_of("interval_s")
        ('aero', 'situation')
    """
    return _found(name)[1]


def views_of(name: str) -> tuple[str, ...]:
    """Return the parts of the mixture that see a feature, its owner first."""
    owner = owner_of(name)
    return (owner, *map(str, ExpertName)) if name in INTERACTING else (owner,)


def _found(name: str) -> tuple[str, str]:
    for pattern, topic, owner in _TOPICS:
        if pattern.match(name):
            return topic, owner
    message = f"the feature {name} has no topic: add a pattern for it in columns/topics.py"
    raise ValueError(message)

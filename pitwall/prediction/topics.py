"""Which features are explained together: every column belongs to one topic."""

from __future__ import annotations

import re
from typing import Final

# The first pattern that a name begins with decides.
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
        ValueError: No pattern fits; a new feature needs one here.

    Example:
        >>> topic_of("tyre_life_diff_laps"), topic_of("interval_s")
        ('tyres', 'gap')
    """
    for pattern, topic in _TOPICS:
        if pattern.match(name):
            return topic
    message = f"the feature {name} belongs to no topic: give it one in prediction/topics.py"
    raise ValueError(message)

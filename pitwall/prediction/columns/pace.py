"""Compute the columns of pace: against the field, in clear air, and against the usual."""

from __future__ import annotations

from typing import Final

from pitwall.prediction.columns.lap_cells import RUNNING, SECTORS
from pitwall.prediction.columns.scene import Scene
from pitwall.prediction.columns.spec import OF_BOTH, Columns, FeatureSpec

_LAPS = "LastLapTime, InPit, TrackStatus of the field"
_SECTORS = "Sectors of the field"
_OWN: Final = ("med3", "ewm10", "clean10", "cl_e4")
_PROJECTED: Final = ("ewm10", "clean10", "med3", "best8", "cl_e4", "best15", "best5")

SPECS: Final = (
    *(
        FeatureSpec(f"pace_diff_{figure}_s", "s", f"lap against the field, {figure}", _LAPS)
        for figure in RUNNING["lap"]
    ),
    *(
        FeatureSpec(f"gap_paced_{figure}_s", "s", f"interval plus pace_diff, {figure}", _LAPS)
        for figure in _PROJECTED
    ),
    FeatureSpec("gap_paced_mix_s", "s", "interval plus half lap_diff and pace_diff", _LAPS),
    *(
        FeatureSpec(f"{s}_pace_diff_{f}_s", "s", f"{s} against the field, {f}", _SECTORS)
        for s in SECTORS
        for f in RUNNING[s]
    ),
    *(
        FeatureSpec(f"pace_{who}_{figure}_s", "s", f"{whose} lap, {figure}", _LAPS)
        for who, whose in OF_BOTH
        for figure in _OWN
    ),
    FeatureSpec("pace_diff_ewm10_3lap_s", "s", "pace_diff three laps ago", _LAPS),
    FeatureSpec("pace_diff_clean10_3lap_s", "s", "clear-air pace three laps ago", _LAPS),
    *(
        FeatureSpec(f"{what}_{who}_{unit}", unit, f"{whose} {meaning}", _LAPS)
        for who, whose in OF_BOTH
        for what, unit, meaning in (
            ("pace_slope", "s", "ewm3 minus ewm10"),
            ("clean_count", "laps", "laps in clear air"),
            ("lap_relative_0lap", "s", "last lap against the field"),
            ("lap_relative_1lap", "s", "lap before against the field"),
        )
    ),
    *(
        FeatureSpec(f"{w}_{than}_{who}_s", "s", f"{whose} {w} minus own {than}", _LAPS)
        for who, whose in OF_BOTH
        for w in ("lap", *SECTORS)
        for than in ("against_usual", "against_clean")
    ),
    FeatureSpec("field_lap_s", "s", "the field's usual lap", _LAPS),
    FeatureSpec("field_lap_5lap_s", "s", "its change in five laps", _LAPS),
    FeatureSpec("field_s1_share", "share", "first sector of the usual lap", _SECTORS),
    FeatureSpec("field_s3_share", "share", "third sector of the usual lap", _SECTORS),
)


def values(scene: Scene, lap_diff: Columns) -> Columns:
    """Return the columns of this module; `lap_diff` has `lap_diff_mean3_s`."""
    of_laps = scene.once("pace", _of_laps)
    pace = {figure: of_laps[f"pace_diff_{figure}_s"] for figure in _PROJECTED}
    return of_laps | {
        **{f"gap_paced_{figure}_s": scene.interval_s + pace[figure] for figure in _PROJECTED},
        "gap_paced_mix_s": scene.interval_s
        + 0.5 * lap_diff["lap_diff_mean3_s"]
        + 0.5 * pace["ewm10"],
    }


def _of_laps(scene: Scene) -> Columns:
    field = scene.a("ref_lap")
    columns = {f"pace_diff_{figure}_s": scene.diff(f"lap_{figure}") for figure in RUNNING["lap"]}
    columns |= {f"{s}_pace_diff_{f}_s": scene.diff(f"{s}_{f}") for s in SECTORS for f in RUNNING[s]}
    columns |= {
        f"pace_{who}_{figure}_s": value
        for figure in _OWN
        for who, value in scene.both(f"lap_{figure}")
    }
    columns |= {
        "pace_diff_ewm10_3lap_s": scene.diff("lap_ewm10", 3),
        "pace_diff_clean10_3lap_s": scene.diff("lap_clean10", 3),
        "field_lap_s": field,
        "field_lap_5lap_s": field - scene.a("ref_lap", 5),
        "field_s1_share": scene.a("ref_s1") / field,
        "field_s3_share": scene.a("ref_s3") / field,
    }
    return columns | _own(scene)


def _own(scene: Scene) -> Columns:
    columns: Columns = {}
    for who, cell in (("attacker", scene.a), ("defender", scene.d)):
        columns |= {
            f"pace_slope_{who}_s": cell("lap_ewm3") - cell("lap_ewm10"),
            f"clean_count_{who}_laps": cell("clean_laps"),
            f"lap_relative_0lap_{who}_s": cell("rel_lap"),
            f"lap_relative_1lap_{who}_s": cell("rel_lap", 1),
        }
        for what in ("lap", *SECTORS):
            relative = cell(f"rel_{what}")
            columns[f"{what}_against_usual_{who}_s"] = relative - cell(f"{what}_ewm10", 1)
            columns[f"{what}_against_clean_{who}_s"] = relative - cell(f"{what}_clean10", 1)
    return columns

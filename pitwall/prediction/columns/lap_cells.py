"""Name the cells of the lap table, which hold the figures of each lap of each car."""

from __future__ import annotations

from typing import Final

SECTORS: Final = ("s1", "s2", "s3")
TRAPS: Final = ("i1", "i2", "fl", "st")
MEASURED: Final = ("lap", *SECTORS, *TRAPS)  # seconds, then km/h

# Running figures of a car's laps relative to the field, by measured quantity.
RUNNING: Final = {
    "lap": (
        "med3",
        "med8",
        "ewm3",
        "ewm10",
        "clean10",
        "best",
        "best5",
        "best8",
        "best15",
        "cl_e4",
    ),
    **dict.fromkeys(SECTORS, ("med3", "ewm10", "clean10")),
    **dict.fromkeys(TRAPS, ("med3", "med8", "clean20")),
}
# Estimates of `energy_table`; NaN without the season's rules.
ENERGY: Final = (
    "charge",  # MJ, mean
    "charge_sd",
    "spent",  # in this lap, MJ, less the energy harvested beyond the ordinary
    "spent_sd",
    "spends",  # chance that the driver is spending at the line
    "lifts",  # chance that the driver is lifting to charge there
    "allowed",  # chance of Overtake Mode or DRS on the next lap
    "eligible",  # whether the gap at the line allows it; NaN before race control has enabled it
)
# Figures from the car's own channels; NaN without readings.
DRIVING: Final = (
    "full_share",
    "brake_share",
    "top",  # km/h
    *(f"pull_{s}" for s in SECTORS),  # power at full throttle, W/kg
    *(f"lift_{s}" for s in SECTORS),  # share of readings
)
CELLS: Final = (
    "crossed",  # the instant of the line crossing, seconds since 1970
    *MEASURED,
    *(f"ref_{what}" for what in MEASURED),  # the field's usual value at that time
    *(f"rel_{what}" for what in MEASURED),  # measured minus usual, green laps only
    *(f"{what}_{figure}" for what, figures in RUNNING.items() for figure in figures),
    "pitted",
    "neutral",
    "green",
    "clean",
    "clean_laps",
    "since_pit",
    "since_neutral",
    "front",  # seconds to the car that crossed the line before this one on the same lap
    "rank",
    "ahead",  # slot of that car
    "behind",  # slot of the car that crossed next
    "chased",  # seconds to the car behind at the previous line, as known at the end of this lap
    *ENERGY,
    *DRIVING,
)
INDEX: Final = {name: index for index, name in enumerate(CELLS)}
LAGS: Final = 17  # laps that a feature may look back, the last one included
LAPS: Final = 100

"""The ledger of forecasts: what is told of it, and how well what it holds came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

SCORE_BINS = 20  # of p_overtake, each .05 wide


class Made(StrEnum):
    """When a forecast was made, seen from what it foretold.

    `live`: it was written down before its outcome was. `import`: it was computed when the
    outcome had happened long ago, or could be written only after it; it proves nothing.
    """

    LIVE = "live"
    IMPORT = "import"


class EntryKind(IntEnum):
    """What an entry of the ledger says."""

    RUN = 1  # a race begins to be forecast
    DRIVERS = 2  # who drives which car from here on
    FORECASTS = 3
    OUTCOMES = 4  # of forecasts that earlier transactions entered live
    LATE_OUTCOMES = 5  # of forecasts that were written when it was known what came of them


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The newest entry; whoever keeps its hash can tell later whether anything was rewritten.

    Attributes:
        number: Of the entry, from 1; there are as many entries.
        digest: SHA-256 over the entry and, by the hash in it, every entry before, 64 hex digits.
        written_at: When, UTC.
    """

    number: int
    digest: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class ForecastTally:
    """Sums over forecasts that were decided, by a pass or by none.

    Attributes:
        forecasts: How many.
        passes: How many of them came true.
        laps: How many laps of battles they come from, for those of one bin: one is made each
            second, and those of a lap share their fate.
        p_sum: Sum of `p_overtake`.
        brier, log_loss: Sums of the two scores of a forecast; natural logarithm.
        gap_brier, gap_log_loss: The same of a forecast that knows the gap alone.
    """

    forecasts: int = 0
    passes: int = 0
    laps: int = 0
    p_sum: float = 0.0
    brier: float = 0.0
    log_loss: float = 0.0
    gap_brier: float = 0.0
    gap_log_loss: float = 0.0

    def __add__(self, other: ForecastTally) -> ForecastTally:
        return ForecastTally(
            self.forecasts + other.forecasts,
            self.passes + other.passes,
            self.laps + other.laps,
            self.p_sum + other.p_sum,
            self.brier + other.brier,
            self.log_loss + other.log_loss,
            self.gap_brier + other.gap_brier,
            self.gap_log_loss + other.gap_log_loss,
        )


@dataclass(frozen=True, slots=True)
class LedgerRun:
    """One race as it was forecast once, and how that came out.

    Attributes:
        run: Its number in the ledger, from 1.
        race_id, name, year, circuit, source: Of the race.
        first_at: When its first forecast was made, on the race's clock.
        model_version: Of its first forecast.
        made: Whether these forecasts were made live.
        is_kept: Whether the race is still in the database, so that it can be replayed.
        said: Forecasts made.
        decided: Sums over those that were decided.
        interrupted: Forecasts that a stop, a flag or the race's end left undecided.
    """

    run: int
    race_id: str
    name: str
    year: int
    circuit: str
    source: str
    first_at: datetime
    model_version: str
    made: Made
    is_kept: bool
    said: int
    decided: ForecastTally
    interrupted: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Call:
    """One forecast worth a look.

    Attributes:
        race_id, race: Which race, and its name and year for people.
        made_at: On the race's clock.
        attacker, defender: Car numbers.
        attacker_code, defender_code: Three letters, or what else the driver is known by.
        p_overtake, gap_only: What was said, and what the gap alone would have said.
        outcome: `passed` or `held`.
        is_kept: Whether the race can be replayed.
    """

    race_id: str
    race: str
    source: str
    made_at: datetime
    lap: int
    position: int
    attacker: int
    defender: int
    attacker_code: str
    defender_code: str
    interval_s: float
    p_overtake: float
    gap_only: float
    outcome: str
    is_kept: bool


@dataclass(frozen=True, slots=True)
class LedgerContents:
    """All that is shown of the ledger, for one way of having been made.

    Attributes:
        head: None while it is empty.
        runs: The oldest race first; of races that were imported again only the newest run.
        bins: Sums over all their decided forecasts by `p_overtake`, `SCORE_BINS` of equal width.
        best: Forecasts that beat the gap alone by most, one for each pair of a race.
        worst: Those that were the most wrong, likewise.
    """

    head: LedgerHead | None
    runs: tuple[LedgerRun, ...]
    bins: tuple[ForecastTally, ...]
    best: tuple[Call, ...]
    worst: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of checking the whole ledger.

    Attributes:
        entries, forecasts, outcomes: How many were read.
        head: The newest of them; None where there is none.
        compared: Forecasts that were compared with the tables which people see.
    """

    entries: int
    forecasts: int
    outcomes: int
    head: LedgerHead | None
    compared: int

"""Define what the ledger of forecasts shows: its entries, and the scores of its forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

SCORE_BINS = 20  # of p_overtake, each .05 wide


class Made(StrEnum):
    """Whether a forecast was made before or after its outcome.

    `live`: it was written to the ledger before its outcome was. `import`: it was computed long
    after the outcome, or could only be written after it; such a forecast proves nothing.
    """

    LIVE = "live"
    IMPORT = "import"


class EntryKind(IntEnum):
    """The kinds of entry in the ledger."""

    RUN = 1  # the forecasts of a race begin
    DRIVERS = 2  # who drives which car from here on
    FORECASTS = 3
    OUTCOMES = 4  # of forecasts that earlier transactions entered live
    LATE_OUTCOMES = 5  # of forecasts that were written when their outcome was already known


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The newest entry; a reader who notes its hash can later prove that nothing was rewritten.

    Attributes:
        number: The entry's number, from 1, which is also the number of entries.
        digest: SHA-256 over the entry and, by the hash in it, every entry before, 64 hex digits.
        written_at: When it was written, UTC.
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
        laps: How many laps of battles they come from, within one bin: a forecast is made every
            second, and those of one lap share their outcome.
        p_sum: Sum of `p_overtake`.
        brier, log_loss: Sums of the two scores of a forecast; natural logarithm.
        gap_brier, gap_log_loss: The same for a forecast from the gap alone.
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
    """One race as it was forecast once, with its scores.

    Attributes:
        run: Its number in the ledger, from 1.
        race_id, name, year, circuit, source: The race.
        first_at: When its first forecast was made, on the race's clock.
        model_version: The version of the model that made its first forecast.
        made: Whether these forecasts were made live.
        is_stored: Whether the race is still in the database, so that it can be replayed.
        forecasts: How many forecasts were made.
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
    is_stored: bool
    forecasts: int
    decided: ForecastTally
    interrupted: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Call:
    """One forecast that is worth a look.

    Attributes:
        race_id, race: Which race, and its name and year for readers.
        made_at: On the race's clock.
        attacker, defender: Car numbers.
        attacker_code, defender_code: Three letters, or another short name of the driver.
        p_overtake, gap_only: The forecast, and the forecast from the gap alone.
        outcome: `passed` or `held`.
        is_stored: Whether the race can be replayed.
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
    is_stored: bool


@dataclass(frozen=True, slots=True)
class LedgerContents:
    """Everything shown of the ledger, either of its live or of its imported forecasts.

    Attributes:
        head: None while it is empty.
        runs: Oldest race first; of a race that was imported again only the newest run.
        bins: Sums over all their decided forecasts by `p_overtake`, `SCORE_BINS` of equal width.
        best: Forecasts that beat the gap alone by most, one for each pair of cars of a race.
        worst: The forecasts that were most wrong, likewise.
    """

    head: LedgerHead | None
    runs: tuple[LedgerRun, ...]
    bins: tuple[ForecastTally, ...]
    best: tuple[Call, ...]
    worst: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of checking the whole ledger.

    Attributes:
        entries, forecasts, outcomes: How many were read.
        head: The newest entry; None in an empty ledger.
        compared: How many forecasts were compared with the tables that the pages show.
    """

    entries: int
    forecasts: int
    outcomes: int
    head: LedgerHead | None
    compared: int

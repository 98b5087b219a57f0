"""Format the rows of the ledger page: scores of the forecasts, best calls and worst misses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pitwall.analysis.track_record import ENOUGH_RACES, Score, TrackRecord
from pitwall.domain.forecasts import Outcome
from pitwall.domain.ledger import Call, LedgerHead, Made
from pitwall.web.shared.display_text import cut

# For each view: when forecasts were made, whether races are simulated, its name and explanation.
VIEWS: Final = {
    "live": (
        Made.LIVE,
        False,
        "Made before",
        "Forecasts of live races, written down before the outcome was known. Judge the model by "
        "these.",
    ),
    "import": (
        Made.IMPORT,
        False,
        "Made afterwards",
        "Forecasts computed after the race from what was known at each moment, when the race was "
        "imported or its recording played; or made live, but written down too late. They prove "
        "nothing about the model, which may have learned from these very races.",
    ),
    "simulated": (
        Made.LIVE,
        True,
        "Simulated",
        "Forecasts made before the outcome, but of simulated races. They show that the system "
        "works, and say nothing about Formula 1. Only a server's first twenty simulated races are "
        "entered.",
    ),
    "simulated-import": (
        Made.IMPORT,
        True,
        "Simulated, afterwards",
        "Forecasts of simulated races that were computed in one go: neither made before the "
        "outcome nor about real racing.",
    ),
}
_NAMES: Final = {Outcome.FINISHED.value: "race over"}
_WORDY_P: Final = 0.995


@dataclass
class LedgerViewRow:
    """One view of the ledger, as a button."""

    key: str = ""
    name: str = ""
    is_chosen: bool = False


@dataclass
class FigureRow:
    """One number with its name and a note for comparison."""

    name: str = ""
    value: str = ""
    beside: str = ""


@dataclass
class ScoreRow:
    """Scores of a season, a circuit or a race, beside those of the gap-only forecast."""

    name: str = ""
    forecasts: str = ""
    passes: str = ""
    log_loss: str = ""
    gap_log_loss: str = ""
    brier: str = ""
    gap_brier: str = ""
    verdict: str = ""
    href: str = ""


@dataclass
class CallRow:
    """One forecast worth a look.

    Attributes:
        href: Its moment in the replay; "" where the race is no longer stored.
    """

    key: str = ""
    battle: str = ""
    where: str = ""
    forecast: str = ""
    gap_only: str = ""
    outcome: str = ""
    href: str = ""


@dataclass
class LedgerRow:
    """The head of the page for one view.

    Attributes:
        about: What these forecasts are, and what they prove.
        digest, entry, written: The newest entry of the whole ledger; "" while there is none.
        nothing: A sentence that replaces everything else where no outcome is known; else "".
    """

    about: str = ""
    digest: str = ""
    entry: str = ""
    written: str = ""
    nothing: str = ""
    figures: list[FigureRow] = field(default_factory=list)
    undecided: str = ""


def view_rows(chosen: str) -> list[LedgerViewRow]:
    """Return the views, and which is chosen."""
    return [LedgerViewRow(key, name, key == chosen) for key, (_, _, name, _) in VIEWS.items()]


def ledger_row(view: str, record: TrackRecord) -> LedgerRow:
    """Return the head of the page."""
    head = record.contents.head
    return LedgerRow(
        about=VIEWS[view][3],
        digest=head.digest if head else "",
        entry=f"{head.number:,}" if head else "",
        written=f"{head.written_at:%Y-%m-%d %H:%M:%S} UTC" if head else "",
        nothing=_nothing(head, record),
        figures=_figures(record),
        undecided=", ".join(
            f"{count:,} {_NAMES.get(why, why)}" for why, count in record.interrupted.items()
        ),
    )


def _nothing(head: LedgerHead | None, record: TrackRecord) -> str:
    if record.overall is not None:
        return ""
    if head is None:
        return (
            "The ledger is empty: this server has not stored a forecast yet. It begins with the "
            "first race that is shown or imported."
        )
    if record.forecasts:
        return f"{record.forecasts:,} forecasts were made. Their outcomes are known a lap later."
    return "The ledger has no such forecasts yet."


def _figures(record: TrackRecord) -> list[FigureRow]:
    score = record.overall
    if score is None:
        return []
    gain = f"{score.gap_log_loss - score.log_loss:+.4f}"
    return [
        FigureRow(
            "Forecasts", f"{record.forecasts:,}", f"one a second for each battle, {_races(score)}"
        ),
        FigureRow(
            "Decided",
            f"{score.forecasts:,}",
            f"{score.passes:,} of these forecasts came true; one pass makes many of them true",
        ),
        FigureRow("Log-loss", f"{score.log_loss:.4f}", f"gap only {score.gap_log_loss:.4f}"),
        FigureRow("Brier score", f"{score.brier:.4f}", f"gap only {score.gap_brier:.4f}"),
        FigureRow(
            "Log-loss gained over gap only",
            gain,
            f"95 % interval over races: {record.gain[0]:+.4f} to {record.gain[1]:+.4f}"
            if record.gain
            else f"an interval needs {ENOUGH_RACES} races",
        ),
    ]


def _races(score: Score) -> str:
    return f"{score.races} race" if score.races == 1 else f"{score.races} races"


def score_row(score: Score, href: str = "") -> ScoreRow:
    """Return the row of a season, a circuit or a race."""
    gained = score.gap_log_loss - score.log_loss
    return ScoreRow(
        name=cut(score.name),
        forecasts=f"{score.forecasts:,}",
        passes=f"{score.passes:,}",
        log_loss=f"{score.log_loss:.4f}",
        gap_log_loss=f"{score.gap_log_loss:.4f}",
        brier=f"{score.brier:.4f}",
        gap_brier=f"{score.gap_brier:.4f}",
        verdict="better" if gained > 0 else "worse",
        href=href,
    )


def race_rows(record: TrackRecord) -> list[ScoreRow]:
    """Return the races, the newest first."""
    rows = [
        score_row(one.score, f"/replay/{one.run.race_id}" if one.run.is_stored else "")
        for one in reversed(record.races)
    ]
    for row, one in zip(rows, reversed(record.races), strict=True):
        row.name = f"{cut(one.run.name)} {one.run.year}"
    return rows


def call_rows(calls: tuple[Call, ...]) -> list[CallRow]:
    """Return single forecasts, each with a link to the replay where the race is stored."""
    return [
        CallRow(
            key=f"{call.race_id} {call.attacker}-{call.defender}",
            battle=f"{call.attacker_code} behind {call.defender_code}",
            where=f"{call.race}, lap {call.lap}, for P{call.position}, "
            f"{call.interval_s:.1f} s apart",
            forecast=_percent(call.p_overtake),
            gap_only=_percent(call.gap_only),
            outcome="overtook" if call.outcome == Outcome.PASSED else "stayed behind",
            href=replay_link(call.race_id, call.made_at, call.attacker, call.defender)
            if call.is_stored
            else "",
        )
        for call in calls
    ]


def replay_link(race_id: str, at: datetime, attacker: int, defender: int) -> str:
    """Return the address of a moment of a battle.

    >>> from datetime import UTC
    >>> replay_link("a-race", datetime(2026, 7, 5, 13, 2, 3, tzinfo=UTC), 4, 81)
    '/replay/a-race?t=2026-07-05T13:02:03.000Z&battle=4-81'
    """
    moment = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    return f"/replay/{race_id}?t={moment}&battle={attacker}-{defender}"


def _percent(p: float) -> str:
    if p < 1 - _WORDY_P:
        return f"{100 * p:.1f} %"
    return f"{100 * p:.0f} %"

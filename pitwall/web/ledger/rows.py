"""The ledger page's rows: what was forecast, how it came out, and which forecasts to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pitwall.analysis.track_record import ENOUGH_RACES, Score, TrackRecord
from pitwall.domain.forecasts import Outcome
from pitwall.domain.ledger import Call, LedgerHead, Made
from pitwall.web.shared.display_text import cut

# Of a view: when made, whether simulated, its name, and what is to be thought of it.
VIEWS: Final = {
    "live": (
        Made.LIVE,
        False,
        "Made before",
        "Written down before anybody knew what came of them, in races that were live. These are "
        "the forecasts to judge the model by.",
    ),
    "import": (
        Made.IMPORT,
        False,
        "Made afterwards",
        "Computed when the race was over, from what was known at each moment, on import or while a "
        "recording was shown; or live, but written down too late. They were not made before the "
        "race, and prove nothing: the model may have learned from these very races.",
    ),
    "simulated": (
        Made.LIVE,
        True,
        "Simulated",
        "Made before, but of made-up races: they show that the machinery works, and nothing about "
        "Formula 1. The first twenty of a server are entered.",
    ),
    "simulated-import": (
        Made.IMPORT,
        True,
        "Simulated, afterwards",
        "Of made-up races, computed in one go: neither made before nor of real racing.",
    ),
}
_NAMES: Final = {Outcome.FINISHED.value: "race over"}
_WORDY_P: Final = 0.995


@dataclass
class LedgerViewRow:
    """One way to look at the ledger."""

    key: str = ""
    name: str = ""
    is_chosen: bool = False


@dataclass
class FigureRow:
    """One number with its name and what it is held against."""

    name: str = ""
    value: str = ""
    beside: str = ""


@dataclass
class ScoreRow:
    """Scores of a season, a circuit or a race, beside those of the gap alone."""

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
        href: Into the replay; "" where the race is not kept any more.
    """

    key: str = ""
    battle: str = ""
    where: str = ""
    said: str = ""
    gap_said: str = ""
    came: str = ""
    href: str = ""


@dataclass
class LedgerRow:
    """The head of the page for one view.

    Attributes:
        about: What is to be thought of these forecasts.
        digest, entry, written: The newest entry of the whole ledger; "" while there is none.
        nothing: A sentence in place of everything else where nothing is decided; else "".
    """

    about: str = ""
    digest: str = ""
    entry: str = ""
    written: str = ""
    nothing: str = ""
    figures: list[FigureRow] = field(default_factory=list)
    undecided: str = ""


def view_rows(chosen: str) -> list[LedgerViewRow]:
    """Return the ways to look, and which is chosen."""
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
            "The ledger is empty: this server has not kept a forecast yet. It begins with the "
            "first race that is shown with a database, or imported."
        )
    if record.said:
        return f"{record.said:,} forecasts were made and none is decided yet: that takes a lap."
    return "There is no such forecast in the ledger yet."


def _figures(record: TrackRecord) -> list[FigureRow]:
    score = record.overall
    if score is None:
        return []
    gain = f"{score.gap_log_loss - score.log_loss:+.4f}"
    return [
        FigureRow("Forecasts", f"{record.said:,}", f"one a second of each battle, {_races(score)}"),
        FigureRow(
            "Decided",
            f"{score.forecasts:,}",
            f"{score.passes:,} came true: an overtake within a lap",
        ),
        FigureRow("Log-loss", f"{score.log_loss:.4f}", f"gap only {score.gap_log_loss:.4f}"),
        FigureRow("Brier score", f"{score.brier:.4f}", f"gap only {score.gap_brier:.4f}"),
        FigureRow(
            "Log-loss gained over gap only",
            gain,
            f"95 % between {record.gain[0]:+.4f} and {record.gain[1]:+.4f} over races"
            if record.gain
            else f"no interval below {ENOUGH_RACES} races",
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
        score_row(one.score, f"/replay/{one.run.race_id}" if one.run.is_kept else "")
        for one in reversed(record.races)
    ]
    for row, one in zip(rows, reversed(record.races), strict=True):
        row.name = f"{cut(one.run.name)} {one.run.year}"
    return rows


def call_rows(calls: tuple[Call, ...]) -> list[CallRow]:
    """Return single forecasts, each with a way into the replay where that is kept."""
    return [
        CallRow(
            key=f"{call.race_id} {call.attacker}-{call.defender}",
            battle=f"{call.attacker_code} behind {call.defender_code}",
            where=f"{call.race}, lap {call.lap}, for P{call.position}, "
            f"{call.interval_s:.1f} s apart",
            said=_percent(call.p_overtake),
            gap_said=_percent(call.gap_only),
            came="overtook" if call.outcome == Outcome.PASSED else "stayed behind",
            href=replay_link(call.race_id, call.made_at, call.attacker, call.defender)
            if call.is_kept
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

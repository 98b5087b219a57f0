"""Format the rows of the ledger page: scores of the forecasts, best calls and worst misses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pitwall.analysis.track_record import ENOUGH_RACES, RaceScore, Score, TrackRecord
from pitwall.domain.forecasts import Outcome
from pitwall.domain.ledger import Call, LedgerHead, Made
from pitwall.web.shared.display_text import cut
from pitwall.web.shared.spoilers import HIDDEN

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
NO_PASSES: Final[Mapping[str, int]] = {}
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
    """Scores of a season, a circuit or a race, beside those of the gap-only forecast.

    Attributes:
        came_true: How many forecasts came true; one pass makes many of them true.
        passes: How many passes there were; "" until they are counted.
        veil: Why everything but the name is hidden; "" where it is not.
    """

    name: str = ""
    forecasts: str = ""
    came_true: str = ""
    passes: str = ""
    log_loss: str = ""
    gap_log_loss: str = ""
    brier: str = ""
    gap_brier: str = ""
    verdict: str = ""
    href: str = ""
    veil: str = ""


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
        hidden: How many races are left out, a sentence; "" for none.
    """

    about: str = ""
    digest: str = ""
    entry: str = ""
    written: str = ""
    nothing: str = ""
    figures: list[FigureRow] = field(default_factory=list)
    undecided: str = ""
    hidden: str = ""


def view_rows(chosen: str) -> list[LedgerViewRow]:
    """Return the views, and which is chosen."""
    return [LedgerViewRow(key, name, key == chosen) for key, (_, _, name, _) in VIEWS.items()]


def ledger_row(
    view: str, record: TrackRecord, hidden: int = 0, passes: Mapping[str, int] = NO_PASSES
) -> LedgerRow:
    """Return the head of the page.

    Args:
        view: The chosen view.
        record: What the viewer may see of it.
        hidden: How many races are hidden from the viewer.
        passes: The passes of each race that were counted so far, by its id.
    """
    head = record.contents.head
    return LedgerRow(
        about=VIEWS[view][3],
        digest=head.digest if head else "",
        entry=f"{head.number:,}" if head else "",
        written=f"{head.written_at:%Y-%m-%d %H:%M:%S} UTC" if head else "",
        nothing="" if hidden and record.overall is None else _nothing(head, record),
        figures=_figures(record, passes),
        undecided=", ".join(
            f"{count:,} {_NAMES.get(why, why)}" for why, count in record.interrupted.items()
        ),
        hidden=_hidden(hidden),
    )


def _hidden(races: int) -> str:
    if not races:
        return ""
    return (
        f"{races:,} race{'' if races == 1 else 's'} left out here, as you have not played "
        f"{'it' if races == 1 else 'them'} yet."
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


def _figures(record: TrackRecord, passes: Mapping[str, int]) -> list[FigureRow]:
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
            f"{score.passes:,} of these forecasts came true",
        ),
        *_passes(record, passes),
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


def _passes(record: TrackRecord, passes: Mapping[str, int]) -> list[FigureRow]:
    """Return the number of passes, once those of every stored race are counted."""
    races = {one.run.race_id for one in record.races if one.run.is_stored}
    if not races or not races <= passes.keys():
        return []
    gone = len({one.run.race_id for one in record.races} - races)
    beside = "overtakes on the track that ended a battle; each makes many forecasts come true"
    if gone:
        beside += f"; without {gone:,} race{'' if gone == 1 else 's'} no longer stored"
    return [FigureRow("Passes", f"{sum(passes[race] for race in races):,}", beside)]


def _races(score: Score) -> str:
    return f"{score.races} race" if score.races == 1 else f"{score.races} races"


def score_row(score: Score, href: str = "") -> ScoreRow:
    """Return the row of a season, a circuit or a race."""
    gained = score.gap_log_loss - score.log_loss
    return ScoreRow(
        name=cut(score.name),
        forecasts=f"{score.forecasts:,}",
        came_true=f"{score.passes:,}",
        log_loss=f"{score.log_loss:.4f}",
        gap_log_loss=f"{score.gap_log_loss:.4f}",
        brier=f"{score.brier:.4f}",
        gap_brier=f"{score.gap_brier:.4f}",
        verdict="better" if gained > 0 else "worse",
        href=href,
    )


def race_rows(
    record: TrackRecord,
    hides: Callable[[str], bool] = lambda _: False,
    passes: Mapping[str, int] = NO_PASSES,
) -> list[ScoreRow]:
    """Return the races, the newest first; of hidden ones the name alone."""
    return [_race_row(one, hides, passes) for one in reversed(record.races)]


def _race_row(one: RaceScore, hides: Callable[[str], bool], passes: Mapping[str, int]) -> ScoreRow:
    run = one.run
    name = f"{cut(run.name)} {run.year}"
    href = f"/replay/{run.race_id}" if run.is_stored else ""
    if hides(run.race_id):
        return ScoreRow(name=name, href=href, veil=HIDDEN)
    row = score_row(one.score, href)
    counted = passes.get(run.race_id)
    row.name, row.passes = name, "" if counted is None else f"{counted:,}"
    return row


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

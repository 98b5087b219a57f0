"""Format what a visitor may want to be alerted to; their own rules, in the browser, decide.

Every tab is sent the same rows: which of them make a sound is decided by `assets/alerts.js`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pitwall.domain.battles import EndReason
from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import DriverNumber
from pitwall.web.shared.battle_rows import battle_key, stake_words
from pitwall.web.shared.car_rows import DriverCodes, driver_codes

TOLD_FOR: Final = timedelta(seconds=30)
LEAST_PERCENT: Final = 25  # battles below it are alerts for nobody's threshold
_STEP: Final = 5  # a row that changed with every percent would be sent with every forecast


@dataclass
class AlertRow:
    """One thing to be alerted to.

    Attributes:
        key: The same while it is the same thing.
        kind: `battle` or `pass`.
        percent: The chance of the battle now, or of the pass just before it, in steps of five
            rounded down; -1 without a forecast.
        cars: The letters of both cars, separated by a blank.
        words: What happened, as a sentence.
    """

    key: str
    kind: str
    percent: int
    cars: str
    words: str


def alert_rows(frame: LiveFrame) -> list[AlertRow]:
    """Return the battles under way and the passes of the last half minute."""
    now = frame.header.as_of
    if now is None:
        return []
    codes = driver_codes(frame)
    battles = [
        AlertRow(
            battle_key(battle.attacker, battle.defender),
            "battle",
            _percent(battle.p_overtake),
            _cars(battle.attacker, battle.defender, codes),
            f"{codes[battle.attacker]} attacks {codes[battle.defender]} "
            f"for {stake_words(battle.position)}",
        )
        for battle in frame.battles
    ]
    passes = [
        AlertRow(
            f"{battle_key(ended.attacker, ended.defender)}-{ended.ended_at:%H%M%S}",
            "pass",
            _percent(ended.p_overtake_before, exact=True),
            _cars(ended.attacker, ended.defender, codes),
            f"{codes[ended.attacker]} passed {codes[ended.defender]} "
            f"for {stake_words(ended.position)}",
        )
        for ended in frame.ended
        if ended.reason is EndReason.PASSED and now - ended.ended_at <= TOLD_FOR
    ]
    return battles + passes


def _percent(p: float | None, *, exact: bool = False) -> int:
    """Return a chance as a whole number of percent; a low one of a battle is 0."""
    if p is None:
        return -1
    percent = int(100 * p)
    if exact:
        return percent
    return percent // _STEP * _STEP if percent >= LEAST_PERCENT else 0


def _cars(attacker: DriverNumber, defender: DriverNumber, codes: DriverCodes) -> str:
    return f"{codes[attacker]} {codes[defender]}"

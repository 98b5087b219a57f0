"""Decide what the picture of a link shows: what a guest may see, and nothing later than its moment.

Whoever is sent a link looks at its picture without asking, and so does whoever guesses one. So a
picture shows what a guest would be shown: a race that guests may not replay is named by its address
alone, whether it is stored or not, and no picture tells a result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pitwall.domain.frames import BattleLine, LiveFrame
from pitwall.domain.sessions import Source
from pitwall.domain.stored_races import RaceSummary
from pitwall.web.embed.rows import battle_of
from pitwall.web.shared.battle_rows import card_rows, reading_rows
from pitwall.web.shared.car_rows import CarRow, car_rows
from pitwall.web.shared.display_text import cut
from pitwall.web.shared.header_rows import header_row
from pitwall.web.shared.spoilers import Veil

GUEST_MAY: Final = Source.SIMULATED.value

_KINDS: Final = {
    "race": "Race",
    "sprint": "Sprint",
    "qualifying": "Qualifying",
    "sprint-qualifying": "Sprint Qualifying",
    "sprint-shootout": "Sprint Shootout",
    "practice-1": "Practice 1",
    "practice-2": "Practice 2",
    "practice-3": "Practice 3",
}
# Of an address that names a race nobody is told about, only words of this form are repeated.
_NAMED: Final = re.compile(
    rf"(?P<year>20[0-9]{{2}})-(?P<name>[a-z]{{3,20}}(?:-[a-z]{{2,20}}){{0,3}})-grand-prix-"
    rf"(?P<kind>{'|'.join(_KINDS)})"
)


@dataclass(frozen=True, slots=True)
class Fighter:
    """One of the two cars: letters, name, `#rrggbb`."""

    code: str
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class FightScene:
    """A battle as the page shows it.

    Attributes:
        gap: Seconds, with three digits.
        trend: The trend in words.
        chance: `41 %`, `unlikely` or `no forecast`.
        tone: The CSS class of the chance.
        meter: The same for a gauge, 0 to 100.
        has_forecast: Whether there is a chance at all.
        stake: The place, such as `for P4`.
    """

    attacker: Fighter
    defender: Fighter
    gap: str
    trend: str
    chance: str
    tone: str
    meter: int
    has_forecast: bool
    stake: str


@dataclass(frozen=True, slots=True)
class LinkScene:
    """What a picture shows; "" leaves a part out.

    Attributes:
        title: The race, or the page.
        detail: What there is to see.
        source: The kind of data.
        flag, flag_word: The track's status, as class and words.
        moment: Lap and time.
        fight: The battle; None for a picture of words.
    """

    title: str
    detail: str = ""
    source: str = ""
    flag: str = ""
    flag_word: str = ""
    moment: str = ""
    fight: FightScene | None = None


SITE: Final = LinkScene(
    "Live Formula 1 battles", "Who attacks whom, and the chance of a pass, estimated"
)
PAGES: Final = {
    "races": LinkScene("Races to replay", "Any moment, as it was known then"),
    "ledger": LinkScene("The ledger", "Every forecast, and how it came out"),
    "about": LinkScene("About the forecasts", "What they mean, and how well they do"),
}


def tells_race(frame: LiveFrame | None) -> bool:
    """Whether a link may tell the race on screen: not after the flag of a real one."""
    if frame is None or not frame.header.race_id:
        return False
    return not Veil("auto").hides_live(frame.header)


def scene_of_live(frame: LiveFrame | None) -> LinkScene:
    """Return the race on screen, as far as it may be told."""
    if frame is None or not tells_race(frame):
        return SITE
    battle = None if frame.timed is not None else battle_of(frame, ())
    return _scene_of_frame(frame, battle)


def scene_of_moment(frame: LiveFrame, pair: tuple[int, int] | None) -> LinkScene:
    """Return a moment of a replay.

    Args:
        frame: What was known at the moment.
        pair: The chosen battle, by car numbers; None for the hottest of the moment.
    """
    if pair is None:
        battle = battle_of(frame, ()) if frame.timed is None else None
    else:
        battle = next((b for b in frame.battles if (b.attacker, b.defender) == pair), None)
    return _scene_of_frame(frame, battle, "Replay")


def scene_of_race(race: RaceSummary) -> LinkScene:
    """Return a race by name and date, without anything that happened in it."""
    at = race.starts_at or race.first_at
    day = "" if at is None else f" · {_day(at)}"
    title = f"{cut(race.name)} {race.year}"
    source = "Simulated race" if race.source == GUEST_MAY else ""
    return LinkScene(title, f"{cut(race.kind)}{day}", source, moment="Replay")


def scene_of_address(race_id: str) -> LinkScene:
    """Return what an address itself says of a race, be it stored or not.

    >>> scene_of_address("2025-dutch-grand-prix-race").title
    'Dutch Grand Prix 2025'
    >>> scene_of_address("2025-send-money-to-me").title
    'Replay of a race'
    """
    found = _NAMED.fullmatch(race_id)
    if found is None:
        return LinkScene("Replay of a race", "Any moment, as it was known then")
    name = found["name"].replace("-", " ").title()
    return LinkScene(f"{name} Grand Prix {found['year']}", _KINDS[found["kind"]], moment="Replay")


def _scene_of_frame(frame: LiveFrame, battle: BattleLine | None, what: str = "") -> LinkScene:
    row = header_row(frame)
    lap = "" if row.lap == "--" else f"Lap {row.lap}"
    if lap and row.total_laps != "--":
        lap += f" of {row.total_laps}"
    clock = "" if frame.header.as_of is None else f"{frame.header.as_of:%H:%M} UTC"
    return LinkScene(
        title=row.race,
        detail=row.venue,
        source=row.source_word,
        flag=row.flag,
        flag_word=row.flag_word,
        moment=" · ".join(filter(None, [what, lap, clock])),
        fight=None if battle is None else _fight(frame, battle),
    )


def _fight(frame: LiveFrame, battle: BattleLine) -> FightScene:
    alone = replace(frame, battles=(battle,))
    card, cars = card_rows(alone)[0], car_rows(frame)
    gap, note, _trend, trend_words = next(iter(reading_rows(alone).values()))
    chance = card.word or ("no forecast" if card.percent == "--" else f"{card.percent} %")
    return FightScene(
        attacker=_fighter(cars[card.attacker]),
        defender=_fighter(cars[card.defender]),
        gap=gap,
        trend=note or trend_words,
        chance=chance,
        tone=card.tone,
        meter=card.meter,
        has_forecast=card.percent != "--",
        stake=f"for {card.stake}",
    )


def _fighter(row: CarRow) -> Fighter:
    return Fighter(row.code, row.name, row.colour)


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"

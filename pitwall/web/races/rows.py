"""Format stored races as lines of a list."""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.sessions import Source
from pitwall.domain.stored_races import RaceSummary
from pitwall.domain.timeline import Digest
from pitwall.web.shared.display_text import cut
from pitwall.web.shared.spoilers import HIDDEN

_SOURCES: dict[str, str] = {
    Source.LIVE: "Recorded live",
    Source.RECORDED: "Recorded",
    Source.RECONSTRUCTED: "Reconstructed",
    Source.SIMULATED: "Simulated",
}
_STATES = {"running": "still running", "finished": "", "abandoned": "not recorded to its end"}


@dataclass
class RaceItem:
    """One race; numbers are text, "" until they are counted.

    `veil` says why the numbers are hidden, "" where they are not.
    """

    id: str
    href: str
    name: str
    where: str
    date: str
    laps: str
    source: str
    source_word: str
    state: str
    passes: str = ""
    called: str = ""
    missed: str = ""
    failed: str = ""
    veil: str = ""


def race_row(race: RaceSummary, *, veiled: bool) -> RaceItem:
    """Format a race whose passes are not counted yet."""
    parts = (race.kind, race.circuit, race.year or "")
    # How many laps were driven tells that a race was cut short; its planned distance does not.
    laps = race.total_laps or (0 if veiled else race.laps)
    return RaceItem(
        id=race.id,
        href=f"/replay/{race.id}",
        name=cut(race.name or race.id),
        where=" · ".join(cut(str(part)) for part in parts if part),
        date=f"{race.first_at:%Y-%m-%d}" if race.first_at else "",
        laps=f"{laps} laps" if laps else "",
        source=race.source,
        source_word=_SOURCES.get(race.source, race.source),
        state=_STATES.get(race.state, race.state),
        veil=HIDDEN if veiled else "",
    )


def counted(row: RaceItem, digest: Digest) -> RaceItem:
    """Return the line with its numbers filled in."""
    row.passes, row.called = str(digest.passes), str(digest.called)
    row.missed, row.failed = str(digest.missed), str(digest.failed)
    return row


def matches(race: RaceSummary, text: str) -> bool:
    """Whether every word of a text occurs in the race's names, kind, year, source or id.

    Upper and lower case are the same.
    """
    names = f"{race.name} {race.kind} {race.circuit or ''} {race.year} {race.source} {race.id}"
    return all(word in names.lower() for word in text.lower().split())

"""Find the scene of a link's picture, in bounded time and memory, and draw it off the event loop.

Pictures of replays are played like a guest's replay: one at a time, and after everybody else.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Final

from pitwall import services
from pitwall.aio import OnceCache
from pitwall.domain.stored_races import RaceSummary
from pitwall.errors import BusyError, PitwallError, RaceNotFoundError
from pitwall.ports.replays import ReplayPace
from pitwall.web.preview.picture import png_of
from pitwall.web.preview.scene import (
    GUEST_MAY,
    LinkScene,
    scene_of_address,
    scene_of_live,
    scene_of_moment,
    scene_of_race,
)
from pitwall.web.replay.tab import TabReplay, moment_of

PICTURES_HELD: Final = 64  # of some 50 kB
SCENES_HELD: Final = 256
RACES_HELD: Final = 256
MOST_WAITING: Final = 32
LOOKED_UP_WITHIN_S: Final = 0.3
"""How long the head of a page waits for the name of a race."""
FOUND_WITHIN_S: Final = 8.0
_FRESH_S: Final = 60.0
_RACE_ID: Final = re.compile(r"[a-z0-9-]{1,100}")
_BATTLE: Final = re.compile(r"[A-Za-z0-9]{1,3}-[A-Za-z0-9]{1,3}")
_MOMENT: Final = re.compile(r"[0-9TZ:. +-]{1,40}")

_pictures: OnceCache[LinkScene, bytes] = OnceCache(PICTURES_HELD)
_scenes: OnceCache[tuple[str, int, str, str], LinkScene] = OnceCache(SCENES_HELD)
_races: OnceCache[tuple[str, int], RaceSummary | None] = OnceCache(RACES_HELD)
_drawing = asyncio.Semaphore(1)
_playing = asyncio.Semaphore(1)
_waiting = 0


async def picture(scene: LinkScene) -> bytes:
    """Return the picture of a scene, drawn once while it is held.

    Raises:
        BusyError: Too many pictures wait to be drawn.
    """
    known = _pictures.known(scene)
    if known is not None:
        return known
    global _waiting  # noqa: PLW0603  a count of this worker's
    if _waiting >= MOST_WAITING:
        message = "Too many pictures are being drawn; try again in a moment."
        raise BusyError(message)
    _waiting += 1
    try:
        return await _pictures.get(scene, lambda: _drawn(scene))
    finally:
        _waiting -= 1


async def _drawn(scene: LinkScene) -> bytes:
    async with _drawing:
        return await asyncio.to_thread(png_of, scene)


async def live_scene() -> LinkScene:
    """Return the race on screen."""
    return scene_of_live(await services.current().live.latest())


async def public_race(race_id: str) -> RaceSummary | None:
    """Return a race that guests may replay; None for all others, stored or not.

    The answer may be a minute old. Without a database, or where it is slow, it is None too.
    """
    if not _RACE_ID.fullmatch(race_id):
        return None
    try:
        async with asyncio.timeout(LOOKED_UP_WITHIN_S):
            return await _races.get(
                (race_id, int(time.monotonic() / _FRESH_S)), lambda: _looked_up(race_id)
            )
    except (TimeoutError, PitwallError):
        return None


async def _looked_up(race_id: str) -> RaceSummary | None:
    try:
        race = await services.current().races().race(race_id)
    except RaceNotFoundError:
        return None
    return race if race.source == GUEST_MAY else None


def well_formed(moment: str, battle: str) -> tuple[str, str]:
    """Return moment and battle of a permalink; "" for one that has another form.

    >>> well_formed("2025-08-31T13:42:10Z", "VER-NOR"), well_formed("<b>", "4-81 ")
    (('2025-08-31T13:42:10Z', 'VER-NOR'), ('', ''))
    """
    named = moment if _MOMENT.fullmatch(moment) else ""
    return named, battle if _BATTLE.fullmatch(battle) else ""


async def replay_scene(race_id: str, moment: str, battle: str) -> LinkScene:
    """Return a moment of a replay as a guest may see it; else what the address says.

    Args:
        race_id: The race.
        moment: The moment as a permalink names it; "" for none.
        battle: The battle as a permalink names it; "" for none.
    """
    race = await public_race(race_id)
    if race is None:
        return scene_of_address(race_id)
    named, chosen = well_formed(moment, battle)
    if not (named or chosen):
        return scene_of_race(race)
    try:
        async with asyncio.timeout(FOUND_WITHIN_S):
            return await _scenes.get(
                (race.id, race.revision, named, chosen), lambda: _played(race, named, chosen)
            )
    except (TimeoutError, PitwallError):
        return scene_of_race(race)


async def _played(race: RaceSummary, named: str, chosen: str) -> LinkScene:
    async with _playing:
        replays = services.current().replay()
        line = await replays.timeline(race)
        view = await replays.open(race, is_guest=True)
        replay = TabReplay(view, line, veiled=True)
        replay.choose(chosen)
        moment = moment_of(named, replay.begins) if named else replay.opening_of_battle()
        if moment is None:
            return scene_of_race(race)
        replay.seek(moment)
        frame = await view.frame(replay.at, ReplayPace(paused=True))
        return scene_of_moment(frame, replay.battle)

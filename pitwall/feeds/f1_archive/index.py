"""Read the archive's indexes: the sessions of a year, and the files of a session."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from pitwall.domain.sessions import SessionKind, is_raced, kind_of
from pitwall.errors import FeedUnavailableError, RaceNotFoundError
from pitwall.feeds.timed_lines import BOM
from pitwall.wire.session import race_id_of, read_offset
from pitwall.wire.values import NotAValueError, read_instant

_USUAL_LENGTH = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class ArchivedSession:
    """One session as the index of its year lists it.

    Attributes:
        race_id: pitwall's key, such as `2025-dutch-grand-prix-race`.
        meeting, kind: `Dutch Grand Prix`, and `Race`, `Sprint` or another session's name.
        circuit, location, country: Names by which people look for it.
        starts_at, ends_at: As announced, UTC; the archive has been wrong by hours.
        path: Below the archive's root, with a slash at its end; "" before anything was archived.
    """

    race_id: str
    year: int
    meeting: str
    kind: str
    circuit: str
    location: str
    country: str
    starts_at: datetime
    ends_at: datetime
    path: str

    @property
    def is_race(self) -> bool:
        """Whether cars race for position in it: a Grand Prix or a sprint."""
        return is_raced(self.kind)


def load_json(body: bytes, what: str) -> dict[str, object]:
    """Return the object in a JSON file of the archive, which begins with a byte-order mark.

    Raises:
        FeedUnavailableError: The file holds no JSON object.
    """
    try:
        value = orjson.loads(body.removeprefix(BOM))
    except ValueError as error:
        raise FeedUnavailableError(f"{what} is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise FeedUnavailableError(f"{what} holds a {type(value).__name__}, not an object.")
    return value


def read_sessions(index: dict[str, object], year: int) -> list[ArchivedSession]:
    """Return the sessions of a year's index, oldest first; unreadable ones are left out."""
    sessions = [
        session
        for meeting in _objects(index.get("Meetings"))
        for entry in _objects(meeting.get("Sessions"))
        if (session := _session(meeting, entry, year)) is not None
    ]
    return sorted(sessions, key=lambda session: session.starts_at)


def _session(
    meeting: dict[str, object], entry: dict[str, object], year: int
) -> ArchivedSession | None:
    try:
        offset = read_offset(entry.get("GmtOffset"))
        starts_at = read_instant(entry.get("StartDate")) - offset
    except (NotAValueError, OverflowError):
        return None
    try:
        ends_at = read_instant(entry.get("EndDate")) - offset
    except (NotAValueError, OverflowError):
        ends_at = starts_at + _USUAL_LENGTH
    name = _text(entry.get("Name"))
    kind = kind_of(name, entry.get("Type"))
    title = _text(meeting.get("Name"))
    return ArchivedSession(
        race_id=race_id_of(year, title, kind),
        year=year,
        meeting=title,
        kind=kind,
        circuit=_name_in(meeting.get("Circuit"), "ShortName"),
        location=_text(meeting.get("Location")),
        country=_name_in(meeting.get("Country"), "Name"),
        starts_at=starts_at,
        ends_at=ends_at,
        path=_safe_path(_text(entry.get("Path"))),
    )


def _safe_path(path: str) -> str:
    """Return a path that stays below the root, on the server and on disk; "" for any other."""
    parts = [part for part in path.split("/") if part]
    return "/".join(parts) + "/" if parts and ".." not in parts and "\\" not in path else ""


def read_files(index: dict[str, object]) -> dict[str, tuple[str, str]]:
    """Return a session's topics, each with the names of its key frame and its stream."""
    feeds = index.get("Feeds")
    files: dict[str, tuple[str, str]] = {}
    for topic, entry in feeds.items() if isinstance(feeds, dict) else ():
        if isinstance(entry, dict):
            names = (_text(entry.get("KeyFramePath")), _text(entry.get("StreamPath")))
            files[str(topic)] = (_plain(names[0]), _plain(names[1]))
    return files


def _plain(name: str) -> str:
    """Return a plain file name; "" for any other text, as the name becomes a path on disk."""
    return name if name and "/" not in name and "\\" not in name and ".." not in name else ""


def find_race(sessions: Sequence[ArchivedSession], words: str, kind: str = "") -> ArchivedSession:
    """Return the race that a circuit, place, country or meeting names.

    A word that names a weekend with a sprint means its Grand Prix, unless `kind` or the words
    say otherwise.

    Raises:
        RaceNotFoundError: The words match no race, or several.
    """
    wanted = _plain_words(words)
    wants_sprint = kind.lower() == "sprint" or "sprint" in wanted
    wanted_kind = SessionKind.SPRINT if wants_sprint else SessionKind.RACE
    wanted = [word for word in wanted if word not in {"sprint", "race"}]
    matches = [
        session
        for session in sessions
        if session.kind == wanted_kind and all(word in _named(session) for word in wanted)
    ]
    if len(matches) == 1:
        return matches[0]
    names = ", ".join(session.race_id for session in (matches or sessions) if session.is_race)
    problem = f"{len(matches)} races match" if matches else "no race matches"
    raise RaceNotFoundError(f"{problem} {words!r}; there are {names or 'none at all'}")


def _named(session: ArchivedSession) -> str:
    names = (session.meeting, session.circuit, session.location, session.country, session.race_id)
    return " ".join(_plain_words(" ".join(names)))


def _plain_words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return plain.lower().replace("-", " ").split()


def newest_archived(sessions: Iterable[ArchivedSession], now: datetime) -> ArchivedSession | None:
    """Return the latest race whose files should be complete by now; None when there is none.

    A start in the past and a path decide, not the announced end, which may
    be wrong by hours.
    """
    known = [s for s in sessions if s.is_race and s.path and s.starts_at < now]
    return max(known, key=lambda session: session.starts_at, default=None)


def _objects(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 300 else ""


def _name_in(value: object, key: str) -> str:
    return _text(value.get(key)) if isinstance(value, dict) else ""

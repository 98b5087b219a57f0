"""Serve recordings as F1's static archive: indexes, key frames, streams, ranges, and faults."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from pitwall.feeds.timed_lines import BOM
from pitwall.wire.merge import merge
from tests.chaos.http_server import Client, HttpServer, Request, head_of

FAULTS = ("none", "none", "drop", "429", "502", "slow_start", "wrong_length", "no_ranges")


@dataclass
class ArchivedFolder:
    """One recording folder as the archive holds it.

    Attributes:
        wrong_by: How far the index's times are off.
        replaced: Contents of some of its files in place of the recording's own.
    """

    folder: Path
    location: str = ""
    wrong_by: timedelta = timedelta(0)
    replaced: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def info(self) -> dict[str, object]:
        """The session's own description."""
        first = self.file("SessionInfo.jsonStream").removeprefix(BOM).split(b"\n")[0]
        described: dict[str, object] = orjson.loads(first[12:])
        return described

    @property
    def path(self) -> str:
        """Below `static/`, with a slash at its end."""
        return str(self.info["Path"])

    def names(self) -> list[str]:
        """Return its topics."""
        return sorted(f.name.removesuffix(".jsonStream") for f in self.folder.glob("*.jsonStream"))

    def file(self, name: str) -> bytes:
        """Return one file: an index, a stream, or a key frame merged from its stream."""
        if name in self.replaced:
            return self.replaced[name]
        if name == "Index.json":
            feeds = {
                topic: {"KeyFramePath": f"{topic}.json", "StreamPath": f"{topic}.jsonStream"}
                for topic in self.names()
            }
            return BOM + orjson.dumps({"Feeds": feeds})
        if (self.folder / name).is_file():
            return (self.folder / name).read_bytes()
        if name.endswith(".json"):
            return self._key_frame(name.removesuffix(".json"))
        return (self.folder / name).read_bytes()

    def _key_frame(self, topic: str) -> bytes:
        payload: object = {}
        for line in self.file(f"{topic}.jsonStream").removeprefix(BOM).split(b"\n"):
            if len(line) > 13:
                payload = merge(payload, orjson.loads(line[12:]))
        return BOM + orjson.dumps(payload)


class ArchiveServer:
    """Serves folders below `/static/`, and breaks as a seed says.

    Attributes:
        requests: Paths asked for, in order, with the first byte wanted.
        missing: How a file that is not there is answered: F1's archive says 403.
    """

    def __init__(
        self,
        folders: list[ArchivedFolder],
        faults: random.Random | None = None,
        missing: int = 403,
    ) -> None:
        self.missing = missing
        self.folders = folders
        self.requests: list[tuple[str, int]] = []
        self._faults = faults
        self.http = HttpServer(self.handle)

    def year_index(self, year: int) -> bytes:
        """Return the index of a year."""
        meetings = []
        for archived in self.folders:
            info = archived.info
            meeting = dict(info["Meeting"])  # type: ignore[call-overload]
            if archived.path.startswith(str(year)):
                session = {key: value for key, value in info.items() if key != "Meeting"}
                session = _moved(session, archived.wrong_by)
                meetings.append(meeting | {"Sessions": [session]})
        return BOM + orjson.dumps({"Year": year, "Meetings": meetings})

    async def handle(self, request: Request, client: Client) -> bool:
        path = request.path.removeprefix("/static/")
        first = int(request.headers.get("range", "bytes=0-")[6:].rstrip("-") or 0)
        self.requests.append((path, first))
        body = self._body(path)
        if body is None:
            client.answer(self.missing)
            return True
        fault = self._faults.choice(FAULTS) if self._faults else "none"
        return await self._answer(client, fault, path, (body, first))

    def _body(self, path: str) -> bytes | None:
        if path.endswith("/Index.json") and path[:4].isdigit() and path.count("/") == 1:
            return self.year_index(int(path[:4]))
        for archived in self.folders:
            name = path.removeprefix(archived.path)
            if path.startswith(archived.path) and name:
                try:
                    return archived.file(name)
                except FileNotFoundError:
                    return None
        return None

    async def _answer(self, client: Client, fault: str, path: str, what: tuple[bytes, int]) -> bool:
        body, first = what
        if fault in {"429", "502"}:
            client.answer(int(fault))
            return True
        if first == len(body) > 0 and fault != "no_ranges":
            client.write(head_of(416, 0, Content_Range=f"bytes */{len(body)}"))
            await client.writer.drain()
            return True
        if fault == "no_ranges" or not 0 < first < len(body):
            first = 0
        rest = body[first:]
        if first:
            ranged = f"bytes {first}-{len(body) - 1}/{len(body)}"
            client.write(head_of(206, len(rest), Content_Range=ranged))
        else:
            client.write(head_of(200, len(rest) + (100 if fault == "wrong_length" else 0)))
        if fault == "slow_start":
            await asyncio.sleep(5)
        if fault == "drop":
            client.write(rest[: len(rest) // 2])
            await asyncio.sleep(0.01)
            client.writer.close()  # what was written still arrives
            return False
        client.write(rest)
        if fault == "wrong_length":
            await asyncio.sleep(0.01)
            client.writer.close()
            return False
        await client.writer.drain()
        return True


def _moved(session: dict[str, object], by: timedelta) -> dict[str, object]:
    for key in ("StartDate", "EndDate"):
        text = str(session[key])
        session[key] = (datetime.fromisoformat(text) + by).isoformat()
    return session

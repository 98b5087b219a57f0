"""Read and store descriptions of circuits as files: `zandvoort-2025.json`, `zandvoort.json`."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pitwall.circuits.reading import LARGEST_BYTES, read_guide
from pitwall.domain.circuits import CircuitGuide
from pitwall.errors import CircuitGuideError, shown

log = logging.getLogger(__name__)

_FILE: Final = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*?)(?:-((?:19|20)[0-9]{2}))?\.json", re.ASCII)
_MOST_REPORTED: Final = 200  # damaged files that are remembered as reported


@dataclass(frozen=True, slots=True)
class KnownGuide:
    """One file of the folder.

    Attributes:
        year: None for any year.
        guide: None where the file is damaged; `because` then says how.
    """

    file: Path
    circuit_id: str
    year: int | None
    guide: CircuitGuide | None
    because: str = ""


class CircuitFolder:
    """Implements `CircuitGuides` from files; a damaged file is reported once and ignored.

    Args:
        folder: The folder of the files; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reported: dict[tuple[str, int], None] = {}

    async def guide(
        self,
        circuit_id: str,
        year: int,
        f1_key: int | None = None,  # noqa: ARG002  the port's: files go by our key
    ) -> CircuitGuide | None:
        """Return the description of a circuit in a year, else that of the nearest earlier year."""
        return await asyncio.to_thread(self._guide, circuit_id, year, earlier=True)

    async def of_the_year(self, circuit_id: str, year: int) -> CircuitGuide | None:
        """Return the description for this year or for any year; None without one."""
        return await asyncio.to_thread(self._guide, circuit_id, year, earlier=False)

    def known(self) -> Iterator[KnownGuide]:
        """Yield every file with the name of a circuit, ordered by name."""
        for circuit_id, year, file in self._files():
            try:
                yield KnownGuide(file, circuit_id, year, _read(file))
            except CircuitGuideError as error:
                yield KnownGuide(file, circuit_id, year, None, str(error))

    def file(self, circuit_id: str, year: int | None) -> Path:
        """Return the file for a description.

        Raises:
            CircuitGuideError: The circuit's key or the year is invalid.
        """
        name = f"{circuit_id}{'' if year is None else f'-{year}'}.json"
        match = _FILE.fullmatch(name)
        if match is None or match[1] != circuit_id or match[2] != (year and str(year)):
            of = "any year" if year is None else str(year)
            raise CircuitGuideError(
                f"{shown(circuit_id)} in {of} is not a circuit such as `zandvoort`"
            )
        return self.folder / name

    def save(self, circuit_id: str, year: int | None, body: bytes) -> Path:
        """Store a description unchanged, replacing an older one, and return its file.

        Raises:
            CircuitGuideError: It describes no circuit, or cannot be written.
        """
        file = self.file(circuit_id, year)
        read_guide(body, file.name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Replaced in one step, since another worker may be reading.
            number, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
            with os.fdopen(number, "wb") as part:
                part.write(body)
            Path(name).replace(file)
        except OSError as error:
            raise CircuitGuideError(f"{shown(file)} cannot be written: {error.strerror}") from error
        return file

    def _guide(self, circuit_id: str, year: int, *, earlier: bool) -> CircuitGuide | None:
        own = {of: file for key, of, file in self._files() if key == circuit_id}
        past = sorted((of for of in own if of is not None and of < year), reverse=True)
        for of in (year, None, *(past if earlier else ())):
            guide = self._readable(own[of]) if of in own else None
            if guide is not None:
                return guide
        return None

    def _files(self) -> list[tuple[str, int | None, Path]]:
        try:
            files = sorted(self.folder.iterdir())
        except OSError:
            return []
        named = [(_FILE.fullmatch(file.name), file) for file in files]
        return [
            (match[1], int(match[2]) if match[2] else None, file) for match, file in named if match
        ]

    def _readable(self, file: Path) -> CircuitGuide | None:
        try:
            return _read(file)
        except CircuitGuideError as error:
            changed_ns = file.stat().st_mtime_ns if file.exists() else 0
            key = (file.name, changed_ns)
            if key not in self._reported:
                log.warning("A circuit is shown without %s: %s.", file, error)
            self._reported[key] = None
            while len(self._reported) > _MOST_REPORTED:
                self._reported.pop(next(iter(self._reported)))
            return None


def _read(file: Path) -> CircuitGuide:
    return read_guide(read_body(file, "it"), file.name)


def read_body(file: Path, called: str) -> bytes:
    """Return the content of a file, up to one byte more than a description may have.

    Raises:
        CircuitGuideError: It cannot be read; the message begins with `called`.
    """
    try:
        if file.exists() and not (file.is_file() or file.is_dir()):  # a pipe would never end
            raise CircuitGuideError(f"{called} cannot be read: it is not a regular file")
        with file.open("rb") as opened:
            return opened.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise CircuitGuideError(f"{called} cannot be read: {error.strerror}") from error

"""Open the files of a recording: in a folder, in a zip or tar archive, or a single file.

Whatever they are packed with, and however their text is encoded, readers get plain UTF-8.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import pyarrow as pa

from pitwall.errors import FeedUnavailableError
from pitwall.feeds import timed_lines
from pitwall.feeds.timed_lines import BOM

GZIP, ZSTD, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
BZIP2, XZ = b"BZh", b"\xfd7zXZ"
_PACKED = (".gz", ".gzip", ".zst", ".zstd", ".bz2", ".xz")
_TAR_AT, _TAR = 257, b"ustar"
_PIECE = 256 * 1024
_MOST_FILES = 10_000
_HEAD = 256 * 1024
_XZ_MEMORY = 256 * 1024 * 1024  # xz at its highest level takes 65 MB
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class Files:
    """The files of one recording, by name without the ending of a packer.

    Args:
        name: The name of the folder or file, for messages to people.
        readers: For each file, a function that returns at most so many bytes as they are stored.
    """

    def __init__(self, name: str, readers: Mapping[str, Callable[[int], bytes]]) -> None:
        self.name = name
        self._readers = {without_packer(each): read for each, read in readers.items()}

    @classmethod
    def beside(cls, path: Path, wanted: Callable[[str], bool]) -> Files:
        """Return a file together with the wanted ones of its folder."""
        found = {path.name: _reader_of(path)}
        for each in path.parent.iterdir():
            if each.is_file() and wanted(without_packer(each.name)):
                found.setdefault(each.name, _reader_of(each))
        return cls(path.name, found)

    @property
    def names(self) -> list[str]:
        """The names of the files, in order."""
        return sorted(self._readers)

    def read(self, name: str) -> bytes:
        """Return a file's text: unpacked, as UTF-8, without a byte-order mark.

        Raises:
            FeedUnavailableError: It is larger than any recording.
            OSError: It cannot be read.
        """
        most = timed_lines.LARGEST_FILE
        packed = self._readers[name](most + 1)
        text = unpacked(packed, most + 1) if len(packed) <= most else packed
        if len(text) > most:
            message = f"{name} is larger than {most >> 20} MB, which no recording is."
            raise FeedUnavailableError(message)
        return as_utf8(text)

    def head(self, name: str) -> bytes:
        """Return the beginning of a file's text, enough to recognise its format."""
        return as_utf8(unpacked(self._readers[name](_HEAD), _HEAD))


def files_of(path: Path, levels: int = 1) -> dict[str, Files]:
    """Return the files at a path by folder: "" for the path itself, else a folder inside it.

    A file that is no archive is the only one of the folder "".

    Args:
        path: A folder, an archive, or another file.
        levels: How many levels of a folder to look through; an archive is always read whole.

    Raises:
        FeedUnavailableError: An archive is damaged, or holds too many files.
        OSError: The path cannot be read.
    """
    if path.is_dir():
        found = _on_disk(path, levels)
    else:
        found = _archived(path) or {path.name: _reader_of(path)}
    if len(found) > _MOST_FILES:
        message = f"{path.name} holds more than {_MOST_FILES:,} files, which no recording does."
        raise FeedUnavailableError(message)
    folders: dict[str, dict[str, Callable[[int], bytes]]] = {}
    for name, reader in found.items():
        place = PurePosixPath(name)
        if not _is_hidden(place):
            folder = "" if place.parent == PurePosixPath() else str(place.parent)
            folders.setdefault(folder, {})[place.name] = reader
    return {folder: Files(path.name, readers) for folder, readers in sorted(folders.items())}


def _is_hidden(place: PurePosixPath) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in place.parts)


def _on_disk(folder: Path, levels: int) -> dict[str, Callable[[int], bytes]]:
    return {
        file.relative_to(folder).as_posix(): _reader_of(file)
        for level in range(levels)
        for file in islice(folder.glob("*/" * level + "*"), _MOST_FILES + 1)
        if file.is_file()
    }


def _reader_of(file: Path) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        with file.open("rb") as opened:
            size = file.stat().st_size
            if size > timed_lines.LARGEST_FILE and most > _HEAD:
                message = (
                    f"{file.name} is larger than {timed_lines.LARGEST_FILE >> 20} MB, which no "
                    "recording is."
                )
                raise FeedUnavailableError(message)
            return opened.read(most)  # it may be growing, or not a plain file

    return read


def _archived(path: Path) -> dict[str, Callable[[int], bytes]] | None:
    """Return the files in a zip or tar archive; None when it is neither."""
    start = _reader_of(path)(_HEAD)
    try:
        if start.startswith(ZIP):
            archive = zipfile.ZipFile(path)
            return {
                entry.filename: _in_zip(archive, entry)
                for entry in archive.infolist()
                if not entry.is_dir()
            }
        if unpacked(start, _HEAD)[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
            most = timed_lines.LARGEST_FILE
            text = unpacked(_reader_of(path)(most + 1), most + 1)
            # Members are read from memory, so that a packed archive is unpacked once.
            tar = tarfile.open(fileobj=io.BytesIO(text))  # noqa: SIM115  read as long as the feed
            return {
                member.name.removeprefix("./"): _in_tar(tar, member)
                for member in tar.getmembers()
                if member.isfile()
            }
    except (zipfile.BadZipFile, tarfile.TarError, NotImplementedError) as error:
        raise FeedUnavailableError(f"{path.name} is a damaged archive: {error}.") from error
    return None


def _in_zip(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        try:
            with archive.open(entry) as opened:
                return opened.read(most)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
            message = f"{entry.filename} in the archive cannot be unpacked: {error}."
            raise FeedUnavailableError(message) from error

    return read


def _in_tar(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        opened = archive.extractfile(member)
        return opened.read(most) if opened is not None else b""

    return read


def without_packer(name: str) -> str:
    """Return the name of a file without the ending of a packer."""
    for suffix in _PACKED:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def unpacked(data: bytes, most: int) -> bytes:
    """Return at most `most` bytes of a text that may be packed by gzip, zstd, bzip2 or xz.

    What is truncated or damaged is returned as far as it can be read, since a recorder that
    crashed leaves such a file.
    """
    if data.startswith(GZIP):
        return _read_through(gzip.GzipFile(fileobj=io.BytesIO(data)), most)
    if data.startswith(BZIP2):
        return _read_through(bz2.BZ2File(io.BytesIO(data)), most)
    if data.startswith(XZ):
        return _from_xz(data, most)
    if data.startswith(ZSTD):
        return _from_zstd(data, most)
    return data[:most]


def _read_through(stream: gzip.GzipFile | bz2.BZ2File, most: int) -> bytes:
    text = bytearray()
    # The end may be missing; what comes before it was read.
    with suppress(EOFError, OSError, zlib.error), stream:
        while len(text) < most and (read := stream.read1(min(_PIECE, most - len(text)))):
            text += read
    return bytes(text)


def _from_xz(data: bytes, most: int) -> bytes:
    text, reader = bytearray(), lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
    with suppress(EOFError, lzma.LZMAError):
        while len(text) < most and (read := reader.decompress(data, min(_PIECE, most - len(text)))):
            text += read
            data = b""
    return bytes(text)


def _from_zstd(data: bytes, most: int) -> bytes:
    text = bytearray()
    for piece in zstd_pieces(lambda: pa.BufferReader(data), _PIECE):
        text += piece
        if len(text) >= most:
            break
    return bytes(text[:most])


def zstd_pieces(source: Callable[[], BinaryIO | pa.NativeFile], size: int) -> Iterator[bytes]:
    """Yield what a zstd file holds, in pieces; of one cut short all that can be unpacked.

    Args:
        source: Opens the file; called again where the end is missing.
        size: The size of a piece in bytes.
    """
    given = 0
    with source() as file, pa.CompressedInputStream(file, "zstd") as stream:
        try:
            while read := stream.read(size):
                given += len(read)
                yield read
        except OSError:
            pass
        else:
            return
    # The read that failed kept what it had unpacked of the blocks before the cut.
    rest = bytearray()
    with source() as file, pa.CompressedInputStream(file, "zstd") as stream, suppress(OSError):
        while given:
            given -= len(stream.read(min(size, given)))
        while read := stream.read(1):
            rest += read
    yield bytes(rest)


def as_utf8(text: bytes) -> bytes:
    r"""Return a text as UTF-8 without a byte-order mark.

    Python on Windows writes in the code page of Western Europe, and its shell in UTF-16.

    Example:
        >>> as_utf8("Pérez".encode("utf-16")) == as_utf8(b"P\xe9rez") == "Pérez".encode()
        True
    """
    text = text.removeprefix(BOM)
    if (encoding := _UTF_16.get(text[:2])) is not None:
        return text[2:].decode(encoding, "replace").encode()
    if len(text) > 1 and 0 in text[:2]:  # UTF-16 without a mark: all of JSON's signs are ASCII
        encoding = "utf-16-le" if text[1] == 0 else "utf-16-be"
        return text.decode(encoding, "replace").encode()
    try:
        text.decode()
    except UnicodeDecodeError:
        return b"\n".join(map(_line_as_utf8, text.split(b"\n")))
    return text


def _line_as_utf8(line: bytes) -> bytes:
    try:
        line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace").encode()
    return line

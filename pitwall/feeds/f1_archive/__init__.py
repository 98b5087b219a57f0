"""Read the static archive of F1 live timing: its index of sessions, and their files."""

from pitwall.feeds.f1_archive.archive import ArchiveGrowingError, F1Archive
from pitwall.feeds.f1_archive.index import ArchivedSession

__all__ = ["ArchiveGrowingError", "ArchivedSession", "F1Archive"]

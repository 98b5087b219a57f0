"""The static archive of F1 live timing: which sessions there were, and their files on disk."""

from pitwall.feeds.f1_archive.archive import F1Archive
from pitwall.feeds.f1_archive.index import ArchivedSession

__all__ = ["ArchivedSession", "F1Archive"]
